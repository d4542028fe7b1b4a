"""Who of the people in Slack may be asked, and why somebody is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nps_bot.surveys.rules.survey import Audience

FALLBACK_ZONE = "UTC"
"""The zone of people whose own is missing or unknown: the middle of the world's clocks."""

SLACKBOT = "USLACKBOT"
"""Slack's own bot, in every workspace; its ``is_bot`` is false."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in Slack, as the workspace describes them.

    Attributes:
        id: the Slack id (``U...`` or ``W...``).
        name: what people call them.
        time_zone: the IANA zone of their profile; a missing or unknown one ("", or a name this
            machine's zone data lacks) becomes :data:`FALLBACK_ZONE`, so that it can be relied on.
        team_id: the workspace they belong to; None where Slack tells none.
        is_guest: a guest of this workspace (``is_restricted``, ``is_ultra_restricted``).
        is_outsider: belongs to another workspace (Slack Connect).
        is_bot: an app's user.
        is_deleted: deactivated.
        is_invited: invited, but has not joined yet.
        is_stranger: belongs to another workspace that shares no channel with this one.
    """

    id: str
    name: str
    time_zone: str = FALLBACK_ZONE
    team_id: str | None = None
    is_guest: bool = False
    is_outsider: bool = False
    is_bot: bool = False
    is_deleted: bool = False
    is_invited: bool = False
    is_stranger: bool = False

    def __post_init__(self) -> None:
        """Replace a time zone that cannot be used."""
        object.__setattr__(self, "time_zone", zone_of(self.time_zone).key)


class Exclusion(StrEnum):
    """Why a person is not asked."""

    SLACKBOT = "slackbot"
    BOT = "bot"
    DELETED = "deleted"
    INVITED = "invited"
    OUTSIDER = "outsider"
    GUEST = "guest"
    MEMBER = "member"
    UNREACHABLE = "unreachable"

    @property
    def words(self) -> str:
        """The reason as people read it after a name: "Ada *is a guest, ...*"."""
        return _WORDS[self]


_WORDS = {
    Exclusion.SLACKBOT: "is Slackbot",
    Exclusion.BOT: "is a bot",
    Exclusion.DELETED: "has a deactivated account",
    Exclusion.INVITED: "was invited to the workspace but has not joined yet",
    Exclusion.OUTSIDER: "belongs to another workspace, and this survey does not ask outsiders",
    Exclusion.GUEST: "is a guest, and this survey does not ask guests",
    Exclusion.MEMBER: "is a member of this workspace, and this survey asks no members",
    Exclusion.UNREACHABLE: "belongs to another workspace that shares no channel with this one",
}


def exclusion(member: Member, audience: Audience) -> Exclusion | None:
    """Return why ``member``, found in a source of ``audience``, is not asked; None to ask them.

    The first reason that holds counts. A guest of another workspace is an outsider, not a guest of
    ours. Whom the audience does not leave out the contact budget may (``domain/budget.py``).
    """
    reasons = (
        (member.id == SLACKBOT, Exclusion.SLACKBOT),
        (member.is_bot, Exclusion.BOT),
        (member.is_deleted, Exclusion.DELETED),
        (member.is_invited, Exclusion.INVITED),
        (member.is_outsider and not audience.outsiders, Exclusion.OUTSIDER),
        (member.is_stranger, Exclusion.UNREACHABLE),
        (member.is_guest and not (member.is_outsider or audience.guests), Exclusion.GUEST),
        (
            not (member.is_guest or member.is_outsider or audience.members),
            Exclusion.MEMBER,
        ),
    )
    return next((reason for holds, reason in reasons if holds), None)


@lru_cache(maxsize=1024)
def zone_of(time_zone: str | None) -> ZoneInfo:
    """Return the zone of that IANA name, or :data:`FALLBACK_ZONE` where it is missing or unknown.

    Cached, since zoneinfo itself keeps only the eight zones used last.
    """
    try:
        return ZoneInfo(time_zone or FALLBACK_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "America", tzdata's folder
        return ZoneInfo(FALLBACK_ZONE)
