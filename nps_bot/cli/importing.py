"""`people import`: who belongs to which account, checked against Slack, then stored as a whole."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from nps_bot.cli.reaching import clock_of, find_person, open_database, open_edge
from nps_bot.errors import PeopleFileError
from nps_bot.people_file import PersonRow, parse_people_file
from nps_bot.settings import Settings
from nps_bot.slack import web_api
from nps_bot.slack.edge import Edge
from nps_bot.slack.views.kit import count
from nps_bot.storage import people
from nps_bot.storage.people import AccountRow


async def import_people(settings: Settings, file: Path) -> None:
    """Import a people file: all of it, or nothing.

    Raises:
        PeopleFileError: a line is wrong, or names somebody Slack does not know.
    """
    rows = parse_people_file(file)
    # Whom Slack does not know is listed; what else it refuses ends the import with a sentence.
    logging.getLogger(web_api.__name__).setLevel(logging.ERROR)
    async with open_edge(settings) as edge:
        matched = await match(edge, file, rows)
    async with open_database(settings) as database:
        imported = await database.write(people.save_accounts, matched, clock_of(settings).now())
    click.echo(f"{count(imported, 'person', 'people')} imported from {file}.")


async def match(edge: Edge, file: Path, rows: tuple[PersonRow, ...]) -> list[AccountRow]:
    """Find everybody of a people file in Slack.

    Raises:
        PeopleFileError: some are not there, or several lines mean one person; lists the lines.
    """
    matched: dict[str, AccountRow] = {}
    lines: dict[str, int] = {}
    problems = []
    for row in rows:
        who = row.slack_id or row.email or ""
        member = await find_person(edge, who)
        owner = await find_person(edge, row.account_owner) if row.account_owner else None
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
            problems.append(
                f"{file}: line {row.line}: Slack knows no account owner {row.account_owner}."
            )
    if problems:
        raise PeopleFileError("\n".join([*problems, "Nothing was imported."]))
    return list(matched.values())
