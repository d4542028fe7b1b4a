"""The question to a shared channel, and what whoever decides about it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.delivery.destinations import Destination, SharedChannel
from nps_bot.delivery.kinds import (
    About,
    Defer,
    Drop,
    Ended,
    LookUp,
    MessageKind,
    OwnerMessage,
    RenderContext,
    Situation,
)
from nps_bot.delivery.rules import Status
from nps_bot.delivery.store.claims import Claimed
from nps_bot.shared_channels import posting, store
from nps_bot.shared_channels.outgoing import (
    CHANNEL_APPROVAL,
    CHANNEL_QUESTION,
    ChannelMessage,
    update_channel_approvals,
)
from nps_bot.shared_channels.posting import Question, Request
from nps_bot.shared_channels.views import approval as approval_view
from nps_bot.shared_channels.views import question as question_view
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Kind


def _about(message: About) -> ChannelMessage:
    return ChannelMessage(**(message.payload or {}))


class ChannelApproval(OwnerMessage[None, Request]):
    """Asks whoever looks after an account whether to post the question in its channel."""

    type = CHANNEL_APPROVAL

    def prepare(self, situation: Situation, facts: None, message: Claimed) -> Request | Drop:
        """Return the request as it stands; what is decided asks nobody any more."""
        survey = situation.surveys.get(message.survey_key or "")
        post_id = _about(message).post_id
        found = posting.request_content(
            situation.connection, survey, post_id, situation.now, updating=message.updating
        )
        return Drop(found) if isinstance(found, str) else found

    async def render(self, context: RenderContext, content: Request) -> Message:
        """Return the request for Slack."""
        return approval_view.request(content)


def _channels(situation: Situation, messages: Sequence[Claimed]) -> dict[str, str]:
    """Return the channels of the questions of some waves, by post."""
    waves = {message.wave_id or 0 for message in messages}
    return {post.id: post.channel for post in store.of_waves(situation.connection, waves)}


class ChannelQuestion(MessageKind[Mapping[str, str], Question]):
    """The question in a customer's channel; its people are meant to read it."""

    type = CHANNEL_QUESTION
    look_up = LookUp(_channels)

    def destination(
        self, situation: Situation, facts: Mapping[str, str], message: Claimed
    ) -> Destination | None:
        """Return the customer's channel."""
        channel = message.channel or facts.get(_about(message).post_id)
        return None if channel is None else SharedChannel(channel)

    def prepare(
        self, situation: Situation, facts: Mapping[str, str], message: Claimed
    ) -> Question | Drop | Defer:
        """Return the question as it stands, or why it is not posted."""
        survey = situation.surveys.get(message.survey_key or "")
        post_id = _about(message).post_id
        match posting.question_content(
            situation.connection, survey, post_id, situation.now, updating=message.updating
        ):
            case str(reason):
                return Drop(reason)
            case datetime() as until:
                return Defer(until)
            case content:
                return content

    async def render(self, context: RenderContext, content: Question) -> Message:
        """Return the question for Slack."""
        post, survey = content.post, content.survey
        wording = await context.bot.wording(post.wording_id)
        if content.closed or survey is None:
            return question_view.closed(wording)
        return question_view.question(
            wording,
            Kind(post.kind),
            post.account,
            post.id,
            rhythm=describe(survey.cadence),
            owners=await context.bot.access.owners(survey),
        )

    def posted(self, connection: Connection, messages: Sequence[About], now: datetime) -> None:
        """Note what stands in Slack; who decided on it, and the summary, show so."""
        for message in messages:
            posting.accepted(connection, _about(message), message.wave_id or 0, now)

    def ended(self, connection: Connection, ended: Sequence[Ended], now: datetime) -> None:
        """Have who decided on a question see that it could not be posted."""
        for message, settlement in ended:
            if settlement.status is Status.FAILED:
                post_id = _about(message).post_id
                update_channel_approvals(connection, post_id, message.wave_id or 0, now)


MESSAGES = (ChannelApproval(), ChannelQuestion())
