"""What tests begin with: surveys, waves and answers in a database, and what views show of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert, update

from nps_bot.anonymous import disclosing
from nps_bot.anonymous.store import ballots
from nps_bot.answering.store import EarlierScore, Reply
from nps_bot.asking.rules.approval import Approval, State
from nps_bot.asking.store import waves
from nps_bot.asking.store.wave_heads import Tally, WaveHead
from nps_bot.cases.alert import Alert
from nps_bot.cases.store import CaseRow
from nps_bot.delivery.rules import Priority
from nps_bot.figures.report import Figures, Report, WaveFigures, figures
from nps_bot.figures.store import Comment, Recovery
from nps_bot.nps.score import Difference, compare
from nps_bot.storage.tables import Answer, Case, Invitation, Outbox, Person, Response, Wave
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.cadence import Every, Unit
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import Audience, BandPlan, FollowUp, Kind, Link, Survey, Wording

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

PLAIN_WORDING = Wording(
    title="Customer survey",
    brand="Lumen",
    question="How likely are you to recommend Lumen?",
    reason="Why?",
    detractor=BandPlan((), "Thanks"),
    passive=BandPlan((), "Thanks"),
    promoter=BandPlan((), "Thanks"),
)


def survey(key: str = "customer", kind: Kind = Kind.RELATIONSHIP) -> Survey:
    """Return a survey that asks every three months, and the same people as often as it is told."""
    return Survey(
        key=key,
        kind=kind,
        wording=PLAIN_WORDING,
        audience=Audience(everyone=True),
        cadence=Every(3, Unit.MONTH, time(10), date(2026, 1, 6)),
        time_zone=None,
        quiet_hours=QuietHours(time(18), time(9)),
        closes_after=timedelta(days=7),
        correctable_for=timedelta(days=1),
        summary_channel="#nps-summary",
        alerts_channel="#nps-alerts",
        owners=("UPRIYA",),
        budget=Limits.none(),
    )


_PRIORITIES = {"alert": Priority.URGENT, "notice": Priority.URGENT, "summary": Priority.SOON}
"""Of kinds that ask no respondent."""


@dataclass
class World:
    """Writes what tests need, with ids that can be told in advance."""

    connection: Connection
    numbers: count[int] = field(default_factory=lambda: count(1))

    def person(self, person_id: str, name: str | None = None, account: str | None = None) -> None:
        """Add a person."""
        self.connection.execute(
            insert(Person).values(
                id=person_id,
                name=name or person_id,
                time_zone="UTC",
                is_guest=False,
                is_outsider=False,
                account=account,
                attributes={},
                updated_at=NOON,
            )
        )

    def wave(
        self,
        opens_at: datetime,
        scores: Mapping[str, int | None],
        *,
        survey_key: str = "customer",
        kind: Kind = Kind.RELATIONSHIP,
        state: str = "closed",
        question: str = PLAIN_WORDING.question,
        thank_you: str = "Thanks",
        only_person: str | None = None,
        asked: bool = True,
    ) -> int:
        """Add a wave, asked when it opened and answered an hour later.

        ``scores`` says who was asked; None is no answer. Invitations are called
        ``{wave id}-{person}``, responses ``r-{wave id}-{person}``.
        """
        plan = BandPlan((), thank_you)
        wording = replace(PLAIN_WORDING, question=question, detractor=plan)
        closes_at = opens_at + timedelta(days=7)
        wave_id = self.connection.execute(
            insert(Wave)
            .values(
                survey_key=survey_key,
                nominal=opens_at.strftime("%Y-%m-%dT%H:%M"),
                wording_id=survey_store.store_wording(self.connection, survey_key, wording),
                kind=kind,
                by_hand=False,
                at_once=False,
                only_person=only_person,
                state=state,
                opens_at=opens_at,
                closes_at=closes_at,
                closed_at=closes_at if state == "closed" else None,
                created_at=opens_at,
            )
            .returning(Wave.id)
        ).scalar_one()
        for person, score in scores.items():
            self.connection.execute(
                insert(Invitation).values(
                    id=f"{wave_id}-{person}",
                    wave_id=wave_id,
                    person_id=person,
                    due_at=opens_at,
                    asked_at=opens_at if asked else None,
                )
            )
            if score is not None:
                self.answer(wave_id, person, score, opens_at + timedelta(hours=1))
        return wave_id

    def anonymous_wave(
        self,
        opens_at: datetime,
        scores: Sequence[int],
        *,
        invited: int = 20,
        threshold: int = 5,
        segments: Sequence[str] = (),
        comments: Sequence[str] = (),
        state: str = "ready",
        **values: Any,
    ) -> int:
        """Add an anonymous wave with these answers; ``segments`` are theirs, in turn."""
        people = {f"A{number}": None for number in range(invited)}
        wave_id = self.wave(opens_at, people, state=state, **values)
        segment = "team" if segments else None
        wave = update(Wave).where(Wave.id == wave_id)
        self.connection.execute(wave.values(threshold=threshold, segment=segment))
        for number, score in enumerate(scores):
            group = segments[number % len(segments)] if segments else None
            ballots.cast(self.connection, f"{wave_id}-A{number}")
            ballots.add_answer(self.connection, wave_id, group, score)
        ballots.add_comments(self.connection, wave_id, comments)
        return wave_id

    def close(self, wave_id: int) -> None:
        """Close an anonymous wave and make what is shown of it."""
        waves.close(self.connection, wave_id, NOON)
        disclosing.freeze(self.connection, wave_id)

    def answer(
        self, wave_id: int, person: str, score: int, at: datetime, *, latest: int | None = None
    ) -> str:
        """Add a response; ``latest`` is a change after the time for corrections."""
        response_id = f"r-{wave_id}-{person}"
        self.answer_to(f"{wave_id}-{person}", score, at, response_id=response_id, latest=latest)
        return response_id

    def answer_to(
        self,
        invitation_id: str,
        score: int,
        at: datetime,
        *,
        response_id: str | None = None,
        latest: int | None = None,
    ) -> None:
        """Add a response to any invitation."""
        self.connection.execute(
            insert(Response).values(
                id=response_id or f"r{next(self.numbers)}",
                invitation_id=invitation_id,
                score=score,
                latest_score=score if latest is None else latest,
                action_ts=next(self.numbers),
                answered_at=at,
                correctable_until=at + timedelta(days=1),
            )
        )

    def reply(self, wave_id: int, person: str, text: str, at: datetime = NOON) -> None:
        """Add a reply to a response; a person's replies have different questions."""
        number = next(self.numbers)
        self.connection.execute(
            insert(Answer).values(
                response_id=f"r-{wave_id}-{person}",
                question_key=f"q{number}",
                question="Why?",
                text=text,
                position=number % 1_000,
                written_at=at,
            )
        )

    def case(self, wave_id: int, person: str, opened_at: datetime, **state: object) -> None:
        """Open the case of a response."""
        self.connection.execute(
            insert(Case).values(response_id=f"r-{wave_id}-{person}", opened_at=opened_at, **state)
        )

    def message(self, kind: str, status: str, wave_id: int, **values: object) -> None:
        """Add a message to the outbox."""
        number = next(self.numbers)
        row: dict[str, object] = {
            "id": f"m{number}",
            "dedupe_key": f"m{number}",
            "kind": kind,
            "survey_key": "customer",
            "wave_id": wave_id,
            "priority": _PRIORITIES.get(kind, Priority.RESPONDENT),
            "status": status,
            "due_at": NOON,
            "version": 1,
            "delivered_version": 0,
            "attempts": 0,
        }
        self.connection.execute(insert(Outbox).values(**(row | values)))


