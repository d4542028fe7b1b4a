"""The delivery loop: claim, render, post, settle. It holds no state that matters.

Each message is claimed under a lease and committed before Slack is called with no transaction open;
what came of the call is settled in a second transaction. A process that dies anywhere in between
leaves a lease that runs out, and :mod:`nps_bot.domain.delivery` says what that means.

Of the processes that share a database one carries at a time (:mod:`nps_bot.tenure`); the others
wait for its lane.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from math import inf
from time import monotonic

from sqlalchemy import Connection

from nps_bot.domain.delivery import (
    LOOK_AGAIN,
    Accepted,
    Finding,
    LookLater,
    MessageKind,
    NotSent,
    Outcome,
    Priority,
    RateLimited,
    Refused,
    Settlement,
    Status,
    Unknown,
    Unreadable,
    after_lookup,
    look_from,
    may_call,
    priority_of,
    settle,
)
from nps_bot.errors import StorageUnavailableError
from nps_bot.services import delivering, owed, stopping
from nps_bot.services.delivering import Content, Delivery, Remove, Search, SharedReportContent
from nps_bot.services.stopping import Halted
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.places import ExternalChannelError, find_place, refuse_outsiders
from nps_bot.slack.rendering import render
from nps_bot.storage import claims
from nps_bot.storage.claims import Claimed
from nps_bot.storage.lanes import POSTING
from nps_bot.tenure import Tenure

log = logging.getLogger(__name__)

IN_FLIGHT = 8
"""Calls at the same time: four to eight saturate any pace Slack allows."""
AHEAD = timedelta(seconds=2)
"""For how long messages are claimed ahead of the calls: well within their leases."""
MOST_AHEAD = 256
"""How many that are at most; at least one for each call, whatever the pace."""
GATHERING = 0.01
"""Seconds in which what came of calls is gathered, to be committed together."""
LOOK_EVERY = 1.0
"""Seconds after which the outbox is looked at even if nobody said that something is owed: another
process may have written there, and leases run out."""
SHORT_WAIT = 0.2
"""Seconds: a message whose turn comes later is put aside, so that others overtake it."""
RESERVED = 2.0
"""Seconds within which the pace's next place is kept for what is urgent: all prompts want it."""
HALTS_KNOWN_FOR = 0.2
"""Seconds for which it is taken as known which waves are stopped and which surveys are paused."""

_POST, _UPDATE = POSTING, "chat.update"
_Queue = asyncio.PriorityQueue[tuple[int, int, Delivery | None]]


