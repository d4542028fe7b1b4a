"""Three workers and two webs as real processes over PostgreSQL: one of them calls Slack at a time,
and whatever becomes of it the others go on, once."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import delete, select, text, update

from nps_bot.app.wiring import open_database
from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.delivery.store.lanes import TENURE
from nps_bot.storage.database import Database
from nps_bot.storage.tables import LaneLease, Outbox, Wave
from slack_sandbox import Call, Fault
from tests.app.test_kills import BOT, TO_STOP, Process, process
from tests.delivery.test_dispatcher import posts
from tests.helpers.attack_helpers import eventually, read
from tests.helpers.messages import ON_POSTGRES, crowd
from tests.helpers.world import World

CROWD = 200
HANDLES = ("ada", "kenji", "grace", "oscar")
TO_MOVE = 30.0
"""Seconds in which the lane moves from a dead worker."""
HOLDS = "This process calls Slack from now on"

pytestmark = pytest.mark.timeout(180)

# What `python bot.py worker` runs, on a machine whose clock is wrong by minutes.
WRONG = """
import sys
from datetime import timedelta
from nps_bot.base.clock import SystemClock
right, wrong = SystemClock.machine, timedelta(minutes=float(sys.argv.pop(1)))
SystemClock.machine = lambda self: right(self) + wrong
from nps_bot.cli import main
main()
"""


@dataclass
class Workers:
    """The processes, the database they share, and whom they ask."""

    world: World
    database: Database
    alive: list[Process]
    asked: list[str]

    async def holder(self, *others: Process) -> Process:
        """Return the worker that calls Slack, once it is another one than ``others``."""

        def found() -> Process | None:
            taken = (one for one in self.alive if one not in others and one.line_with(HOLDS))
            return next(taken, None)

        one = await self.world.sandbox.until(found, timeout=TO_MOVE)
        assert one is not None
        return one

    async def finished(self) -> None:
        """Wait until every prompt has left."""
        unsent = select(Outbox.id).where(Outbox.kind == "prompt", Outbox.status != "sent")

        async def over() -> bool:
            return await read(self.database, unsent) == []

        await eventually(self.world.sandbox, over, patience=6_000)

    async def leases(self) -> list[str]:
        """Return the leases under which messages are claimed now."""
        claimed = select(Outbox.claimed_by).where(Outbox.status == "claimed").distinct()
        return [row[0] for row in await read(self.database, claimed)]

    async def let_run_out(self, leases: list[str]) -> None:
        """Let two minutes pass for some leases."""
        long_ago = text(
            "UPDATE outbox SET claimed_at = claimed_at - interval '2 min',"
            " lease_until = lease_until - interval '2 min' WHERE claimed_by = ANY (:leases)"
        )
        await self.database.write(
            lambda connection: connection.execute(long_ago, {"leases": leases}).rowcount
        )

    async def asked_once(self) -> None:
        """Check by Slack's ledger that everybody was asked exactly once, by one wave."""
        channels = {self.world.sandbox.workspace.dm(one).id: one for one in self.asked}
        accepted = self.world.sandbox.ledger.of("chat.postMessage", ok=True)
        asked = Counter(channels.get(call.arguments["channel"]) for call in accepted)
        assert {one: asked[one] for one in self.asked if asked[one] != 1} == {}
        assert len(await read(self.database, select(Wave.id))) == 1


