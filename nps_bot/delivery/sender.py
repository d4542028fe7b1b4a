"""One call to Slack for one message: render it, post or rewrite it, and learn the pace from it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from nps_bot.delivery.claim import Delivery
from nps_bot.delivery.kinds import RenderContext
from nps_bot.delivery.rules import UNREACHABLE, Settlement, Status, settle
from nps_bot.delivery.sender_lease import SenderLease
from nps_bot.delivery.store.claims import Claimed
from nps_bot.delivery.store.lanes import POSTING
from nps_bot.interaction.context import BotContext
from nps_bot.slack.calls import Accepted, NotSent, Outcome, RateLimited, Refused, Unknown
from nps_bot.slack.errors import SlackCallError

UPDATING = "chat.update"


def method_of(message: Claimed) -> str:
    """Return the method of Slack that sends a message."""
    return UPDATING if message.updating else POSTING


class Sender:
    """Makes the calls for messages whose turn has come."""

    def __init__(
        self,
        context: BotContext,
        lease: SenderLease,
        may_call: Callable[[Claimed], bool],
        stopping: Callable[[], bool],
    ) -> None:
        """Prepare.

        Args:
            context: reaches Slack.
            lease: holds the pace, which calls teach.
            may_call: says whether a call for a message may still begin.
            stopping: says whether no call is to begin any more.
        """
        self._context = context
        self._lease = lease
        self._may_call = may_call
        self._stopping = stopping

    async def send(self, delivery: Delivery, channel: str) -> Outcome:
        """Post or rewrite a message; a workspace without native charts gets text bars."""
        charts = self._context.charts
        outcome = await self._post(delivery, channel)
        refused = isinstance(outcome, Refused) and outcome.code == "invalid_blocks"
        if refused and delivery.kind.has_charts and charts.allowed and not self._stopping():
            await charts.refused()
            outcome = await self._post(delivery, channel)
        return outcome

    async def remove(self, message: Claimed) -> Outcome | None:
        """Delete a message whose person asked to be forgotten; None where that was done."""
        channel, ts = message.channel or "", message.ts or ""
        try:
            await self._context.messenger.delete(channel, ts, still=lambda: self._may_call(message))
        except SlackCallError as error:
            return error.failure
        return None

    def settlement(self, message: Claimed, outcome: Outcome) -> Settlement:
        """Return what becomes of a message after a call."""
        if _unreachable(message, outcome):
            return Settlement(Status.CANCELLED, reason=UNREACHABLE)
        return settle(
            outcome,
            updating=message.updating,
            attempts=message.attempts,
            now=self._context.clock.now(),
            lease_now=self._context.lease_clock.now(),
        )

    async def _post(self, delivery: Delivery, channel: str) -> Outcome:
        message, context = delivery.message, self._context
        rendering = RenderContext(context, message.updating, context.charts.allowed)
        try:
            text = await delivery.kind.render(rendering, delivery.content)
        except SlackCallError as error:
            return nothing_posted(error)
        if self._stopping():
            return NotSent("the bot stopped before")

        def still() -> bool:
            return self._may_call(message)

        if message.channel is not None and message.ts is not None:
            outcome = await context.messenger.update(message.channel, message.ts, text, still=still)
        else:
            outcome = await context.messenger.post(channel, text, message.id, still=still)
        self._learn(method_of(message), outcome)
        return outcome

    def _learn(self, method: str, outcome: Outcome) -> None:
        match outcome:
            case Accepted():
                self._lease.pace.accepted(method, monotonic())
            case RateLimited(retry_after):
                self._lease.pace.limited(method, monotonic(), retry_after)
            case _:
                pass


def _unreachable(message: Claimed, outcome: Outcome) -> bool:
    """Return whether Slack refuses direct messages to whom a message would ask.

    https://docs.slack.dev/apis/slack-connect: an app reaches people of other workspaces only while
    a channel is shared with them.
    """
    refused = isinstance(outcome, Refused) and outcome.code == "channel_not_found"
    return refused and message.person_id is not None and message.asks


def nothing_posted(error: SlackCallError) -> Outcome:
    """Return what a failure before the post means: nothing was posted, whatever broke."""
    if isinstance(error.failure, Unknown):
        return NotSent(error.reason)
    return error.failure
