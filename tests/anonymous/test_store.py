"""Anonymous answers in their tables: once, apart, unlinked; whatever people do in any order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from nps_bot.anonymous import voting
from nps_bot.anonymous.store import ballots
from nps_bot.anonymous.voting import Voted
from nps_bot.answering import deletion, opt_out
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import record_score
from nps_bot.answering.snooze import snooze
from nps_bot.app.reactions import REACTIONS
from nps_bot.app.wiring import open_database
from nps_bot.asking import eligibility, launching
from nps_bot.people import forgetting
from nps_bot.storage.database import Database
from nps_bot.storage.engines import engine_url, writer_engine
from nps_bot.storage.tables import (
    AnonymousAnswer,
    AnonymousComment,
    Answer,
    Ballot,
    Case,
    FollowUpToken,
    Outbox,
    Response,
    Wave,
)
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.survey import Anonymity, Survey
from tests.factories import NOON, survey
from tests.helpers.asking import ADA, KENJI, TOM, ask, carry

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
_NAMED = survey()
SURVEYS: Mapping[str, Survey] = {
    "customer": replace(
        _NAMED,
        anonymity=Anonymity(threshold=3),
        wording=replace(_NAMED.wording, operator="The IT team"),
        budget=Limits(),
    )
}
PEOPLE = [ADA.id, KENJI.id, TOM.id]


def ask_people(connection: Connection) -> dict[str, str]:
    """Ask three people anonymously; returns their invitations."""
    invitations = ask(connection, ADA, KENJI, TOM, at_once=True, surveys=SURVEYS)
    carry(connection, surveys=SURVEYS)
    return invitations


def click(invitation_id: str, person_id: str, score: int, now: datetime) -> Click:
    """Return a click at a moment."""
    return Click(invitation_id, person_id, score, int(now.timestamp() * 1_000_000))


def vote(connection: Connection, invitations: Mapping[str, str], person: str, score: int) -> Voted:
    """Have somebody answer."""
    clicked = click(invitations[person], person, score, NOON)
    voted = voting.vote(connection, SURVEYS, clicked, NOON)
    assert isinstance(voted, Voted)
    return voted


def number(connection: Connection, *tables: Any) -> int:
    """Return how many rows there are in tables."""
    counted = (connection.scalar(select(func.count()).select_from(table)) for table in tables)
    return sum(each or 0 for each in counted)


# --- whatever people do -----------------------------------------------------------------------


@dataclass
class Told:
    """What people did, as it should stand in the tables."""

    connection: Connection
    invitations: Mapping[str, str]
    now: datetime = NOON
    closed: bool = False
    forgotten: set[str] = field(default_factory=set)
    scores: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def vote(self, person: str, score: int) -> None:
        """Click on a score of the anonymous prompt."""
        clicked = click(self.invitations[person], person, score, self.now)
        result = voting.vote(self.connection, SURVEYS, clicked, self.now)
        expected = self._refused(person) or (Refusal.VOTED if person in self.scores else None)
        if isinstance(result, Voted):
            assert expected is None
            self.scores[person], self.tokens[person] = score, result.token
        else:
            assert result is expected

    def score(self, person: str, score: int) -> None:
        """Forge a click of a named prompt."""
        clicked = click(self.invitations[person], person, score, self.now)
        result = record_score(self.connection, SURVEYS, clicked, self.now)
        assert result is Refusal.GONE

    def write(self, person: str, score: int) -> None:
        """Send the modal that followed an answer."""
        token = self.tokens.get(person, "0" * 32)
        words = f"{person} would give {score}"
        refused = voting.add_words(self.connection, token, {"reason": words}, self.now)
        if refused is None:
            assert not self.closed
            assert token not in self.used
            assert person in self.tokens
            self.words.append(words)
            self.used.add(token)
        else:
            assert refused is Refusal.SENT
            assert self.closed or token in self.used or person not in self.tokens

    def snooze(self, person: str, _: int) -> None:
        """Put the question off."""
        snooze(self.connection, SURVEYS, self.invitations[person], person, self.now)

    def stop(self, person: str, _: int) -> None:
        """Stop the survey."""
        opt_out.stop(self.connection, self.invitations[person], person, Scope.THIS, self.now)

    def delete(self, person: str, _: int) -> None:
        """Try to delete the answer."""
        result = deletion.delete_answer(self.connection, self.invitations[person], person, self.now)
        assert result in (Refusal.UNFINDABLE, Refusal.GONE)

    def forget(self, person: str, _: int) -> None:
        """Have somebody forgotten."""
        forgetting.forget(self.connection, person, self.now)
        self.forgotten.add(person)

    def close(self, _: str, __: int) -> None:
        """Let the wave's time be up."""
        self.now = max(self.now, NOON + 7 * DAY)
        launching.close_due(self.connection, SURVEYS, self.now)
        self.closed = True

    def _refused(self, person: str) -> Refusal | None:
        if person in self.forgotten:
            return Refusal.GONE
        return Refusal.CLOSED if self.closed else None

    def check(self) -> None:
        """Compare the tables."""
        connection = self.connection
        scores = connection.scalars(select(AnonymousAnswer.score)).all()
        assert sorted(scores) == sorted(self.scores.values())
        assert number(connection, Ballot) == len(self.scores), "never one without the other"
        assert sorted(connection.scalars(select(AnonymousComment.text))) == sorted(self.words)
        open_tokens = 0 if self.closed else len(self.scores) - len(self.used)
        assert number(connection, FollowUpToken) == open_tokens
        assert number(connection, Response, Answer, Case) == 0