class Courier:
    """Carries what the outbox owes to Slack, urgent messages first, within Slack's pace."""

    def __init__(self, edge: Edge, woken: asyncio.Event, lane_free: asyncio.Event) -> None:
        """Prepare.

        Args:
            edge: reaches the database and Slack.
            woken: set by whoever has committed something that is owed.
            lane_free: set when another process has given back the lane.
        """
        self._edge = edge
        self._woken = woken
        self._lane_free = lane_free
        self._tenure = Tenure(edge.database, edge.clock)
        self._lookups: list[asyncio.Task[None]] = []
        self._waiting: _Queue = asyncio.PriorityQueue()
        self._order = count()
        self._aside: dict[str, Claimed] = {}
        self._ended: list[tuple[Claimed, Settlement]] = []
        self._settling: asyncio.Task[None] | None = None
        self._more = False
        """Whether the last claim found something, so that there may be more."""
        self._stop_asked = asyncio.Event()
        self._halts: asyncio.Task[Halted] | None = None
        self._halts_at = -inf

    @property
    def _stopping(self) -> bool:
        return self._stop_asked.is_set()

    async def run(self) -> None:
        """Carry until stopped or cancelled; then finish the calls in flight and give back the rest.

        However often it is cancelled, it finishes first.
        """
        work = asyncio.create_task(self._work())
        try:
            await asyncio.shield(work)
        finally:
            self.stop()
            while not work.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([work])

    async def _work(self) -> None:
        carriers = [asyncio.create_task(self._carry()) for _ in range(IN_FLIGHT)]
        claiming = asyncio.create_task(self._keep_claiming())
        looking = asyncio.create_task(self._keep_looking())
        try:
            await asyncio.wait((claiming, looking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.stop()
            # A claim under way is not cancelled: its messages would wait for their leases to end.
            await asyncio.wait((claiming, looking))
            await self._stop(carriers)
        claiming.result()  # only what broke ends by itself; it says why
        looking.result()

    def stop(self) -> None:
        """Begin no call any more; :meth:`run` returns when those in flight have ended."""
        self._stop_asked.set()
        self._woken.set()
        self._lane_free.set()
        for lookup in self._lookups:
            lookup.cancel()

    async def _stop(self, carriers: list[asyncio.Task[None]]) -> None:
        """End the carriers after their calls in flight; give back what was not begun, and the
        lane."""
        left = self._not_begun()
        for _ in carriers:
            self._waiting.put_nowait((0, next(self._order), None))
        await asyncio.gather(*carriers)
        if self._settling is not None:
            await self._settling
        with suppress(StorageUnavailableError):  # the leases run out by themselves
            await self._edge.database.write(self._leave, left, self._now())

    def _leave(self, connection: Connection, left: Sequence[Claimed], now: datetime) -> None:
        claims.release(connection, left, now)
        self._tenure.end(connection)

    def _not_begun(self) -> list[Claimed]:
        """Take back from the carriers what they have not begun."""
        left = list(self._aside.values())
        self._aside.clear()
        while not self._waiting.empty():
            if (delivery := self._waiting.get_nowait()[2]) is not None:
                left.append(delivery.message)
        return left

    # --- claiming ----------------------------------------------------------------------------

    async def _keep_claiming(self) -> None:
        """Claim again and again while the lane is held, until the courier stops."""
        while not self._stopping:
            self._woken.clear()
            self._lane_free.clear()
            self._halts_at = -inf  # somebody here may have stopped a wave
            try:
                if await self._tenure.renew():
                    await self._claim()
                elif left := self._not_begun():
                    await self._edge.database.write(claims.release, left, self._now())
            except StorageUnavailableError as error:
                log.warning("The outbox cannot be read: %s", error)
            # Clicks wake who can carry what they owe; the others only wait for the lane.
            waker = self._woken if self._tenure.held else self._lane_free
            if not self._stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(waker.wait(), LOOK_EVERY)

    async def _claim(self) -> None:
        """Claim what is due and there is room for; what is urgent overtakes even without room."""
        ahead = self._ahead()
        room = ahead - self._waiting.qsize() - len(self._aside)
        if room <= -ahead:
            return
        claimed = await self._edge.database.write(
            delivering.claim,
            self._edge.surveys,
            limit=room if room > 0 else IN_FLIGHT,
            least=Priority.NORMAL if room > 0 else Priority.URGENT,
            now=self._edge.clock.now(),
        )
        self._more = bool(claimed)
        for delivery in claimed:
            self._enqueue(delivery)

    def _ahead(self) -> int:
        """Return how many messages to have in hand: prompts, nearly all of them."""
        paced = int(self._tenure.pace.rate(_POST) * AHEAD.total_seconds())
        return max(IN_FLIGHT, min(paced, MOST_AHEAD))

    def _enqueue(self, delivery: Delivery) -> None:
        urgency = priority_of(MessageKind(delivery.message.kind))
        self._waiting.put_nowait((urgency, next(self._order), delivery))

    # --- carrying ----------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Deliver one message after the other until a None says that it is over."""
        while (delivery := (await self._waiting.get())[2]) is not None:
            if self._more and self._waiting.qsize() <= self._ahead() // 2:
                self._more = False  # until the next claim says so again
                self._woken.set()
            message = delivery.message
            try:
                await self._deliver(delivery)
            except StorageUnavailableError as error:
                log.warning("A delivery was not settled: %s", error, extra=_ids(message))
            except Exception:  # one message must not stop the others; its lease runs out
                log.exception("A delivery failed", extra=_ids(message))

    async def _deliver(self, delivery: Delivery) -> None:
        message, content = delivery.message, delivery.content
        if not self._may_call(message):
            await self._give_back(message)
            return
        if isinstance(content, Remove):
            await self._remove(message)
            return
        if await self._held_back(message):  # now, so that it takes nobody's turn
            return
        try:
            place = await find_place(self._edge, delivery.place)
            if not await self._its_turn(delivery, place):
                return
            await refuse_outsiders(self._edge, delivery.place, place)
        except ExternalChannelError as error:
            await self._refuse_outsiders(message, error)
        except NotInSlackError as error:
            self._settle(message, Refused(str(error)))
        except SlackCallError as error:
            self._settle(message, _nothing_posted(error))
        else:
            if not await self._held_back(message):
                await self._begin(message, content, place)

    async def _begin(self, message: Claimed, content: Content, place: str) -> None:
        """Call Slack, or give the message back where no call may begin any more."""
        if self._may_call(message) and not self._stopping:
            self._settle(message, await self._call(message, content, place))
        else:
            await self._give_back(message)

    def _may_call(self, message: Claimed) -> bool:
        """Return whether a call may begin: the message and the lane are still ours, long enough."""
        return self._tenure.may_call() and may_call(message.lease_until, self._now())

    async def _held_back(self, message: Claimed) -> bool:
        """Drop a message whose wave was stopped, give back one whose survey was paused, be it after
        it was claimed; returns whether that was so.
        """
        if not stopping.asks(message):
            return False
        halts = await self._halted()
        if halts.stops(message):
            self._end(message, Settlement(Status.CANCELLED, reason=owed.STOPPED))
            return True
        if halts.holds(message):
            await self._give_back(message)
            return True
        return False

    async def _halted(self) -> Halted:
        """Return what is stopped or paused; who asks at the same time gets the same answer."""
        if self._halts is None or monotonic() >= self._halts_at + HALTS_KNOWN_FOR:
            self._halts_at = monotonic()
            self._halts = asyncio.create_task(self._edge.database.read(stopping.halted))
        return await asyncio.shield(self._halts)

    async def _its_turn(self, delivery: Delivery, place: str) -> bool:
        """Wait for the pace; False where the message was put aside or given back instead."""
        message = delivery.message
        # One message a second and channel is Slack's pace for posts, not for rewriting them.
        method, channel = (_UPDATE, None) if message.updating else (_POST, place)
        urgent = priority_of(MessageKind(message.kind)) is Priority.URGENT
        lane = self._tenure.pace
        while not self._stopping and self._tenure.may_call():
            now = monotonic()
            delay = lane.delay(method, channel, now)
            if not may_call(message.lease_until, self._now() + timedelta(seconds=delay)):
                await self._give_back(message, timedelta(seconds=delay))
                return False
            next_place = delay <= min(RESERVED, lane.delay(method, None, now))
            if delay <= 0 or (urgent and next_place):
                lane.begin(method, channel, now, delay)
                await asyncio.sleep(delay)
                if not lane.is_stopped(method, monotonic()):
                    return True
                continue  # a 429 came meanwhile
            if delay > SHORT_WAIT:
                self._put_aside(delivery, delay)
                return False
            await asyncio.sleep(delay)
        await self._give_back(message)
        return False

    async def _give_back(self, message: Claimed, delay: timedelta = timedelta()) -> None:
        """Let anybody claim the message again, after a delay."""
        await self._edge.database.write(claims.release, [message], self._now() + delay)

    def _put_aside(self, delivery: Delivery, delay: float) -> None:
        message = delivery.message
        self._aside[message.id] = message

        def back() -> None:
            if self._aside.pop(message.id, None) is not None and not self._stopping:
                self._enqueue(delivery)

        asyncio.get_running_loop().call_later(delay, back)

    async def _call(self, message: Claimed, content: Content, place: str) -> Outcome:
        """Post or rewrite a message; a workspace without native charts gets text bars."""
        outcome = await self._post(message, content, place)
        if (
            isinstance(outcome, Refused)
            and outcome.code == "invalid_blocks"
            and isinstance(content, SharedReportContent)
            and self._edge.charts.allowed
            and not self._stopping
        ):
            await self._edge.charts.refused()
            outcome = await self._post(message, content, place)
        return outcome

    async def _post(self, message: Claimed, content: Content, place: str) -> Outcome:
        edge, lane = self._edge, self._tenure.pace

        def still() -> bool:
            return self._may_call(message)

        try:
            text = await render(edge, content, posted=message.updating, charts=edge.charts.allowed)
        except SlackCallError as error:
            return _nothing_posted(error)
        if message.channel is not None and message.ts is not None:
            outcome = await edge.messenger.update(message.channel, message.ts, text, still=still)
        else:
            outcome = await edge.messenger.post(place, text, message.id, still=still)
        method = _UPDATE if message.updating else _POST
        match outcome:
            case Accepted():
                lane.accepted(method, monotonic())
            case RateLimited(retry_after):
                lane.limited(method, monotonic(), retry_after)
            case _:
                pass
        return outcome

    def _settle(self, message: Claimed, outcome: Outcome) -> None:
        """Have recorded what came of a call, with what ends at the same time; the next may begin.

        Should the process die before, the message is looked for like any of unknown outcome.
        """
        attempts, now = message.attempts, self._now()
        self._end(message, settle(outcome, updating=message.updating, attempts=attempts, now=now))

    def _end(self, message: Claimed, settlement: Settlement) -> None:
        self._ended.append((message, settlement))
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._keep_settling())

    async def _keep_settling(self) -> None:
        """Commit what has ended, until nothing more has."""
        while self._ended:
            await asyncio.sleep(GATHERING)
            ended, self._ended = self._ended, []
            await self._record(ended)

    async def _record(self, ended: Sequence[tuple[Claimed, Settlement]]) -> None:
        """Commit what became of messages; where that fails they are looked for, lease by lease."""
        try:
            kept = await self._edge.database.write(delivering.settle_all, ended, self._now())
        except StorageUnavailableError as error:
            for message, _ in ended:
                log.warning("A delivery was not settled: %s", error, extra=_ids(message))
        except Exception:  # ours: one message must not spoil the others, nor stop the courier
            if len(ended) == 1:
                log.exception("A delivery was not settled", extra=_ids(ended[0][0]))
                return
            for one in ended:
                await self._record([one])
        else:
            for (message, settlement), held in zip(ended, kept, strict=True):
                _report(message, settlement, held=held)

    async def _remove(self, message: Claimed) -> None:
        """Delete a message whose person asked to be forgotten."""
        channel, ts = message.channel or "", message.ts or ""
        try:
            await self._edge.messenger.delete(channel, ts, still=lambda: self._may_call(message))
        except SlackCallError as error:
            self._settle(message, error.failure)
        else:
            await self._edge.database.write(delivering.settle_removed, message, self._now())

    async def _refuse_outsiders(self, message: Claimed, error: ExternalChannelError) -> None:
        """Post nothing internal where outsiders read; tell the owners."""
        log.warning("%s", error, extra=_ids(message))
        await self._edge.database.write(
            delivering.refuse_outsiders, self._edge.surveys, message, str(error), self._now()
        )
        self._woken.set()

    # --- unknown outcomes --------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        """Look again and again; beside the claims, which must not wait for a slow history."""
        while not self._stopping:
            try:
                if self._tenure.may_call():
                    await self._look_up()
            except StorageUnavailableError as error:
                log.warning("The outbox cannot be read: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop_asked.wait(), LOOK_EVERY)

    async def _look_up(self) -> None:
        """Look in the history for messages of which nobody knows whether Slack has them."""
        now = self._now()
        searches = await self._edge.database.write(
            delivering.claim_lookups, self._edge.surveys, limit=IN_FLIGHT, now=now
        )
        self._lookups = [asyncio.create_task(self._look_for(search, now)) for search in searches]
        if self._stopping:
            self.stop()
        ends = await asyncio.gather(*self._lookups, return_exceptions=True)
        for search, end in zip(searches, ends, strict=True):
            if isinstance(end, Exception):  # ours: its lease runs out, and the others go on
                log.error("Looking for a message broke", exc_info=end, extra=_ids(search.message))
        cut_short = [
            search.message
            for search, end in zip(searches, ends, strict=True)
            if isinstance(end, asyncio.CancelledError)
        ]
        if cut_short:
            await self._edge.database.write(claims.release_lookups, cut_short, self._now())

    async def _look_for(self, search: Search, now: datetime) -> None:
        message = search.message
        try:
            finding = await self._find(search)
            settlement = after_lookup(finding, claimed_at=message.claimed_at, now=now)
            found = [(message, settlement)]
            await self._edge.database.write(delivering.settle_all, found, self._now())
        except StorageUnavailableError as error:
            log.warning("A look-up was not settled: %s", error, extra=_ids(message))
            return
        log.info(
            "Looked for a message: %s", settlement.reason or "it is there", extra=_ids(message)
        )
        self._woken.set()

    async def _find(self, search: Search) -> Finding:
        message = search.message
        if search.place is None:
            return Unreadable("nobody knows any more where it went")
        try:
            channel = await find_place(self._edge, search.place)
        except NotInSlackError as error:
            return Unreadable(str(error))
        except SlackCallError as error:
            return LookLater(LOOK_AGAIN, error.reason)
        since = look_from(message.claimed_at)
        return await self._edge.messenger.find_delivery(channel, message.id, since)

    def _now(self) -> datetime:
        return self._edge.clock.now()


def _nothing_posted(error: SlackCallError) -> Outcome:
    """Return what a failure before the post means: nothing was posted, whatever broke."""
    if isinstance(error.failure, Unknown):
        return NotSent(error.reason)
    return error.failure


def _report(message: Claimed, settlement: Settlement, *, held: bool) -> None:
    """Write the line about a message that did not simply leave."""
    if not held:
        log.warning("The lease of a delivery was lost", extra=_ids(message))
    elif settlement.status not in (Status.SENT, Status.PENDING, Status.CANCELLED):
        log.warning(
            "A message is %s: %s", settlement.status, settlement.reason, extra=_ids(message)
        )


def _ids(message: Claimed) -> dict[str, str]:
    """Return what a log line may say of a message."""
    ids = {"delivery": message.id, "kind": message.kind, "invitation": message.invitation_id}
    return {name: value for name, value in ids.items() if value is not None}
