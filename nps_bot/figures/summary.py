"""What the running and the closing summary of a wave show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from nps_bot.anonymous.disclosing import anonymous_waves
from nps_bot.anonymous.report import AnonymousSummary
from nps_bot.asking.store import wave_heads
from nps_bot.asking.store.wave_heads import Scope
from nps_bot.figures import store
from nps_bot.figures.report import WaveFigures, latest_change, wave_figures
from nps_bot.figures.store import Recovery
from nps_bot.nps.score import Difference
from nps_bot.surveys import store as survey_store


@dataclass(frozen=True, slots=True)
class Summary:
    """A wave's scoreboard.

    Attributes:
        title: the survey's name for people, as the wave asked.
        question: as the wave asked it.
        latest: the wave with its figures.
        change: against ``before``; None where nothing is compared.
        before: the day of the wave before in which somebody was asked; None for the first.
        recovery: changes of mind after the official score was fixed.
    """

    title: str
    question: str
    latest: WaveFigures
    change: Difference | None
    before: date | None
    recovery: Recovery


def summary(connection: Connection, wave_id: int) -> Summary | AnonymousSummary | None:
    """Return the summary of a wave as the database says now; None where there is no such wave."""
    head = wave_heads.head(connection, wave_id)
    if head is None:
        return None
    before = wave_heads.asked_waves(connection, head.survey_key, 1, before=head)
    wording = survey_store.load_wording(connection, head.wording_id)
    if head.anonymous:
        latest = anonymous_waves(connection, [head, *before])[-1]
        return AnonymousSummary(wording.title, wording.question, latest)
    trend = wave_figures(connection, [head, *before])
    return Summary(
        title=wording.title,
        question=wording.question,
        latest=trend[-1],
        change=latest_change(connection, trend),
        before=before[0].day if before else None,
        recovery=store.recovery(connection, Scope(head.survey_key, head.kind, wave_id=head.id)),
    )
