"""The alert about one response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nps_bot.cases import alert as alerts
from nps_bot.cases import views
from nps_bot.cases.alert import Alert
from nps_bot.cases.outgoing import ALERT
from nps_bot.delivery.kinds import Drop, MessageKind, RenderContext, Situation
from nps_bot.delivery.rules import NO_FILE
from nps_bot.delivery.store.claims import Claimed
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class AlertContent:
    """An alert as it should stand; None once the answer it was about is deleted."""

    alert: Alert | None


class AlertMessage(MessageKind[None, AlertContent]):
    """Tells the success team about one response."""

    type = ALERT

    def named_channel(self, survey: Survey | None, payload: Mapping[str, Any] | None) -> str | None:
        """Return the survey's channel for alerts."""
        return survey.alerts_channel if survey else None

    def prepare(self, situation: Situation, facts: None, message: Claimed) -> AlertContent | Drop:
        """Return the alert; what stands in Slack is corrected even where the survey is gone."""
        found = alerts.alert(situation.connection, message.invitation_id or "")
        if not message.updating and found is None:
            return Drop("the answer was deleted")
        if not message.updating and message.survey_key not in situation.surveys:
            return Drop(NO_FILE)
        return AlertContent(found)

    def reveals_less(self, content: AlertContent) -> bool:
        """Return whether the answer is deleted, or its person forgotten."""
        return content.alert is None or content.alert.person_id is None

    async def render(self, context: RenderContext, content: AlertContent) -> Message:
        """Return the alert for Slack."""
        return views.deleted() if content.alert is None else views.alert(content.alert)


MESSAGES = (AlertMessage(),)
