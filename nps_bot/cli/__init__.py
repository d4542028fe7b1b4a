"""`python bot.py ...`: the group of all commands. Each room declares its own."""

from __future__ import annotations

import click

from nps_bot.app.kinds import KINDS
from nps_bot.asking.terminal.send import send
from nps_bot.asking.terminal.stop import stop
from nps_bot.cli import processes
from nps_bot.cli.surveys import surveys
from nps_bot.cli.terminal import BotTerminal, load_settings
from nps_bot.delivery.terminal import outbox
from nps_bot.figures.terminal import report
from nps_bot.interaction.terminal import HELP, CommandGroup
from nps_bot.people.terminal import forget, people

_EPILOG = "`python bot.py COMMAND --help` tells more. Where something is wrong, the exit code is 2."


def main() -> None:
    """Run the command line."""
    bot(prog_name="python bot.py", obj=BotTerminal(load_settings))


@click.group(cls=CommandGroup, invoke_without_command=True, context_settings=HELP, epilog=_EPILOG)
@click.option("--empty", is_flag=True, help="Begin the sandbox without a past.")
@click.pass_context
def bot(ctx: click.Context, *, empty: bool) -> None:
    """The NPS bot for Slack.

    Without a command it runs, all in one process: in your workspace where its credentials are set,
    else in a sandbox Slack of its own, whose address it prints; people there were asked for nine
    months already, unless --empty is given. Settings come from the environment
    or the file .env; .env.example documents each of them.

    web and worker are the same bot in two processes, over PostgreSQL. All commands below sandbox do
    one thing and end; they may be used while the bot runs.
    """
    if ctx.invoked_subcommand is None:
        processes.serve_everything(ctx.obj, empty=empty)


for command in (
    processes.web,
    processes.worker,
    processes.sandbox,
    surveys,
    people,
    send,
    stop,
    outbox(KINDS),
    report,
    forget,
):
    bot.add_command(command)
