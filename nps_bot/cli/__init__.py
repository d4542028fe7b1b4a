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
from nps_bot.asking import send_command, stop_command, surveys_command
from nps_bot.cli import serving
from nps_bot.delivery import commands as settling
from nps_bot.delivery.resolve import Verdict
from nps_bot.errors import NpsBotError, nearest
from nps_bot.people import forget_command, import_command
from nps_bot.settings import Settings, load_settings

DOTENV = Path(".env")
_HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_EPILOG = "`python bot.py COMMAND --help` tells more. Where something is wrong, the exit code is 2."


class _Commands(click.Group):
    """Tells errors in a sentence: ours, and an unknown command with the nearest one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the commands in the order in which they are written here."""
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


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on uvloop until it ends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _serve(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` until a signal ends it."""
    _run(serving.until_told(work))


def _settings() -> Settings:
    """Read the settings and set the log up accordingly."""
    settings = load_settings(os.environ, DOTENV)
    logs.configure(settings.log_level, settings.log_format, secrets=settings.secrets)
    return settings


def main() -> None:
    """Run the command line."""
    _bot(prog_name="python bot.py")


@click.group(cls=_Commands, invoke_without_command=True, context_settings=_HELP, epilog=_EPILOG)
@click.option("--empty", is_flag=True, help="Begin the sandbox without a past.")
@click.pass_context
def _bot(ctx: click.Context, *, empty: bool) -> None:
    """The NPS bot for Slack.

    Without a command it runs, all in one process: in your workspace where its credentials are set,
    else in a sandbox Slack of its own, whose address it prints; people there were asked for nine
    months already, unless --empty is given. Settings come from the environment
    or the file .env; .env.example documents each of them.

    web and worker are the same bot in two processes, over PostgreSQL. All commands below sandbox do
    one thing and end; they may be used while the bot runs.
    """
    if ctx.invoked_subcommand is None:
        _serve(serving.everything(_settings(), empty=empty))


@_bot.command(short_help="Take clicks and commands over HTTP.")
def web() -> None:
    """Take clicks and commands over HTTP, on PORT.

    Needs PostgreSQL and a worker process beside it. There may be several of each.
    """
    _serve(serving.web(_settings()))


@_bot.command(short_help="Open waves and deliver messages.")
@click.option("--port", type=click.IntRange(0, 65535), help="Serve /healthz, /readyz, /metrics.")
def worker(port: int | None) -> None:
    """Open waves when they are due and deliver messages.

    Needs PostgreSQL and a web process beside it. There may be several of each.
    """
    _serve(serving.worker(_settings(), port))


@_bot.command(short_help="Only the sandbox Slack, for a bot in another terminal.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="METHOD=KIND[:SHARE[:SECONDS]]",
    help="Let calls go wrong, such as chat.postMessage=429:5%:30. May be given several times.",
)
@click.option("--seed", type=int, help="Which calls those are: the same seed, the same choice.")
def sandbox(faults: tuple[str, ...], seed: int | None) -> None:
    """Start only the sandbox Slack, for a bot in another terminal; print the settings it needs.

    With --fault a share of the calls of a METHOD goes wrong. KIND is 429 (Slack asks to wait
    SECONDS), 500, delay (the answer takes SECONDS), lost (done, but the connection breaks before
    the answer), cut (it breaks before anything is done), invalid_blocks or unknown_method (Slack
    refuses it so).
    """
    from nps_bot.demo import run  # noqa: PLC0415  # as in cli.serving

    _serve(run.only_sandbox(_settings(), faults, seed))


@_bot.group(cls=_Commands, context_settings=_HELP, short_help="Check or list the survey files.")
def surveys() -> None:
    """Look at the survey files, in the folder that NPS_SURVEYS names."""


@surveys.command("check", short_help="Check the survey files.")
def surveys_check() -> None:
    """Check every survey file and say what is wrong, file by file and key by key."""
    surveys_command.check_surveys(_settings())


@surveys.command("list", short_help="List the surveys.")
def surveys_list() -> None:
    """List the surveys: when they ask, when next, and where the team sees it."""
    surveys_command.list_surveys(_settings())


@_bot.group(cls=_Commands, context_settings=_HELP, short_help="Say who belongs to which account.")
def people() -> None:
    """Say which account people belong to, and who looks after it."""


@people.command("import", short_help="Import a CSV file of people.")
@click.argument("file", type=click.Path(path_type=Path))
def people_import(file: Path) -> None:
    """Import FILE, a CSV with the columns slack_id or email (or both), account, account_owner and
    any others.

    The whole file is checked against Slack first, and the lines that name nobody are listed. Then
    all of it is stored, or nothing. Importing a file again is harmless.
    """
    _run(import_command.import_people(_settings(), file))


@_bot.command(short_help="Start a wave of a survey now.")
@click.argument("survey")
@click.option("--to", "person", metavar="@USER", help="Ask this one person and nobody else.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show who would be asked and when, who not and why; send nothing.",
)
@click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
def send(survey: str, person: str | None, dry_run: bool, yes: bool) -> None:
    """Start a wave of SURVEY now: show how many, who, when and how long it takes, and ask before it
    goes. For more people than the survey's confirm_above the number has to be typed.

    @USER is an @handle, a Slack id or an e-mail address. A bar shows how far the running bot is;
    Ctrl-C ends the watching, not the wave.
    """
    _run(send_command.send(_settings(), survey, person=person, dry_run=dry_run, yes=yes))


@_bot.command(short_help="End the waves of a survey that run.")
@click.argument("survey")
@click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
def stop(survey: str, yes: bool) -> None:
    """Stop the open waves of SURVEY: show how many were asked and how many would not be, and wait
    for your word.

    What was not sent is not sent any more; what was sent can be answered until the wave closes.
    """
    _run(stop_command.stop(_settings(), survey, yes=yes))


@_bot.group(
    cls=_Commands,
    context_settings=_HELP,
    invoke_without_command=True,
    short_help="List what waits, is unknown or failed; settle it by hand.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.pass_context
def outbox(ctx: click.Context, as_json: bool) -> None:
    """List the messages that wait, that may or may not have arrived, and that failed.

    Where Slack did not say whether it took a message, the bot looks for it. Where it may not look,
    the message is parked: it is never sent blindly, and you say what is true, with sent or again.
    """
    if ctx.invoked_subcommand is None:
        _run(settling.show(_settings(), as_json=as_json))


@outbox.command("sent", short_help="Say of a message that it is there.")
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
def outbox_sent(id_: str, yes: bool) -> None:
    """Say that you have seen message ID in Slack: it counts as sent.

    ID may be the beginning of the id that the list shows. The bot does not learn where the message
    stands, so it never rewrites it, unless its person clicks on it.
    """
    _run(settling.settle(_settings(), id_, Verdict.SENT, yes=yes))


@outbox.command("again", short_help="Say of a message that it is not there: send it again.")
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
def outbox_again(id_: str, yes: bool) -> None:
    """Say that message ID is not in Slack, or that what made it fail is mended: send it (again).

    ID may be the beginning of the id that the list shows.
    """
    _run(settling.settle(_settings(), id_, Verdict.AGAIN, yes=yes))


@_bot.command(short_help="Print the report of a survey.")
@click.argument("survey")
@click.argument("period", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
def report(survey: str, period: str | None, as_json: bool) -> None:
    """Print the report of SURVEY: its latest wave, or PERIOD (30d, 2026-Q3, 2026-08, 2026, all)."""
    _run(surveys_command.report(_settings(), survey, period, as_json=as_json))


@_bot.command(short_help="Remove what is stored of a person.")
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not wait for a confirmation.")
def forget(user: str, yes: bool) -> None:
    """Forget USER: answers, profile and messages go, the scores stay in the sums.

    USER is a Slack id, an @handle, an e-mail address or the full name.
    """
    _run(forget_command.forget(_settings(), user, yes=yes))
