"""``make soak``: the long campaign, on both databases, in real time."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom
from signal import SIGKILL, SIGTERM, Signals
from time import monotonic

import uvloop

from benchmarks.table import table
from nps_bot.app.wiring import open_database
from nps_bot.asking import launching
from nps_bot.asking.launching import ByHand, free_minute
from nps_bot.base.clock import SystemClock
from nps_bot.storage.database import Database
from nps_bot.storage.migrate import migrate
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.survey import Survey
from tests.campaign import world
from tests.campaign.campaign import KILLS, Campaign, Done
from tests.campaign.checker import Verdict, judge, under_way, waiting
from tests.campaign.crowd import Crowd
from tests.campaign.processes import Crew
from tests.helpers.postgres import PostgresDatabases, postgres_server, text_of

_FEW = 0.2
"""The next wave begins when so small a share of one waits to be claimed ..."""
_MUCH = 1.0
"""... and no more than that of one is under way."""
_PREPARING = 30.0
"""Seconds that the database may take where nobody waits."""
_REST = 1_200.0
"""Seconds in which everything must come to rest after the last kill."""
_EVERY = 25
"""After so many kills there is a line about them."""
_WORKERS = 3
_LET_PASS = 12


@dataclass(frozen=True, slots=True)
class Size:
    """How long a campaign is."""

    kills: int
    stops: int
    people: int
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one campaign did and showed."""

    name: str
    seconds: float
    waves: int
    done: Done
    verdict: Verdict
    told: dict[str, int]
    left: dict[str, int]
    """What was still under way when patience ended."""
    ends: list[int]
    """With which codes the processes ended when they were told to."""

    @property
    def right(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.verdict.faults or self.left or any(self.ends))


