"""Opting out withdraws what is not sent; taking part again undoes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from nps_bot.answering import opt_out
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.score import Recorded
from nps_bot.asking.outgoing import prompt_key
from nps_bot.people import store as people
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation
from tests.factories import NOON
from tests.helpers.answering import asked_ada, click
from tests.helpers.asking import ADA, ask, carry, claimed, message

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("scope", "key", "stopped"),
    [(Scope.THIS, "customer", ["customer"]), (Scope.ALL, "*", ["customer", "employee"])],
)
async def test_stopping_withdraws_what_is_not_sent(
    database: Database, scope: Scope, key: str, stopped: list[str]
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        unsent = ask(connection, ADA, key="employee")["UADA"]
        assert opt_out.stop(connection, invitation, "UADA", scope, NOON) == key
        assert opt_out.stop(connection, invitation, "UADA", scope, NOON) == key
        assert people.opt_outs_of(connection, "UADA") == [key]
        status = message(connection, prompt_key(unsent)).status
        assert status == ("cancelled" if "employee" in stopped else "pending")
        assert message(connection, prompt_key(invitation)).status == "pending"

    await database.write(work)


async def test_who_takes_part_again_can_answer_the_open_question(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        opt_out.stop(connection, invitation, "UADA", Scope.THIS, NOON)
        carry(connection)
        opt_out.resume(connection, "UADA", "customer", NOON + HOUR)
        assert people.opt_outs_of(connection, "UADA") == []
        assert list(connection.scalars(select(Invitation.dismissed_at))) == [None]
        assert [one.message.kind for one in claimed(connection, NOON + HOUR)] == [
            "summary",
            "prompt",
        ]
        assert isinstance(click(connection, invitation, 9, NOON + 2 * HOUR), Recorded)

    await database.write(work)
