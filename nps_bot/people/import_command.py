"""`people import`: who belongs to which account, checked against Slack, then stored as a whole."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import Connection

from nps_bot.errors import PeopleFileError
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.terminal import clock_of, find_person, open_context, open_database
from nps_bot.people import store
from nps_bot.people.people_file import PersonRow, parse_people_file
from nps_bot.people.store import AccountRow
from nps_bot.settings import Settings
from nps_bot.shared_channels import store as channel_posts
from nps_bot.shared_channels.store import ChannelRow
from nps_bot.slack import web_api
from nps_bot.slack.block_kit import count
from nps_bot.slack.directory import NotInSlackError


async def import_people(settings: Settings, file: Path) -> None:
    """Import a people file: all of it, or nothing.

    Raises:
        PeopleFileError: a line is wrong, or names somebody Slack does not know.
    """
    rows = parse_people_file(file)
    # Whom Slack does not know is listed; what else it refuses ends the import with a sentence.
    logging.getLogger(web_api.__name__).setLevel(logging.ERROR)
    async with open_context(settings) as context:
        matched = await match(context, file, rows)
        channels = await match_channels(context, file, rows)
    async with open_database(settings) as database:
        imported = await database.write(_save, matched, channels, clock_of(settings).now())
    click.echo(f"{imported} imported from {file}.")


def _save(
    connection: Connection,
    matched: list[AccountRow],
    channels: list[ChannelRow],
    now: datetime,
) -> str:
    """Store all of it; returns what it was."""
    saved = store.save_accounts(connection, matched, now)
    shared = channel_posts.save_accounts(connection, channels, now)
    number = count(saved, "person", "people")
    return f"{number} and {count(shared, 'channel')}" if shared else number


async def match_channels(
    context: BotContext, file: Path, rows: tuple[PersonRow, ...]
) -> list[ChannelRow]:
    """Find the channels of a people file in Slack, and who looks after their accounts.

    Raises:
        PeopleFileError: Slack shows the bot no such channel or owner; lists the lines.
    """
    found = []
    problems = []
    for row in rows:
        if row.channel is None:
            continue
        try:
            channel = await context.directory.channel_id(row.channel)
        except NotInSlackError as error:
            problems.append(f"{file}: line {row.line}: {error}")
            continue
        owner = await find_person(context, row.account_owner) if row.account_owner else None
        if row.account_owner and owner is None:
            problems.append(_no_owner(file, row))
        found.append(ChannelRow(channel, row.account, owner.id if owner else None, row.teams))
    if problems:
        raise PeopleFileError("\n".join([*problems, _NOTHING]))
    return found


async def match(context: BotContext, file: Path, rows: tuple[PersonRow, ...]) -> list[AccountRow]:
    """Find everybody of a people file in Slack.

    Raises:
        PeopleFileError: some are not there, or several lines mean one person; lists the lines.
    """
    matched: dict[str, AccountRow] = {}
    lines: dict[str, int] = {}
    problems = []
    for row in (one for one in rows if one.channel is None):
        who = row.slack_id or row.email or ""
        member = await find_person(context, who)
        owner = await find_person(context, row.account_owner) if row.account_owner else None
        if member is None:
            problems.append(f"{file}: line {row.line}: Slack knows nobody called {who}.")
        elif first := lines.get(member.id):
            problems.append(
                f"{file}: line {row.line}: {who} is the same person as in line {first}."
            )
        else:
            lines[member.id] = row.line
            owner_id = owner.id if owner else None
            matched[member.id] = AccountRow(member, row.account, owner_id, row.attributes)
        if row.account_owner and owner is None:
            problems.append(_no_owner(file, row))
    if problems:
        raise PeopleFileError("\n".join([*problems, _NOTHING]))
    return list(matched.values())


_NOTHING = "Nothing was imported."


def _no_owner(file: Path, row: PersonRow) -> str:
    return f"{file}: line {row.line}: Slack knows no account owner {row.account_owner}."
