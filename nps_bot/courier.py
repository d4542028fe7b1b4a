"""The delivery loop: claim, render, post, settle. It holds no state that matters.

Each message is claimed under a lease and committed before Slack is called with no transaction open;
what came of the call is settled in a second transaction. A process that dies anywhere in between
leaves a lease that runs out, and :mod:`nps_bot.domain.delivery` says what that means.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from time import monotonic

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
from nps_bot.services import delivering
from nps_bot.services.delivering import Content, Delivery, Remove, Search, SharedReportContent
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.pacing import Lane
from nps_bot.slack.places import ExternalChannelError, find_place, refuse_outsiders
from nps_bot.slack.rendering import render
from nps_bot.storage import claims, remembered
from nps_bot.storage.claims import Claimed

log = logging.getLogger(__name__)

IN_FLIGHT = 8
"""Calls at the same time: four to eight saturate any pace Slack allows."""
AHEAD = timedelta(seconds=2)
"""For how long messages are claimed ahead of the calls: well within their leases."""
LEAST_AHEAD, MOST_AHEAD = 32, 256
"""How many that are at least and at most, whatever the pace: a claim costs the same for many."""
GATHERING = 0.01
"""Seconds in which what came of calls is gathered, to be committed together."""
LOOK_EVERY = 1.0
"""Seconds after which the outbox is looked at even if nobody said that something is owed: another
process may have written there, and leases run out."""
SHORT_WAIT = 0.2
"""Seconds: a message whose turn comes later is put aside, so that others overtake it."""
PACE = "pace"
"""Under which name the learnt pace is remembered."""


_POST, _UPDATE = "chat.postMessage", "chat.update"
_Queue = asyncio.PriorityQueue[tuple[int, int, Delivery | None]]


class Courier:
    """Carries what the outbox owes to Slack, urgent messages first, within Slack's pace."""

    def __init__(self, edge: Edge, woken: asyncio.Event) -> None:
        """Prepare; ``woken`` is set by whoever has committed something that is owed."""
        self._edge = edge
        self._woken = woken
        self._lane = Lane()
        self._waiting: _Queue = asyncio.PriorityQueue()
        self._order = count()
        self._aside: dict[str, Claimed] = {}
        self._ended: list[tuple[Claimed, Settlement]] = []
        self._settling: asyncio.Task[None] | None = None
        self._more = False
        """Whether the last claim found something, so that there may be more."""
        self._stopping = False

    async def run(self) -> None:
        """Carry until cancelled; then finish the calls in flight and give back the rest."""
        carriers = [asyncio.create_task(self._carry()) for _ in range(IN_FLIGHT)]
        claiming = asyncio.create_task(self._keep_claiming())
        looking = asyncio.create_task(self._keep_looking())
        try:
            await asyncio.wait((claiming, looking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping = True
            self._woken.set()
            looking.cancel()
            # A claim under way is not cancelled: its messages would wait for their leases to end.
            await asyncio.wait((claiming, looking))
            await self._stop(carriers)
        claiming.result()  # only what broke ends by itself; it says why
        looking.result()

    async def _stop(self, carriers: list[asyncio.Task[None]]) -> None:
        """End the carriers after their calls in flight; give back what was not begun."""
        left = list(self._aside.values())
        while not self._waiting.empty():
            if (delivery := self._waiting.get_nowait()[2]) is not None:
                left.append(delivery.message)
        for _ in carriers:
            self._waiting.put_nowait((0, next(self._order), None))
        await asyncio.gather(*carriers)
        if self._settling is not None:
            await self._settling
        with suppress(StorageUnavailableError):  # their leases run out by themselves
            await self._edge.database.write(claims.release, left, self._edge.clock.now())
            await self._edge.database.write(remembered.remember, PACE, self._lane.state())

    # --- claiming ----------------------------------------------------------------------------

    async def _keep_claiming(self) -> None:
        """Claim again and again, until the courier stops."""
        learnt = False
        while not self._stopping:
            self._woken.clear()
            try:
                if not learnt:
                    self._lane = Lane(await self._edge.database.read(remembered.recall, PACE))
                    learnt = True
                await self._claim()
            except StorageUnavailableError as error:
                log.warning("The outbox cannot be read: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY)

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
        paced = int(self._lane.rate(_POST) * AHEAD.total_seconds())
        return max(LEAST_AHEAD, min(paced, MOST_AHEAD))

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
        if isinstance(content, Remove):
            await self._remove(message)
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
            if may_call(message.lease_until, self._now()):
                self._settle(message, await self._call(message, content, place))
            else:
                await self._give_back(message)

    async def _its_turn(self, delivery: Delivery, place: str) -> bool:
        """Wait for the pace; False where the message was put aside or given back instead."""
        message = delivery.message
        # One message a second and channel is Slack's pace for posts, not for rewriting them.
        method, channel = (_UPDATE, None) if message.updating else (_POST, place)
        while not self._stopping:
            delay = self._lane.delay(method, channel, monotonic())
            if not may_call(message.lease_until, self._now() + timedelta(seconds=delay)):
                await self._give_back(message, timedelta(seconds=delay))
                return False
            if delay <= 0:
                self._lane.begin(method, channel, monotonic())
                return True
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
        ):
            await self._edge.charts.refused()
            outcome = await self._post(message, content, place)
        return outcome

    async def _post(self, message: Claimed, content: Content, place: str) -> Outcome:
        edge = self._edge
        try:
            text = await render(edge, content, posted=message.updating, charts=edge.charts.allowed)
        except SlackCallError as error:
            return _nothing_posted(error)
        if message.channel is not None and message.ts is not None:
            outcome = await edge.messenger.update(message.channel, message.ts, text)
        else:
            outcome = await edge.messenger.post(place, text, message.id)
        method = _UPDATE if message.updating else _POST
        match outcome:
            case Accepted():
                self._lane.accepted(method, monotonic())
            case RateLimited(retry_after):
                self._lane.limited(method, monotonic(), retry_after)
            case _:
                pass
        return outcome

    def _settle(self, message: Claimed, outcome: Outcome) -> None:
        """Have recorded what came of a call, with what ends at the same time; the next may begin.

        Should the process die before, the message is looked for like any of unknown outcome.
        """
        now = self._now()
        ended = settle(outcome, updating=message.updating, attempts=message.attempts, now=now)
        self._ended.append((message, ended))
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
        try:
            await self._edge.messenger.delete(message.channel or "", message.ts or "")
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
        while True:
            try:
                await self._look_up()
            except StorageUnavailableError as error:
                log.warning("The outbox cannot be read: %s", error)
            await asyncio.sleep(LOOK_EVERY)

    async def _look_up(self) -> None:
        """Look in the history for messages of which nobody knows whether Slack has them."""
        now = self._now()
        searches = await self._edge.database.write(
            delivering.claim_lookups, self._edge.surveys, limit=IN_FLIGHT, now=now
        )
        async with asyncio.TaskGroup() as tasks:
            for search in searches:
                tasks.create_task(self._look_for(search, now))

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
    elif settlement.status not in (Status.SENT, Status.PENDING):
        log.warning(
            "A message is %s: %s", settlement.status, settlement.reason, extra=_ids(message)
        )


def _ids(message: Claimed) -> dict[str, str]:
    """Return what a log line may say of a message."""
    ids = {"delivery": message.id, "kind": message.kind, "invitation": message.invitation_id}
    return {name: value for name, value in ids.items() if value is not None}
