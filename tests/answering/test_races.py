"""The same thing twice, two things at once, and what arrives in the wrong order."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from nps_bot.app.wiring import Role, running
from nps_bot.storage.engines import engine_url
from nps_bot.storage.tables import Answer, Case, Outbox, Response, ScoreChange
from slack_sandbox import Kind, Message, Person
from tests.helpers.attack_helpers import BOTH, ask_one, eventually, post, quiet, read, told
from tests.helpers.postgres import text_of
from tests.helpers.world import World

TWO_PROCESSES = pytest.mark.parametrize(
    ("database_url", "transport"), [("postgresql", "http")], indirect=["database_url"]
)
SCORES = select(Response.score, Response.latest_score)
FASTER = "Somebody was faster: the alert shows who."


@BOTH
async def test_the_same_click_twenty_times_is_one_click(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    click = ada.action(prompt, "score_3")
    await asyncio.gather(*(world.sandbox.deliver(Kind.INTERACTIVE, click) for _ in range(20)))
    rows = await quiet(world)
    assert len(rows["responses"]) == len(rows["cases"]) == 1
    assert rows["score_changes"] == []
    assert len(world.messages("nps-alerts")) == 1
    opened = world.sandbox.ledger.of("views.open")
    assert len(opened) == 1, "who clicks once is asked once"


@BOTH
async def test_an_older_click_that_comes_later_changes_nothing(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    older, newer = (ada.action(prompt, action) for action in ("score_3", "score_9"))
    await world.sandbox.deliver(Kind.INTERACTIVE, newer)
    before = await quiet(world)
    await world.sandbox.deliver(Kind.INTERACTIVE, older)
    assert await quiet(world) == before
    assert (await world.prompt_of("ada")).text.startswith("You answered 9.")
    assert await read(world.bot.context.database, SCORES) == [(9, 9)]


@BOTH
async def test_a_modal_sent_twice_is_one_reply(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    await ada.click(prompt, "score_3")
    view = copy.deepcopy(await world.modal_of(ada, "followup"))
    await quiet(world)
    view["state"]["values"]["reason"]["reply"]["value"] = "Slow"
    click = ada.action(await world.prompt_of("ada"), "add_details")
    submission = {**click, "type": "view_submission", "view": view}
    replies = await asyncio.gather(
        *(world.sandbox.deliver(Kind.INTERACTIVE, submission) for _ in range(5))
    )
    assert [reply.body for reply in replies] == [{}] * 5
    assert await read(world.bot.context.database, select(Answer.text)) == [("Slow",)]


@BOTH
async def test_a_snooze_pressed_twice_asks_once_more(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    click = ada.action(prompt, "snooze")
    await asyncio.gather(*(world.sandbox.deliver(Kind.INTERACTIVE, click) for _ in range(5)))
    again = select(Outbox.id).where(Outbox.kind == "reprompt")
    assert len(await read(world.bot.context.database, again)) == 1


async def unhappy(world: World) -> Message:
    """Have somebody answer 3; return the alert as it stands."""
    ada, prompt = await ask_one(world, "ada")
    await ada.click(prompt, "score_3")
    await quiet(world)
    return copy.deepcopy(await world.alert())


@BOTH
@pytest.mark.parametrize("action", ["claim_case", "contacted_case"])
async def test_two_claim_at_once_and_one_has_it(world: World, action: str) -> None:
    alert = await unhappy(world)
    tom, mei = world.sandbox.person("tom"), world.sandbox.person("mei")
    clicks = [person.action(alert, action) for person in (tom, mei)]
    await asyncio.gather(*(world.sandbox.deliver(Kind.INTERACTIVE, click) for click in clicks))
    heard = {person.id: await told(world, person, alert) for person in (tom, mei)}
    ((claimed_by, contacted_by),) = await read(
        world.bot.context.database, select(Case.claimed_by, Case.contacted_by)
    )
    (loser,) = {tom.id, mei.id} - {claimed_by}
    assert heard == {claimed_by: [], loser: [FASTER]}
    assert contacted_by == (claimed_by if action == "contacted_case" else None)
    await world.until_in("nps-alerts", f"<@{claimed_by}>")


@BOTH
async def test_a_claim_delivered_twice_is_no_reason_to_complain(world: World) -> None:
    alert = await unhappy(world)
    tom = world.sandbox.person("tom")
    for action in ("claim_case", "contacted_case"):
        click = tom.action(alert, action)
        await world.sandbox.deliver(Kind.INTERACTIVE, click)
        before = await quiet(world)
        await world.sandbox.deliver(Kind.INTERACTIVE, click)
        assert await told(world, tom, alert) == []
        assert await quiet(world) == before


class TwoProcesses:
    """Two bots on one PostgreSQL, and a hold on the invitation that both must wait for."""

    def __init__(self, world: World, ports: tuple[int, int]) -> None:
        self._world = world
        self._ports = ports
        url = engine_url(world.settings.database_url).set(drivername="postgresql")
        self._address = text_of(url)

    async def deliver_in_order(self, *clicks: dict[str, Any]) -> None:
        """Have each process take one of two clicks; the first has the row before the second.

        Both begin before either can go on, so the second decides from what it saw before the first
        was committed, unless it looks again.
        """
        async with await psycopg.AsyncConnection.connect(self._address) as holding:
            await holding.execute("SELECT id FROM invitations FOR UPDATE")
            under_way = []
            for port, click in zip(self._ports, clicks, strict=True):
                under_way.append(asyncio.create_task(self._deliver(port, click)))
                waits = partial(self._wait, len(under_way))
                await eventually(self._world.sandbox, waits)
        assert await asyncio.gather(*under_way) == [200, 200]

    async def _deliver(self, port: int, click: dict[str, Any]) -> int:
        request = self._world.sandbox.signed_request(Kind.INTERACTIVE, click)
        status, _ = await post(self._world, request.body, request.headers, port=port)
        return status

    async def _wait(self, number: int) -> bool:
        """Return whether so many connections wait for the row."""
        waiting = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        async with await psycopg.AsyncConnection.connect(self._address) as looking:
            row = await (await looking.execute(waiting)).fetchone()
        return row is not None and row[0] >= number


@asynccontextmanager
async def two_processes(world: World) -> AsyncIterator[TwoProcesses]:
    """Run a second bot that only listens, beside the world's own."""
    async with running(world.settings, world.surveys, world.clock, Role.LISTEN) as other:
        assert world.bot.port is not None
        assert other.port is not None
        yield TwoProcesses(world, (world.bot.port, other.port))


