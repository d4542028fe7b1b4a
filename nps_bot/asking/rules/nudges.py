"""Whether somebody who was asked gets one further message, and when.

To one prompt belongs at most one further message of ours: a *reminder* where no score came, or a
*chaser* where a score came without a word. The re-ask that a person wished for by *Ask me in 3
days* is that one message: who wished for it gets neither.

It is decided twice by the same rules: when the message is owed, and once more right before it
leaves, because people answer meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from nps_bot.surveys.rules.local_time import next_allowed
from nps_bot.surveys.rules.survey import Nudge, Survey


class NudgeKind(StrEnum):
    """What may follow a prompt."""

    REMINDER = "reminder"
    """No score came."""
    CHASER = "chaser"
    """A score came without a word."""


class SkipReason(StrEnum):
    """Why nothing further is sent, in words."""

    CLOSED = "the wave closed"
    FORGOTTEN = "the person asked to be forgotten"
    OPTED_OUT = "the person opted out"
    WITHDRAWN = "the person deleted their answer or stopped the survey"
    NOT_ASKED = "nobody was asked yet"
    SNOOZED = "the person asked to be asked later"
    CHASED = "the person was asked for a reason before they deleted their answer"
    NO_REMINDERS = "the survey sends no reminders"
    NO_CONTACT = "the person does not want to be contacted"
    REPLIED = "the person has written why"
    REMINDED = "the person was reminded before they answered"
    NO_CHASERS = "the survey sends no chasers"
    CLOSES_BEFORE = "the wave closes before"


@dataclass(frozen=True, slots=True)
class Due:
    """A further message is due.

    Attributes:
        kind: ``REMINDER`` or ``CHASER``.
        at: the first moment it may leave: not before its time, not before now, and outside quiet
            hours where the person lives.
    """

    kind: NudgeKind
    at: datetime


@dataclass(frozen=True, slots=True)
class NudgeSituation:
    """What has become of one invitation.

    Attributes:
        asked_at: when Slack accepted the prompt; None while it has not.
        closes_at: when the wave takes no answers any more.
        closed: whether it closed already, perhaps before its time.
        forgotten: whether the person asked to be forgotten.
        opted_out: whether they stopped this survey, or all.
        withdrawn: whether they deleted their answer or stopped instead of answering.
        snoozed: whether they pressed *Ask me in 3 days*.
        answered_at: when they first gave a score; None where there is none.
        no_contact: whether they said *Please don't contact me*.
        replied: whether they wrote anything.
        reminded: whether a reminder was sent, or may have been.
        chased: whether a chaser was sent, or may have been.
    """

    asked_at: datetime | None
    closes_at: datetime
    closed: bool = False
    forgotten: bool = False
    opted_out: bool = False
    withdrawn: bool = False
    snoozed: bool = False
    answered_at: datetime | None = None
    no_contact: bool = False
    replied: bool = False
    reminded: bool = False
    chased: bool = False


def decide(asked: NudgeSituation, survey: Survey, zone: tzinfo, now: datetime) -> Due | SkipReason:
    """Decide which further message is due, if any; ``zone`` is where the person lives."""
    if asked.closed or asked.closes_at <= now:
        return SkipReason.CLOSED
    if asked.forgotten:
        return SkipReason.FORGOTTEN
    if asked.opted_out:
        return SkipReason.OPTED_OUT
    if asked.answered_at is not None:
        found = _chaser(asked, survey.chaser, asked.answered_at)
    else:
        found = _reminder(asked, survey.reminder)
    if isinstance(found, SkipReason):
        return found
    at = next_allowed(max(found.at, now), zone, survey.quiet_hours)
    return Due(found.kind, at) if at < asked.closes_at else SkipReason.CLOSES_BEFORE


def _reminder(asked: NudgeSituation, reminder: Nudge | None) -> Due | SkipReason:
    """Return when a reminder's time comes, whatever the hour."""
    if asked.withdrawn:
        return SkipReason.WITHDRAWN
    if asked.asked_at is None:
        return SkipReason.NOT_ASKED
    if asked.snoozed:
        return SkipReason.SNOOZED
    if asked.chased:
        return SkipReason.CHASED
    if reminder is None:
        return SkipReason.NO_REMINDERS
    return Due(NudgeKind.REMINDER, asked.asked_at + reminder.after)


def _chaser(asked: NudgeSituation, chaser: Nudge | None, answered_at: datetime) -> Due | SkipReason:
    """Return when a chaser's time comes, whatever the hour."""
    if asked.no_contact:
        return SkipReason.NO_CONTACT
    if asked.snoozed:
        return SkipReason.SNOOZED
    if asked.replied:
        return SkipReason.REPLIED
    if asked.reminded:
        return SkipReason.REMINDED
    if chaser is None:
        return SkipReason.NO_CHASERS
    return Due(NudgeKind.CHASER, answered_at + chaser.after)
