"""From what a message is about to what it says, for everything the courier carries."""

from __future__ import annotations

from nps_bot.anonymous.views import summary as anonymous
from nps_bot.asking.nudging import Chaser
from nps_bot.asking.views import approval, nudges, prompt
from nps_bot.cases import views as alert
from nps_bot.delivery.claiming import (
    AlertContent,
    ApprovalContent,
    Content,
    NoticeContent,
    PromptContent,
    SharedReportContent,
)
from nps_bot.figures.summary import AnonymousSummary, Summary
from nps_bot.figures.views import report, summary
from nps_bot.interaction.context import BotContext
from nps_bot.shared_channels.posting import Question, Request
from nps_bot.shared_channels.views import approval as posting
from nps_bot.shared_channels.views import question
from nps_bot.slack import notices
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Kind


async def render(context: BotContext, content: Content, *, posted: bool, charts: bool) -> Message:
    """Return what a message says now.

    Args:
        edge: looks up wordings and owners.
        content: what the database says.
        posted: whether the message stands in Slack already and is rewritten.
        charts: whether the workspace takes native charts.
    """
    match content:
        case PromptContent():
            return await _prompt(context, content, posted=posted)
        case Chaser():
            return await _chaser(context, content)
        case AlertContent():
            return alert.deleted() if content.alert is None else alert.alert(content.alert)
        case Summary() | AnonymousSummary():
            return _summary(content)
        case SharedReportContent():
            return report.shared(content.report, content.sharing.person_id, charts=charts)
        case NoticeContent():
            return notices.sentence(content.notice.text)
        case ApprovalContent():
            return approval.approval(content.approval, content.survey.wording.title)
        case Request():
            return posting.request(content)
        case Question():
            return await _question(context, content)


def _summary(content: Summary | AnonymousSummary) -> Message:
    if isinstance(content, AnonymousSummary):
        return anonymous.summary(content)
    return summary.scoreboard(content)


async def _prompt(context: BotContext, content: PromptContent, *, posted: bool) -> Message:
    invitation = content.invitation
    wording = await context.wording(invitation.wording_id)
    if invitation.voted:
        return prompt.voted()
    if invitation.response is not None:
        return prompt.answered(
            wording,
            invitation.response.latest_score,
            invitation.id,
            correctable=invitation.wave_state != "closed",
            no_contact=invitation.response.no_contact_at is not None,
            stopped=content.stopped,
        )
    if content.stopped is not None:
        return prompt.stopped(wording, content.stopped)
    if invitation.dismissed_at is not None:
        return prompt.deleted(wording)
    if invitation.wave_state == "closed":
        return prompt.closed(wording)
    if posted and content.asks_again is not None:
        return prompt.snoozed(wording, content.asks_again, invitation.id)
    if content.survey is None:
        return prompt.closed(wording)
    return prompt.prompt(
        wording,
        invitation.anonymity or Kind(invitation.kind),
        invitation.id,
        rhythm=describe(content.survey.cadence),
        owners=await context.access.owners(content.survey),
        # The reminder is the last ask: putting it off would make one more of it.
        snooze=invitation.snoozed_at is None
        and invitation.stopped_at is None
        and not content.reminding,
        reminding=content.reminding,
    )


async def _question(context: BotContext, content: Question) -> Message:
    post, survey = content.post, content.survey
    wording = await context.wording(post.wording_id)
    if content.closed or survey is None:
        return question.closed(wording)
    return question.question(
        wording,
        Kind(post.kind),
        post.account,
        post.id,
        rhythm=describe(survey.cadence),
        owners=await context.access.owners(survey),
    )


async def _chaser(context: BotContext, content: Chaser) -> Message:
    invitation = content.invitation
    given = invitation.response
    wording = await context.wording(invitation.wording_id)
    if content.stopped is not None:
        return prompt.stopped(wording, content.stopped)
    if given is None:
        return prompt.deleted(wording)
    closed = invitation.wave_state == "closed"
    if content.replied:
        return nudges.thanks(invitation.id, correctable=not closed)
    if closed or given.no_contact_at is not None:
        return nudges.quiet(no_contact=given.no_contact_at is not None)
    return nudges.chaser(wording, Kind(invitation.kind), given.latest_score, invitation.id)
