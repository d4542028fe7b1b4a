"""The question with its eleven buttons: the prompt, the one after a snooze, the reminder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection

from nps_bot.asking.events import PeopleAsked
from nps_bot.asking.messages.facts import (
    BATCH_FACTS,
    BatchFacts,
    destination,
    nudge_obstacle,
    stopped_before,
)
from nps_bot.asking.outgoing import reprompt_key
from nps_bot.asking.rules.budget import DAY, BudgetBlock
from nps_bot.asking.rules.message_types import PROMPT, REMINDER, REPROMPT
from nps_bot.asking.store import contacts, invitations
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.asking.views import prompt as view
from nps_bot.base.events import record
from nps_bot.base.time_zones import zone_of
from nps_bot.delivery.destinations import Destination
from nps_bot.delivery.kinds import (
    About,
    Defer,
    Drop,
    Ended,
    MessageKind,
    Remove,
    RenderContext,
    Situation,
)
from nps_bot.delivery.rules import FORGOTTEN, NO_FILE, UNREACHABLE, MessageType
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.claims import Claimed
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.local_time import next_allowed
from nps_bot.surveys.rules.survey import Kind, Survey, Wording


@dataclass(frozen=True, slots=True)
class PromptContent:
    """A prompt as it should stand: asking, answered, put off or stopped.

    Attributes:
        survey: None where it has no file any more; then nobody is asked.
        stopped: the survey key the person opted out of, ``*`` for all; None while they take part.
        asks_again: when the question comes again after *Ask me in 3 days*.
        reminding: whether this is the reminder of it.
    """

    invitation: InvitationState
    survey: Survey | None
    stopped: str | None
    asks_again: datetime | None
    reminding: bool = False


class Reprompt(MessageKind[BatchFacts, PromptContent]):
    """The question once more, after *Ask me in 3 days*."""

    type = REPROMPT
    look_up = BATCH_FACTS
    reminding: ClassVar[bool] = False
    proved_by_click = True

    def destination(
        self, situation: Situation, facts: BatchFacts, message: Claimed
    ) -> Destination | None:
        """Return the person's direct messages."""
        return destination(facts, message)

    def prepare(
        self, situation: Situation, facts: BatchFacts, message: Claimed
    ) -> PromptContent | Drop | Defer | Remove:
        """Return the question as it stands, or why it is not asked."""
        if (stopped := stopped_before(facts, message)) is not None:
            return stopped
        survey = situation.surveys.get(message.survey_key or "")
        invitation = facts.of(message)
        if not message.updating and (obstacle := self._obstacle(situation, facts, survey, message)):
            return obstacle
        if invitation.person_id is None:
            return Remove()
        connection = situation.connection
        return PromptContent(
            invitation,
            survey,
            facts.opted_out_of(invitation),
            outbox.due_of(connection, reprompt_key(invitation.id))
            if invitation.snoozed_at
            else None,
            self.reminding,
        )

    def _obstacle(
        self,
        situation: Situation,
        facts: BatchFacts,
        survey: Survey | None,
        message: Claimed,
    ) -> Drop | Defer | None:
        """Return why an unposted question does not leave now."""
        invitation, now = facts.of(message), situation.now
        if invitation.person_id is None:
            return Drop(FORGOTTEN)
        if survey is None:
            return Drop(NO_FILE)
        reason = _no_reason_to_ask(invitation, facts.opted_out_of(invitation), now)
        if reason is not None:
            return Drop(reason)
        return self._wait(situation, facts, survey, invitation)

    def _wait(
        self,
        situation: Situation,
        facts: BatchFacts,
        survey: Survey,
        invitation: InvitationState,
    ) -> Drop | Defer | None:
        """Return until when the question waits; None where it leaves now."""
        return _held_back(situation, invitation, survey, facts.blocked.get(invitation.id))

    async def render(self, context: RenderContext, content: PromptContent) -> Message:
        """Return the prompt for Slack."""
        invitation = content.invitation
        wording = await context.bot.wording(invitation.wording_id)
        if (standing := _not_asking(content, wording, posted=context.posted)) is not None:
            return standing
        if content.survey is None:
            return view.closed(wording)
        return view.prompt(
            wording,
            invitation.anonymity or Kind(invitation.kind),
            invitation.id,
            rhythm=describe(content.survey.cadence),
            owners=await context.bot.access.owners(content.survey),
            # The reminder is the last ask: putting it off would make one more of it.
            snooze=invitation.snoozed_at is None
            and invitation.stopped_at is None
            and not content.reminding,
            reminding=content.reminding,
        )

    def posted(self, connection: Connection, messages: Sequence[About], now: datetime) -> None:
        """Note to whom something was written again."""
        invitations.mark_following(connection, [one.invitation_id or "" for one in messages], now)


