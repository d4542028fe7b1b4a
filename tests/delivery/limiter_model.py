"""A server with a token bucket, and callers who keep to a pace, in simulated time."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from random import Random

from nps_bot.delivery.rate_limiter import Pace

TIMER_JITTER = 0.005
"""Seconds by which a sleeper may oversleep."""


@dataclass
class TokenBucket:
    """Refuses what exceeds ``rate`` calls per second after a burst of ``capacity`` calls."""

    rate: float
    capacity: float
    tokens: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    def take(self, now: float) -> float:
        """Return 0 if a call is accepted, else the ``Retry-After`` in whole seconds."""
        self.tokens = min(self.capacity, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = max(self.at, now)
        if self.tokens >= 1:
            self.tokens -= 1
            return 0
        return max(1, math.ceil((1 - self.tokens) / self.rate))


@dataclass
class Moody:
    """Refuses a share of all calls whatever their pace, and what ``bucket`` refuses.

    Args:
        share: of 1.
        seed: of the chance by which it does.
    """

    bucket: TokenBucket
    share: float
    seed: int

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)  # noqa: S311  # a mood is no secret

    def take(self, now: float) -> float:
        """Return 0 if a call is accepted, else the ``Retry-After`` in whole seconds."""
        return 1 if self._chance.random() < self.share else self.bucket.take(now)


@dataclass
class Run:
    """What happened in a simulation: moments of accepted and of refused calls."""

    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def throughput(self, since: float, until: float) -> float:
        """Return the accepted calls per second in a span of time."""
        return sum(since <= moment < until for moment in self.accepted) / (until - since)

    def refusals(self, since: float) -> float:
        """Return the share of calls since then that were refused."""
        refused = sum(moment >= since for moment in self.refused)
        return refused / max(1, refused + sum(moment >= since for moment in self.accepted))


def simulate(
    pace: Pace,
    bucket: TokenBucket | Moody | None,
    *,
    until: float,
    calls: float = math.inf,
    start: float = 0.0,
    in_flight: int = 8,
    latency: float = 0.1,
) -> Run:
    """Call as fast as the pace allows, with at most ``in_flight`` calls at a time.

    Args:
        bucket: the limiter; None for a server without limits.
        until: when to stop, in seconds.
        calls: how many accepted calls there is work for.
    """
    run, random, now = Run(), Random(1), start  # noqa: S311  # lateness is no secret
    answers: list[tuple[float, float]] = []
    while now < until and len(run.accepted) < calls:
        if answers and answers[0][0] <= now:
            moment, retry_after = heapq.heappop(answers)
            (run.refused if retry_after else run.accepted).append(moment)
            if retry_after:
                pace.limited(moment, retry_after)
            else:
                pace.accepted(moment)
            continue
        wake_at = answers[0][0] if answers else math.inf
        if len(answers) < min(in_flight, calls - len(run.accepted)):
            delay = pace.delay(now)
            if delay == 0:
                pace.begin(now)
                refused = bucket.take(now + latency / 2) if bucket else 0.0
                heapq.heappush(answers, (now + latency, refused))
                continue
            wake_at = min(wake_at, now + delay + random.random() * TIMER_JITTER)
        now = wake_at
    return run