def main() -> None:
    """Run both campaigns and print what they showed; exit with 1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="on each database")
    parser.add_argument("--stops", type=int, default=6, help="likewise, by SIGSTOP")
    parser.add_argument("--people", type=int, default=500, help="in each wave")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    parser.add_argument("--only", choices=("SQLite", "PostgreSQL"), help="one database")
    asked = parser.parse_args()
    size = Size(asked.kills, asked.stops, asked.people, asked.seed)
    folder = Path(tempfile.mkdtemp(prefix="nps-soak-"))
    _say(f"Seed {size.seed} (--seed); what the processes log is in {folder}")
    with postgres_server(on_disk=True) as server:
        databases = PostgresDatabases(server)
        urls = {
            "SQLite": f"sqlite:///{folder}/nps.sqlite3",
            "PostgreSQL": text_of(databases.create()),
        }
        wanted = {name: url for name, url in urls.items() if asked.only in (None, name)}
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcomes = runner.run(_side_by_side(wanted, size, folder))
        databases.close()
    sys.exit(not all(outcome.right for outcome in outcomes))


async def _side_by_side(urls: dict[str, str], size: Size, folder: Path) -> list[Outcome]:
    """Run the campaigns side by side."""
    campaigns = []
    for name, url in urls.items():
        await asyncio.to_thread(migrate, url)
        where = folder / name.lower()
        where.mkdir()
        campaigns.append(_campaign(name, url, size, where))
    return await asyncio.gather(*campaigns)


async def _campaign(name: str, url: str, size: Size, folder: Path) -> Outcome:
    random = Random(f"{size.seed} {name}")  # noqa: S311  # chance, not secrecy
    began = monotonic()
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(world.slack(size.people, size.seed))
        database = await stack.enter_async_context(open_database(url, patience=_PREPARING))
        surveys = world.write_survey(folder)
        waves = _Waves(database, load_surveys(surveys)[world.KEY], size.people)
        workers = 0 if name == "SQLite" else _WORKERS
        crew = await Crew.of(sandbox, url, surveys, workers, folder)
        await asyncio.gather(*(member.start() for member in crew))
        stack.push_async_callback(_end, crew, SIGKILL)
        crowd = Crowd(sandbox, world.employees(sandbox.workspace), random)
        clicking = asyncio.create_task(crowd.click_on())
        campaign = Campaign(sandbox, database, crew, crowd, random, _LET_PASS)

        async def supply() -> None:
            await waves.see_to_it()
            killed = campaign.done.kills.total()
            if killed % _EVERY == 0:
                _say(f"{name}: {killed} kills, {waves.begun} waves, {monotonic() - began:.0f} s")

        await campaign.run(size.kills, size.stops, supply)
        # A Slack that says 429 at random makes a pace slower and slower: by now it is well again,
        # and nobody remembers the pace.
        sandbox.faults.clear()
        await campaign.kill_all()
        _say(f"{name}: the last kill after {monotonic() - began:.0f} s; now it comes to rest")
        left = await _rest(database)
        clicking.cancel()
        await asyncio.wait([clicking])
        left = await _rest(database)  # what the last clicks have caused
        ends = await _end(crew)
        verdict = await judge(sandbox, database, crowd.answered, size.people)
    seconds = monotonic() - began
    told = dict(crew.told)
    outcome = Outcome(name, seconds, waves.begun, campaign.done, verdict, told, left, ends)
    _show(outcome)
    return outcome


class _Waves:
    """Sees to it that there is always a wave to deliver."""

    def __init__(self, database: Database, survey: Survey, people: int) -> None:
        self.begun = 0
        self._database = database
        self._survey = survey
        self._people = people
        self._clock = SystemClock()

    async def see_to_it(self) -> None:
        """Begin another wave where little is left of those before."""
        left = await under_way(self._database)
        if left["resolving"] or left["prompt"] > self._people * _MUCH:
            return
        if await waiting(self._database) <= self._people * _FEW:
            now = self._clock.now()
            nominal = await self._database.read(free_minute, self._survey, now)
            how = ByHand(nominal, at_once=True)
            await self._database.write(launching.start_by_hand, self._survey, how, now)
            self.begun += 1


async def _rest(database: Database) -> dict[str, int]:
    """Wait until nothing is under way; return what still is when it takes too long."""
    latest = monotonic() + _REST
    while left := await under_way(database):
        if monotonic() > latest:
            break
        await asyncio.sleep(1)
    return dict(left)


async def _end(crew: Crew, number: Signals = SIGTERM) -> list[int]:
    """End all processes, as a platform does; return their exit codes."""
    return await asyncio.gather(*(member.end(number) for member in crew))


def _show(outcome: Outcome) -> None:
    done, verdict, told = outcome.done, outcome.verdict, outcome.told
    _say(
        f"\n{outcome.name}: {outcome.waves} waves, {verdict.invitations:,} invitations,"
        f" {verdict.messages:,} messages posted, {outcome.seconds:.0f} s\n\n"
        + table(
            ["killed by SIGKILL", "times"],
            [[str(one), str(done.kills[one])] for one in KILLS],
        )
        + "\n\n"
        + table(
            ["", ""],
            [
                ["kills", str(done.kills.total())],
                ["of these, boundary not met in time", str(done.by_chance)],
                ["processes killed", str(done.processes)],
                ["stopped past the lease (SIGSTOP)", str(done.stops)],
                ["duplicates", str(len(verdict.duplicates))],
                ["forgotten", str(len(verdict.forgotten))],
                ["clicks answered", f"{verdict.clicks:,}"],
                ["lost clicks", str(len(verdict.lost_clicks))],
                ["unknown, found by metadata", f"{told.get('found', 0):,}"],
                ["unknown, found not to be there", f"{told.get('not there', 0):,}"],
                ["parked", str(verdict.parked)],
                ["leases lost and noticed", f"{told.get('lease lost', 0):,}"],
                ["lines of log that are errors", str(told.get("errors", 0))],
                ["still under way", str(outcome.left or 0)],
                ["exit codes", " ".join(map(str, outcome.ends))],
            ],
        )
    )
    for fault in verdict.faults:
        _say(f"WRONG: {fault}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
