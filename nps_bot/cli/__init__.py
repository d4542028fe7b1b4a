"""`python bot.py ...`: the operator's words. Each one says what went wrong in a sentence."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
import uvloop

from nps_bot import logs
from nps_bot.cli import oneshots, serving
from nps_bot.errors import NpsBotError, nearest
from nps_bot.settings import Settings, load_settings

DOTENV = Path(".env")


class _Commands(click.Group):
    """Refuses an unknown command with the nearest one, and tells errors in a sentence."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command, or refuse it with the nearest one."""
        if args and self.get_command(ctx, args[0]) is None:
            known = self.list_commands(ctx)
            raise click.UsageError(
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


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on uvloop until it ends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _settings() -> Settings:
    """Read the settings and set the log up accordingly."""
    settings = load_settings(os.environ, DOTENV)
    logs.configure(settings.log_level, settings.log_format, secrets=settings.secrets)
    return settings


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """The NPS bot for Slack.

    Without a command it runs, all in one process. Without Slack credentials it brings its own
    Slack to try it in. Settings come from the environment or the file .env; .env.example documents
    each of them.
    """
    if ctx.invoked_subcommand is None:
        _run(serving.everything(_settings()))


@main.command()
def web() -> None:
    """Take clicks and commands over HTTP; needs PostgreSQL and a worker beside it."""
    _run(serving.web(_settings()))


@main.command()
def worker() -> None:
    """Open waves and deliver messages; needs PostgreSQL and a web process beside it."""
    _run(serving.worker(_settings()))


@main.command()
def sandbox() -> None:
    """Start only the sandbox Slack, for a bot in another terminal; prints the settings it needs."""
    _run(serving.only_sandbox(_settings()))


@main.group(cls=_Commands)
def surveys() -> None:
    """Look at the survey files."""


@surveys.command("check")
def surveys_check() -> None:
    """Check every survey file and say what is wrong, file by file and key by key."""
    oneshots.check_surveys(_settings())


@surveys.command("list")
def surveys_list() -> None:
    """List the surveys: whom they ask, when, and when next."""
    oneshots.list_surveys(_settings())


@main.group(cls=_Commands)
def people() -> None:
    """Say which account people belong to."""


@people.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def people_import(file: Path) -> None:
    """Import FILE, a CSV of slack_id or email, account, account_owner and any further columns.

    The whole file is checked against Slack first. Then all of it is stored, or nothing. Importing a
    file again is harmless.
    """
    _run(oneshots.import_people(_settings(), file))


@main.command()
@click.argument("survey")
@click.option("--to", "person", metavar="@USER", help="Ask this one person and nobody else.")
@click.option("--dry-run", is_flag=True, help="Show who would be asked and when; send nothing.")
@click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
def send(survey: str, person: str | None, dry_run: bool, yes: bool) -> None:
    """Start a wave of SURVEY now: shows how many, who and when, and asks before it does."""
    _run(oneshots.send(_settings(), survey, person=person, dry_run=dry_run, yes=yes))


@main.command()
@click.argument("survey")
@click.argument("period", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def report(survey: str, period: str | None, as_json: bool) -> None:
    """Print the report of SURVEY: its latest wave, or PERIOD (30d, 2026-Q3, 2026, all)."""
    _run(oneshots.report(_settings(), survey, period, as_json=as_json))


@main.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
def forget(user: str, yes: bool) -> None:
    """Forget USER (a Slack id or @name): answers, profile and messages go, the sums stay."""
    _run(oneshots.forget(_settings(), user, yes=yes))