STEPS = ("vote", "vote", "score", "write", "write", "snooze", "stop", "delete", "forget", "close")


@pytest.fixture
def engine(database_url: str) -> Engine:
    """Return an engine of each database, to be rolled back after every example."""
    return writer_engine(engine_url(database_url), 60, REACTIONS)


def test_ballots_and_answers_are_as_many_whatever_people_do(engine: Engine) -> None:
    step = st.tuples(st.sampled_from(STEPS), st.sampled_from(PEOPLE), st.integers(0, 10))

    @settings(max_examples=40, deadline=None)
    @given(st.lists(step, max_size=25))
    def run(steps: list[tuple[str, str, int]]) -> None:
        with engine.connect() as connection, connection.begin() as transaction:
            told = Told(connection, ask_people(connection))
            for name, person, score in steps:
                told.now += SECOND
                getattr(told, name)(person, score)
                told.check()
            transaction.rollback()

    run()


# --- one by one -------------------------------------------------------------------------------


async def test_the_schema_refuses_an_anonymous_wave_for_one_person(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA, only_person=ADA.id, surveys=SURVEYS)

    with pytest.raises(IntegrityError, match="ck_waves_threshold"):
        await database.write(work)


@pytest.mark.parametrize("threshold", [2, 0, -1])
async def test_the_schema_refuses_a_threshold_that_protects_nobody(
    database: Database, threshold: int
) -> None:
    def work(connection: Connection) -> None:
        ask_people(connection)
        connection.execute(update(Wave).values(threshold=threshold))

    with pytest.raises(IntegrityError, match="ck_waves_threshold"):
        await database.write(work)


async def test_of_a_token_only_its_hash_is_kept(database: Database) -> None:
    def work(connection: Connection) -> None:
        voted = vote(connection, ask_people(connection), ADA.id, 3)
        (row,) = connection.execute(select(FollowUpToken)).all()
        assert voted.token not in repr(row)
        assert ballots.follow_up(connection, voted.token) is not None
        assert ballots.follow_up(connection, row.digest) is None

    await database.write(work)


async def test_nobody_can_read_from_contacts_who_answered(database: Database) -> None:
    """The budget, and what is told of it, is the same whether one answered or not."""

    def work(connection: Connection) -> None:
        vote(connection, ask_people(connection), ADA.id, 3)
        for now in (NOON + DAY, NOON + 8 * DAY):
            launching.close_due(connection, SURVEYS, now)
            known = eligibility.histories(connection, SURVEYS["customer"], PEOPLE, now)
            assert known[ADA.id].contacts
            assert known[ADA.id] == known[TOM.id] == known[KENJI.id]

    await database.write(work)


