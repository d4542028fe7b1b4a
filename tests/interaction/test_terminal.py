"""Every command for the terminal explains itself, and refuses what it does not know."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner, Result

from nps_bot.base.settings import Settings
from nps_bot.cli import bot
from nps_bot.cli.terminal import BotTerminal


def commands(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command below ``group`` with the words that call it."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


COMMANDS = dict(commands(bot))


def run(*words: str) -> Result:
    """Run `python bot.py`, where reading the settings is an error."""

    def load() -> Settings:
        raise AssertionError("Nothing here needs the settings.")

    return CliRunner().invoke(bot, words, prog_name="python bot.py", obj=BotTerminal(load))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_explains_itself_and_its_options(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    told = run(*path, "--help")
    assert told.exit_code == 0
    assert told.output.startswith(f"Usage: python bot.py {' '.join(path)} ")
    assert command.help
    assert command.short_help
    listed = run(*path[:-1], "--help").output
    assert f"  {path[-1]} " in listed
    assert command.short_help in " ".join(listed.split())
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.opts[0] in told.output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_mistyped_is_refused_with_the_nearest(path: tuple[str, ...]) -> None:
    refused = run(*path[:-1], f"{path[-1]}x")
    assert refused.exit_code == 2
    assert f"No command '{path[-1]}x'. Did you mean '{path[-1]}'? There are: " in refused.output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_an_argument_too_many_is_refused(path: tuple[str, ...]) -> None:
    words = [*path, *(["one"] * sum(map(is_argument, COMMANDS[path].params))), "surplus"]
    refused = run(*words)
    assert refused.exit_code == 2
    assert "surplus" in refused.output


def is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)
