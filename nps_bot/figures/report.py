"""What ``/nps report`` shows: figures with their uncertainty, the trend, and what people wrote.

Every figure is computed here, by :mod:`nps_bot.nps.score`; views only write them down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from nps_bot.anonymous.report import (
    TREND_WAVES,
    AnonymousReport,
    anonymous_report,
)
from nps_bot.asking.comparing import looks, wording_fingerprint
from nps_bot.asking.store import wave_heads
from nps_bot.asking.store.wave_heads import Scope, Tally, WaveHead
from nps_bot.figures import store
from nps_bot.figures.store import Comment, Recovery
from nps_bot.nps.bands import SCORES
from nps_bot.nps.paired import compare_linked
from nps_bot.nps.score import (
    DIRECTIONAL_BELOW,
    Bounds,
    Difference,
    Distribution,
    Interval,
    interval,
    no_answer_bounds,
    nps,
)
from nps_bot.shared_channels import store as channel_posts
from nps_bot.shared_channels.store import Accounts
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.periods import Period, period_before
from nps_bot.surveys.rules.survey import Kind, Survey

LATEST_COMMENTS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """The score of a group of answers, with all that says how far to trust it.

    Attributes:
        asked: people asked.
        distribution: the answers, by score.
        score: in points; None while nobody answered.
        interval: None while nobody answered, and for a census.
        response_rate: answers per person asked, as a share; None while nobody was asked.
        bounds: between what the score would lie had everybody asked answered; None while nobody
            was asked.
        census: whether everybody there is answered, so that nothing is estimated.
        directional: whether there are too few answers for more than a direction.
        accounts: in channels, which customers answered and which stayed silent; nobody knows how
            many people read there, so there is no response rate then. None elsewhere.
    """

    asked: int
    distribution: Distribution
    score: float | None
    interval: Interval | None
    response_rate: float | None
    bounds: Bounds | None
    census: bool
    directional: bool
    accounts: Accounts | None = None


@dataclass(frozen=True, slots=True)
class WaveFigures:
    """A wave in the trend.

    Attributes:
        wave: which one.
        figures: its score.
        is_break: whether the question, the layout or the kind differ from the wave before, so that
            the two scores cannot be compared.
    """

    wave: WaveHead
    figures: Figures
    is_break: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report shows.

    Attributes:
        survey_key: of which survey.
        title: the survey's name for people.
        question: as it was asked.
        kind: what the question is about.
        wave: the wave reported; None for a period, or where nobody was asked yet.
        period: the period reported; None for a wave.
        figures: its score.
        change: against the wave, or the period of the same length, before.
        before: that wave, by its day, or that period; None where there is none.
        is_break: whether the wording changed since (or within) it, so that nothing is compared.
        trend: the waves up to the one reported, or those of the period, the oldest first.
        recovery: changes of mind after the official score was fixed.
        comments: the latest replies, the newest first.
        comments_total: how many there are in all.
        made_at: when the figures were read.
    """

    survey_key: str
    title: str
    question: str
    kind: Kind
    wave: WaveHead | None
    period: Period | None
    figures: Figures
    change: Difference | None
    before: date | Period | None
    is_break: bool
    trend: tuple[WaveFigures, ...]
    recovery: Recovery
    comments: tuple[Comment, ...]
    comments_total: int
    made_at: datetime


def figures(
    tally: Tally, kind: Kind, *, complete: bool = True, accounts: Accounts | None = None
) -> Figures:
    """Return the figures of a tally.

    Employees are a known population: those asked. Everybody else stands for many more people.

    Args:
        tally: who was asked and what they said.
        kind: what the question is about.
        complete: False while a wave still asks: its population is not known before its end.
        accounts: the customers that were asked in channels, where that is so.
    """
    distribution = Distribution(tuple(tally.scores.get(score, 0) for score in SCORES))
    known = accounts is None
    population = tally.asked if kind is Kind.EMPLOYEE and complete and known else None
    return Figures(
        asked=tally.asked,
        distribution=distribution,
        score=nps(distribution),
        interval=interval(distribution, population=population),
        response_rate=distribution.n / tally.asked if tally.asked and known else None,
        bounds=no_answer_bounds(distribution, tally.asked) if known else None,
        census=population is not None and 0 < population == distribution.n,
        directional=distribution.n < DIRECTIONAL_BELOW,
        accounts=accounts,
    )


