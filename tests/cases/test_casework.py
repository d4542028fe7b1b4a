"""Who takes care of an unhappy person: the first one has it, and the score is fixed from then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from nps_bot.answering import deletion
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import Recorded, record_score
from nps_bot.cases import casework
from nps_bot.cases import store as cases
from nps_bot.cases.casework import CaseStep
from nps_bot.cases.outgoing import alert_key
from nps_bot.cases.store import CaseRow
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Response
from tests.factories import NOON
from tests.helpers.asking import ADA, SURVEYS, ask, carry, message

HOUR = timedelta(hours=1)


Step = Callable[[Connection, str, str, datetime], CaseStep]


def click(connection: Connection, invitation: str, score: int, now: datetime) -> Recorded | Refusal:
    one = Click(invitation, "UADA", score, int(now.timestamp() * 1_000_000))
    return record_score(connection, SURVEYS, one, now)


def unhappy(connection: Connection) -> str:
    """Have Ada give a 3 and the alert stand in Slack; returns her invitation."""
    invitation = ask(connection, ADA)["UADA"]
    carry(connection)
    click(connection, invitation, 3, NOON)
    carry(connection, NOON + UPDATE_DELAY)
    return invitation


def the_case(connection: Connection) -> CaseRow:
    (response,) = connection.scalars(select(Response.id))
    found = cases.find(connection, response)
    assert found is not None
    return found


async def test_the_first_to_claim_has_it(database: Database) -> None:
    invitation = await database.write(unhappy)
    steps = await asyncio.gather(
        *(database.write(casework.claim, invitation, f"U{n}", NOON + HOUR) for n in range(10))
    )
    assert sorted(steps) == [CaseStep.ALREADY] * 9 + [CaseStep.DONE]
    case = await database.read(the_case)
    assert case.claimed_by == f"U{steps.index(CaseStep.DONE)}"
    assert (case.claimed_at, case.contacted_by) == (NOON + HOUR, None)


async def test_a_step_is_shown_in_the_alert(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = unhappy(connection)
        for step in (casework.claim, casework.contacted):
            assert message(connection, alert_key(invitation)).status == "sent"
            assert step(connection, invitation, "UTOM", NOON + HOUR) is CaseStep.DONE
            assert message(connection, alert_key(invitation)).status == "pending"
            carry(connection, NOON + HOUR)
            assert step(connection, invitation, "UMEI", NOON + HOUR) is CaseStep.ALREADY
        assert the_case(connection) == CaseRow("UTOM", NOON + HOUR, "UTOM", NOON + HOUR, None)

    await database.write(work)


async def test_who_gets_in_touch_has_claimed_unless_somebody_did(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = unhappy(connection)
        casework.contacted(connection, invitation, "UTOM", NOON)
        assert the_case(connection).claimed_by == "UTOM"
        assert casework.claim(connection, invitation, "UMEI", NOON) is CaseStep.ALREADY

    await database.write(work)


async def test_somebody_else_may_get_in_touch(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = unhappy(connection)
        casework.claim(connection, invitation, "UMEI", NOON)
        casework.contacted(connection, invitation, "UTOM", NOON + HOUR)
        assert the_case(connection) == CaseRow("UMEI", NOON, "UTOM", NOON + HOUR, None)

    await database.write(work)


@pytest.mark.parametrize("step", [casework.claim, casework.contacted])
async def test_who_takes_care_fixes_the_score_that_counts(database: Database, step: Step) -> None:
    """From here on nobody can be coached into a 9."""

    def work(connection: Connection) -> None:
        invitation = unhappy(connection)
        step(connection, invitation, "UTOM", NOON + HOUR)
        changed = click(connection, invitation, 9, NOON + HOUR)
        assert isinstance(changed, Recorded)
        assert (changed.official, changed.score) == (3, 9)

    await database.write(work)


@pytest.mark.parametrize("step", [casework.claim, casework.contacted])
async def test_the_same_step_delivered_twice_is_done_once(database: Database, step: Step) -> None:
    def work(connection: Connection) -> None:
        invitation = unhappy(connection)
        assert step(connection, invitation, "UTOM", NOON) is CaseStep.DONE
        before = the_case(connection)
        assert step(connection, invitation, "UTOM", NOON + HOUR) is CaseStep.DONE
        assert the_case(connection) == before

    await database.write(work)


async def test_a_deleted_answer_or_a_forged_id_leaves_nothing_to_do(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = unhappy(connection)
        deletion.delete_answer(connection, invitation, "UADA", NOON)
        for step in (casework.claim, casework.contacted):
            assert step(connection, invitation, "UTOM", NOON) is CaseStep.GONE
            assert step(connection, "0" * 32, "UTOM", NOON) is CaseStep.GONE

    await database.write(work)


async def test_who_opened_no_case_cannot_be_claimed(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        carry(connection)
        click(connection, invitation, 9, NOON)
        for step in (casework.claim, casework.contacted):
            assert step(connection, invitation, "UTOM", NOON) is CaseStep.GONE
        changed = click(connection, invitation, 8, NOON + HOUR)
        assert isinstance(changed, Recorded)
        assert changed.official == 8

    await database.write(work)