@TWO_PROCESSES
@pytest.mark.parametrize(("first", "second"), [("score_3", "score_9"), ("score_9", "score_3")])
async def test_two_processes_agree_on_the_first_score(
    world: World, first: str, second: str
) -> None:
    ada, prompt = await ask_one(world, "ada")
    before = await quiet(world)
    assert before["responses"] == []
    older, newer = ada.action(prompt, first), ada.action(prompt, second)
    async with two_processes(world) as processes:
        await processes.deliver_in_order(older, newer)
    newest = int(second.removeprefix("score_"))
    assert await read(world.bot.context.database, SCORES) == [(newest, newest)]
    changes = select(ScoreChange.to_score)
    assert await read(world.bot.context.database, changes) == [(newest,)]


@TWO_PROCESSES
async def test_two_processes_agree_on_the_newest_score(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    first, older, newer = (ada.action(prompt, f"score_{score}") for score in (5, 3, 9))
    await world.sandbox.deliver(Kind.INTERACTIVE, first)
    await quiet(world)
    async with two_processes(world) as processes:
        await processes.deliver_in_order(newer, older)
    assert await read(world.bot.context.database, SCORES) == [(9, 9)]


@TWO_PROCESSES
async def test_two_processes_give_a_case_to_one(world: World) -> None:
    alert = await unhappy(world)
    tom, mei = world.sandbox.person("tom"), world.sandbox.person("mei")
    async with two_processes(world) as processes:
        await processes.deliver_in_order(
            tom.action(alert, "claim_case"), mei.action(alert, "claim_case")
        )
        assert await eventually(world.sandbox, lambda: _heard(mei, alert)) == [FASTER]
    assert await read(world.bot.context.database, select(Case.claimed_by)) == [(tom.id,)]


async def _heard(person: Person, message: Message) -> list[str]:
    return [one.text for one in person.ephemerals(message.channel)]
