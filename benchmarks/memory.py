"""Memory: the most that the bot ever held while it read a wave's audience and began to send."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sqlalchemy import Connection, select

from benchmarks.processes import bot
from benchmarks.slack import Slack
from nps_bot.asking import launching
from nps_bot.asking.launching import ByHand
from nps_bot.base.clock import SystemClock
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Wave
from nps_bot.surveys.rules.survey import Survey

_LATEST = 600.0
"""Seconds after which a wave counts as stuck."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one wave took.

    Attributes:
        most: the greatest resident memory of the bot's process, in bytes.
        posted: how many prompts had left when it was read.
        seconds: from the bot's start until then.
    """

    most: int
    posted: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Asking:
    """A survey that asks everybody, and where the bot finds its file."""

    survey: Survey
    folder: Path


async def hold(
    slack: Slack, url: str, database: Database, asking: Asking, people: int, sent: int
) -> Held:
    """Have a bot read a whole workspace of so many people and ask them.

    It is over when the audience was read and ``sent`` prompts have left, or all.
    """
    slack.people = people
    slack.limit(None)
    slack.forget()
    wave = await database.write(_start, asking.survey)
    async with bot(url, slack.api_url, asking.folder) as running:
        began = perf_counter()
        while len(slack.posted) < min(sent, people) or await database.read(_resolving, wave):
            if perf_counter() - began > _LATEST:
                raise AssertionError(f"after {_LATEST:g} s the wave was still not under way")
            await asyncio.sleep(0.1)
        return Held(running.most_memory(), len(slack.posted), perf_counter() - began)


def _start(connection: Connection, survey: Survey) -> int:
    now = SystemClock().now()
    how = ByHand(launching.free_minute(connection, survey, now), at_once=True)
    wave = launching.start_by_hand(connection, survey, how, now)
    assert wave is not None
    return wave


def _resolving(connection: Connection, wave: int) -> bool:
    return connection.scalar(select(Wave.state).where(Wave.id == wave)) == "resolving"
