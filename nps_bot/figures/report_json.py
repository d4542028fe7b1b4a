"""A report as JSON values, for other programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from nps_bot.anonymous.report import period_json, wave_json
from nps_bot.figures.report import Figures, Report
from nps_bot.figures.store import Comment
from nps_bot.nps.score import Difference, Interval
from nps_bot.surveys.rules.periods import Period


def report_json(report: Report) -> dict[str, Any]:
    """Return ``report`` as JSON values: moments in ISO 8601, scores in points, shares as shares."""
    return {
        "survey": report.survey_key,
        "title": report.title,
        "question": report.question,
        "kind": report.kind.value,
        "wave": None if report.wave is None else wave_json(report.wave),
        "period": None if report.period is None else period_json(report.period),
        **_figures_json(report.figures),
        "change": _change_json(report.change),
        "compared_with": None if report.change is None else _before_json(report.before),
        "wording_changed": report.is_break,
        "trend": [
            {
                **wave_json(each.wave),
                **_figures_json(each.figures),
                "wording_changed": each.is_break,
            }
            for each in report.trend
        ],
        "recovery": {"up": report.recovery.up, "down": report.recovery.down},
        "comments_total": report.comments_total,
        "comments": [_comment_json(comment) for comment in report.comments],
        "made_at": report.made_at.isoformat(),
    }


def _before_json(before: date | Period | None) -> str | None:
    if isinstance(before, Period):
        return before.name
    return None if before is None else before.isoformat()


def _change_json(change: Difference | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "points": change.points,
        "z": change.z,
        "p_value": change.p_value,
        "verdict": change.verdict.value,
    }


def _interval_json(shown: Interval | None) -> dict[str, Any] | None:
    if shown is None:
        return None
    return {
        "lower": shown.lower,
        "upper": shown.upper,
        "confidence": shown.confidence,
        "method": shown.method.value,
    }


def _figures_json(figures: Figures) -> dict[str, Any]:
    return {
        "score": figures.score,
        "interval": _interval_json(figures.interval),
        "directional": figures.directional,
        "census": figures.census,
        "asked": figures.asked,
        "answers": figures.distribution.n,
        "response_rate": figures.response_rate,
        "accounts": None if figures.accounts is None else asdict(figures.accounts),
        "bounds": None if figures.bounds is None else list(figures.bounds),
        "promoters": figures.distribution.promoters,
        "passives": figures.distribution.passives,
        "detractors": figures.distribution.detractors,
        "distribution": list(figures.distribution.counts),
    }


def _comment_json(comment: Comment) -> dict[str, Any]:
    return {
        "person": comment.person_id,
        "name": comment.person_name,
        "account": comment.account,
        "score": comment.score,
        "question": comment.question,
        "text": comment.text,
        "written_at": comment.written_at.isoformat(),
    }
