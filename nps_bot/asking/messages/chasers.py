"""The one message that asks for a reason after a bare score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.messages.facts import (
    BATCH_FACTS,
    BatchFacts,
    destination,
    nudge_obstacle,
    stopped_before,
)
from nps_bot.asking.rules.message_types import CHASER
from nps_bot.asking.store import invitations
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.asking.views import nudges as view
from nps_bot.asking.views import prompt
from nps_bot.delivery.destinations import Destination
from nps_bot.delivery.kinds import About, Defer, Drop, MessageKind, Remove, RenderContext, Situation
from nps_bot.delivery.store.claims import Claimed
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Kind


@dataclass(frozen=True, slots=True)
class ChaserContent:
    """A chaser as it should stand: asking for words, thanking for them, or asking nothing more.

    Attributes:
        stopped: the survey key the person opted out of, ``*`` for all; None while they take part.
        replied: whether they have written anything.
    """

    invitation: InvitationState
    stopped: str | None
    replied: bool


class Chaser(MessageKind[BatchFacts, ChaserContent]):
    """Asks for words after a score without any."""

    type = CHASER
    look_up = BATCH_FACTS

    def destination(
        self, situation: Situation, facts: BatchFacts, message: Claimed
    ) -> Destination | None:
        """Return the person's direct messages."""
        return destination(facts, message)

    def prepare(
        self, situation: Situation, facts: BatchFacts, message: Claimed
    ) -> ChaserContent | Drop | Defer | Remove:
        """Return the chaser as it stands, or why it is not sent."""
        if (stopped := stopped_before(facts, message)) is not None:
            return stopped
        if not message.updating:
            survey = situation.surveys.get(message.survey_key or "")
            hindered = nudge_obstacle(situation, facts, survey, message)
            if hindered is not None:
                return hindered
        invitation = facts.of(message)
        if invitation.person_id is None:
            return Remove()
        replied = invitation.id in facts.nudge_facts.replied
        return ChaserContent(invitation, facts.opted_out_of(invitation), replied)

    async def render(self, context: RenderContext, content: ChaserContent) -> Message:
        """Return the chaser for Slack."""
        invitation = content.invitation
        given = invitation.response
        wording = await context.bot.wording(invitation.wording_id)
        if content.stopped is not None:
            return prompt.stopped(wording, content.stopped)
        if given is None:
            return prompt.deleted(wording)
        closed = invitation.wave_state == "closed"
        if content.replied:
            return view.thanks(invitation.id, correctable=not closed)
        if closed or given.no_contact_at is not None:
            return view.quiet(no_contact=given.no_contact_at is not None)
        return view.chaser(wording, Kind(invitation.kind), given.latest_score, invitation.id)

    def posted(self, connection: Connection, messages: Sequence[About], now: datetime) -> None:
        """Note to whom something was written again."""
        invitations.mark_following(connection, [one.invitation_id or "" for one in messages], now)
