"""What ``/metrics`` tells of the database: few figures, cheap to read, of nobody in particular."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from nps_bot.asking.progress import posting_rate
from nps_bot.asking.store import backlog as prompts
from nps_bot.asking.store import wave_heads
from nps_bot.cases import store as cases
from nps_bot.delivery.store import backlog
from nps_bot.nps.bands import Band, band_of
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class SurveyMeasures:
    """One survey, in the waves that are open.

    Attributes:
        waves: how many there are.
        asked, left: people asked, and people still to be asked.
        responses: scores that count, by band; empty where answers are anonymous.
        unclaimed: cases nobody takes care of, of all waves.
    """

    waves: int
    asked: int
    left: int
    responses: Mapping[Band, int]
    unclaimed: int


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures of one moment.

    Attributes:
        surveys: by key.
        outbox: messages that are not done with, by status.
        parked: those of unknown outcome that only a person can settle; ``outbox`` counts them too.
        overdue: for how long the message has been due that has been so longest.
        posting_rate: messages a second, as learnt last.
    """

    surveys: Mapping[str, SurveyMeasures]
    outbox: Mapping[str, int]
    parked: int
    overdue: timedelta
    posting_rate: float


def measure(connection: Connection, surveys: Mapping[str, Survey], now: datetime) -> Measures:
    """Return the figures."""
    oldest = backlog.oldest_due(connection, survey_store.paused(connection))
    return Measures(
        surveys=_surveys(connection, surveys),
        outbox=backlog.by_status(connection),
        parked=backlog.parked(connection),
        overdue=max(now - oldest, timedelta()) if oldest else timedelta(),
        posting_rate=posting_rate(connection),
    )


def _surveys(connection: Connection, surveys: Mapping[str, Survey]) -> Mapping[str, SurveyMeasures]:
    heads = wave_heads.open_waves(connection, surveys)
    tallies = wave_heads.wave_tallies(connection, [head.id for head in heads]) if heads else {}
    left: Counter[int] = Counter()
    for batch in prompts.backlog(connection) if heads else ():
        left[batch.wave_id] += batch.prompts
    unclaimed = cases.unclaimed_by_survey(connection)
    measured = {}
    for key in surveys:
        ids = [head.id for head in heads if head.survey_key == key]
        named = [head.id for head in heads if head.survey_key == key and not head.anonymous]
        shown = named or not surveys[key].anonymity
        bands = Counter(dict.fromkeys(Band, 0)) if shown else Counter[Band]()
        for wave_id in named:
            for score, number in tallies[wave_id].scores.items():
                bands[band_of(score)] += number
        measured[key] = SurveyMeasures(
            waves=len(ids),
            asked=sum(tallies[wave_id].asked for wave_id in ids),
            left=sum(left[wave_id] for wave_id in ids),
            responses=bands,
            unclaimed=unclaimed.get(key, 0),
        )
    return measured
