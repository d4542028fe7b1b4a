"""The report of an anonymous survey: what was frozen when its waves closed, and nothing else.

So two reports never differ by less than a whole wave, which has more answers than its threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nps_bot.anonymous.disclosing import AnonymousWave, anonymous_waves
from nps_bot.anonymous.rules.disclosure import Figure, Participation, Pool, pool, to_document
from nps_bot.asking.store import wave_heads
from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.periods import Period
from nps_bot.surveys.rules.survey import Kind, Survey

TREND_WAVES = 20
"""Waves in a trend: as many as one of Slack's charts can name."""
_PERIOD_WAVES = 10_000


@dataclass(frozen=True, slots=True)
class AnonymousReport:
    """Everything a report of an anonymous survey shows.

    Attributes:
        survey_key: of which survey.
        title: the survey's name for people.
        question: as it was asked.
        kind: what the question is about.
        latest: the latest wave; None for a period.
        period: the period reported; None for a wave.
        pooled: the figures of the period's waves together; None for a wave, and where none of them
            has a figure.
        trend: the waves that have a figure, up to the one reported or those of the period, the
            oldest first.
        made_at: when this was read.
    """

    survey_key: str
    title: str
    question: str
    kind: Kind
    latest: AnonymousWave | None
    period: Period | None
    pooled: Pool | None
    trend: tuple[AnonymousWave, ...]
    made_at: datetime


@dataclass(frozen=True, slots=True)
class AnonymousSummary:
    """An anonymous wave's scoreboard.

    Attributes:
        title: the survey's name for people, as the wave asked.
        question: as the wave asked it.
        latest: the wave with what is shown of it now.
    """

    title: str
    question: str
    latest: AnonymousWave


def anonymous_report(
    connection: Connection, survey: Survey, period: Period | None, now: datetime
) -> AnonymousReport | None:
    """Return the report of a survey over ``period`` (None: of its latest wave).

    None where the latest wave in question is not anonymous. Kinds, and answers with names, are
    never pooled with others.
    """
    if period is None:
        heads = wave_heads.asked_waves(connection, survey.key, TREND_WAVES + 1)
    else:
        heads = wave_heads.asked_waves(
            connection, survey.key, _PERIOD_WAVES, start=period.start, end=period.end
        )
    if not heads or not heads[0].anonymous:
        return None
    latest = heads[0]
    found = [each for each in anonymous_waves(connection, heads) if each.wave.kind == latest.kind]
    disclosed = [each for each in found if isinstance(each.shown, Figure)]
    figures = [each.shown for each in disclosed if isinstance(each.shown, Figure)]
    return AnonymousReport(
        survey_key=survey.key,
        title=survey.wording.title,
        question=survey_store.load_wording(connection, latest.wording_id).question,
        kind=Kind(latest.kind),
        latest=found[-1] if period is None else None,
        period=period,
        pooled=None if period is None or not figures else pool(figures),
        trend=tuple(disclosed[-TREND_WAVES:]),
        made_at=now,
    )


def anonymous_report_json(report: AnonymousReport) -> dict[str, Any]:
    """Return ``report`` as JSON values."""
    pooled = report.pooled
    return {
        "survey": report.survey_key,
        "title": report.title,
        "question": report.question,
        "kind": report.kind.value,
        "anonymous": True,
        "wave": None if report.latest is None else _shown_json(report.latest),
        "period": None if report.period is None else period_json(report.period),
        "pooled": None
        if pooled is None
        else {
            "waves": pooled.waves,
            "n": pooled.n,
            "score": None
            if pooled.score is None
            else {"side": pooled.score.side.value, "points": pooled.score.points},
        },
        "trend": [_shown_json(each) for each in report.trend],
        "made_at": report.made_at.isoformat(),
    }


def _shown_json(each: AnonymousWave) -> dict[str, Any]:
    """Return a wave with what is shown of it: "participation" or "disclosure"."""
    shown = each.shown
    if isinstance(shown, Participation):
        told: dict[str, Any] = {
            "participation": {
                "threshold": shown.threshold,
                "invited": shown.invited,
                "at_least": shown.at_least,
            }
        }
    else:
        told = {"disclosure": to_document(shown)}
    return {**wave_json(each.wave), **told, "wording_changed": each.is_break}


def wave_json(wave: WaveHead) -> dict[str, Any]:
    """Return a wave as JSON values."""
    return {
        "nominal": wave.nominal,
        "state": wave.state,
        "opens_at": wave.opens_at.isoformat(),
        "closes_at": wave.closes_at.isoformat(),
    }


def period_json(period: Period) -> dict[str, Any]:
    """Return a period as JSON values."""
    return {
        "name": period.name,
        "start": None if period.start is None else period.start.isoformat(),
        "end": None if period.end is None else period.end.isoformat(),
    }