class Reminder(Reprompt):
    """The question once more, because no score came."""

    type = REMINDER
    reminding = True

    def _obstacle(
        self,
        situation: Situation,
        facts: BatchFacts,
        survey: Survey | None,
        message: Claimed,
    ) -> Drop | Defer | None:
        hindered = nudge_obstacle(situation, facts, survey, message)
        return hindered or super()._obstacle(situation, facts, survey, message)


class Prompt(Reprompt):
    """The first question, which takes one of the day's places."""

    type: ClassVar[MessageType] = PROMPT

    def _wait(
        self,
        situation: Situation,
        facts: BatchFacts,
        survey: Survey,
        invitation: InvitationState,
    ) -> Drop | Defer | None:
        return super()._wait(situation, facts, survey, invitation) or _held_back(
            situation, invitation, survey, facts.today.take(invitation)
        )

    def posted(self, connection: Connection, messages: Sequence[About], now: datetime) -> None:
        """Note who was asked; the summaries count them."""
        invitations.mark_asked(connection, [one.invitation_id or "" for one in messages], now)
        waves = frozenset(one.wave_id or 0 for one in messages)
        record(connection, [PeopleAsked(waves)], now)

    def ended(self, connection: Connection, ended: Sequence[Ended], now: datetime) -> None:
        """Count who cannot be reached among those who are left out."""
        for message, settlement in ended:
            if settlement.reason == UNREACHABLE:
                reason = {str(Exclusion.UNREACHABLE): 1}
                contacts.count_excluded(connection, message.wave_id or 0, reason)


def _no_reason_to_ask(
    invitation: InvitationState, stopped: str | None, now: datetime
) -> str | None:
    if invitation.closed(now):
        return "the wave closed"
    if invitation.answered:
        return "the person has answered"
    if stopped is not None:
        return "the person opted out"
    if invitation.dismissed_at is not None:
        return "the person deleted their answer"
    return None


def _held_back(
    situation: Situation, invitation: InvitationState, survey: Survey, held: BudgetBlock | None
) -> Drop | Defer | None:
    """Return why a prompt does not leave now; None at a civil hour if nothing holds it back.

    Who is left out by the contact budget is counted with the wave.
    """
    now = situation.now
    free = held.until if held and held.until else now
    if held is not None and free > invitation.closes_at - DAY:
        contacts.count_excluded(situation.connection, invitation.wave_id, {held.rule: 1})
        return Drop(f"the person {held.rule.words}")
    zone = zone_of(survey.time_zone or invitation.time_zone)
    civil = next_allowed(free, zone, survey.quiet_hours)
    return Defer(civil) if civil > now and not invitation.at_once else None


def _not_asking(content: PromptContent, wording: Wording, *, posted: bool) -> Message | None:
    """Return what a prompt says that asks nothing (any more); None while it asks."""
    invitation = content.invitation
    if invitation.voted:
        return view.voted()
    if invitation.response is not None:
        return view.answered(
            wording,
            invitation.response.latest_score,
            invitation.id,
            correctable=invitation.wave_state != "closed",
            no_contact=invitation.response.no_contact_at is not None,
            stopped=content.stopped,
        )
    if content.stopped is not None:
        return view.stopped(wording, content.stopped)
    if invitation.dismissed_at is not None:
        return view.deleted(wording)
    if invitation.wave_state == "closed":
        return view.closed(wording)
    if posted and content.asks_again is not None:
        return view.snoozed(wording, content.asks_again, invitation.id)
    return None
