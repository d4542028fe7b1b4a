"""Requests to start large waves, as the database keeps them: one open a survey, decided once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from nps_bot.asking.rules.approval import VALID_FOR, State
from nps_bot.asking.store import approvals, invitations, waves
from nps_bot.asking.store.approvals import NewApproval
from nps_bot.storage.database import Database
from nps_bot.storage.tables import ApprovalRequest, Invitation, Wave
from tests.factories import NOON, World

NEW = NewApproval("customer", "2026-11-24T12:00", 80, "UMEI", ("UTOM", "priya@lumen.example"))
MINUTE = timedelta(minutes=1)


def ask(connection: Connection, new: NewApproval = NEW) -> bool:
    return approvals.add(connection, new, NOON, NOON + VALID_FOR)


async def test_a_survey_has_one_open_request_and_a_preview_one_for_good(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        assert ask(connection)
        assert not ask(connection)
        later = replace(NEW, nominal="2026-11-24T12:05", asked_by="USAM")
        assert not ask(connection, later)
        assert approvals.of_preview(connection, later) is None
        assert ask(connection, replace(NEW, survey_key="employee"))

        found = approvals.open_of(connection, "customer")
        assert found is not None
        assert found == approvals.of_preview(connection, NEW)
        assert found == approvals.find(connection, found.id, lock=True)
        assert (found.people, found.state, found.recipients) == (80, State.OPEN, NEW.recipients)

        approvals.decide(connection, found.id, State.DECLINED, "UTOM", NOON)
        assert approvals.open_of(connection, "customer") is None
        assert not ask(connection)
        assert ask(connection, later)

    await database.write(work)


async def test_the_schema_itself_refuses_a_second_open_request(database: Database) -> None:
    values = {
        "survey_key": "customer",
        "people": 80,
        "asked_by": "UMEI",
        "asked_at": NOON,
        "expires_at": NOON + VALID_FOR,
        "recipients": [],
        "state": "open",
    }

    def work(connection: Connection, number: str) -> None:
        connection.execute(insert(ApprovalRequest).values(id=number, nominal=number, **values))

    await database.write(work, "1")
    with pytest.raises(IntegrityError):
        await database.write(work, "2")


async def test_what_nobody_decided_is_overdue_after_its_time(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection)
        assert approvals.overdue(connection, NOON + VALID_FOR - MINUTE) == []
        (late,) = approvals.overdue(connection, NOON + VALID_FOR)
        approvals.decide(connection, late.id, State.EXPIRED, None, NOON + VALID_FOR)
        assert approvals.overdue(connection, NOON + VALID_FOR) == []

    await database.write(work)


async def test_a_stopped_wave_is_ready_and_known_until_it_closes(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON, {"U1": 9, "U2": None, "U3": None}, state="resolving")
        other = world.wave(NOON + timedelta(days=1), {"U1": None}, state="ready")
        connection.execute(
            update(Invitation).where(Invitation.wave_id == wave).values(asked_at=None)
        )
        assert waves.stopped(connection) == set()
        waves.stop(connection, wave, "UTOM", NOON)
        found = waves.lock(connection, wave)
        assert (found.state, found.cursor) == ("ready", None)
        assert (found.stopped_at, found.stopped_by) == (NOON, "UTOM")
        assert waves.stopped(connection) == {wave}
        # Who answered was asked, whatever is known of it.
        assert invitations.unasked(connection, [wave, other]) == {wave: 2, other: 0}
        waves.forget_stopper(connection, "UTOM")
        assert waves.lock(connection, wave).stopped_by is None
        connection.execute(update(Wave).values(state="closed"))
        assert waves.stopped(connection) == set()

    await database.write(work)
