"""`people import` and `forget`: who belongs to which account, and what is stored of a person."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import Connection

from nps_bot.base.errors import NpsBotError
from nps_bot.interaction.terminal import (
    HELP,
    CommandError,
    CommandGroup,
    Terminal,
    confirmed,
    find_person,
    run,
    without_asking,
)
from nps_bot.people import forgetting, store
from nps_bot.people.matching import match, match_channels
from nps_bot.people.people_file import parse_people_file
from nps_bot.people.store import AccountRow, ChannelRow
from nps_bot.slack import web_api
from nps_bot.slack.block_kit import count
from nps_bot.storage.database import Database


@click.group(
    cls=CommandGroup, context_settings=HELP, short_help="Say who belongs to which account."
)
def people() -> None:
    """Say which account people belong to, and who looks after it."""


@people.command("import", short_help="Import a CSV file of people.")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def import_(terminal: Terminal, file: Path) -> None:
    """Import FILE, a CSV with the columns slack_id or email (or both), account, account_owner and
    any others.

    The whole file is checked against Slack first, and the lines that name nobody are listed. Then
    all of it is stored, or nothing. Importing a file again is harmless.
    """
    run(_import(terminal, file))


async def _import(terminal: Terminal, file: Path) -> None:
    rows = parse_people_file(file)
    # Whom Slack does not know is listed; what else it refuses ends the import with a sentence.
    logging.getLogger(web_api.__name__).setLevel(logging.ERROR)
    async with terminal.context() as context:
        matched = await match(context, file, rows)
        channels = await match_channels(context, file, rows)
    async with terminal.database() as database:
        imported = await database.write(_save, matched, channels, terminal.clock().now())
    click.echo(f"{imported} imported from {file}.")


def _save(
    connection: Connection,
    matched: list[AccountRow],
    channels: list[ChannelRow],
    now: datetime,
) -> str:
    """Store all of it; returns what it was."""
    saved = store.save_accounts(connection, matched, now)
    shared = store.save_channels(connection, channels, now)
    number = count(saved, "person", "people")
    return f"{number} and {count(shared, 'channel')}" if shared else number


@click.command("forget", short_help="Remove what is stored of a person.")
@click.argument("user")
@without_asking
@click.pass_obj
def forget(terminal: Terminal, user: str, yes: bool) -> None:
    """Forget USER: answers, profile and messages go, the scores stay in the sums.

    USER is a Slack id, an @handle, an e-mail address or the full name.
    """
    run(_forget(terminal, user, yes=yes))


async def _forget(terminal: Terminal, user: str, *, yes: bool) -> None:
    async with terminal.database() as database:
        person_id = await _meant(terminal, database, user)
        click.echo(
            f"Forgetting {user} ({person_id}) deletes their answers, profile and messages. Their "
            "scores stay in the sums, and their Slack id on the list of people never to ask."
        )
        if not yes and not confirmed("Forget them?"):
            click.echo("Nothing was changed.")
            return
        done = await database.write(forgetting.forget, person_id, terminal.clock().now())
    click.echo(
        f"Forgotten: {count(done.invitations, 'invitation')} unlinked; the running bot deletes or "
        f"rewrites {count(done.messages, 'message')} in Slack."
    )


async def _meant(terminal: Terminal, database: Database, user: str) -> str:
    """Return the id of the one stored person that ``user`` means."""
    slack_knows = "@" in user
    name = await _id_in_slack(terminal, user) if slack_knows else user
    person_id = await database.read(store.find, name)
    if person_id is None:
        raise CommandError(
            f"'{user}' is nobody this bot has stored, or several people: use the Slack id, which "
            "their profile in Slack shows."
        )
    return person_id


async def _id_in_slack(terminal: Terminal, user: str) -> str:
    try:
        async with terminal.context() as context:
            member = await find_person(context, user)
    except NpsBotError as error:
        raise CommandError(
            f"Only Slack could say who {user} is: use the Slack id instead. {error}"
        ) from error
    if member is None:
        raise CommandError(f"Slack knows nobody called {user}: use the Slack id.")
    return member.id
