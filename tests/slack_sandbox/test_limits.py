"""Token buckets, and the 429 a bot gets when they are empty."""

from __future__ import annotations

import math

import aiohttp
import pytest

from slack_sandbox import Limits, Sandbox
from slack_sandbox.errors import ApiError
from slack_sandbox.limits import Bucket, Pace, Tier
from tests.slack_sandbox.conftest import Clock


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(rate=2, burst=3, now=0)
    assert [bucket.take(0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take(0.25) == 0.25
    assert bucket.take(0.5) == 0
    assert bucket.take(0.5) == 0.5


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(rate=1, burst=2, now=0)
    assert [bucket.take(3600) for _ in range(3)] == [0, 0, 1]


def test_a_channel_takes_a_message_a_second_after_its_burst(clock: Clock) -> None:
    pace = Pace(Limits(channel_burst=2), clock)
    pace.post("C1")
    pace.post("C1")
    with pytest.raises(ApiError) as refused:
        pace.post("C1")
    assert (refused.value.code, refused.value.retry_after) == ("ratelimited", 1)
    pace.post("C2")
    clock.seconds += 1
    pace.post("C1")


def test_a_workspace_takes_so_many_messages_a_minute_in_all(clock: Clock) -> None:
    pace = Pace(Limits(posts_per_minute=60, posts_burst=5), clock)
    for number in range(5):
        pace.post(f"C{number}")
    with pytest.raises(ApiError):
        pace.post("C9")
    clock.seconds += 1
    pace.post("C9")


def test_methods_are_counted_one_by_one(clock: Clock) -> None:
    pace = Pace(Limits(), clock)
    for _ in range(20):
        pace.call("users.list", Tier.TWO)
    with pytest.raises(ApiError) as refused:
        pace.call("users.list", Tier.TWO)
    assert refused.value.retry_after == 3
    pace.call("conversations.list", Tier.TWO)


def test_limits_can_be_scaled_and_lifted(clock: Clock) -> None:
    assert Limits().scaled(2).tier3 == 100
    assert Limits.none().posts_per_minute == math.inf
    pace = Pace(Limits.none(), clock)
    for _ in range(1000):
        pace.post("C1")
        pace.call("apps.connections.open", Tier.ONE)


async def test_the_answer_is_a_429_with_whole_seconds() -> None:
    sandbox = await Sandbox.start(limits=Limits(channel_burst=1))
    headers = {"Authorization": f"Bearer {sandbox.bot_token}"}
    message = {"channel": "C0GENERAL", "text": "Hello"}
    address = sandbox.api_url + "chat.postMessage"
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(address, json=message) as first:
            assert first.status == 200
        async with session.post(address, json=message) as second:
            assert second.status == 429
            assert second.headers["Retry-After"] == "1"
            assert await second.json() == {"ok": False, "error": "ratelimited"}
    assert len(sandbox.workspace.messages("general")) == 1
    assert [call.status for call in sandbox.ledger.of("chat.postMessage")] == [200, 429]
    await sandbox.stop()
