"""How fast to call Slack, learnt from what it accepts.

Slack publishes no exact rate for posting ("several hundred messages per minute" a workspace), so
the pace is found out: start gently, climb while Slack accepts, wait as told after a 429, then go on
just below what was accepted and probe slowly.

Nothing here sleeps or reads a clock; ``now`` is a monotonic time in seconds.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping

from nps_bot.delivery.rules import FIRST_RATE

SLOWEST, FASTEST = 1 / 60, 10_000.0
"""Bounds of the rate in calls per second; the lower one is Slack's lowest tier."""

_CLIMB = 1.5
"""Growth per accepted call while there was never a 429: from 5 to 1,000 a second in 0.6 s."""
_BELOW = 0.98
"""Where to go on after a 429, as a share of the rate that was accepted until then."""
_WELL_BELOW = 0.95
"""The same of a rate that is less certain: while little is known, or at the next start."""
_PROBE = 0.1
"""How far to probe between two 429s: from just below the limit to just above it."""
_PATIENCE = 80
"""How many times as long as a 429 made us wait that takes: waiting costs some 3 percent."""
_FIRST_PATIENCE = 1
"""The same at first, when little is known; it doubles with each 429."""
_TOO_SOON = 0.3
"""A share of the time that probing takes. A 429 that comes sooner is not explained by it: the limit
sank, or the call was refused for nothing we did."""
_SANK = 0.7
"""A share of the rate. Where less was accepted on the whole, what was learnt holds no more."""
_PROBE_CALLS = 1.5
"""Where calls are rare, the same in calls instead of seconds: one in 75 is refused."""
_CATCH_UP = 0.1
"""Seconds of delay that may be caught up with: timers are late, answers come in bunches."""
_CHANNEL_INTERVAL = 1.0
"""Seconds between two posts in one channel (https://docs.slack.dev/apis/web-api/rate-limits)."""


class Pace:
    """The pace of one method."""

    def __init__(self, rate: float = FIRST_RATE, pause: float | None = None) -> None:
        """Go on with what was learnt.

        Args:
            rate: calls per second.
            pause: how many seconds the last 429 made us wait; None if there was never one.
        """
        self._rate = min(max(rate, SLOWEST), FASTEST)
        self._settled = self._rate
        """Where it went on after the last 429."""
        self._pause = pause
        self._patience = _FIRST_PATIENCE if pause is None else _PATIENCE
        self._free_at = -math.inf
        """From when on the next call may begin."""
        self._resume_at = -math.inf
        """Until when a 429 stops all calls."""
        self._pressing = False
        """Whether the last call had to wait for the pace, so that a faster one would matter."""
        self._measured_since: float | None = None
        """The last 429, or the first call; the three below count from there."""
        self._accepted = 0
        self._accepted_at: float | None = None
        self._idle = 0.0

    @property
    def rate(self) -> float:
        """Return the current pace in calls per second."""
        return self._rate

    @property
    def good(self) -> float:
        """Return a pace to begin with the next time: probing may just have gone too far."""
        return self._rate if self._pause is None else max(self._settled, _WELL_BELOW * self._rate)

    @property
    def pause(self) -> float | None:
        """Return how many seconds the last 429 made us wait; None if there was never one."""
        return self._pause

    def delay(self, now: float) -> float:
        """Return how many seconds the next call has to wait; ask again after waiting."""
        return max(0.0, self._free_at - now, self._resume_at - now)

    def is_stopped(self, now: float) -> bool:
        """Return whether a 429 forbids calls."""
        return now < self._resume_at

    def begin(self, now: float) -> None:
        """Note that a call begins."""
        late = now - self._free_at
        self._pressing = late < _CATCH_UP / 2
        if self._measured_since is None:
            self._measured_since = now
        else:
            self._idle += max(0.0, late - _CATCH_UP)
        self._free_at = max(self._free_at, now - _CATCH_UP) + 1 / self._rate

    def accepted(self, now: float) -> None:
        """Note that Slack accepted a call."""
        self._accepted += 1
        if self._pressing:
            growth = _CLIMB if self._pause is None else self._probe(now, self._pause)
            self._rate = min(self._rate * growth, FASTEST)
        self._accepted_at = now

    def limited(self, now: float, retry_after: float) -> None:
        """Note a 429 that asks to wait ``retry_after`` seconds.

        Further ones that come while we wait belong to calls that were on their way: they only
        prolong the wait.
        """
        if now >= self._resume_at:
            self._slow_down(now)
            self._pause = 0.0
        self._resume_at = max(self._resume_at, now + retry_after)
        self._free_at = self._resume_at
        self._pause = max(self._pause or 0.0, retry_after)

    def _slow_down(self, now: float) -> None:
        """Go on just below what was accepted, and measure anew.

        From one 429 to the next a limiter of whatever kind goes from empty to empty, so what it
        accepted in between is what it allows, or less: one that was full, because we waited or
        climbed from far below, lost what it could not hold. So while we learn and climb fast, the
        limit is looked for half-way to the rate that was refused. Time without anything to do does
        not count; what could have been saved up in it makes the rate too high once, not too low.

        What probing does not explain may have nothing to do with the pace, and sinking for that
        again and again would end in standing still: the way back up is quick then.
        """
        busy = now - self._measured_since - self._idle if self._measured_since is not None else 0.0
        measured = min(max(self._accepted, 1) / busy, self._rate) if busy > 0 else self._rate
        unexplained = self._pause is not None and busy < _TOO_SOON * self._unit(self._pause)
        if self._pause is not None and self._patience < _PATIENCE:
            self._rate = _WELL_BELOW * math.sqrt(measured * self._rate)
        else:
            unexplained = unexplained or measured < _SANK * self._rate
            self._rate = _BELOW * measured
        self._settled = self._rate = max(self._rate, SLOWEST)
        self._patience = _FIRST_PATIENCE if unexplained else min(2 * self._patience, _PATIENCE)
        self._measured_since, self._accepted_at = now, None
        self._accepted, self._idle = 0, 0.0

    def _probe(self, now: float, pause: float) -> float:
        """Return by how much to grow after an accepted call.

        The longer Slack made us wait, the slower; the longer it went well, the faster, so that a
        limit that was lifted is noticed.
        """
        if self._accepted_at is None or self._measured_since is None:
            return 1.0
        elapsed = min(now - self._accepted_at, 2 / self._rate)
        unit = self._unit(pause)
        calm = now - self._measured_since - self._idle
        return min(1 + _PROBE * elapsed / unit * (1 + calm / unit), _CLIMB)

    def _unit(self, pause: float) -> float:
        """Return how many seconds probing takes from just below the limit to just above it."""
        return self._patience * max(pause, 1.0, _PROBE_CALLS / self._rate)


