"""What ``/nps status`` shows: what runs, what waits, and what needs somebody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from nps_bot.anonymous.disclosing import participations
from nps_bot.anonymous.rules.disclosure import Participation
from nps_bot.asking.eligibility import Reason, reason_of
from nps_bot.asking.progress import ahead
from nps_bot.asking.store import contacts, invitations, wave_heads
from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.cases import store as cases_store
from nps_bot.cases.outgoing import ALERT
from nps_bot.cases.store import OpenCase
from nps_bot.delivery.store import troubles as trouble_store
from nps_bot.delivery.store.troubles import Trouble
from nps_bot.shared_channels import store as channel_posts
from nps_bot.shared_channels.store import Post
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.cadence import next_nominal
from nps_bot.surveys.rules.survey import Survey
from nps_bot.surveys.store import Pause

TROUBLE_SHOWN_FOR = timedelta(days=14)
CASES = 10
TROUBLES = 10


@dataclass(frozen=True, slots=True)
class RunningWave:
    """A wave that takes answers.

    Attributes:
        wave: which one.
        asked: people asked so far.
        answered: people who answered; of an anonymous wave only roughly how many.
        left: people whose prompt still waits; not yet known while ``wave.state`` is "resolving".
        ends_at: when the last of those prompts is expected to leave, at the pace learnt last; None
            where nothing is left, or while the survey is paused.
        not_asked: how many of the audience were not asked, by reason.
        unasked: people who are invited and were not asked, in a stopped wave.
        posts: what it asks in channels shared with customers, by account; else empty.
    """

    wave: WaveHead
    asked: int
    answered: int | Participation
    left: int
    ends_at: datetime | None
    not_asked: Mapping[Reason, int] = field(default_factory=dict)
    unasked: int = 0
    posts: tuple[Post, ...] = ()


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
    pauses = survey_store.pauses(connection, keys)
    running = running_waves(connection, keys, now)
    troubles, troubles_total = trouble_store.troubles(
        connection, keys, now - TROUBLE_SHOWN_FOR, TROUBLES
    )
    return Status(
        surveys=tuple(
            SurveyStatus(
                key=survey.key,
                title=survey.wording.title,
                pause=pauses.get(survey.key),
                waves=running.get(survey.key, ()),
                next_nominal=next_nominal(survey.cadence, survey.time_zone, now),
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
    cases, total = cases_store.unclaimed_cases(connection, survey_keys, ALERT.name, CASES)
    return Unclaimed(tuple(cases), total)


def running_waves(
    connection: Connection, survey_keys: Collection[str], now: datetime
) -> Mapping[str, tuple[RunningWave, ...]]:
    """Return the open waves by survey, with how far each has got."""
    heads = wave_heads.open_waves(connection, survey_keys)
    ids = [head.id for head in heads]
    tallies = wave_heads.wave_tallies(connection, ids)
    left, ends = ahead(connection, now) if heads else ({}, {})
    unasked = invitations.unasked(connection, [head.id for head in heads if head.stopped_at])
    excluded = contacts.excluded(connection, ids)
    coarse = participations(connection, [head for head in heads if head.anonymous])
    posts = channel_posts.of_waves(connection, ids)
    running: dict[str, tuple[RunningWave, ...]] = {}
    for head in heads:
        wave = RunningWave(
            wave=head,
            asked=tallies[head.id].asked,
            answered=coarse.get(head.id) or sum(tallies[head.id].scores.values()),
            left=left.get(head.id, 0),
            ends_at=ends.get(head.id),
            not_asked={reason_of(key): n for key, n in excluded.get(head.id, {}).items()},
            unasked=unasked.get(head.id, 0),
            posts=tuple(post for post in posts if post.wave_id == head.id),
        )
        running[head.survey_key] = (*running.get(head.survey_key, ()), wave)
    return running
