"""A campaign: at every boundary the bot is killed, in random order, and starts again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from sqlalchemy import Connection, select

from nps_bot.storage.database import Database
from nps_bot.storage.tables import Outbox
from slack_sandbox import Fault, Passing, Sandbox, Stage
from tests.campaign.crowd import Crowd
from tests.campaign.fault_injection import Ambush, Fits
from tests.campaign.processes import Crew, Member

_PATIENCE = 4.0
"""Seconds after which somebody is killed even though the boundary was not met. They count from
when a process is ready: on a busy machine that takes longer."""
_POLL = 0.005
"""Seconds between two looks at who has claimed what."""
_GATHERING = 0.03
"""Seconds in which what came of calls is gathered and committed: the kill comes before or amid."""
_RATHER = 0.3
"""How often another call than a post is waited for: opening a DM, rewriting a message."""
_WAIT = Fault(error="ratelimited", retry_after=2)
_PAUSES = (33.0, 40.0)
"""Seconds for which a process is stopped: longer than its leases."""
_LONG_PAUSE = 100.0
"""Likewise: longer than it takes until what it held is posted anew by others."""


class Boundary(StrEnum):
    """Where the bot is killed."""

    STARTING = "before a claim"
    CLAIMED = "after a claim"
    CALLING = "during a call"
    ACCEPTED = "after Slack accepted"
    SETTLING = "before settling"
    PACING = "while waiting for the pace"
    LOOKING = "while looking for it"
    CLICKED = "while somebody clicks"
    ANY = "at any moment"
    STOPPED = "stopped past its lease"


KILLS = tuple(one for one in Boundary if one is not Boundary.STOPPED)


@dataclass(slots=True)
class Done:
    """What a campaign did: how often at each boundary; and where the boundary was not met."""

    kills: Counter[Boundary] = field(default_factory=Counter)
    processes: int = 0
    by_chance: int = 0
    stops: int = 0


class Campaign:
    """Kills and stops the members of a crew.

    Arguments:
        sandbox: whom they call.
        database: theirs.
        crew: all of them, running.
        crowd: who clicks meanwhile.
        random: decides when and where.
        let_pass: of the calls that are waited for, fewer than so many go by before one is caught.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        database: Database,
        crew: Crew,
        crowd: Crowd,
        random: Random,
        let_pass: int,
    ) -> None:
        self.done = Done()
        self._sandbox = sandbox
        self._ambush = Ambush(sandbox)
        self._database = database
        self._crew = crew
        self._crowd = crowd
        self._random = random
        self._let_pass = let_pass
        self._pauses: set[asyncio.Task[None]] = set()

    async def run(
        self, kills: int, stops: int, supply: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Kill so often and stop so often, at boundaries in random order.

        ``supply`` is awaited before each: it sees to it that there is something to deliver.
        """
        for boundary in self._order(kills, stops):
            if supply is not None:
                await supply()
            if boundary is Boundary.STOPPED:
                await self._stop()
            else:
                await self._kill(boundary)
                self.done.kills[boundary] += 1
        if self._pauses:
            await asyncio.wait(self._pauses)

    async def kill_all(self) -> None:
        """Kill all at the same time."""
        await self._die(*self._crew)
        self.done.kills[Boundary.ANY] += 1

    def _order(self, kills: int, stops: int) -> Iterator[Boundary]:
        """Yield as many boundaries: each as often as the others, in random order."""
        order: list[Boundary] = []
        while len(order) < kills:
            order += self._random.sample(KILLS, len(KILLS))
        del order[kills:]
        for _ in range(stops):
            order.insert(self._random.randrange(len(order) + 1), Boundary.STOPPED)
        yield from order

    # --- killing -------------------------------------------------------------------------------

    async def _kill(self, boundary: Boundary) -> None:
        match boundary:
            case Boundary.STARTING:
                await self._caught(_call("auth.test", Stage.BEGUN), first=True)
            case Boundary.CLAIMED:
                await self._when_claimed()
            case Boundary.CALLING:
                swallow = self._random.random() < 0.5
                await self._caught(_call(self._method(), Stage.BEGUN), swallow=swallow)
            case Boundary.ACCEPTED:
                await self._caught(_call(self._method(), Stage.DONE))
            case Boundary.SETTLING:
                await self._answered()
            case Boundary.PACING:
                await self._limited()
            case Boundary.LOOKING:
                stage = self._random.choice((Stage.BEGUN, Stage.DONE))
                await self._caught(_call("conversations.history", stage), first=True)
            case Boundary.CLICKED:
                await self._when_clicked()
            case _:
                await asyncio.sleep(self._random.uniform(0, 1.5))
                await self._die(self._random.choice(self._crew.workers))

    def _method(self) -> str:
        """Return which call to wait for: mostly a post."""
        if self._random.random() < _RATHER:
            return self._random.choice(("conversations.open", "chat.update"))
        return "chat.postMessage"

    async def _caught(self, fits: Fits, *, swallow: bool = False, first: bool = False) -> None:
        """Kill whose call it is, while the sandbox holds it."""
        skip = 0 if first else self._random.randrange(self._let_pass)
        async with self._ambush.caught(
            fits, self._patience(), skip=skip, swallow=swallow
        ) as passing:
            await self._die(self._caller(passing))

    async def _answered(self) -> None:
        """Kill whose call was answered, before or while the outcome is committed."""
        fits = _call("chat.postMessage", Stage.ANSWERED)
        skip = self._random.randrange(self._let_pass)
        async with self._ambush.caught(fits, self._patience(), skip=skip) as passing:
            pass  # the answer leaves
        await asyncio.sleep(self._random.uniform(0, _GATHERING))
        await self._die(self._caller(passing))

    async def _limited(self) -> None:
        """Kill who waits, because Slack told it to."""

        def fits(passing: Passing) -> bool:
            return passing.method == "chat.postMessage" and passing.status == 429

        self._sandbox.faults.add("chat.postMessage", _WAIT)
        async with self._ambush.caught(fits, self._patience()) as passing:
            pass
        await asyncio.sleep(self._random.uniform(0.05, 0.8))
        await self._die(self._caller(passing))

    async def _when_claimed(self) -> None:
        """Kill whoever has claimed: nobody outside knows who that is, so all that deliver."""
        known = await self._database.read(_claims)
        patience = asyncio.create_task(self._patience())
        while await self._database.read(_claims) <= known:
            if patience.done():
                self.done.by_chance += 1
                break
            await asyncio.sleep(_POLL)
        patience.cancel()
        await self._die(*self._crew.workers)

    async def _when_clicked(self) -> None:
        """Kill who takes clicks, right after somebody has clicked."""
        await self._crew.listener.ready.wait()
        self._crowd.clicking.clear()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._crowd.clicking.wait()
        except TimeoutError:
            self.done.by_chance += 1
        await asyncio.sleep(self._random.uniform(0, 0.01))
        await self._die(self._crew.listener)

    async def _patience(self) -> None:
        await self._crew.one_works()
        await asyncio.sleep(_PATIENCE)

    def _caller(self, passing: Passing | None) -> Member:
        """Return who made a call; anybody, where none was caught."""
        if passing is None:
            self.done.by_chance += 1
            return self._random.choice(self._crew.workers)
        return self._crew.at(passing.port)

    async def _die(self, *members: Member) -> None:
        self.done.processes += len(members)
        await asyncio.gather(*(member.die() for member in members))

    # --- stopping ------------------------------------------------------------------------------

    async def _stop(self) -> None:
        """Stop a process amid a call until its leases have run out; the others go on meanwhile."""
        fits = _call("chat.postMessage", self._random.choice((Stage.BEGUN, Stage.DONE)))
        skip = self._random.randrange(self._let_pass)
        async with self._ambush.caught(fits, self._patience(), skip=skip) as passing:
            member = self._caller(passing)
            member.stop()
        self.done.stops += 1
        alone = not self._crew.workers
        long = not alone and self.done.stops % 2 == 0
        pause = _LONG_PAUSE if long else self._random.uniform(*_PAUSES)
        going_on = asyncio.create_task(_go_on(member, pause))
        self._pauses.add(going_on)
        going_on.add_done_callback(self._pauses.discard)
        if alone or len(self._crew.workers) < 2:
            await going_on


async def _go_on(member: Member, pause: float) -> None:
    await asyncio.sleep(pause)
    member.go_on()


def _call(method: str, stage: Stage) -> Fits:
    return lambda passing: passing.method == method and passing.stage is stage


def _claims(connection: Connection) -> set[str | None]:
    """Return the tokens of all claims there are."""
    claimed = select(Outbox.claimed_by).where(Outbox.status == "claimed")
    return set(connection.scalars(claimed))
