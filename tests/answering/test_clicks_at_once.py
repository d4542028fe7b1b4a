"""Clicks that wait together are recorded in fewer statements, and no differently."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import Recorded, record_score
from nps_bot.asking.outgoing import mark_rewritten, prompt_key
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Case, Invitation, Outbox, Response, ScoreChange
from tests.factories import NOON
from tests.helpers.asking import SURVEYS, ask, carry
from tests.storage.test_database import held_back

MINUTE = timedelta(minutes=1)
PEOPLE = ("UADA", "UKENJI", "UTOM", "UGRACE", "UOSCAR")

CLICKS = [
    # who clicks on whose prompt, the score, and Slack's time of the click
    ("UADA", "UADA", 3, 100),
    ("UTOM", "UKENJI", 10, 100),  # somebody else's
    ("UKENJI", "UKENJI", 9, 101),
    ("UADA", "UADA", 8, 99),  # older than what stands
    ("UTOM", "UTOM", 0, 100),
    ("UADA", "UADA", 7, 102),  # newer: a change
    ("UKENJI", "UKENJI", 9, 101),  # delivered twice
    ("UGRACE", "UGRACE", 10, 100),
    ("UGRACE", "UGRACE", 6, 100),  # raced in the same microsecond
    ("UOSCAR", "UOSCAR", 5, 200),  # a change of what was said before
    ("UADA", "nobody", 5, 100),  # forged
]


def ask_people(connection: Connection, now: datetime) -> dict[str, str]:
    """Ask everybody; Oscar has answered before. Returns the invitations by person."""
    members = [Member(person, person.title(), "Europe/London") for person in PEOPLE]
    invitations = ask(connection, *members, now=now)
    carry(connection, now)
    first = Click(invitations["UOSCAR"], "UOSCAR", 9, 50)
    record_score(connection, SURVEYS, first, now)
    return invitations


def clicks(invitations: Mapping[str, str]) -> list[Click]:
    """Return :data:`CLICKS` on these invitations."""
    return [
        Click(invitations.get(whose, "f" * 32), who, score, at) for who, whose, score, at in CLICKS
    ]


def told(result: Recorded | Refusal) -> object:
    """Return what a click's result says, without what differs between two waves."""
    if isinstance(result, Refusal):
        return result
    prompt = result.versions.get(prompt_key(result.invitation_id))
    return result.score, result.official, result.changed, result.urgent, prompt


def stored(connection: Connection, invitations: Mapping[str, str]) -> dict[str, Any]:
    """Return by person all that the database holds of them."""
    changes = select(func.count()).where(ScoreChange.response_id == Response.id).scalar_subquery()
    rows = connection.execute(
        select(
            Invitation.person_id,
            Response.score,
            Response.latest_score,
            Response.action_ts,
            changes,
            Case.withdrawn_at.is_not(None),
        )
        .join(Response, Response.invitation_id == Invitation.id)
        .outerjoin(Case, Case.response_id == Response.id)
        .where(Invitation.id.in_(invitations.values()))
    )
    said = {row[0]: tuple(row[1:]) for row in rows}
    messages = connection.execute(
        select(Outbox.invitation_id, Outbox.kind, Outbox.status, Outbox.version)
        .where(Outbox.invitation_id.in_(invitations.values()))
        .order_by(Outbox.kind)
    ).all()
    return {
        person: (said.get(person), [tuple(one[1:]) for one in messages if one[0] == invitation])
        for person, invitation in invitations.items()
    }


async def test_they_are_recorded_as_they_would_be_one_by_one(database: Database) -> None:
    apart = await database.write(ask_people, NOON)
    one_by_one = [
        await database.write(record_score, SURVEYS, click, NOON) for click in clicks(apart)
    ]
    expected = await database.read(stored, apart)
    together = await database.write(ask_people, NOON + MINUTE)
    async with held_back(database):
        tasks = [
            asyncio.create_task(database.write(record_score, SURVEYS, click, NOON + MINUTE))
            for click in clicks(together)
        ]
        await asyncio.sleep(0)  # they queue
    at_once = await asyncio.gather(*tasks)
    assert list(map(told, at_once)) == list(map(told, one_by_one))
    assert await database.read(stored, together) == expected


async def test_direct_rewritings_are_marked_together(database: Database) -> None:
    invitations = await database.write(ask_people, NOON)
    results = [
        await database.write(record_score, SURVEYS, click, NOON) for click in clicks(invitations)
    ]
    first = [one for one in results if isinstance(one, Recorded) and one.changed]
    rewritten = [(one.versions, one.invitation_id) for one in first]
    await database.write(mark_rewritten, rewritten, NOON + MINUTE)
    prompts = await database.read(stored, invitations)
    assert {person: messages[-1] for person, (_, messages) in prompts.items()} == {
        # Ada's two rewritings may have reached Slack in either order: she gets a third.
        "UADA": ("prompt", "pending", 4),
        "UKENJI": ("prompt", "sent", 2),
        "UTOM": ("prompt", "sent", 2),
        "UGRACE": ("prompt", "sent", 2),
        "UOSCAR": ("prompt", "sent", 3),
    }
