"""Waves against limits: how near to the least time they end, and how soon alerts overtake them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from benchmarks import payloads, prompts
from benchmarks.load import connected
from benchmarks.processes import Running
from benchmarks.slack import ALERT_CHANNELS, OWNER_CHANNELS, Slack
from benchmarks.world import World
from nps_bot.surveys.rules.survey import Survey
from slack_sandbox.limits import Limits

_SLACKNESS = 3.0
"""How many times its least time a wave may take before it counts as lost."""
_RUNNING = 50
"""Prompts that were posted before the first click: then the wave is running."""
_LATEST_START = 60.0
"""Seconds after which a wave counts as stuck."""
_LATEST_ALERT = 30.0
"""Seconds after which an alert counts as lost."""
_PERSON = re.compile(rb"<@(U\d{8})>")
_CHANNEL = re.compile(rb'"channel": ?"(C[A-Z0-9]+)"')


@dataclass(frozen=True, slots=True)
class Sending:
    """How a wave left.

    Attributes:
        seconds: from the first call to the last prompt durable.
        least: seconds that the limits allow at best: they begin with what may come at once.
        refused: calls to post that were one too many.
    """

    seconds: float
    least: float
    refused: int


def least_seconds(messages: int, limits: Limits) -> float:
    """Return how long posting takes at best; a burst costs nothing."""
    return (messages - limits.posts_burst) * 60 / limits.posts_per_minute


async def send(
    slack: Slack, running: Running, world: World, people: int, limits: Limits
) -> Sending:
    """Have the bot send a wave within limits, and check that each prompt was posted once."""
    slack.limit(limits)
    least = least_seconds(people, limits)
    done = await prompts.carry(slack, running, world, people, latest=_SLACKNESS * least + 30)
    return Sending(people / done.per_second, least, slack.refused["chat.postMessage"])


@dataclass(frozen=True, slots=True)
class Overtaking:
    """Clicks of detractors while a wave is running.

    Attributes:
        clicks: how many.
        per_second: how many a second; they take turns over the surveys, so that the one message a
            second which Slack takes in a channel is not what is measured.
    """

    clicks: int
    per_second: float


async def overtake(
    slack: Slack,
    running: Running,
    wave: tuple[World, int],
    alerting: Sequence[tuple[Survey, World]],
    how: Overtaking,
) -> list[float]:
    """Start a wave and click; return the seconds from each click to the post of its alert.

    Args:
        slack: the stand-in, its limits set.
        running: the bot.
        wave: the world that asks, and how many people.
        alerting: surveys with a channel for alerts each, in the order of ``ALERT_CHANNELS``.
        how: the clicks.
    """
    each = -(-how.clicks // len(alerting))
    asked = [(survey, (await world.asked(each))[1]) for survey, world in alerting]
    requests, keys = [], []
    for number in range(how.clicks):
        turn = number % len(asked)
        survey, invited = asked[turn]
        who = invited[number // len(asked)]
        requests += payloads.clicks(survey, [who], [0], slack.base)
        keys.append((OWNER_CHANNELS[ALERT_CHANNELS[turn]], who.person_id))
    slack.forget()
    world, people = wave
    await world.owe(people)
    await _until_running(slack)
    clicked = await _click(running, requests, how.per_second)
    if len(slack.posted) >= people:
        raise AssertionError("the wave was over before the last click")
    posted = await _alerts(slack, how.clicks)
    return [posted[key] - at for key, at in zip(keys, clicked, strict=True)]


async def _until_running(slack: Slack) -> None:
    began = perf_counter()
    while len(slack.posted) < _RUNNING:
        if perf_counter() - began > _LATEST_START:
            raise AssertionError("the wave did not start")
        await asyncio.sleep(0.01)


async def _click(running: Running, requests: Sequence[bytes], per_second: float) -> list[float]:
    """Click at a steady rate; return when each click left."""
    clicked = []
    async with connected(running.port, 1) as (connection,):
        first = perf_counter()
        for number, request in enumerate(requests):
            await asyncio.sleep(max(0.0, first + number / per_second - perf_counter()))
            clicked.append(perf_counter())
            if (status := await connection.ask(request)) != 200:
                raise AssertionError(f"a click was answered with {status}")
    return clicked


async def _alerts(slack: Slack, number: int) -> dict[tuple[str, str], float]:
    """Wait for all alerts; return when each was posted, by channel and person."""
    began = perf_counter()
    while len(found := _posted_alerts(slack)) < number:
        if perf_counter() - began > _LATEST_ALERT:
            raise AssertionError(f"of {number} alerts {len(found)} were posted")
        await asyncio.sleep(0.2)
    return found


def _posted_alerts(slack: Slack) -> dict[tuple[str, str], float]:
    found = {}
    for body, at in zip(slack.posted, slack.posted_at, strict=True):
        channel, person = _CHANNEL.search(body), _PERSON.search(body)
        if channel is not None and person is not None:
            found[channel[1].decode(), person[1].decode()] = at
    return found
