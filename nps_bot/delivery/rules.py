"""What becomes of a message we owe, decided from how a call to Slack ended.

Slack has no idempotency key, so posting once rests on one rule: **a message is posted again only
where it is certain that it was not posted before.** Certain means that Slack said so, that the
request never left, or that the channel's history does not show the message once it would have to.

The promise is: at most once, and never silently missed. Whoever carries a message claims it first,
commits, and then starts its call no later than :data:`LEASE` after the claim; everything here
counts from that moment (``claimed_at``). Leases and look-ups are counted in time that only passes;
when to try again, in the time people live by, which a sandbox moves on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from nps_bot.slack.calls import (
    CALL_TIMEOUT,
    Accepted,
    Finding,
    Found,
    LookLater,
    NotSent,
    NotThere,
    Outcome,
    RateLimited,
    Refused,
    Unknown,
    Unreadable,
)


class Priority(IntEnum):
    """Which of several due messages leaves first; the lower number does."""

    URGENT = 0
    """Somebody waits for it: alerts, notices, shared reports, requests to start a wave."""
    SOON = 1
    """One message a wave, which must not wait behind all its prompts: summaries."""
    RESPONDENT = 2
    """All that respondents are sent: many messages, paced, and none of them while their survey is
    paused or once their wave was stopped or has closed."""


@dataclass(frozen=True, slots=True)
class MessageType:
    """What a message is, as its row tells it; each room names its own.

    Attributes:
        name: what stands in the row.
        priority: which of several due messages leaves first.
        label: how a list of messages calls one.
    """

    name: str
    priority: Priority
    label: str


class Status(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


FIRST_RATE = 5.0
"""Messages per second to begin with: what Slack's documentation promises for posting."""
UPDATE_DELAY = timedelta(seconds=3)
"""How long a message in Slack waits before it is rewritten: several answers become one update of
the summary, and a clicked prompt, which is rewritten directly, is touched only if that failed."""
LEASE = timedelta(seconds=30)
"""How long after its claim a message may still be handed to Slack."""
LOOKUP_AFTER = timedelta(seconds=60)
"""How long after its call began a posted message shows in the channel's history at the latest."""
FIRST_LOOK = timedelta(seconds=10)
"""When to look for a message of unknown outcome at first: mostly it is there, and then done."""
CLOCK_SKEW = timedelta(minutes=5)
"""How far our clock may be ahead of Slack's: history is read from so long before the claim.

The same five minutes after which Slack's signed requests count as stale."""

UNREACHABLE = "Slack does not let the bot write to this person: no channel is shared with them"
"""Why somebody of another workspace was not written to: that is no fault, and not tried again."""
NO_FILE = "its survey has no file any more"
"""Why a message of a survey is not sent."""
WAVE_STOPPED = "the wave was stopped"
"""Why what a wave had not sent is not sent."""
FORGOTTEN = "the person asked to be forgotten"
"""Why a message to a person is not sent, or is deleted."""

_FIRST_BACKOFF = timedelta(seconds=2)
_LONGEST_BACKOFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to write into the outbox row.

    Attributes:
        status: where the message stands now.
        due_at: when to try again (``pending``) or to look in the history (``unknown``). None where
            nothing is left to do, which for ``unknown`` means parked: shown, never sent blindly.
        reason: why it was not sent, for people to read.
        channel, ts: where Slack has the message; only with ``sent``.
    """

    status: Status
    due_at: datetime | None = None
    reason: str | None = None
    channel: str | None = None
    ts: str | None = None


def settle(
    outcome: Outcome,
    *,
    updating: bool,
    attempts: int,
    now: datetime,
    lease_now: datetime | None = None,
) -> Settlement:
    """Decide what becomes of a message after one call.

    Args:
        outcome: how the call ended. A lease that ran out is an ``Unknown``.
        updating: whether the call rewrote a message that stands in Slack (``chat.update``). That
            may simply be repeated; posting may not.
        attempts: calls made for the message so far, this one included; at least 1.
        now: the moment of the decision.
        lease_now: the same moment by the clock of leases and look-ups; ``now`` by default.
    """
    match outcome:
        case Accepted(channel, ts):
            return Settlement(Status.SENT, channel=channel, ts=ts)
        case RateLimited(retry_after):
            reason = f"Slack asked to wait {retry_after:g} s"
            return Settlement(Status.PENDING, now + timedelta(seconds=retry_after), reason)
        case NotSent(reason):
            return Settlement(Status.PENDING, now + backoff(attempts), reason)
        case Unknown(reason) if updating:
            return Settlement(Status.PENDING, now + backoff(attempts), reason)
        case Unknown(reason):
            return Settlement(Status.UNKNOWN, (lease_now or now) + FIRST_LOOK, reason)
        case Refused(reason):
            return Settlement(Status.FAILED, reason=reason)


def after_lookup(finding: Finding, *, claimed_at: datetime, now: datetime) -> Settlement:
    """Decide what becomes of a posted message of unknown outcome after a look in the history.

    Args:
        finding: what the history, read from :func:`look_from` on, shows.
        claimed_at: when the message was last claimed for posting.
        now: a moment taken before the history was read, in the time that leases last for, as is
            ``claimed_at``.
    """
    match finding:
        case Found(channel, ts):
            return Settlement(Status.SENT, channel=channel, ts=ts)
        case NotThere() if now >= certain_at(claimed_at):
            return Settlement(
                Status.PENDING, now, "it was not posted: the history does not show it"
            )
        case NotThere():
            reason = "the history does not show it yet"
            return Settlement(Status.UNKNOWN, certain_at(claimed_at), reason)
        case LookLater(after, reason):
            return Settlement(Status.UNKNOWN, now + after, reason)
        case Unreadable(reason):
            return Settlement(Status.UNKNOWN, None, f"it may or may not have been posted: {reason}")


def may_call(lease_until: datetime, now: datetime) -> bool:
    """Return whether enough of the lease is left to begin a call and settle it."""
    return now + CALL_TIMEOUT < lease_until


def look_from(claimed_at: datetime) -> datetime:
    """Return since when the history must be read to find what was posted after ``claimed_at``."""
    return claimed_at - CLOCK_SKEW


def backoff(attempts: int) -> timedelta:
    """Return how long to wait after ``attempts`` (from 1) calls: 2 s, doubling, at most 5 min."""
    doublings = min(attempts - 1, 16)
    return min(_FIRST_BACKOFF * (1 << doublings), _LONGEST_BACKOFF)


def certain_at(claimed_at: datetime) -> datetime:
    """Return from when on "not in the history" means "never posted".

    The call can have begun as late as the lease allowed, whoever reported its outcome, and then
    needs its time to show.
    """
    return claimed_at + LEASE + LOOKUP_AFTER
