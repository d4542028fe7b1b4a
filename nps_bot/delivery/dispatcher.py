"""The delivery loop: claim, render, post, settle. It holds no state that matters.

Each message is claimed under a lease and committed before Slack is called with no transaction open;
what came of the call is settled in a second transaction. A process that dies anywhere in between
leaves a lease that runs out, and :mod:`nps_bot.delivery.rules` says what that means.
Of processes that share a database one sends at a time (:mod:`nps_bot.delivery.sender_lease`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection

from nps_bot.base.errors import StorageUnavailableError
from nps_bot.delivery import claim, settle
from nps_bot.delivery.checks import Checks, Halted, Obstacle
from nps_bot.delivery.claim import Delivery
from nps_bot.delivery.claimed_queue import ClaimedQueue
from nps_bot.delivery.destinations import (
    ExternalChannelError,
    TeamChannel,
    find_channel,
    methods_to_find,
    refuse_outsiders,
    with_channel,
)
from nps_bot.delivery.kinds import Kinds, Remove
from nps_bot.delivery.outcome_writer import OutcomeWriter
from nps_bot.delivery.reconciler import Reconciler
from nps_bot.delivery.rules import WAVE_STOPPED, Priority, Settlement, Status, may_call
from nps_bot.delivery.sender import UPDATING, Sender, method_of, nothing_posted
from nps_bot.delivery.sender_lease import SenderLease
from nps_bot.delivery.store import claims
from nps_bot.delivery.store.claims import Claimed, Waiting
from nps_bot.delivery.store.lanes import POSTING
from nps_bot.interaction.context import BotContext
from nps_bot.slack.calls import NotSent, Outcome, Refused
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
the dispatcher, and all of them wait for what it looks at."""
SHORT_WAIT = 0.2
"""Seconds: a message whose turn comes later is put aside, so that others overtake it."""
RESERVED = 2.0
"""Seconds within which the pace's next place is kept for what is urgent: all prompts want it."""
MAX_WAIT_IN_MEMORY = 5.0
"""Seconds: what would wait longer is given back, and nothing of its kind claimed: when its turn
comes, it shall say what is right then."""


