"""Who of the people in Slack may be asked, and why somebody is not."""

from __future__ import annotations

from enum import StrEnum

from nps_bot.slack.profiles import SLACKBOT, Member
from nps_bot.surveys.rules.survey import Audience


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
    ours. Whom the audience does not leave out the contact budget may (``asking/rules/budget.py``).
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
