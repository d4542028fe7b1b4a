"""The delivery loop: claim, render, post, settle. It holds no state that matters.

Each message is claimed under a lease and committed before Slack is called with no transaction open;
what came of the call is settled in a second transaction. A process that dies anywhere in between
leaves a lease that runs out, and :mod:`nps_bot.delivery.rules` says what that means.

Of the processes that share a database one carries at a time (:mod:`nps_bot.delivery.sender_lease`);
the others wait for its lane.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection

from nps_bot.asking import stopping
from nps_bot.asking.outgoing import WAVE_STOPPED
from nps_bot.asking.stopping import Halted
from nps_bot.delivery import claiming as delivering
from nps_bot.delivery.claimed_queue import ClaimedQueue
from nps_bot.delivery.claiming import Content, Delivery, Remove, SharedReportContent, TeamChannel
from nps_bot.delivery.destinations import (
    ExternalChannelError,
    asked_to_find,
    find_place,
    found,
    refuse_outsiders,
)
from nps_bot.delivery.outcome_writer import OutcomeWriter
from nps_bot.delivery.reconciler import Reconciler
from nps_bot.delivery.rendering import render
from nps_bot.delivery.rules import (
    MessageKind,
    Priority,
    Settlement,
    Status,
    may_call,
    priority_of,
    settle,
)
from nps_bot.delivery.sender_lease import SenderLease
from nps_bot.delivery.store import claims
from nps_bot.delivery.store.claims import Claimed, Waiting
from nps_bot.delivery.store.lanes import POSTING
from nps_bot.errors import StorageUnavailableError
from nps_bot.interaction.context import BotContext
from nps_bot.slack.calls import Accepted, NotSent, Outcome, RateLimited, Refused, Unknown
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.errors import SlackCallError

T = TypeVar("T")

log = logging.getLogger(__name__)

IN_FLIGHT = 8
"""Calls at the same time: four to eight saturate any pace Slack allows."""
PREFETCH = timedelta(seconds=2)
"""For how long messages are claimed ahead of the calls: well within their leases."""
MAX_PREFETCH = 512
"""How many that are at most; at least one for each call, whatever the pace."""
LOOK_EVERY = 1.0
"""Seconds after which the outbox is looked at even if nobody said that something is owed: another
process may have written there, and leases run out."""
MIN_POLL_INTERVAL = 0.1
"""Seconds after a look that found nothing before the next one: in a burst of clicks each one wakes
the courier, and all of them wait for what it looks at."""
SHORT_WAIT = 0.2
"""Seconds: a message whose turn comes later is put aside, so that others overtake it."""
RESERVED = 2.0
"""Seconds within which the pace's next place is kept for what is urgent: all prompts want it."""
HALTS_KNOWN_FOR = 0.2
"""Seconds for which it is taken as known which waves are stopped and which surveys are paused."""

MAX_WAIT_IN_MEMORY = 5.0
"""Seconds: what would wait longer is given back, and nothing of its kind claimed: when its turn
comes, it shall say what is right then."""
STALE_AFTER = timedelta(seconds=1)
"""For how long what a message says is taken as right without a look at whether it changed."""

_POST, _UPDATE = POSTING, "chat.update"