class Dispatcher:
    """Carries what the outbox owes to Slack, urgent messages first, within Slack's pace."""

    def __init__(
        self,
        context: BotContext,
        kinds: Kinds,
        halted: Callable[[Connection], Halted],
        woken: asyncio.Event,
        lane_free: asyncio.Event,
    ) -> None:
        """Prepare.

        Args:
            context: reaches the database and Slack.
            kinds: all kinds of message.
            halted: reads which waves are stopped and which surveys are paused.
            woken: set by whoever has committed something that is owed.
            lane_free: set when another process has given back the lane.
        """
        self._context = context
        self._kinds = kinds
        self._woken = woken
        self._lane_free = lane_free
        self._sender_lease = SenderLease(context.database, context.lease_clock)
        self._claimed_queue = ClaimedQueue()
        self._more = False
        """Whether the last claim found something, so that there may be more."""
        self._stop_asked = asyncio.Event()
        self._outcome_writer = OutcomeWriter(context, kinds, self._stop_asked)
        self._reconciler = Reconciler(context, kinds, self._sender_lease, woken, self._stop_asked)
        self._checks = Checks(context.database, halted, context.lease_clock)
        self._sender = Sender(context, self._sender_lease, self._may_call, self._stop_asked.is_set)

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
        """Claim again and again while the lane is held, until the dispatcher stops."""
        while not self._stopping:
            self._woken.clear()
            self._lane_free.clear()
            self._checks.look_again()
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
            claim.claim, self._kinds, self._context.surveys, wanted, self._now(), self._lease_now()
        )
        self._more = bool(batch.deliveries)
        if batch.taken and not batch.deliveries:
            self._woken.set()  # all of them were dropped or put off: what is behind them?
        for delivery in batch.deliveries:
            self._claimed_queue.add(delivery)

    def _wanted(self, *, updating: bool) -> Iterator[Waiting]:
        """Yield which messages there is room for, if any."""
        method = UPDATING if updating else POSTING
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
            method = method_of(message)
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
        elif not await self._kept(message, await self._checks.halt(message)):
            # It was looked at now, so that what is stopped takes nobody's turn.
            try:
                await self._bring(delivery)
            except ExternalChannelError as error:
                await self._refuse_outsiders(message, error)
            except NotInSlackError as error:
                self._settle(message, Refused(str(error)))
            except SlackCallError as error:
                if error.retry_after is not None:
                    self._sender_lease.pace.limited(error.method, monotonic(), error.retry_after)
                self._settle(message, nothing_posted(error))
            except _StoppedError:
                await self._give_back(message)

    async def _bring(self, delivery: Delivery) -> None:
        """Find out where a message goes, wait for its turn there, and post it."""
        lane, now = self._sender_lease.pace, monotonic()
        far = lane.delay(method_of(delivery.message), None, now)
        if far > MAX_WAIT_IN_MEMORY:
            await self._wait(delivery, far)
            return
        if asked := methods_to_find(delivery.destination):
            pause = max(lane.delay(method, None, now) for method in asked)
            if pause > 0:
                await self._wait(delivery, pause)
                return
            channel = await self._unless_stopped(find_channel(self._context, delivery.destination))
            found = with_channel(delivery.destination, channel)
            delivery = replace(delivery, destination=found)
        else:
            channel = await find_channel(self._context, delivery.destination)
        if not await self._its_turn(delivery, channel):
            return
        destination = delivery.destination
        if isinstance(destination, TeamChannel):
            await self._unless_stopped(refuse_outsiders(self._context, destination, channel))
        message = delivery.message
        if not await self._kept(message, await self._checks.obstacle(message)):
            await self._begin(delivery, channel)

    async def _kept(self, message: Claimed, obstacle: Obstacle | None) -> bool:
        """Drop a message, or give it back, where something keeps it; return whether it was kept."""
        match obstacle:
            case None:
                return False
            case Obstacle.STOPPED:
                cancelled = Settlement(Status.CANCELLED, reason=WAVE_STOPPED)
                self._outcome_writer.add(message, cancelled)
            case Obstacle.PAUSED:
                await self._give_back(message)
            case Obstacle.STALE:
                await self._give_back(message)
                self._woken.set()
        return True

    async def _unless_stopped(self, asking: Coroutine[Any, Any, T]) -> T:
        """Return what Slack says, before anything is posted; nobody who stops waits for it.

        Raises:
            _StoppedError: the dispatcher was told to stop meanwhile.
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

    async def _begin(self, delivery: Delivery, channel: str) -> None:
        """Call Slack, or give the message back where no call may begin any more."""
        message = delivery.message
        if self._may_call(message) and not self._stopping:
            self._settle(message, await self._sender.send(delivery, channel))
        else:
            await self._give_back(message)

    async def _remove(self, message: Claimed) -> None:
        """Delete a message whose person asked to be forgotten."""
        failure = await self._sender.remove(message)
        if failure is None:
            await self._context.database.write(settle.settle_removed, message, self._now())
        else:
            self._settle(message, failure)

    def _settle(self, message: Claimed, outcome: Outcome) -> None:
        """Have recorded what came of a call."""
        self._outcome_writer.add(message, self._sender.settlement(message, outcome))

    def _may_call(self, message: Claimed) -> bool:
        """Return whether a call may begin: the message and the lane are still ours, long enough."""
        return self._sender_lease.may_call() and may_call(message.lease_until, self._lease_now())

    async def _its_turn(self, delivery: Delivery, place: str) -> bool:
        """Wait for the pace; False where the message was put aside or given back instead."""
        message = delivery.message
        # One message a second and channel is Slack's pace for posts, not for rewriting them.
        method, channel = (UPDATING, None) if message.updating else (POSTING, place)
        urgent = message.priority == Priority.URGENT
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
            message.lease_until, self._lease_now() + delay
        ):
            await self._give_back(message, delay)
        else:
            self._claimed_queue.put_aside(delivery, seconds)

    async def _give_back(self, message: Claimed, delay: timedelta = timedelta()) -> None:
        """Let anybody claim the message again, after a delay."""
        await self._context.database.write(claims.release, [message], self._now() + delay)

    async def _refuse_outsiders(self, message: Claimed, error: ExternalChannelError) -> None:
        """Post nothing internal where outsiders read; tell the owners."""
        log.warning("%s", error, extra=message.ids)
        await self._context.database.write(
            settle.refuse_outsiders,
            self._context.surveys,
            message,
            error.channel,
            str(error),
            self._now(),
        )
        self._woken.set()

    def _now(self) -> datetime:
        return self._context.clock.now()

    def _lease_now(self) -> datetime:
        return self._context.lease_clock.now()


class _StoppedError(Exception):
    """The dispatcher was told to stop before anything was posted."""
