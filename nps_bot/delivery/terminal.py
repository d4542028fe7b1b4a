"""`outbox`: what waits, what is unknown, what failed; and settling by hand what the bot cannot."""

from __future__ import annotations

import json
import re

import click

from nps_bot.base.clock import SystemClock
from nps_bot.delivery import resolve
from nps_bot.delivery.kinds import Kinds
from nps_bot.delivery.outbox_text import Naming, entry_json, entry_text, outbox_text
from nps_bot.delivery.resolve import Verdict
from nps_bot.delivery.rules import Status
from nps_bot.delivery.store import unsettled
from nps_bot.delivery.store.unsettled import Unsettled
from nps_bot.interaction.terminal import (
    HELP,
    CommandError,
    CommandGroup,
    Terminal,
    as_json,
    confirmed,
    run,
    without_asking,
)
from nps_bot.storage.database import Database
from nps_bot.surveys import load_surveys

_BEGINNING = re.compile(r"[0-9a-f]{1,32}")
_SIMILAR = 5


def outbox(kinds: Kinds) -> click.Group:
    """Return the commands that list and settle messages of these kinds."""

    @click.group(
        cls=CommandGroup,
        context_settings=HELP,
        invoke_without_command=True,
        short_help="List what waits, is unknown or failed; settle it by hand.",
    )
    @as_json
    @click.pass_context
    def outbox(ctx: click.Context, as_json: bool) -> None:
        """List the messages that wait, that may or may not have arrived, and that failed.

        Where Slack did not say whether it took a message, the bot looks for it. Where it may not
        look, the message is parked: it is never sent blindly, and you say what is true, with sent
        or again.
        """
        if ctx.invoked_subcommand is None:
            run(_show(ctx.obj, kinds, as_json=as_json))

    _add_verdicts(outbox, kinds)
    return outbox


def _add_verdicts(outbox: click.Group, kinds: Kinds) -> None:
    """Add the two commands that settle a message by hand."""

    @outbox.command("sent", short_help="Say of a message that it is there.")
    @click.argument("id_", metavar="ID")
    @without_asking
    @click.pass_obj
    def sent(terminal: Terminal, id_: str, yes: bool) -> None:
        """Say that you have seen message ID in Slack: it counts as sent.

        ID may be the beginning of the id that the list shows. The bot does not learn where the
        message stands, so it never rewrites it, unless its person clicks on it.
        """
        run(_settle(terminal, kinds, id_, Verdict.SENT, yes=yes))

    @outbox.command("again", short_help="Say of a message that it is not there: send it again.")
    @click.argument("id_", metavar="ID")
    @without_asking
    @click.pass_obj
    def again(terminal: Terminal, id_: str, yes: bool) -> None:
        """Say that message ID is not in Slack, or that what made it fail is mended: send it
        (again).

        ID may be the beginning of the id that the list shows.
        """
        run(_settle(terminal, kinds, id_, Verdict.AGAIN, yes=yes))


async def _show(terminal: Terminal, kinds: Kinds, *, as_json: bool) -> None:
    """Print what Slack does not have for sure."""
    naming = Naming(kinds, load_surveys(terminal.settings.surveys))
    async with terminal.database() as database:
        found = await database.read(unsettled.unsettled)
    if as_json:
        click.echo(json.dumps([entry_json(one, naming) for one in found], indent=2))
    else:
        click.echo(outbox_text(found, naming))


async def _settle(
    terminal: Terminal, kinds: Kinds, beginning: str, verdict: Verdict, *, yes: bool
) -> None:
    """Settle a message as the operator says.

    Raises:
        NpsBotError: there is no such message, it may not be settled, or nobody confirmed it.
    """
    naming = Naming(kinds, load_surveys(terminal.settings.surveys))
    clock = SystemClock()  # leases and look-ups go by it, however far a sandbox has moved on
    async with terminal.database() as database:
        message = await _find(database, beginning)
        refusal = resolve.refused(message, verdict, clock.now())
        if refusal is None:
            click.echo(entry_text(message, naming))
            click.echo(_consequence(message, verdict, naming))
            if not yes and not confirmed(_question(message, verdict)):
                click.echo("Nothing was changed.")
                return
            refusal = await database.write(resolve.by_hand, kinds, message.id, verdict, clock.now())
    if refusal is not None:
        raise CommandError(f"{message.id} was not touched. {refusal}")
    click.echo(_DONE[verdict])


async def _find(database: Database, beginning: str) -> Unsettled:
    """Return the one message whose id begins like this."""
    wanted = beginning.lower()
    if not _BEGINNING.fullmatch(wanted):
        raise CommandError(f"'{beginning}' is no id: `python bot.py outbox` lists them.")
    found = await database.read(unsettled.beginning_with, wanted, _SIMILAR)
    if not found:
        raise CommandError(
            f"No message's id begins with '{beginning}': `python bot.py outbox` lists them."
        )
    if len(found) > 1:
        ids = ", ".join(message.id for message in found)
        raise CommandError(f"Several ids begin with '{beginning}', write more of it: {ids}.")
    return found[0]


_DONE = {
    Verdict.SENT: "It counts as sent.",
    Verdict.AGAIN: "It waits again; the running bot sees to it.",
}


def _question(message: Unsettled, verdict: Verdict) -> str:
    """Return what somebody must be sure of to give the verdict."""
    if verdict is Verdict.SENT:
        return "Have you seen it there?"
    if message.status == Status.FAILED:
        return "Is what made it fail put right?"
    return "You have looked, and it is not there?"


def _consequence(message: Unsettled, verdict: Verdict, naming: Naming) -> str:
    """Return what follows from the verdict, so that nobody is surprised later."""
    if verdict is Verdict.AGAIN:
        if message.survey_key not in naming.surveys:
            return "Its survey has no file any more, so it will be dropped instead of sent."
        if message.ts is not None:
            return "It stands in Slack; writing its newest state into it is tried again."
        return "It will be posted once more, unless the reason for it has gone meanwhile."
    kind = naming.kinds.of(message.kind)
    if message.ts is not None or not kind.kept_current:
        return "It counts as sent and is left as it is."
    words = (
        "It counts as sent. But the bot does not learn where it stands, so it never rewrites it:"
        " what changes later does not show there"
    )
    if kind.proved_by_click:
        return f"{words}, until its person clicks on it. Every click counts."
    return f"{words}."
