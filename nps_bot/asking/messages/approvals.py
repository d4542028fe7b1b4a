"""What owners read about a large wave that somebody wants to start."""

from __future__ import annotations

from dataclasses import dataclass

from nps_bot.asking.outgoing import ApprovalMessage
from nps_bot.asking.rules.approval import Approval
from nps_bot.asking.rules.message_types import APPROVAL
from nps_bot.asking.store import approvals
from nps_bot.asking.views import approval as view
from nps_bot.delivery.kinds import Drop, OwnerMessage, RenderContext, Situation
from nps_bot.delivery.rules import NO_FILE
from nps_bot.delivery.store.claims import Claimed
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class ApprovalContent:
    """A request to start a large wave of ``survey`` as it stands."""

    approval: Approval
    survey: Survey


class ApprovalRequest(OwnerMessage[None, ApprovalContent]):
    """Asks an owner for their word, or tells who asked what became of it."""

    type = APPROVAL

    def prepare(
        self, situation: Situation, facts: None, message: Claimed
    ) -> ApprovalContent | Drop:
        """Return the request as it stands; what is decided asks nobody any more."""
        survey = situation.surveys.get(message.survey_key or "")
        if survey is None:
            return Drop(NO_FILE)
        about = ApprovalMessage(**(message.payload or {}))
        found = approvals.find(situation.connection, about.approval_id)
        if found is None:
            return Drop("the request is gone")
        if found.decided_at is not None and not message.updating and not about.outcome:
            return Drop("the request was decided")
        return ApprovalContent(found, survey)

    async def render(self, context: RenderContext, content: ApprovalContent) -> Message:
        """Return the request for Slack."""
        return view.approval(content.approval, content.survey.wording.title)