@asynccontextmanager
async def working(world: World, folder: Path, *commands: tuple[str, ...]) -> AsyncIterator[Workers]:
    """Run processes that ask a crowd, in a Slack that takes its time; a part has been asked."""
    now = datetime.now(UTC)
    how = ByHand(now.strftime(NOMINAL), at_once=True)
    customers = world.surveys["customer"]
    asked = [*crowd(world, CROWD), *(world.sandbox.person(one).id for one in HANDLES)]
    world.sandbox.faults.add("chat.postMessage", Fault(delay=0.2), times=None)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(world.settings.database_url))
        await database.write(launching.start_by_hand, customers, how, now)
        starting = [
            stack.enter_async_context(process(world, folder, *command)) for command in commands
        ]
        workers = Workers(world, database, await asyncio.gather(*starting), asked)
        await world.sandbox.until(lambda: len(posts(world)) > CROWD // 5, timeout=40)
        yield workers


def prompts(world: World) -> list[Call]:
    """Return the posts to people."""
    return [one for one in posts(world) if one.arguments["channel"].startswith("D")]


WORKER, WEB = (BOT, "worker"), (BOT, "web")


@ON_POSTGRES
async def test_the_others_finish_the_wave_of_a_worker_that_was_killed(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    async with working(world, tmp_path, WORKER, WORKER, WORKER, WEB, WEB) as workers:
        first = await workers.holder()
        workers.alive.remove(first)
        await first.end(signal.SIGKILL)
        killed, left = monotonic(), await workers.leases()
        assert left, "it died in the middle"
        second = await workers.holder(first)
        assert monotonic() - killed < TO_MOVE
        await workers.let_run_out(left)
        await workers.finished()
        await workers.asked_once()
        assert [one for one in workers.alive if one.line_with(HOLDS)] == [second]


@ON_POSTGRES
async def test_a_dispatcher_that_lost_its_lane_gives_back_its_claims_and_calls_nothing(
    quiet_world: World,
) -> None:
    world = quiet_world
    world.clock.ahead += timedelta(minutes=1)  # the first tick of its own comes later
    ids = crowd(world, 60)
    world.sandbox.faults.add("chat.postMessage", Fault(delay=0.1), times=None)
    async with world.running() as bot:
        database = bot.context.database
        await world.ask()
        await world.sandbox.until(lambda: len(posts(world)) > 10)
        later = bot.context.clock.now() + timedelta(hours=1)
        theirs = update(LaneLease).values(holder="another", until=later)
        await database.write(lambda connection: connection.execute(theirs).rowcount)
        world.clock.ahead += TENURE
        statuses = select(Outbox.status).where(Outbox.kind == "prompt")

        async def given_back() -> bool:
            return {row[0] for row in await read(database, statuses)} == {"pending", "sent"}

        await eventually(world.sandbox, given_back)
        sent = await read(database, statuses.where(Outbox.status == "sent"))
        assert len(sent) == len(prompts(world)) < len(ids)
        await database.write(lambda connection: connection.execute(delete(LaneLease)).rowcount)
        await Workers(world, database, [], ids).finished()
        assert len(prompts(world)) == len(ids) + len(HANDLES)
        assert {len(world.sandbox.person(one).inbox) for one in (*ids, *HANDLES)} == {1}


@ON_POSTGRES
async def test_a_worker_that_was_paused_past_its_lease_sends_nothing_any_more(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    async with working(world, tmp_path, WORKER, WORKER) as workers:
        first = await workers.holder()
        first.send(signal.SIGSTOP)
        left = await workers.leases()
        second = await workers.holder(first)
        await workers.let_run_out(left)
        await workers.finished()
        sent = len(posts(world))
        first.send(signal.SIGCONT)
        await world.sandbox.until(lambda: first.line_with("Another process calls Slack now"))
        assert await first.end(signal.SIGTERM) == 0
        assert len(posts(world)) == sent
        await workers.asked_once()
        assert second.line_with("Another process calls Slack now") is None


@ON_POSTGRES
async def test_a_worker_that_is_told_to_stop_hands_over_at_once(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    async with working(world, tmp_path, WORKER, WORKER) as workers:
        first = await workers.holder()
        workers.alive.remove(first)
        told = monotonic()
        assert await first.end(signal.SIGTERM) == 0
        assert monotonic() - told < TO_STOP
        await workers.holder(first)
        assert monotonic() - told < TO_STOP
        await workers.finished()
        await workers.asked_once()
        reasons = select(Outbox.reason).where(Outbox.reason.is_not(None))
        assert await read(workers.database, reasons) == []  # nothing had to be looked for
        (second,) = workers.alive
        assert await second.end(signal.SIGTERM) == 0
        assert await read(workers.database, select(LaneLease.holder)) == []
        leases = select(Outbox.kind, Outbox.status).where(Outbox.claimed_by.is_not(None))
        assert await read(workers.database, leases) == []


@ON_POSTGRES
async def test_an_alert_leaves_within_a_second_of_a_click_in_another_process(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    async with working(world, tmp_path, WORKER, WORKER, WEB, WEB) as workers:
        someone = next(one for one in map(world.sandbox.person, workers.asked) if one.inbox)
        alerts = world.sandbox.workspace.channel("nps-alerts").id

        def alert() -> Call | None:
            return next((one for one in posts(world) if one.arguments["channel"] == alerts), None)

        await someone.click(someone.inbox[-1], "score_3")
        clicked = datetime.now(UTC)
        posted = await world.sandbox.until(alert)
        assert posted is not None
        assert posted.at - clicked < timedelta(seconds=1)
        assert len([one for one in posts(world) if one.at < posted.at]) < CROWD


@ON_POSTGRES
async def test_workers_whose_clocks_differ_by_minutes_agree_on_leases(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    fast, slow = ("-c", WRONG, "7", "worker"), ("-c", WRONG, "-7", "worker")
    async with working(world, tmp_path, slow, fast) as workers:
        first = await workers.holder()
        workers.alive.remove(first)
        now = await workers.database.moment()
        ((until,),) = await read(workers.database, select(LaneLease.until))
        assert abs(until - now) < timedelta(seconds=20)
        assert [one for one in workers.alive if one.line_with(HOLDS)] == []
        assert await first.end(signal.SIGTERM) == 0
        await workers.holder(first)
        await workers.finished()
        await workers.asked_once()
        lost = select(Outbox.reason).where(Outbox.reason.is_not(None))
        assert await read(workers.database, lost) == []