async def test_the_summary_is_due_at_whole_steps_alone(database: Database) -> None:
    """A summary that changed with each answer would tell when each came."""

    def work(connection: Connection) -> None:
        invitations = ask_people(connection)
        versions = []
        for person in PEOPLE:
            vote(connection, invitations, person, 3)
            version = "SELECT version FROM outbox WHERE kind = 'summary'"
            versions.append(connection.scalar(text(version)))
        assert versions[0] == versions[1] < versions[2]

    await database.write(work)


async def test_answers_are_written_anew_in_random_order(database: Database) -> None:
    """Thirty answers in the order they came in would be one order of very many."""

    def work(connection: Connection) -> None:
        ask_people(connection)
        wave_id = connection.scalar(select(Wave.id)) or 0
        rows = [
            {"id": f"{n:032}", "wave_id": wave_id, "score": n % 11, "segment": str(n)}
            for n in range(30)
        ]
        connection.execute(insert(AnonymousAnswer), rows)
        ballots.unlink(connection, wave_id)
        by_id = select(AnonymousAnswer.segment, AnonymousAnswer.score).order_by(AnonymousAnswer.id)
        after = [(row.segment, row.score) for row in connection.execute(by_id)]
        before = [(row["segment"], row["score"]) for row in rows]
        assert after != before
        assert sorted(after) == sorted(before)

    await database.write(work)


async def test_closing_evens_out_whose_prompt_was_rewritten_when(database: Database) -> None:
    def work(connection: Connection) -> None:
        vote(connection, ask_people(connection), ADA.id, 3)
        carry(connection, NOON + DAY, surveys=SURVEYS)
        kept = (Outbox.version, Outbox.attempts, Outbox.due_at, Outbox.settled_at)
        prompts = select(*kept).where(Outbox.kind == "prompt").distinct()
        assert len(connection.execute(prompts).all()) > 1
        launching.close_due(connection, SURVEYS, NOON + 7 * DAY)
        assert len(connection.execute(prompts).all()) == 1

    await database.write(work)


async def test_sqlite_overwrites_what_is_deleted(sqlite_database_url: str) -> None:
    async with open_database(sqlite_database_url) as database:
        for run in (database.read, database.write):
            assert await run(lambda c: c.scalar(text("PRAGMA secure_delete"))) == 1


# --- two processes ----------------------------------------------------------------------------


async def test_no_answer_comes_after_its_wave_was_closed(postgresql_database_url: str) -> None:
    """Whoever closes waits for whoever is answering, and takes their answer along."""

    def answer(connection: Connection, invitations: Mapping[str, str]) -> str:
        vote(connection, invitations, ADA.id, 3)
        waiting = text("SELECT count(*) FROM pg_locks, pg_sleep(0.01) WHERE NOT granted")
        while not connection.scalar(waiting):
            pass
        return connection.scalars(select(AnonymousAnswer.id)).one()

    async with open_database(postgresql_database_url, patience=60) as one:
        invitations = await one.write(ask_people)
        async with open_database(postgresql_database_url, patience=60) as other:
            answering = asyncio.create_task(one.write(answer, invitations))
            voted = (
                select(func.count())
                .select_from(text("pg_locks"))
                .where(text("relation = 'ballots'::regclass"))
            )
            while not await other.read(lambda connection: connection.scalar(voted)):
                pass
            closed = await other.write(launching.close_due, SURVEYS, NOON + 7 * DAY)
            before = await answering
            (after,) = await other.read(
                lambda connection: connection.scalars(select(AnonymousAnswer.id)).all()
            )
    assert closed
    assert after != before, "the answer was there when the wave was closed"


async def test_who_clicks_in_two_processes_votes_once(postgresql_database_url: str) -> None:
    async with (
        open_database(postgresql_database_url, patience=60) as one,
        open_database(postgresql_database_url, patience=60) as other,
    ):
        invitations = await one.write(ask_people)
        clicks = [click(invitations[ADA.id], ADA.id, score, NOON) for score in range(11)]
        results = await asyncio.gather(
            *(
                database.write(voting.vote, SURVEYS, each, NOON)
                for each in clicks
                for database in (one, other)
            )
        )
        assert sum(isinstance(result, Voted) for result in results) == 1
        assert {result for result in results if not isinstance(result, Voted)} == {Refusal.VOTED}
        rows = await one.read(lambda c: (number(c, Ballot), number(c, AnonymousAnswer)))
        assert rows == (1, 1)
