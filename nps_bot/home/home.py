"""What a person sees in the app's Home tab."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from nps_bot.anonymous.disclosing import AnonymousWave, anonymous_waves
from nps_bot.answering import store as responses
from nps_bot.answering.store import OwnResponse, Reply
from nps_bot.asking.store import invitations, wave_heads
from nps_bot.figures.report import WaveFigures, latest_change, wave_figures
from nps_bot.home.status import RunningWave, Unclaimed, running_waves, unclaimed
from nps_bot.nps.score import Difference
from nps_bot.people import store as people
from nps_bot.people.store import ALL_SURVEYS
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Survey

ANSWERS = 10


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """An answer of the person who looks.

    Attributes:
        invitation_id: travels with *Change* and *Delete*.
        title: the survey's name, as it was asked.
        question: as it was asked.
        score: what the person last said.
        answered_at: when they first answered.
        replies: what they wrote.
        changeable: whether the wave still takes changes.
    """

    invitation_id: str
    title: str
    question: str
    score: int
    answered_at: datetime
    replies: tuple[Reply, ...]
    changeable: bool


@dataclass(frozen=True, slots=True)
class TakenPart:
    """An anonymous survey the person answered; what they said nobody can find.

    Attributes:
        title: its name, as it was asked.
        opens_at: when its wave began to ask.
    """

    title: str
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class OptedOut:
    """A survey the person stopped; ``survey_key`` is ``*`` and ``title`` None for all of them."""

    survey_key: str
    title: str | None


@dataclass(frozen=True, slots=True)
class OwnedSurvey:
    """A survey the person owns.

    Attributes:
        title: its name for people.
        latest: its latest wave, with or without names; None where nobody was asked yet.
        change: against the wave before; None where nothing is compared.
        before: the day of the wave that one is compared with; None for the first.
        running: its open waves that still have people to ask.
    """

    title: str
    latest: WaveFigures | AnonymousWave | None
    change: Difference | None
    before: date | None
    running: tuple[RunningWave, ...] = ()


@dataclass(frozen=True, slots=True)
class Home:
    """Everything the Home tab shows one person.

    Attributes:
        answers: their latest answers, the newest first; ``answers_total`` counts all.
        taken_part: the latest anonymous surveys they answered, the newest first.
        opted_out: what they stopped.
        owned: the surveys they own.
        unclaimed: the cases of those surveys that nobody takes care of.
        made_at: when this was read.
    """

    answers: tuple[OwnAnswer, ...]
    answers_total: int
    opted_out: tuple[OptedOut, ...]
    owned: tuple[OwnedSurvey, ...]
    unclaimed: Unclaimed
    made_at: datetime
    taken_part: tuple[TakenPart, ...] = ()


def home(
    connection: Connection,
    person_id: str,
    surveys: Mapping[str, Survey],
    owned: Collection[str],
    now: datetime,
) -> Home:
    """Return what ``person_id`` sees in Home.

    Args:
        connection: an open connection.
        person_id: who looks.
        surveys: all surveys, by key.
        owned: the keys of those the person owns.
        now: the current moment.
    """
    answered, answers_total = responses.own_responses(connection, person_id, ANSWERS)
    running = running_waves(connection, owned, now) if owned else {}
    return Home(
        answers=tuple(_own_answer(connection, response, surveys, now) for response in answered),
        answers_total=answers_total,
        taken_part=tuple(
            TakenPart(survey_store.load_wording(connection, one.wording_id).title, one.opens_at)
            for one in invitations.taken_part(connection, person_id, ANSWERS)
        ),
        opted_out=tuple(
            OptedOut(key, _title(surveys, key)) for key in people.opt_outs_of(connection, person_id)
        ),
        owned=tuple(
            _owned(connection, surveys[key], running.get(key, ())) for key in sorted(owned)
        ),
        unclaimed=unclaimed(connection, owned),
        made_at=now,
    )


def _title(surveys: Mapping[str, Survey], key: str) -> str | None:
    if key == ALL_SURVEYS:
        return None
    return surveys[key].wording.title if key in surveys else key


def _own_answer(
    connection: Connection, response: OwnResponse, surveys: Mapping[str, Survey], now: datetime
) -> OwnAnswer:
    wording = survey_store.load_wording(connection, response.wording_id)
    return OwnAnswer(
        invitation_id=response.invitation_id,
        title=wording.title,
        question=wording.question,
        score=response.latest_score,
        answered_at=response.answered_at,
        replies=tuple(responses.replies(connection, response.response_id)),
        changeable=response.survey_key in surveys
        and response.wave_state != "closed"
        and now < response.closes_at,
    )


def _owned(connection: Connection, survey: Survey, running: tuple[RunningWave, ...]) -> OwnedSurvey:
    newest_first = wave_heads.asked_waves(connection, survey.key, 2)
    asking = tuple(one for one in running if one.left or one.wave.state == "resolving")
    if newest_first and newest_first[0].anonymous:
        latest = anonymous_waves(connection, newest_first)[-1]
        return OwnedSurvey(survey.wording.title, latest, change=None, before=None, running=asking)
    trend = wave_figures(connection, newest_first)
    return OwnedSurvey(
        title=survey.wording.title,
        latest=trend[-1] if trend else None,
        change=latest_change(connection, trend),
        before=trend[-2].wave.day if len(trend) > 1 else None,
        running=asking,
    )
