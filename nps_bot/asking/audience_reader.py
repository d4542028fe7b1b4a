"""The people of a survey's audience, read from Slack page by page."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace

from nps_bot.base.slack_ids import is_person_id
from nps_bot.slack.directory import PEOPLE_PAGE, Directory
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.survey import Audience

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """Some people of an audience.

    Attributes:
        members: as Slack describes them, bots and deleted people included; somebody in several
            sources comes several times, on different pages.
        next_cursor: where to go on, None after the last page. Opaque; good for days.
    """

    members: tuple[Member, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Position:
    """Where reading an audience stands: in which of its sources, and where in that one."""

    source: str
    ref: str
    after: str | None = None

    def encoded(self) -> str:
        return json.dumps([self.source, self.ref, self.after])


async def audience_page(directory: Directory, audience: Audience, cursor: str | None) -> Page:
    """Read the next people of an audience.

    Args:
        directory: reads Slack.
        audience: whose sources to read, one after the other.
        cursor: ``next_cursor`` of the page before; None for the first. If the audience has lost
            the source the cursor points into, reading starts over.

    Raises:
        SlackCallError: a call failed; the same page can be asked for again.
        NotInSlackError: a channel or group of the audience does not exist.
    """
    at = _resume(audience, cursor)
    if at is None:
        return Page((), None)
    if at.source == "everyone":
        users, after = await directory.users_page(at.after)
        members = await directory.members_of(users)
    else:
        ids, after = await _ids(directory, at, audience)
        members = await directory.members(ids)
    return Page(members, _following(audience, at, after))


async def ids_page(
    directory: Directory, audience: Audience, cursor: str | None
) -> tuple[list[str], str | None]:
    """Read the ids of the next people of an audience, and where to go on: no profiles.

    Args and errors are those of :func:`audience_page`.
    """
    at = _resume(audience, cursor)
    if at is None:
        return [], None
    if at.source == "everyone":
        users, after = await directory.users_page(at.after)
        ids = [str(user["id"]) for user in users]
    else:
        ids, after = await _ids(directory, at, audience)
    return ids, _following(audience, at, after)


async def is_in(directory: Directory, audience: Audience, person_id: str) -> bool:
    """Return whether one of the sources of an audience names a person; reads no profiles.

    Raises:
        SlackCallError: Slack could not be asked.
        NotInSlackError: a channel or group of the audience does not exist.
    """
    if audience.everyone or person_id in audience.people:
        return True
    for ref in audience.people:
        if not is_person_id(ref) and await _named(directory, ref) == person_id:
            return True
    for ref in audience.channels:
        if await directory.in_channel(ref, person_id):
            return True
    for ref in audience.groups:
        if person_id in await directory.group_members(ref):
            return True
    return False


async def _ids(
    directory: Directory, at: _Position, audience: Audience
) -> tuple[list[str], str | None]:
    """Read a page of one source: the ids, and where in the source to go on."""
    match at.source:
        case "channel":
            return await directory.channel_page(at.ref, at.after)
        case "group":
            return _slice(sorted(await directory.group_members(at.ref)), at.after)
        case _:
            refs, after = _slice(sorted(audience.people), at.after)
            return [found for ref in refs if (found := await _named(directory, ref))], after


async def _named(directory: Directory, ref: str) -> str | None:
    """Return the id of a person whom an audience names; one who is not there is logged."""
    person = await directory.person(ref)
    if person is None:
        who = ref if is_person_id(ref) else "an e-mail address"
        logger.warning("an audience names somebody who is not in Slack", extra={"person": who})
    return person.id if person else None


def _sources(audience: Audience) -> list[_Position]:
    return [
        *([_Position("everyone", "")] if audience.everyone else ()),
        *(_Position("channel", ref) for ref in audience.channels),
        *(_Position("group", ref) for ref in audience.groups),
        *([_Position("people", "")] if audience.people else ()),
    ]


def _resume(audience: Audience, cursor: str | None) -> _Position | None:
    """Return which source to read and where in it to go on; None where there is no source."""
    sources = _sources(audience)
    if cursor is not None:
        kind, ref, after = json.loads(cursor)
        if _Position(kind, ref) in sources:
            return _Position(kind, ref, after)
    return sources[0] if sources else None


def _following(audience: Audience, at: _Position, after: str | None) -> str | None:
    """Return the cursor of the page that follows; None behind the last one."""
    if after is not None:
        return replace(at, after=after).encoded()
    later = _sources(audience)
    later = later[later.index(replace(at, after=None)) + 1 :]
    return later[0].encoded() if later else None


def _slice(entries: list[str], after: str | None) -> tuple[list[str], str | None]:
    """Return the page of sorted entries that follow ``after``, and its last one if more follow."""
    rest = entries if after is None else [entry for entry in entries if entry > after]
    page = rest[:PEOPLE_PAGE]
    return page, page[-1] if len(rest) > len(page) else None
