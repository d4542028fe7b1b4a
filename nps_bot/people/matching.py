"""A people file beside what Slack shows: who and which channels its lines mean."""

from __future__ import annotations

from pathlib import Path

from nps_bot.base.errors import PeopleFileError
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.terminal import find_person
from nps_bot.people.people_file import PersonRow
from nps_bot.people.store import AccountRow, ChannelRow
from nps_bot.slack.directory import NotInSlackError


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
