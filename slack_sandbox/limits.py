"""Slack's rate limits as token buckets.

Tiers: https://docs.slack.dev/apis/web-api/rate-limits. No exact figure is published for posting
("about one message per second per channel", "several hundred messages per minute" per workspace);
the ones here are on the careful side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from slack_sandbox.errors import ApiError


class Tier(StrEnum):
    """How often a method may be called; the value is the field of ``Limits`` that says so."""

    ONE = "tier1"
    TWO = "tier2"
    THREE = "tier3"
    FOUR = "tier4"
    SPECIAL = "special"
    """Methods with a rule of their own, such as auth.test (hundreds a minute)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a minute for each tier and method, and the pace of posting.

    Every bucket holds what may be called at once: for a tier a whole minute's calls (at least ten:
    Socket Mode may open ten connections), for posting the two bursts. ``math.inf`` is no limit.
    """

    tier1: float = 1
    tier2: float = 20
    tier3: float = 50
    tier4: float = 100
    special: float = 600
    posts_per_second_per_channel: float = 1
    channel_burst: float = 4
    posts_per_minute: float = 300
    """Of the whole workspace."""
    posts_burst: float = 30

    @classmethod
    def none(cls) -> Limits:
        """Return limits that limit nothing."""
        return cls().scaled(math.inf)

    def scaled(self, factor: float) -> Limits:
        """Return limits with every rate multiplied by ``factor``; the bursts stay."""
        return replace(
            self,
            tier1=self.tier1 * factor,
            tier2=self.tier2 * factor,
            tier3=self.tier3 * factor,
            tier4=self.tier4 * factor,
            special=self.special * factor,
            posts_per_second_per_channel=self.posts_per_second_per_channel * factor,
            posts_per_minute=self.posts_per_minute * factor,
        )


class Bucket:
    """A token bucket.

    Arguments:
        rate: tokens that come back per second.
        burst: tokens it holds when full.
        now: the current moment, in seconds of any clock that never goes back.
    """

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float) -> float:
        """Take a token; return 0, or the seconds until there is one (then none was taken)."""
        if self._rate == math.inf:
            return 0
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0
        return (1 - self._tokens) / self._rate


class Pace:
    """Counts one app's calls against its limits.

    Arguments:
        limits: how much is allowed.
        now: tells seconds of a clock that never goes back.
    """

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._limits = limits
        self._now = now
        self._methods: dict[str, Bucket] = {}
        self._channels: dict[str, Bucket] = {}
        self._posts = Bucket(limits.posts_per_minute / 60, limits.posts_burst, now())

    def call(self, method: str, tier: Tier) -> None:
        """Count a call; raise ``ratelimited`` where it is one too many."""
        bucket = self._methods.get(method)
        if bucket is None:
            a_minute: float = getattr(self._limits, tier)
            bucket = Bucket(a_minute / 60, max(a_minute, 10), self._now())
            self._methods[method] = bucket
        _refuse(bucket.take(self._now()))

    def post(self, channel_id: str) -> None:
        """Count a message to a channel; raise ``ratelimited`` where it is one too many."""
        bucket = self._channels.get(channel_id)
        if bucket is None:
            limits = self._limits
            bucket = Bucket(limits.posts_per_second_per_channel, limits.channel_burst, self._now())
            self._channels[channel_id] = bucket
        _refuse(bucket.take(self._now()))
        _refuse(self._posts.take(self._now()))


def _refuse(wait: float) -> None:
    if wait > 0:
        raise ApiError("ratelimited", retry_after=wait)
