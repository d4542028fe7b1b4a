"""Slack's description of a user, read into what we need of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nps_bot.base.time_zones import FALLBACK_ZONE, zone_of

SLACKBOT = "USLACKBOT"
"""Slack's own bot, in every workspace; its ``is_bot`` is false."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is, as ``auth.test`` says.

    Attributes:
        team_id, team: the workspace, by id and name.
        url: the workspace's address, such as ``https://lumen.slack.com/``.
        user_id: the bot's own id.
        enterprise_id: the organisation of the workspace (Enterprise Grid), else None.
    """

    team_id: str
    team: str
    url: str
    user_id: str
    enterprise_id: str | None


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


@dataclass(frozen=True, slots=True)
class Profile:
    """A user of Slack.

    Attributes:
        member: what surveys need to know.
        handles: the names one can write after an ``@``, in lower case.
        is_admin: whether they are an admin or owner of the workspace.
    """

    member: Member
    handles: frozenset[str]
    is_admin: bool


def profile_of(user: Mapping[str, Any], own: Identity) -> Profile:
    """Read Slack's description of a user, in which any field may be missing or null."""
    shown = user.get("profile") or {}
    names = (
        user.get("real_name"),
        shown.get("real_name"),  # of those who left, Slack tells it only here
        shown.get("display_name"),
        user.get("name"),
    )
    team = user.get("team_id") or None
    organisation = (user.get("enterprise_user") or {}).get("enterprise_id")
    colleague = team in (None, own.team_id) or (
        own.enterprise_id is not None and organisation == own.enterprise_id
    )
    member = Member(
        id=user["id"],
        name=next((name for name in names if name), user["id"]),
        time_zone=user.get("tz") or FALLBACK_ZONE,
        team_id=team,
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_outsider=bool(user.get("is_stranger")) or not colleague,
        is_bot=bool(user.get("is_bot")),
        is_deleted=bool(user.get("deleted")),
        is_invited=bool(user.get("is_invited_user")),
        is_stranger=bool(user.get("is_stranger")),
    )
    return Profile(
        member,
        handles=frozenset(n.lower() for n in (shown.get("display_name"), user.get("name")) if n),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
    )
