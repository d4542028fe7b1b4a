"""``make bench``: what the bot costs, beside the least it could; see docs/benchmarks.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import uvloop

from benchmarks import at_scale, clicks, prompts
from benchmarks.clicks import Clicks, Contender
from benchmarks.load import IN_FLIGHT
from benchmarks.processes import ROOT, bare_app, bot
from benchmarks.slack import Slack
from benchmarks.starting import fsyncs, starts
from benchmarks.table import milliseconds, percentile, show, spread, table
from benchmarks.world import World
from nps_bot.app.wiring import open_database
from nps_bot.base.ids import new_id
from nps_bot.delivery import dispatcher
from nps_bot.storage.migrate import migrate
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.survey import Survey
from tests.helpers.postgres import PostgresDatabases, postgres_server, text_of

_PREPARING = 60.0
"""Seconds in which thousands of invitations must be written."""
_STEADY = 100
"""Clicks a second when measuring latency."""
MIB = 1 << 20
_BARE_APP = "Bolt that only acks"
_BARE_LOOP = "bare chat.postMessage loop"


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure.

    Attributes:
        rounds: how often the contenders take turns.
        clicks: of one round at saturation.
        steady: clicks of one round at a steady rate.
        prompts: of one round.
        starts: of the bot on each database.
    """

    rounds: int
    clicks: int
    steady: int
    prompts: int
    starts: int


