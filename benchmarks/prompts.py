"""Prompts: how many a second the dispatcher posts, each durable, against a bare loop of posts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter

from benchmarks.processes import BOT_TOKEN, ROOT, Running, cpu_of, python
from benchmarks.slack import Slack
from benchmarks.world import World

_LATEST = 120.0
"""Seconds after which prompts count as lost."""


@dataclass(frozen=True, slots=True)
class Round:
    """How one contender posted the prompts of one round.

    Attributes:
        per_second: prompts a second, from the first call to the last prompt durable (the bare loop:
            answered).
        cpu: CPU seconds of its process per prompt.
    """

    per_second: float
    cpu: float


async def carry(
    slack: Slack,
    running: Running,
    world: World,
    number: int,
    *,
    strangers: bool = False,
    latest: float = _LATEST,
) -> Round:
    """Have the bot post that many prompts, and check that each was posted once.

    Args:
        slack: the stand-in.
        running: the bot.
        world: its database.
        number: how many prompts.
        strangers: whether to people the bot never wrote to before.
        latest: seconds after which prompts count as lost.
    """
    slack.forget()
    cpu = running.cpu()
    wave = await world.owe(number, strangers=strangers)
    began = perf_counter()
    while (await _sent(slack, world, wave, number)) < number:
        if perf_counter() - began > latest:
            raise AssertionError(f"after {latest:g} s prompts were still not sent")
        await asyncio.sleep(0.02)
    ended = perf_counter()
    cpu = running.cpu() - cpu
    posted = slack.posts_to_people()
    channels, ids = zip(*posted, strict=True)
    if not len(posted) == len(set(channels)) == len(set(ids)) == number:
        raise AssertionError(
            f"of {number} prompts {len(posted)} were posted, to {len(set(channels))} people"
        )
    return Round(number / (ended - slack.first_post), cpu / number)


async def _sent(slack: Slack, world: World, wave: int, number: int) -> int:
    """Return how many prompts are settled; the database is asked only once all were posted."""
    if len(slack.posted) < number:
        return 0
    return (await world.kept(wave)).prompts_sent


class BareLoop:
    """The bare loop's process."""

    def __init__(self, process: asyncio.subprocess.Process, slack: Slack) -> None:
        self._process = process
        self._slack = slack

    async def post(self, number: int) -> Round:
        """Have it post that many prompts."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._slack.forget()
        cpu = cpu_of(self._process.pid)
        self._process.stdin.write(f"{number}\n".encode())
        if await self._process.stdout.readline() != b"done\n":
            raise AssertionError("the bare loop gave up")
        ended = perf_counter()
        cpu = cpu_of(self._process.pid) - cpu
        assert len(self._slack.posts_to_people()) == number
        return Round(number / (ended - self._slack.first_post), cpu / number)


@asynccontextmanager
async def bare_loop(slack: Slack) -> AsyncIterator[BareLoop]:
    """Run the bare loop in a process of its own."""
    settings = {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "NPS_SURVEYS": str(ROOT / "config" / "surveys"),
    }
    pipe = asyncio.subprocess.PIPE
    process = await python(["-m", "benchmarks.bare_loop"], settings, stdin=pipe, stdout=pipe)
    try:
        yield BareLoop(process, slack)
    finally:
        process.terminate()
        await process.wait()
