"""From what a message is about to what it says, for everything the courier carries."""

from __future__ import annotations

from nps_bot.domain.cadence import describe
from nps_bot.domain.survey import Kind
from nps_bot.services.delivering import (
    AlertContent,
    ApprovalContent,
    Content,
    NoticeContent,
    PromptContent,
    SharedReportContent,
)
from nps_bot.services.nudging import Chaser
from nps_bot.services.posting import Question, Request
from nps_bot.services.summarising import AnonymousSummary, Summary
from nps_bot.slack.edge import Edge
from nps_bot.slack.views import (
    alert,
    anonymous,
    approval,
    channel,
    notices,
    nudges,
    posting,
    prompt,
    report,
    summary,
)
from nps_bot.slack.views.message import Message


async def render(edge: Edge, content: Content, *, posted: bool, charts: bool) -> Message:
    """Return what a message says now.

    Args:
        edge: looks up wordings and owners.
        content: what the database says.
        posted: whether the message stands in Slack already and is rewritten.
        charts: whether the workspace takes native charts.
    """
    match content:
        case PromptContent():
            return await _prompt(edge, content, posted=posted)
        case Chaser():
            return await _chaser(edge, content)
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
            return await _question(edge, content)


def _summary(content: Summary | AnonymousSummary) -> Message:
    if isinstance(content, AnonymousSummary):
        return anonymous.summary(content)
    return summary.scoreboard(content)


async def _prompt(edge: Edge, content: PromptContent, *, posted: bool) -> Message:
    standing = content.standing
    wording = await edge.wording(standing.wording_id)
    if standing.voted:
        return prompt.voted()
    if standing.response is not None:
        return prompt.answered(
            wording,
            standing.response.latest_score,
            standing.id,
            correctable=standing.wave_state != "closed",
            no_contact=standing.response.no_contact_at is not None,
            stopped=content.stopped,
        )
    if content.stopped is not None:
        return prompt.stopped(wording, content.stopped)
    if standing.dismissed_at is not None:
        return prompt.deleted(wording)
    if standing.wave_state == "closed":
        return prompt.closed(wording)
    if posted and content.asks_again is not None:
        return prompt.snoozed(wording, content.asks_again, standing.id)
    if content.survey is None:
        return prompt.closed(wording)
    return prompt.prompt(
        wording,
        standing.anonymity or Kind(standing.kind),
        standing.id,
        rhythm=describe(content.survey.cadence),
        owners=await edge.access.owners(content.survey),
        # The reminder is the last ask: putting it off would make one more of it.
        snooze=standing.snoozed_at is None
        and standing.stopped_at is None
        and not content.reminding,
        reminding=content.reminding,
    )


async def _question(edge: Edge, content: Question) -> Message:
    post, survey = content.post, content.survey
    wording = await edge.wording(post.wording_id)
    if content.closed or survey is None:
        return channel.closed(wording)
    return channel.question(
        wording,
        Kind(post.kind),
        post.account,
        post.id,
        rhythm=describe(survey.cadence),
        owners=await edge.access.owners(survey),
    )


async def _chaser(edge: Edge, content: Chaser) -> Message:
    standing = content.standing
    given = standing.response
    wording = await edge.wording(standing.wording_id)
    if content.stopped is not None:
        return prompt.stopped(wording, content.stopped)
    if given is None:
        return prompt.deleted(wording)
    closed = standing.wave_state == "closed"
    if content.replied:
        return nudges.thanks(standing.id, correctable=not closed)
    if closed or given.no_contact_at is not None:
        return nudges.quiet(no_contact=given.no_contact_at is not None)
    return nudges.chaser(wording, Kind(standing.kind), given.latest_score, standing.id)
