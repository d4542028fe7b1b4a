"""``make bench ARGS=--waves``: what must hold for large waves and after years of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import claiming, memory, waves
from benchmarks.processes import ROOT, bot
from benchmarks.slack import ALERT_CHANNELS, Slack
from benchmarks.table import milliseconds, percentile, show, spread, table
from benchmarks.waves import Overtaking, Sending
from benchmarks.world import World
from nps_bot.app.wiring import open_database
from nps_bot.delivery.store import lanes
from nps_bot.storage.database import Database
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.survey import Survey
from slack_sandbox.limits import Limits

MIB = 1 << 20
_PREPARING = 120.0
"""Seconds in which tens of thousands of invitations must be written."""
_SETTLED_IN = 0.98
"""What a bot has learnt of a limit, as a share of it, when its pace is given to it."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to measure.

    Attributes:
        people: of a wave that is sent.
        faster: how many times the sandbox's limits.
        overtaking: clicks while such a wave runs, within those limits and within the sandbox's own.
        audiences: the sizes of the waves whose memory is compared.
        sent: prompts that have left when memory is read.
        settled: messages in the full table.
        claims: from each table.
    """

    people: int
    faster: float
    overtaking: tuple[Overtaking, Overtaking]
    audiences: tuple[int, int]
    sent: int
    settled: int
    claims: int


FULL = Scale(
    people=10_000,
    faster=30,
    overtaking=(Overtaking(160, 10 / 3), Overtaking(50, 5 / 6)),
    audiences=(1_000, 100_000),
    sent=10_000,
    settled=1_000_000,
    claims=300,
)
QUICK = Scale(
    people=2_000,
    faster=30,
    overtaking=(Overtaking(20, 10 / 3), Overtaking(10, 5 / 6)),
    audiences=(1_000, 10_000),
    sent=2_000,
    settled=50_000,
    claims=50,
)


async def measure(new: Mapping[str, Callable[[], str]], folder: Path, scale: Scale) -> None:
    """Measure everything and print it.

    Args:
        new: makes a migrated database and returns its address; by the bot's name in the tables.
        folder: for the files of surveys.
        scale: how much to measure.
    """
    surveys = _surveys(folder / "surveys")
    async with Slack() as slack:
        bench = _Bench(slack, new, folder / "surveys", surveys, scale)
        await _claiming(bench)
        await _memory(bench)
        await _waves(bench)


@dataclass(frozen=True, slots=True)
class _Bench:
    slack: Slack
    new: Mapping[str, Callable[[], str]]
    folder: Path
    surveys: Mapping[str, Survey]
    scale: Scale

    @asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[tuple[str, Database]]:
        """Give a new database and its address."""
        url = await asyncio.to_thread(self.new[name])
        async with open_database(url, patience=_PREPARING) as database:
            yield url, database


def _surveys(folder: Path) -> Mapping[str, Survey]:
    """Return the ready-made survey, one that asks everybody, and some with alert channels of their
    own; their files are in ``folder`` from now on.
    """
    folder.mkdir()
    text = (ROOT / "config" / "surveys" / "customer.yaml").read_text()
    named = {"customer": text, "everybody": _renamed(text, "everybody")}
    named["everybody"] = named["everybody"].replace('channels: ["#customers"]', "everyone: true")
    for channel in ALERT_CHANNELS:
        named[channel] = _renamed(text, channel).replace('"#nps-alerts"', f'"#{channel}"')
    for name, written in named.items():
        (folder / f"{name}.yaml").write_text(written)
    return load_surveys(folder)


def _renamed(text: str, key: str) -> str:
    return text.replace("key: customer ", f"key: {key} ")


async def _claiming(bench: _Bench) -> None:
    scale, rows = bench.scale, []
    for name, new in bench.new.items():
        urls = new(), new()
        taken = await asyncio.to_thread(claiming.compare, urls, scale.settled, scale.claims)
        ratios = [full / empty for empty, full in zip(taken.empty, taken.full, strict=True)]
        rows.append(
            [
                name,
                milliseconds(median(taken.empty)),
                milliseconds(median(taken.full)),
                f"{median(taken.full) / median(taken.empty):.2f}",
                spread([percentile(ratios, 0.25), median(ratios), percentile(ratios, 0.75)]),
            ]
        )
    show(
        f"Claiming {claiming.AT_ONCE} messages, commit included: nothing else in the table, or"
        f" {scale.settled:,} settled ones (medians of {scale.claims} claims; goal 1.2)",
        table(["", "empty", "full", "ratio", "of pairs (quartiles)"], rows),
    )


async def _memory(bench: _Bench) -> None:
    scale, rows = bench.scale, []
    for name in bench.new:
        held = []
        for people in scale.audiences:
            async with bench.database(name) as (url, database):
                asking = memory.Asking(bench.surveys["everybody"], bench.folder)
                held.append(
                    await memory.hold(bench.slack, url, database, asking, people, scale.sent)
                )
        few, many = held
        rows.append(
            [
                name,
                f"{few.most / MIB:.0f} MB",
                f"{many.most / MIB:.0f} MB",
                f"{(many.most - few.most) / MIB:+.0f} MB",
                f"{many.posted:,} in {many.seconds:.0f} s",
            ]
        )
    few_people, many_people = (f"{number:,} people" for number in scale.audiences)
    show(
        "Memory: the most the bot ever held (VmHWM) until the audience was read and"
        f" {scale.sent:,} prompts, or all, were posted (goal: 20 MB more at most)",
        table(["", few_people, many_people, "growth", "posted by then"], rows),
    )


async def _waves(bench: _Bench) -> None:
    sent: dict[str, dict[str, Sending]] = {}
    overtaken: dict[str, dict[str, list[float]]] = {}
    for name in bench.new:
        async with bench.database(name) as (url, database):
            sent[name] = await _send(bench, url, database)
            overtaken[name] = await _overtake(bench, url, database)
    scale = bench.scale
    rows = [
        [
            f"{name}, {start}",
            f"{one.seconds:.1f} s",
            f"{one.least:.1f} s",
            f"{one.seconds / one.least:.3f}",
            f"{one.refused}",
        ]
        for name, each in sent.items()
        for start, one in each.items()
    ]
    per_minute = f"{Limits().scaled(scale.faster).posts_per_minute:,.0f}"
    show(
        f"A wave of {scale.people:,} within {per_minute} messages a minute, {scale.faster:g} times"
        " the sandbox's limits (goal: from a cold start within 1.3, from a remembered pace within"
        " 1.05 of the least time)",
        table(["", "took", "least", "ratio", "refused"], rows),
    )
    rows = [
        [
            f"{name}, {limits}",
            f"{len(latencies)}",
            milliseconds(percentile(latencies, 0.5)),
            milliseconds(percentile(latencies, 0.99)),
            milliseconds(max(latencies)),
        ]
        for name, each_ in overtaken.items()
        for limits, latencies in each_.items()
    ]
    show(
        f"Alerts while a wave of {scale.people:,} runs: from the click to the post"
        " (goal: p99 within 1 s)",
        table(["", "clicks", "p50", "p99", "most"], rows),
    )


async def _send(bench: _Bench, url: str, database: Database) -> dict[str, Sending]:
    """Send two waves: by a bot that knows nothing, and by the next one."""
    limits = Limits().scaled(bench.scale.faster)
    world = World(database, bench.surveys["customer"])
    sent = {}
    for start in ("cold", "remembered"):
        async with bot(url, bench.slack.api_url, bench.folder) as running:
            sent[start] = await waves.send(bench.slack, running, world, bench.scale.people, limits)
    return sent


async def _overtake(bench: _Bench, url: str, database: Database) -> dict[str, list[float]]:
    scale, slack = bench.scale, bench.slack
    wave = World(database, bench.surveys["customer"]), scale.people
    alerting = [(bench.surveys[key], World(database, bench.surveys[key])) for key in ALERT_CHANNELS]
    found = {}
    for limits, how in zip(
        (Limits().scaled(scale.faster), Limits()), scale.overtaking, strict=True
    ):
        rate = _SETTLED_IN * limits.posts_per_minute / 60
        await database.write(
            lanes.remember_pace, {"chat.postMessage": {"rate": rate, "pause": 1.0}}
        )
        async with bot(url, slack.api_url, bench.folder) as running:
            slack.limit(limits)
            found[f"{limits.posts_per_minute:,.0f} a minute"] = await waves.overtake(
                slack, running, wave, alerting, how
            )
    return found
