"""A survey's figures as people and programs get them, whether answers have names or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nps_bot.anonymous.report import (
    AnonymousReport,
    AnonymousSummary,
    anonymous_report_json,
)
from nps_bot.anonymous.report_text import report_text as anonymous_text
from nps_bot.anonymous.views import summary as anonymous_view
from nps_bot.figures import report as reporting
from nps_bot.figures import summary as summarising
from nps_bot.figures.report import Report
from nps_bot.figures.report_json import report_json
from nps_bot.figures.report_text import report_text
from nps_bot.figures.summary import Summary
from nps_bot.figures.views import report as view
from nps_bot.figures.views import summary as summary_view
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.periods import Period
from nps_bot.surveys.rules.survey import Survey


class ReportResult(ABC):
    """A report: named, or anonymous."""

    @abstractmethod
    def for_owner(self, share_id: str, *, charts: bool) -> Message:
        """Return the report with comments and *Share*.

        Args:
            share_id: travels with *Share*.
            charts: whether the workspace takes native charts; else bars are made of text.
        """

    @abstractmethod
    def for_channel(self, person_id: str, *, charts: bool) -> Message:
        """Return the report without anybody's words, shared by ``person_id``."""

    @abstractmethod
    def text(self) -> str:
        """Return the report as plain lines."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values: moments in ISO 8601, scores in points."""


@dataclass(frozen=True, slots=True)
class NamedReport(ReportResult):
    """A report of answers that have names."""

    report: Report

    def for_owner(self, share_id: str, *, charts: bool) -> Message:
        """Return the report with the latest comments and *Share*."""
        return view.report(self.report, share_id, charts=charts)

    def for_channel(self, person_id: str, *, charts: bool) -> Message:
        """Return the report without comments."""
        return view.shared(self.report, person_id, charts=charts)

    def text(self) -> str:
        """Return the report as plain lines."""
        return report_text(self.report)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return report_json(self.report)


@dataclass(frozen=True, slots=True)
class DisclosedReport(ReportResult):
    """A report of anonymous answers: what was disclosed of them, and bars of text alone."""

    report: AnonymousReport

    def for_owner(self, share_id: str, *, charts: bool) -> Message:  # noqa: ARG002  # no charts
        """Return the report with the disclosed comments and *Share*."""
        ending = [view.share(share_id)]
        return anonymous_view.report(self.report, comments=True, ending=ending)

    def for_channel(self, person_id: str, *, charts: bool) -> Message:  # noqa: ARG002  # no charts
        """Return the report without comments."""
        ending = [view.shared_by(person_id)]
        return anonymous_view.report(self.report, comments=False, ending=ending)

    def text(self) -> str:
        """Return the report as plain lines."""
        return anonymous_text(self.report)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return anonymous_report_json(self.report)


def report(
    connection: Connection, survey: Survey, period: Period | None, now: datetime
) -> ReportResult:
    """Return the report of a period, or of the latest wave where ``period`` is None."""
    found = reporting.report(connection, survey, period, now)
    return DisclosedReport(found) if isinstance(found, AnonymousReport) else NamedReport(found)


@dataclass(frozen=True, slots=True)
class SummaryResult:
    """A wave's scoreboard: named, or anonymous."""

    summary: Summary | AnonymousSummary

    def message(self) -> Message:
        """Return the scoreboard for the team's channel."""
        if isinstance(self.summary, AnonymousSummary):
            return anonymous_view.summary(self.summary)
        return summary_view.scoreboard(self.summary)


def summary(connection: Connection, wave_id: int) -> SummaryResult | None:
    """Return the summary of a wave as the database says now; None where there is no such wave."""
    found = summarising.summary(connection, wave_id)
    return None if found is None else SummaryResult(found)
