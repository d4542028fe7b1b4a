"""What ``/nps status`` shows: what runs, what waits, and what needs somebody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from nps_bot.domain.cadence import earliest_opening, nominal_times
from nps_bot.domain.delivery import MessageKind
from nps_bot.domain.survey import Survey
from nps_bot.storage import invitations, overview, reports
from nps_bot.storage.overview import OpenCase, Pause, Trouble
from nps_bot.storage.reports import WaveHead

TROUBLE_SHOWN_FOR = timedelta(days=14)
CASES = 10
TROUBLES = 10
_BACK = timedelta(days=2)
"""Nominal times are local; somewhere on earth it is still this long ago."""


@dataclass(frozen=True, slots=True)
class RunningWave:
    """A wave that takes answers.

    Attributes:
        wave: which one.
        asked: people asked so far.
        answered: people who answered.
        left: people whose prompt still waits; not yet known while ``wave.state`` is "resolving".
        last_due: when the last of those prompts is due; None where nothing is left.
        unasked: people who are invited and were not asked, in a stopped wave.
    """

    wave: WaveHead
    asked: int
    answered: int
    left: int
    last_due: datetime | None
    unasked: int = 0


@dataclass(frozen=True, slots=True)
class SurveyStatus:
    """How one survey stands.

    Attributes:
        key: its name in commands.
        title: its name for people.
        pause: since when it rests; None while it runs.
        waves: its open waves, the oldest first.
        next_nominal: the local time (naive) of the next wave.
        time_zone: the zone of that time; None for each person's own.
    """

    key: str
    title: str
    pause: Pause | None
    waves: tuple[RunningWave, ...]
    next_nominal: datetime
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Cases nobody takes care of: the longest waiting ones, and how many there are in all."""

    cases: tuple[OpenCase, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Status:
    """Everything an owner should know now.

    Attributes:
        surveys: one entry each, in the order of their keys.
        unclaimed: the cases nobody takes care of.
        troubles: messages that failed lately or are unknown; ``troubles_total`` counts all.
        made_at: when this was read.
    """

    surveys: tuple[SurveyStatus, ...]
    unclaimed: Unclaimed
    troubles: tuple[Trouble, ...]
    troubles_total: int
    made_at: datetime


def status(connection: Connection, surveys: Collection[Survey], now: datetime) -> Status:
    """Return how ``surveys`` stand: their waves, open cases and undelivered messages."""
    keys = sorted(survey.key for survey in surveys)
    pauses = overview.pauses(connection, keys)
    running = running_waves(connection, keys)
    troubles, troubles_total = overview.troubles(
        connection, keys, now - TROUBLE_SHOWN_FOR, TROUBLES
    )
    return Status(
        surveys=tuple(
            SurveyStatus(
                key=survey.key,
                title=survey.wording.title,
                pause=pauses.get(survey.key),
                waves=running.get(survey.key, ()),
                next_nominal=next_nominal(survey, now),
                time_zone=survey.time_zone,
            )
            for survey in sorted(surveys, key=lambda survey: survey.key)
        ),
        unclaimed=unclaimed(connection, keys),
        troubles=tuple(troubles),
        troubles_total=troubles_total,
        made_at=now,
    )


def unclaimed(connection: Connection, survey_keys: Collection[str]) -> Unclaimed:
    """Return the cases of these surveys that nobody has claimed or handled."""
    cases, total = overview.unclaimed_cases(connection, survey_keys, MessageKind.ALERT, CASES)
    return Unclaimed(tuple(cases), total)


def running_waves(
    connection: Connection, survey_keys: Collection[str]
) -> Mapping[str, tuple[RunningWave, ...]]:
    """Return the open waves by survey, with how far each has got."""
    heads = reports.open_waves(connection, survey_keys)
    ids = [head.id for head in heads]
    tallies = reports.wave_tallies(connection, ids)
    backlogs = overview.backlogs(connection, ids, (MessageKind.PROMPT,))
    unasked = invitations.unasked(connection, [head.id for head in heads if head.stopped_at])
    running: dict[str, tuple[RunningWave, ...]] = {}
    for head in heads:
        backlog = backlogs.get(head.id)
        wave = RunningWave(
            wave=head,
            asked=tallies[head.id].asked,
            answered=sum(tallies[head.id].scores.values()),
            left=0 if backlog is None else backlog.left,
            last_due=None if backlog is None else backlog.last_due,
            unasked=unasked.get(head.id, 0),
        )
        running[head.survey_key] = (*running.get(head.survey_key, ()), wave)
    return running


def next_nominal(survey: Survey, now: datetime) -> datetime:
    """Return the local time (naive) of the first wave that opens after ``now``."""
    after = now.astimezone(UTC).replace(tzinfo=None) - _BACK
    return next(
        nominal
        for nominal in nominal_times(survey.cadence, after)
        if earliest_opening(nominal, survey.time_zone) > now
    )