# --- what views show -------------------------------------------------------------------------

NOON_TOKEN = "<!date^1795521600^{date_short_pretty} at {time}|2026-11-24 12:00 UTC>"
CLOSES = NOON + timedelta(days=7)
CLOSES_TOKEN = "<!date^1796126400^{date_short_pretty} at {time}|2026-12-01 12:00 UTC>"

WORDING = Wording(
    title="Customer survey",
    brand="Lumen & Co",
    question="How likely are you to recommend Lumen & Co to a friend or colleague?",
    reason="What is the main reason for your score?",
    detractor=BandPlan(
        (FollowUp("wrong", "Where did we go wrong?"), FollowUp("happier", "What would help?")),
        "Thank you. Tom will write to you by Friday.",
    ),
    passive=BandPlan((FollowUp("better", "What would make it a 9 or a 10?"),), "Thank you."),
    promoter=BandPlan((), "Thank you!", (Link("Write a review", "https://reviews.example/lumen"),)),
)


def wave_figures(
    number: int,
    scores: Mapping[int, int],
    asked: int,
    *,
    day: str = "2026-11-24",
    closed: bool = False,
    is_break: bool = False,
    kind: Kind = Kind.RELATIONSHIP,
) -> WaveFigures:
    """Return a wave with its figures."""
    head = WaveHead(
        id=number,
        survey_key="customer",
        nominal=f"{day}T10:00",
        kind=kind,
        wording_id=1,
        state="closed" if closed else "ready",
        opens_at=NOON,
        closes_at=CLOSES,
        closed_at=CLOSES if closed else None,
    )
    return WaveFigures(head, figures(Tally(asked, scores), kind), is_break)


