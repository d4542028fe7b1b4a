"""The running and the closing summary of a wave, and reports that are shared in a channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nps_bot.delivery.kinds import Drop, MessageKind, RenderContext, Situation
from nps_bot.delivery.rules import NO_FILE, UPDATE_DELAY
from nps_bot.delivery.store.claims import Claimed
from nps_bot.figures.outgoing import CLOSING, SHARED_REPORT, SUMMARY, ReportShare
from nps_bot.figures.result import ReportResult, SummaryResult, report, summary
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.periods import parse_period
from nps_bot.surveys.rules.survey import Survey


class ClosingSummary(MessageKind[None, SummaryResult]):
    """The score of a wave that has closed."""

    type = CLOSING

    def named_channel(self, survey: Survey | None, payload: Mapping[str, Any] | None) -> str | None:
        """Return the survey's channel for summaries."""
        return survey.summary_channel if survey else None

    def prepare(self, situation: Situation, facts: None, message: Claimed) -> SummaryResult | Drop:
        """Return the figures of the wave as they stand."""
        if message.survey_key not in situation.surveys:
            return Drop(NO_FILE)
        found = summary(situation.connection, message.wave_id or 0)
        return Drop("its wave is gone") if found is None else found

    async def render(self, context: RenderContext, content: SummaryResult) -> Message:
        """Return the summary for Slack."""
        return content.message()


class RunningSummary(ClosingSummary):
    """The score of a wave that runs. It is not rewritten again at once while prompts leave."""

    type = SUMMARY
    update_delay = UPDATE_DELAY


@dataclass(frozen=True, slots=True)
class SharedReportContent:
    """A report somebody shares into a channel."""

    share: ReportShare
    report: ReportResult


class SharedReport(MessageKind[None, SharedReportContent]):
    """A report that somebody shares with the people of a channel."""

    type = SHARED_REPORT
    has_charts = True
    kept_current = False

    def named_channel(self, survey: Survey | None, payload: Mapping[str, Any] | None) -> str | None:
        """Return the channel in which *Share* was pressed."""
        return (payload or {}).get("channel")

    def prepare(
        self, situation: Situation, facts: None, message: Claimed
    ) -> SharedReportContent | Drop:
        """Return the report as the figures stand now."""
        survey = situation.surveys.get(message.survey_key or "")
        if survey is None:
            return Drop(NO_FILE)
        share = ReportShare(**(message.payload or {}))
        now = situation.now
        period = parse_period(share.period, now) if share.period else None
        return SharedReportContent(share, report(situation.connection, survey, period, now))

    async def render(self, context: RenderContext, content: SharedReportContent) -> Message:
        """Return the report for Slack."""
        return content.report.for_channel(content.share.person_id, charts=context.charts)


MESSAGES = (RunningSummary(), ClosingSummary(), SharedReport())