class Dispatcher:
    """Carries what the outbox owes to Slack, urgent messages first, within Slack's pace."""

    def __init__(self, context: BotContext, woken: asyncio.Event, lane_free: asyncio.Event) -> None:
        """Prepare.

        Args:
            edge: reaches the database and Slack.
            woken: set by whoever has committed something that is owed.
            lane_free: set when another process has given back the lane.
        """
        self._context = context
        self._woken = woken
        self._lane_free = lane_free
        self._sender_lease = SenderLease(context.database, context.leases)
        self._claimed_queue = ClaimedQueue()
        self._more = False
        """Whether the last claim found something, so that there may be more."""
        self._stop_asked = asyncio.Event()
        self._outcome_writer = OutcomeWriter(context, self._stop_asked)
        self._reconciler = Reconciler(context, self._sender_lease, woken, self._stop_asked)
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
        looking = asyncio.create_task(self._reconciler.run())
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
        self._reconciler.stop()

    async def _stop(self, carriers: list[asyncio.Task[None]]) -> None:
        """End the carriers after their calls in flight; give back what was not begun, and the
        lane."""
        left = self._claimed_queue.take_all()
        self._claimed_queue.end(len(carriers))
        await asyncio.gather(*carriers)
        left += self._claimed_queue.take_all()  # a carrier may have put one aside meanwhile
        await self._outcome_writer.finish()
        with suppress(StorageUnavailableError):  # the leases run out by themselves
            await self._context.database.write(self._leave, left, self._now())

    def _leave(self, connection: Connection, left: Sequence[Claimed], now: datetime) -> None:
        claims.release(connection, left, now)
        self._sender_lease.end(connection)

    # --- claiming ----------------------------------------------------------------------------

    async def _keep_claiming(self) -> None:
        """Claim again and again while the lane is held, until the courier stops."""
        while not self._stopping:
            self._woken.clear()
            self._lane_free.clear()
            self._halts_at = -inf  # somebody here may have stopped a wave
            try:
                if await self._sender_lease.renew():
                    await self._claim()
                elif left := self._claimed_queue.take_all():
                    await self._context.database.write(claims.release, left, self._now())
            except StorageUnavailableError as error:
                log.warning("The outbox cannot be read: %s", error)
            if not self._more and not self._stopping:
                await asyncio.sleep(MIN_POLL_INTERVAL)
            # Clicks wake who can carry what they owe; the others only wait for the lane.
            waker = self._woken if self._sender_lease.held else self._lane_free
            if not self._stopping:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await waker.wait()

    async def _claim(self) -> None:
        """Claim what is due and there is room for; what is urgent overtakes even without room.

        Posts and rewritings have a pace each, and so each has room of its own: neither waits for
        the other.
        """
        wanted = [*self._wanted(updating=False), *self._wanted(updating=True)]
        if not wanted:
            return
        batch = await self._context.database.write(
            delivering.claim, self._context.surveys, wanted, self._now(), self._leases_now()
        )
        self._more = bool(batch.deliveries)
        if batch.taken and not batch.deliveries:
            self._woken.set()  # all of them were dropped or put off: what is behind them?
        for delivery in batch.deliveries:
            self._claimed_queue.add(delivery)

    def _wanted(self, *, updating: bool) -> Iterator[Waiting]:
        """Yield which messages there is room for, if any."""
        method = _UPDATE if updating else _POST
        if self._sender_lease.pace.delay(method, None, monotonic()) > MAX_WAIT_IN_MEMORY:
            return
        ahead = self._ahead(method)
        room = ahead - self._claimed_queue.number(updating=updating)
        if room > 0:
            yield Waiting(room, Priority.RESPONDENT, updating)
        elif room > -ahead:
            yield Waiting(IN_FLIGHT, Priority.URGENT, updating)

    def _ahead(self, method: str) -> int:
        """Return how many messages to have in hand."""
        paced = int(self._sender_lease.pace.rate(method) * PREFETCH.total_seconds())
        return max(IN_FLIGHT, min(paced, MAX_PREFETCH))

    # --- carrying ----------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Deliver one message after the other until a None says that it is over."""
        while (delivery := await self._claimed_queue.next()) is not None:
            message = delivery.message
            method = _UPDATE if message.updating else _POST
            left = self._claimed_queue.number(updating=message.updating)
            if self._more and left <= self._ahead(method) // 2:
                self._more = False  # until the next claim says so again
                self._woken.set()
            try:
                await self._deliver(delivery)
            except StorageUnavailableError as error:  # nothing left without the database
                self._settle(message, NotSent(str(error)))
            except Exception:  # one message must not stop the others; its lease runs out
                log.exception("A delivery failed", extra=message.ids)

    async def _deliver(self, delivery: Delivery) -> None:
        message, content = delivery.message, delivery.content
        if self._stopping:
            await self._give_back(message)
        elif isinstance(content, Remove):
            await self._remove(message)
        elif not await self._held_back(message):  # now, so that it takes nobody's turn
            try:
                await self._bring(delivery, content)
            except ExternalChannelError as error:
                await self._refuse_outsiders(message, error)
            except NotInSlackError as error:
                self._settle(message, Refused(str(error)))
            except SlackCallError as error:
                if error.retry_after is not None:
                    self._sender_lease.pace.limited(error.method, monotonic(), error.retry_after)
                self._settle(message, _nothing_posted(error))
            except _StoppedError:
                await self._give_back(message)

    async def _bring(self, delivery: Delivery, content: Content) -> None:
        """Find out where a message goes, wait for its turn there, and post it."""
        lane, now = self._sender_lease.pace, monotonic()
        far = lane.delay(_UPDATE if delivery.message.updating else _POST, None, now)
        if far > MAX_WAIT_IN_MEMORY:
            await self._wait(delivery, far)
            return
        if asked := asked_to_find(delivery.place):
            pause = max(lane.delay(method, None, now) for method in asked)
            if pause > 0:
                await self._wait(delivery, pause)
                return
            place = await self._unless_stopped(find_place(self._context, delivery.place))
            delivery = replace(delivery, place=found(delivery.place, place))
        else:
            place = await find_place(self._context, delivery.place)
        if not await self._its_turn(delivery, place):
            return
        if isinstance(delivery.place, TeamChannel):
            await self._unless_stopped(refuse_outsiders(self._context, delivery.place, place))
        message = delivery.message
        if not await self._held_back(message) and not await self._out_of_date(message):
            await self._begin(message, content, place)

    async def _unless_stopped(self, asking: Coroutine[Any, Any, T]) -> T:
        """Return what Slack says, before anything is posted; nobody who stops waits for it.

        Raises:
            _StoppedError: the courier was told to stop meanwhile.
        """
        task = asyncio.ensure_future(asking)
        stopping = asyncio.ensure_future(self._stop_asked.wait())
        try:
            await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise _StoppedError
            return task.result()
        finally:
            stopping.cancel()
            task.cancel()

    async def _begin(self, message: Claimed, content: Content, place: str) -> None:
        """Call Slack, or give the message back where no call may begin any more."""
        if self._may_call(message) and not self._stopping:
            self._settle(message, await self._call(message, content, place))
        else:
            await self._give_back(message)

    def _may_call(self, message: Claimed) -> bool:
        """Return whether a call may begin: the message and the lane are still ours, long enough."""
        return self._sender_lease.may_call() and may_call(message.lease_until, self._leases_now())

    async def _held_back(self, message: Claimed) -> bool:
        """Drop a message whose wave was stopped, give back one whose survey was paused, be it after
        it was claimed; returns whether that was so.
        """
        if not message.asks:
            return False
        halts = await self._halted()
        if halts.stops(message):
            self._outcome_writer.add(message, Settlement(Status.CANCELLED, reason=WAVE_STOPPED))
            return True
        if halts.holds(message):
            await self._give_back(message)
            return True
        return False

    async def _halted(self) -> Halted:
        """Return what is stopped or paused; who asks at the same time gets the same answer."""
        if self._halts is None or monotonic() >= self._halts_at + HALTS_KNOWN_FOR:
            self._halts_at = monotonic()
            self._halts = asyncio.create_task(self._context.database.read(stopping.halted))
        return await asyncio.shield(self._halts)

    async def _out_of_date(self, message: Claimed) -> bool:
        """Give a message back that should say something else by now, or nothing: its person may
        have answered or opted out while it waited. Returns whether that was so.
        """
        if self._leases_now() < message.claimed_at + STALE_AFTER:
            return False
        current = await self._context.database.read(claims.version, message)
        if current == message.version:
            return False
        await self._give_back(message)
        self._woken.set()
        return True

    async def _its_turn(self, delivery: Delivery, place: str) -> bool:
        """Wait for the pace; False where the message was put aside or given back instead."""
        message = delivery.message
        # One message a second and channel is Slack's pace for posts, not for rewriting them.
        method, channel = (_UPDATE, None) if message.updating else (_POST, place)
        urgent = priority_of(MessageKind(message.kind)) is Priority.URGENT
        lane = self._sender_lease.pace
        while not self._stopping and self._sender_lease.may_call():
            now = monotonic()
            delay = lane.delay(method, channel, now)
            next_place = delay <= min(RESERVED, lane.delay(method, None, now))
            if delay <= 0 or (urgent and next_place):
                lane.begin(method, channel, now, delay)
                await asyncio.sleep(delay)
                if not lane.is_stopped(method, monotonic()):
                    return True
                continue  # a 429 came meanwhile
            if delay > SHORT_WAIT:
                await self._wait(delivery, delay)
                return False
            await asyncio.sleep(delay)
        await self._give_back(message)
        return False

    async def _wait(self, delivery: Delivery, seconds: float) -> None:
        """Put a message aside until its turn may come; give it back where that is far away."""
        message, delay = delivery.message, timedelta(seconds=seconds)
        if seconds > MAX_WAIT_IN_MEMORY or not may_call(
            message.lease_until, self._leases_now() + delay
        ):
            await self._give_back(message, delay)
        else:
            self._claimed_queue.put_aside(delivery, seconds)

    async def _give_back(self, message: Claimed, delay: timedelta = timedelta()) -> None:
        """Let anybody claim the message again, after a delay."""
        await self._context.database.write(claims.release, [message], self._now() + delay)

    async def _call(self, message: Claimed, content: Content, place: str) -> Outcome:
        """Post or rewrite a message; a workspace without native charts gets text bars."""
        outcome = await self._post(message, content, place)
        if (
            isinstance(outcome, Refused)
            and outcome.code == "invalid_blocks"
            and isinstance(content, SharedReportContent)
            and self._context.charts.allowed
            and not self._stopping
        ):
            await self._context.charts.refused()
            outcome = await self._post(message, content, place)
        return outcome

    async def _post(self, message: Claimed, content: Content, place: str) -> Outcome:
        context, lane = self._context, self._sender_lease.pace

        def still() -> bool:
            return self._may_call(message)

        try:
            text = await render(
                context, content, posted=message.updating, charts=context.charts.allowed
            )
        except SlackCallError as error:
            return _nothing_posted(error)
        if self._stopping:
            return NotSent("the bot stopped before")
        if message.channel is not None and message.ts is not None:
            outcome = await context.messenger.update(message.channel, message.ts, text, still=still)
        else:
            outcome = await context.messenger.post(place, text, message.id, still=still)
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
        """Have recorded what came of a call."""
        if _unreachable(message, outcome):
            unreachable = Settlement(Status.CANCELLED, reason=delivering.UNREACHABLE)
            self._outcome_writer.add(message, unreachable)
            return
        settlement = settle(
            outcome,
            updating=message.updating,
            attempts=message.attempts,
            now=self._now(),
            leases=self._leases_now(),
        )
        self._outcome_writer.add(message, settlement)

    async def _remove(self, message: Claimed) -> None:
        """Delete a message whose person asked to be forgotten."""
        channel, ts = message.channel or "", message.ts or ""
        try:
            await self._context.messenger.delete(channel, ts, still=lambda: self._may_call(message))
        except SlackCallError as error:
            self._settle(message, error.failure)
        else:
            await self._context.database.write(delivering.settle_removed, message, self._now())

    async def _refuse_outsiders(self, message: Claimed, error: ExternalChannelError) -> None:
        """Post nothing internal where outsiders read; tell the owners."""
        log.warning("%s", error, extra=message.ids)
        await self._context.database.write(
            delivering.refuse_outsiders,
            self._context.surveys,
            message,
            error.channel,
            str(error),
            self._now(),
        )
        self._woken.set()

    def _now(self) -> datetime:
        return self._context.clock.now()

    def _leases_now(self) -> datetime:
        return self._context.leases.now()


class _StoppedError(Exception):
    """The courier was told to stop before anything was posted."""


def _unreachable(message: Claimed, outcome: Outcome) -> bool:
    """Return whether Slack refuses direct messages to whom a message would ask.

    https://docs.slack.dev/apis/slack-connect: an app reaches people of other workspaces only while
    a channel is shared with them.
    """
    refused = isinstance(outcome, Refused) and outcome.code == "channel_not_found"
    return refused and message.person_id is not None and message.asks


def _nothing_posted(error: SlackCallError) -> Outcome:
    """Return what a failure before the post means: nothing was posted, whatever broke."""
    if isinstance(error.failure, Unknown):
        return NotSent(error.reason)
    return error.failure
