"""The one place that reads the clock; everything else is given ``now``.

Machines disagree about the time, and leases bind several of them. So where processes share a
PostgreSQL database the clock is set by it, and from then on counts the seconds that pass: what the
machine believes, or is told by somebody who corrects it, matters no more.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

# Linux's monotonic clock stands still while the machine sleeps; this one does not. Elsewhere they
# are the same (https://man7.org/linux/man-pages/man2/clock_getres.2.html).
_PASSING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """Tells the time; tests and the sandbox bring their own."""

    def now(self) -> datetime:
        """Return the current moment, timezone-aware, in UTC."""
        ...


class SettableClock(Clock, Protocol):
    """A clock that the database may set."""

    def set(self, moment: datetime, passed: float) -> None:
        """Go by another clock, which showed ``moment`` when :func:`passing` was ``passed``."""
        ...


class SystemClock:
    """The machine's clock, until it is set."""

    def __init__(self) -> None:
        """Begin with the machine's time."""
        self._set: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        """Return the current moment, timezone-aware, in UTC."""
        if self._set is None:
            return self.machine()
        moment, passed = self._set
        return moment + timedelta(seconds=passing() - passed)

    def set(self, moment: datetime, passed: float) -> None:
        """Go by another clock, which showed ``moment`` when :func:`passing` was ``passed``."""
        self._set = (moment, passed)

    def machine(self) -> datetime:
        """Return what the machine believes."""
        return datetime.now(UTC)


class MovableClock:
    """A clock that runs with another one and can be moved on, to see what time brings.

    What binds processes to each other (leases, the lane to Slack) must not follow it: that goes by
    :attr:`real`.
    """

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        """Begin so far ahead of the machine's time."""
        self.ahead = ahead
        self.real = SystemClock()

    def now(self) -> datetime:
        """Return the current moment, moved on."""
        return self.real.now() + self.ahead

    def set(self, moment: datetime, passed: float) -> None:
        """Run with another clock from here on; see :meth:`SystemClock.set`."""
        self.real.set(moment, passed)


def passing() -> float:
    """Return seconds that only ever pass: also while the process is stopped or the machine sleeps,
    and whatever somebody sets the machine's clock to."""
    return time.clock_gettime(_PASSING)
