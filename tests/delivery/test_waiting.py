"""Messages that must wait: for another method's 429, for Slack, for the database; and what changes
meanwhile."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic

import pytest
from sqlalchemy import select

from nps_bot.answering import opt_out
from nps_bot.answering.opt_out import Scope
from nps_bot.app.wiring import open_database
from nps_bot.delivery.store import lanes
from nps_bot.storage.tables import Invitation, Outbox
from slack_sandbox import Call, Fault
from tests.helpers.attack_helpers import BOTH, eventually, logged, read
from tests.helpers.messages import ON_SQLITE, crowd, outage, settled
from tests.helpers.world import World

PATIENT = 20
"""Seconds a Slack asks for that is not done with waiting when a test ends."""
COLLEAGUES = 7


def posts(world: World) -> list[Call]:
    return world.sandbox.ledger.of("chat.postMessage", ok=True)


@ON_SQLITE
async def test_a_429_for_rewriting_stops_no_question(world: World) -> None:
    """Twenty people have stopped their surveys, and Slack lets nobody rewrite anything."""
    ids = crowd(world, 20)
    await world.ask()
    await settled(world)
    world.sandbox.faults.add("chat.update", Fault(error="ratelimited", retry_after=PATIENT))
    context = world.bot.context
    invited = await read(context.database, select(Invitation.id, Invitation.person_id))
    for invitation, person in invited:
        if person in ids:
            await context.database.write(
                opt_out.stop, invitation, person, Scope.THIS, world.clock.now()
            )
    context.wake_dispatcher()
    await world.sandbox.until(lambda: world.sandbox.ledger.of("chat.update", ok=False))
    asked = len(posts(world))
    await world.ask("employee")
    await world.sandbox.until(lambda: len(posts(world)) >= asked + COLLEAGUES)


@ON_SQLITE
async def test_retry_after_holds_for_opening_conversations_too(world: World) -> None:
    crowd(world, 40)
    world.sandbox.faults.add(
        "conversations.open", Fault(error="ratelimited", retry_after=PATIENT), times=8
    )
    await world.ask()
    soon = world.clock.now() + timedelta(seconds=5)
    waiting = select(Outbox.id).where(
        Outbox.kind == "prompt", Outbox.status == "pending", Outbox.due_at > soon
    )

    async def all_wait() -> bool:
        return len(await read(world.bot.context.database, waiting)) == 44

    await eventually(world.sandbox, all_wait)
    opened = world.sandbox.ledger.of("conversations.open")
    assert 0 < len(opened) <= 8, "as many as are under way at once"


@BOTH
async def test_who_stopped_their_surveys_while_their_question_waited_is_not_asked(
    quiet_world: World,
) -> None:
    """At the learnt pace a message leaves every three seconds: the others wait, claimed."""
    world = quiet_world
    async with open_database(world.settings.database_url) as database:
        pace = {"chat.postMessage": {"rate": 1 / 3, "pause": 3.0}}
        await database.write(lanes.remember_pace, pace)
    async with world.running():
        database = world.bot.context.database
        await world.ask()
        await world.sandbox.until(lambda: len(posts(world)) == 1)
        in_hand = select(Outbox.invitation_id).where(
            Outbox.kind == "prompt", Outbox.status == "claimed"
        )
        waiting = await eventually(world.sandbox, lambda: read(database, in_hand))
        ids = [row[0] for row in waiting]
        whose = select(Invitation.id, Invitation.person_id).where(Invitation.id.in_(ids))
        stopped = await read(database, whose)
        for invitation, person in stopped:
            await database.write(opt_out.stop, invitation, person, Scope.ALL, world.clock.now())
        await settled(world)
        asked = {call.arguments["channel"] for call in posts(world)}
        for _, person in stopped:
            assert world.sandbox.workspace.dm(person).id not in asked


@BOTH
async def test_what_never_left_because_the_database_was_away_is_sent_and_not_looked_for(
    world: World, request: pytest.FixtureRequest
) -> None:
    people = [*crowd(world, 30), "ada", "kenji", "grace", "oscar"]
    world.sandbox.faults.add("conversations.open", Fault(delay=0.3), times=None)
    await world.ask()
    await world.sandbox.until(lambda: world.sandbox.ledger.of("conversations.open"))
    with outage(world, request), logged(world.sandbox) as log:

        async def noticed() -> bool:
            return log.text.count("The outbox cannot be read") > 1

        await eventually(world.sandbox, noticed)
    world.sandbox.faults.clear()
    left = select(Outbox.id).where(Outbox.kind == "prompt", Outbox.status != "sent")

    async def all_sent() -> bool:
        return not await read(world.bot.context.database, left)

    await eventually(world.sandbox, all_sent)
    for one in people:
        assert len(world.sandbox.person(one).inbox) == 1
    assert world.sandbox.ledger.of("conversations.history") == []


@ON_SQLITE
async def test_stopping_waits_for_nothing_that_comes_before_a_post(quiet_world: World) -> None:
    world = quiet_world
    slow = Fault(delay=60)
    for method in ("conversations.open", "conversations.info"):
        world.sandbox.faults.add(method, slow, times=None)
    async with world.running():
        await world.ask()
        await eventually(world.sandbox, lambda: claimed(world))
        began = monotonic()
    assert monotonic() - began < 30, "it waited for Slack"
    async with open_database(world.settings.database_url) as database:
        leased = select(Outbox.id).where(Outbox.status.in_(("claimed", "unknown")))
        assert await read(database, leased) == []


async def claimed(world: World) -> bool:
    """Return whether the dispatcher has everything in hand."""
    found = select(Outbox.id).where(Outbox.status == "claimed")
    return len(await read(world.bot.context.database, found)) >= 4