def change(trend: Sequence[WaveFigures]) -> Difference | None:
    """Return how the last wave differs from the one before, as if answered by strangers."""
    if len(trend) < 2 or trend[-1].is_break:
        return None
    before, now = trend[-2:]
    return compare(now.figures.distribution, before.figures.distribution)


def alert(
    *,
    person_id: str | None = "UADA",
    person_name: str | None = "Ada <Lovelace>",
    account: str | None = "Harbor & Sons",
    account_owner: str | None = "UTOM",
    first_score: int = 3,
    score: int = 3,
    latest_score: int = 3,
    earlier: tuple[EarlierScore, ...] = (),
    replies: tuple[Reply, ...] = (),
    no_contact: bool = False,
    case: CaseRow | None = CaseRow(None, None, None, None, None),  # noqa: B008
) -> Alert:
    """Return an alert about a 3 that was just given, changed as asked."""
    return Alert(
        invitation_id="i1",
        title="Customer survey",
        person_id=person_id,
        person_name=person_name,
        account=account,
        account_owner=account_owner,
        first_score=first_score,
        score=score,
        latest_score=latest_score,
        answered_at=NOON,
        earlier=earlier,
        replies=replies,
        no_contact=no_contact,
        case=case,
    )


def report(
    trend: tuple[WaveFigures, ...],
    comments: tuple[Comment, ...] = (),
    total: int | None = None,
    recovery: Recovery = Recovery(0, 0),  # noqa: B008
) -> Report:
    """Return the report of the last wave of ``trend``."""
    latest = trend[-1]
    return Report(
        survey_key="customer",
        title=WORDING.title,
        question=WORDING.question,
        kind=Kind.RELATIONSHIP,
        wave=latest.wave,
        period=None,
        figures=latest.figures,
        change=change(trend),
        before=trend[-2].wave.day if len(trend) > 1 else None,
        is_break=latest.is_break,
        trend=trend,
        recovery=recovery,
        comments=comments,
        comments_total=len(comments) if total is None else total,
        made_at=NOON,
    )


def no_figures() -> Figures:
    """Return the figures of nobody asked."""
    return figures(Tally(0, {}), Kind.RELATIONSHIP)


def approval_request(
    state: State = State.OPEN, by: str | None = None, *, asker: str = "UMEI"
) -> Approval:
    """Return a request to ask 80 people, made at noon."""
    ended = None if state is State.OPEN else NOON
    owners = ("UTOM", "priya@lumen.example")
    return Approval(
        "a1", "customer", "2026-11-24T12:00", 80, asker, NOON, CLOSES, owners, state, by, ended
    )