def wave_figures(connection: Connection, newest_first: Sequence[WaveHead]) -> list[WaveFigures]:
    """Return the figures of the named ones of consecutive waves of one survey, oldest first."""
    ids = [wave.id for wave in newest_first]
    tallies = wave_heads.wave_tallies(connection, ids)
    accounts = channel_posts.accounts_of(connection, ids)
    seen = wording_fingerprint(connection, newest_first)
    oldest_first = newest_first[::-1]
    befores = [None, *oldest_first]
    return [
        WaveFigures(
            wave=wave,
            figures=figures(
                tallies[wave.id],
                Kind(wave.kind),
                complete=wave.state == "closed",
                accounts=accounts.get(wave.id),
            ),
            is_break=before is not None and seen[before.id] != seen[wave.id],
        )
        for before, wave in zip(befores, oldest_first, strict=False)
        if not wave.anonymous
    ]


def latest_change(connection: Connection, trend: Sequence[WaveFigures]) -> Difference | None:
    """Compare the last wave of ``trend`` with the one before it.

    None where there is none before it, where one of them has no answers, and across a break.
    """
    if len(trend) < 2 or trend[-1].is_break:
        return None
    before, now = trend[-2:]
    return compare_linked(
        now.figures.distribution,
        before.figures.distribution,
        store.in_both(connection, _scope(now.wave), _scope(before.wave)),
    )


def _scope(wave: WaveHead) -> Scope:
    return Scope(wave.survey_key, wave.kind, wave_id=wave.id)


def report(
    connection: Connection, survey: Survey, period: Period | None, now: datetime
) -> Report | AnonymousReport:
    """Return the report of a survey; an anonymous one where its latest wave there is anonymous.

    Args:
        connection: an open connection.
        survey: as its file stands now.
        period: over which time, with the latest response per person; None for the latest wave.
        now: the current moment.
    """
    anonymous = anonymous_report(connection, survey, period, now)
    if anonymous is not None:
        return anonymous
    if period is None:
        subject = _latest_wave(connection, survey)
    else:
        subject = _over(connection, survey, period, now)
    return Report(
        survey_key=survey.key,
        title=survey.wording.title,
        question=subject.question,
        kind=Kind(subject.scope.kind),
        wave=subject.wave,
        period=period,
        figures=subject.figures,
        change=subject.change,
        before=subject.before,
        is_break=subject.is_break,
        trend=subject.trend,
        recovery=store.recovery(connection, subject.scope),
        comments=tuple(store.comments(connection, subject.scope, LATEST_COMMENTS)),
        comments_total=store.number_of_comments(connection, subject.scope),
        made_at=now,
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a report is about; the fields are those of :class:`Report`."""

    scope: Scope
    question: str
    figures: Figures
    wave: WaveHead | None = None
    change: Difference | None = None
    before: date | Period | None = None
    is_break: bool = False
    trend: tuple[WaveFigures, ...] = ()


def _latest_wave(connection: Connection, survey: Survey) -> _Subject:
    newest_first = wave_heads.asked_waves(connection, survey.key, TREND_WAVES + 1)
    if not newest_first:
        nothing = figures(Tally(0, {}), survey.kind)
        return _Subject(Scope(survey.key, survey.kind), survey.wording.question, nothing)
    trend = wave_figures(connection, newest_first)
    latest = trend[-1]
    return _Subject(
        scope=_scope(latest.wave),
        question=survey_store.load_wording(connection, latest.wave.wording_id).question,
        figures=latest.figures,
        wave=latest.wave,
        change=latest_change(connection, trend),
        before=trend[-2].wave.day if len(trend) > 1 else None,
        is_break=latest.is_break,
        trend=tuple(trend[-TREND_WAVES:]),
    )


def _over(connection: Connection, survey: Survey, period: Period, now: datetime) -> _Subject:
    scope = Scope(survey.key, survey.kind, start=period.start, end=period.end)
    found = figures(
        store.period_tally(connection, scope),
        survey.kind,
        accounts=channel_posts.accounts_in(connection, scope),
    )
    questions = _questions(connection, scope)
    change, before = None, period_before(period, now)
    if before is not None:
        scope_before = Scope(survey.key, survey.kind, start=before.start, end=before.end)
        earlier = figures(store.period_tally(connection, scope_before), survey.kind)
        questions |= _questions(connection, scope_before)
        both = store.in_both(connection, scope, scope_before)
        change = compare_linked(found.distribution, earlier.distribution, both)
    is_break = len(questions) > 1
    newest_first = wave_heads.asked_waves(
        connection, survey.key, TREND_WAVES, start=period.start, end=period.end
    )
    return _Subject(
        scope=scope,
        question=survey.wording.question,
        figures=found,
        change=None if is_break else change,
        before=before,
        is_break=is_break,
        trend=tuple(wave_figures(connection, newest_first)),
    )


def _questions(connection: Connection, scope: Scope) -> set[tuple[str, str]]:
    """Return what was asked, and how it looked, in all responses of ``scope``."""
    stored = store.wordings_in(connection, scope)
    return {looks(survey_store.load_wording(connection, wording_id)) for wording_id in stored}