FULL = Size(rounds=5, clicks=2_000, steady=300, prompts=1_000, starts=3)
QUICK = Size(rounds=1, clicks=300, steady=100, prompts=300, starts=1)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements need.

    Attributes:
        slack: the stand-in.
        survey: the ready-made survey that is asked.
        urls: the addresses of a migrated database of each kind, by the bot's name in the tables.
        size: how much to measure.
    """

    slack: Slack
    survey: Survey
    urls: Mapping[str, str]
    size: Size


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look, of little meaning")
    parser.add_argument(
        "--waves", action="store_true", help="large waves and full tables instead of single clicks"
    )
    wanted = parser.parse_args()
    began = perf_counter()
    with (
        tempfile.TemporaryDirectory(prefix="nps-bench-") as folder,
        postgres_server(on_disk=True) as server,
    ):
        _print_machine(Path(folder))
        databases = PostgresDatabases(server)
        new: dict[str, Callable[[], str]] = {
            "bot on SQLite": lambda: _migrated(f"sqlite:///{folder}/{new_id()}.sqlite3"),
            "bot on PostgreSQL": lambda: _migrated(text_of(databases.create())),
        }
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if wanted.waves:
                scale = at_scale.QUICK if wanted.quick else at_scale.FULL
                runner.run(at_scale.measure(new, Path(folder), scale))
            else:
                urls = {name: make() for name, make in new.items()}
                runner.run(_measure(urls, QUICK if wanted.quick else FULL))
        databases.close()
    print(f"\nMeasured in {perf_counter() - began:.0f} s.")


def _migrated(url: str) -> str:
    migrate(url)
    return url


def _print_machine(folder: Path) -> None:
    disk = fsyncs(folder)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} processors"
        f" (load {os.getloadavg()[0]:.1f}); fsync of 4 KiB on this disk:"
        f" p50 {milliseconds(percentile(disk, 0.5))}, p99 {milliseconds(percentile(disk, 0.99))}"
    )


async def _measure(urls: Mapping[str, str], size: Size) -> None:
    survey = load_surveys(ROOT / "config" / "surveys")["customer"]
    async with Slack() as slack:
        bench = Bench(slack, survey, urls, size)
        await _starting(bench)
        await _clicks(bench)
        await _prompts(bench)


async def _starting(bench: Bench) -> None:
    rows = []
    for name, url in bench.urls.items():
        seconds, memory = await starts(url, bench.slack.api_url, bench.size.starts)
        rows.append([name, f"{seconds:.2f} s", f"{memory / MIB:.0f} MB"])
    show(
        f"Start, migrated before, until /readyz says yes (median of {bench.size.starts}; goal under"
        " 2 s), and memory when idle (RSS in MB of 1,048,576 bytes, as ps counts; goal under 100)",
        table(["", "start to ready", "idle"], rows),
    )


async def _clicks(bench: Bench) -> None:
    size = bench.size
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(bare_app(bench.slack.api_url))
        contenders = [Contender(_BARE_APP, bare, None)]
        for name, url in bench.urls.items():
            database = await stack.enter_async_context(open_database(url, patience=_PREPARING))
            running = await stack.enter_async_context(bot(url, bench.slack.api_url))
            contenders.append(Contender(name, running, World(database, bench.survey)))
        clicking = Clicks(bench.slack, bench.survey)
        for each in contenders:  # whoever starts cold would look slow
            await clicking.saturate(each, size.clicks // 10)
        saturated: dict[str, list[clicks.Round]] = {each.name: [] for each in contenders}
        for _ in range(size.rounds):
            for each in contenders:
                saturated[each.name].append(await clicking.saturate(each, size.clicks))
        _show_saturated(saturated, size)
        steady: dict[str, list[float]] = {each.name: [] for each in contenders}
        for _ in range(size.rounds):
            for each in contenders:
                done = await clicking.pace(each, size.steady, _STEADY)
                steady[each.name] += done.answers.latencies
        _show_steady(steady)


def _show_saturated(saturated: Mapping[str, Sequence[clicks.Round]], size: Size) -> None:
    bare = saturated[_BARE_APP]
    rows = []
    for name, rounds in saturated.items():
        pairs = list(zip(rounds, bare, strict=True))
        rates = [size.clicks / one.answers.seconds for one in rounds]
        is_bare = rounds is bare
        rows.append(
            [
                name,
                f"{median(rates):,.0f}",
                milliseconds(median(one.cpu / size.clicks for one in rounds)),
                ""
                if is_bare
                else spread([b.answers.seconds / a.answers.seconds for a, b in pairs]),
                "" if is_bare else spread([b.cpu / a.cpu for a, b in pairs]),
                "" if is_bare else f"{median(one.drained for one in rounds):.1f} s",
                "" if is_bare else f"{median(one.modals / size.clicks for one in rounds):.0%}",
                f"{median(one.load / one.answers.seconds for one in rounds):.0%}",
            ]
        )
    head = [
        "",
        "clicks/s",
        "CPU/click",
        "of the bare rate",
        "of the bare CPU",
        "backlog",
        "modals",
        "load's CPU",
    ]
    show(
        f"Clicks at saturation: {IN_FLIGHT} at a time, {size.clicks:,} a round, medians of"
        f" {size.rounds} rounds (goal 0.5 of the bare rate)",
        table(head, rows),
    )


def _show_steady(steady: Mapping[str, Sequence[float]]) -> None:
    rows = [
        [name, milliseconds(percentile(all_, 0.5)), milliseconds(percentile(all_, 0.99))]
        for name, all_ in steady.items()
    ]
    show(
        f"Clicks at {_STEADY} a second: until the answer, for the bot the commit included",
        table(["", "p50", "p99"], rows),
    )


async def _prompts(bench: Bench) -> None:
    size, slack = bench.size, bench.slack
    names = list(bench.urls)
    carried: dict[str, list[prompts.Round]] = {name: [] for name in [_BARE_LOOP, *names]}
    strangers: dict[str, prompts.Round] = {}
    async with AsyncExitStack() as stack:
        loop = await stack.enter_async_context(prompts.bare_loop(slack))
        bots = {}
        for name, url in bench.urls.items():
            database = await stack.enter_async_context(open_database(url, patience=_PREPARING))
            world = World(database, bench.survey)
            await world.withdraw_alerts()  # those which the last bot gave back when it stopped
            bots[name] = (await stack.enter_async_context(bot(url, slack.api_url)), world)
        await loop.post(size.prompts // 10)
        for running, world in bots.values():  # they learn Slack's pace, as after their first wave
            await prompts.carry(slack, running, world, size.prompts // 3)
        for _ in range(size.rounds):
            carried[_BARE_LOOP].append(await loop.post(size.prompts))
            for name, (running, world) in bots.items():
                carried[name].append(await prompts.carry(slack, running, world, size.prompts))
        for name, (running, world) in bots.items():
            strangers[name] = await prompts.carry(
                slack, running, world, size.prompts // 2, strangers=True
            )
    _show_prompts(carried, strangers, size)


def _show_prompts(
    carried: Mapping[str, Sequence[prompts.Round]],
    strangers: Mapping[str, prompts.Round],
    size: Size,
) -> None:
    bare = carried[_BARE_LOOP]
    rows = []
    for name, rounds in carried.items():
        ratios = [a.per_second / b.per_second for a, b in zip(rounds, bare, strict=True)]
        first = strangers.get(name)
        rows.append(
            [
                name,
                f"{median(one.per_second for one in rounds):,.0f}",
                milliseconds(median(one.cpu for one in rounds)),
                "" if rounds is bare else spread(ratios),
                "" if first is None else f"{first.per_second:,.0f}",
            ]
        )
    show(
        f"Prompts: {dispatcher.IN_FLIGHT} calls at a time, {size.prompts:,} a round, each durable"
        f" and posted once, medians of {size.rounds} rounds (goal 0.7 of the bare rate)",
        table(["", "prompts/s", "CPU/prompt", "of the bare rate", "to strangers/s"], rows),
    )


if __name__ == "__main__":
    main()
