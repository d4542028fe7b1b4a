"""What commands for the terminal share: the bot's database and context, a survey, a yes."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import cached_property
from typing import Any

import click
import uvloop

from nps_bot.base.clock import SettableClock
from nps_bot.base.errors import NpsBotError, nearest
from nps_bot.base.settings import Settings
from nps_bot.interaction.context import BotContext
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.surveys.rules.survey import Survey

HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
"""The settings of every group of commands."""

without_asking = click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


class CommandError(NpsBotError):
    """A command that cannot be carried out; the text says what can."""


class CommandGroup(click.Group):
    """A group that reports errors in one sentence; an unknown command with the nearest one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the commands in the order in which they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command, or refuse it with the nearest one."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            known = self.list_commands(ctx)
            raise NpsBotError(
                f"No command '{args[0]}'.{nearest(args[0], known)} There are: {', '.join(known)}."
            )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours is a sentence on stderr and exit code 2."""
        try:
            return super().invoke(ctx)
        except NpsBotError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)


class Terminal(ABC):
    """The bot as its commands reach it: what click hands to each of them (``click.pass_obj``)."""

    def __init__(self, load_settings: Callable[[], Settings]) -> None:
        self._load_settings = load_settings

    @cached_property
    def settings(self) -> Settings:
        """The settings; they are read when a command first needs them.

        Raises:
            SettingsError: one of them is wrong.
        """
        return self._load_settings()

    @abstractmethod
    def clock(self) -> SettableClock:
        """Return the clock of the bot."""

    @abstractmethod
    def surveys(self) -> Mapping[str, Survey]:
        """Return the surveys as the bot asks them.

        Raises:
            SurveyError: a file is wrong.
        """

    @abstractmethod
    def database(self) -> AbstractAsyncContextManager[Database]:
        """Open the database alone, migrated."""

    @abstractmethod
    def context(self) -> AbstractAsyncContextManager[BotContext]:
        """Open the database and Slack.

        Raises:
            NpsBotError: one of them cannot be reached, or refuses.
        """


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on uvloop until it ends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def survey_named(surveys: Mapping[str, Survey], key: str) -> Survey:
    """Return the survey with this key, typed in any case.

    Raises:
        CommandError: there is none; names the nearest.
    """
    if key.lower() not in surveys:
        raise CommandError(
            f"There is no survey '{key}'.{nearest(key, surveys)} There are: {', '.join(surveys)}."
        )
    return surveys[key.lower()]


async def find_person(context: BotContext, ref: str) -> Member | None:
    """Find one person in Slack, waiting as Slack asks; None where there is nobody of that name."""
    while True:
        try:
            return await context.directory.person(ref)
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)


def confirmed(question: str) -> bool:
    """Ask somebody at the terminal.

    Raises:
        CommandError: nobody is there to answer.
    """
    with _somebody_there():
        return click.confirm(question)


def typed(question: str, number: int) -> bool:
    """Ask somebody at the terminal to type this number; anything else is a no.

    Raises:
        CommandError: nobody is there to answer.
    """
    with _somebody_there():
        answer: str = click.prompt(question, default="", show_default=False)
    return answer.strip() == str(number)


@contextmanager
def _somebody_there() -> Iterator[None]:
    try:
        yield
    except click.Abort:
        click.echo()  # the question stands on this line
        raise CommandError(
            "Nobody confirmed it, so nothing was done; --yes does it without asking."
        ) from None