State = Mapping[str, Mapping[str, float | None]]
"""What was learnt of each method's pace, as JSON can hold it."""
_MUCH = 1.2
"""By what factor a pace changes before that is worth being remembered at once."""


def changed_much(before: State, after: State) -> bool:
    """Return whether somebody who goes by ``before`` would go wrong by now."""
    return any(
        method not in before
        or (learnt["pause"] is None) != (before[method].get("pause") is None)
        or not 1 / _MUCH <= (learnt["rate"] or 1) / (before[method].get("rate") or 1) <= _MUCH
        for method, learnt in after.items()
    )


class RateLimiter:
    """The one lane through which a workspace's messages leave.

    It has a pace for each method, and takes one message a second for each channel.
    """

    def __init__(self, remembered: State | None = None) -> None:
        """Start with what :meth:`state` told before a restart."""
        self._paces = {
            method: Pace(learnt.get("rate") or FIRST_RATE, learnt.get("pause"))
            for method, learnt in (remembered or {}).items()
        }
        self._channels: OrderedDict[str, float] = OrderedDict()
        """When each channel may be posted to again, soonest first."""

    def rate(self, method: str) -> float:
        """Return the current pace of a method in calls per second."""
        return self._pace(method).rate

    def delay(self, method: str, channel: str | None, now: float) -> float:
        """Return how many seconds a call has to wait; ask again after waiting.

        Args:
            method: such as ``chat.postMessage``.
            channel: where it posts; None for calls that post nothing.
        """
        spaced = self._channels.get(channel, now) - now if channel is not None else 0.0
        return max(self._pace(method).delay(now), spaced)

    def is_stopped(self, method: str, now: float) -> bool:
        """Return whether a 429 forbids calls of a method."""
        return self._pace(method).is_stopped(now)

    def begin(self, method: str, channel: str | None, now: float, delay: float = 0.0) -> None:
        """Note that a call begins after its delay; until then its place is kept."""
        self._pace(method).begin(now + delay)
        if channel is not None:
            self._channels[channel] = now + delay + _CHANNEL_INTERVAL
            self._channels.move_to_end(channel)
            while next(iter(self._channels.values())) <= now:
                self._channels.popitem(last=False)

    def accepted(self, method: str, now: float) -> None:
        """Note that Slack accepted a call."""
        self._pace(method).accepted(now)

    def limited(self, method: str, now: float, retry_after: float) -> None:
        """Note a 429 that asks to wait ``retry_after`` seconds with this method."""
        self._pace(method).limited(now, retry_after)

    def state(self) -> State:
        """Return what was learnt, as JSON can hold it."""
        return {
            method: {"rate": pace.good, "pause": pace.pause} for method, pace in self._paces.items()
        }

    def _pace(self, method: str) -> Pace:
        pace = self._paces.get(method)
        if pace is None:
            pace = self._paces[method] = Pace()
        return pace
