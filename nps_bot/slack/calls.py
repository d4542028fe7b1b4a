"""How a call to Slack ends, and what a look in a channel's history finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CALL_TIMEOUT = timedelta(seconds=8)
"""How long one call may take; shorter than the lease, so that an outcome is settled within it."""
LOOK_AGAIN = timedelta(seconds=30)
"""When to look again where looking failed for a passing reason."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Slack has the message: in ``channel``, at ``ts``."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Slack did nothing and asks to wait ``retry_after`` seconds (HTTP 429)."""

    retry_after: float


@dataclass(frozen=True, slots=True)
class NotSent:
    """The request never left, so nothing can have happened."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether Slack did it: a timeout, a reset, an error on Slack's side."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Slack said no and will say no again.

    Attributes:
        reason: a sentence for the operator.
        code: Slack's name of the error, such as ``not_in_channel``.
    """

    reason: str
    code: str = ""


Failure = RateLimited | NotSent | Unknown | Refused
Outcome = Accepted | Failure


@dataclass(frozen=True, slots=True)
class Found:
    """The channel's history shows the message at ``ts``."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The history, read back to the claim, does not show the message (yet)."""


@dataclass(frozen=True, slots=True)
class LookLater:
    """The history could not be read now; it can in ``after``.

    ``limited`` says that Slack asked to wait so long with all such calls.
    """

    after: timedelta
    reason: str
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The history cannot be read: whether the message is there stays unknown."""

    reason: str


Finding = Found | NotThere | LookLater | Unreadable


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message that was clicked stands."""

    channel: str
    ts: str

    @property
    def at(self) -> datetime:
        """When Slack took it."""
        return datetime.fromtimestamp(float(self.ts), UTC)
