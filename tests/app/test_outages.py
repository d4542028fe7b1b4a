"""The database or Slack is away while people click: they read what holds, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import select

from nps_bot.interaction.replies import NOT_NOW, NOT_SAVED
from nps_bot.storage.engines import engine_url
from nps_bot.storage.tables import Answer, Invitation, Response
from slack_sandbox import Fault, Kind
from tests.helpers.attack_helpers import BOTH, ask_one, logged, quiet, read, told
from tests.helpers.messages import outage
from tests.helpers.postgres import PostgresDatabases
from tests.helpers.world import World

ON_POSTGRESQL = pytest.mark.parametrize(
    ("database_url", "transport"), [("postgresql", "http")], indirect=["database_url"]
)
SCORES = select(Response.score)
LATEST = select(Invitation.person_id, Response.latest_score).join(
    Response, Response.invitation_id == Invitation.id
)
CUSTOMERS = ("ada", "kenji", "grace", "oscar")


# --- the database is away ------------------------------------------------------------------------


async def test_a_click_that_was_not_saved_says_so_and_works_again(
    world: World, request: pytest.FixtureRequest
) -> None:
    ada, prompt = await ask_one(world, "ada")
    asking = prompt.text
    before = await quiet(world)
    with logged(world.sandbox) as log:
        with outage(world, request):
            await asyncio.gather(ada.click(prompt, "score_3"), world.tick())
            assert await told(world, ada, prompt) == [NOT_SAVED]
        assert await quiet(world) == before
        assert (await world.prompt_of("ada")).text == asking
        assert ada.modal is None

        await ada.click(prompt, "score_3")
        await world.modal_of(ada, "followup")
        await world.alert()
        assert await read(world.bot.context.database, SCORES) == [(3,)]
        await ask_one(world, "kenji")
    assert log.tracebacks == []


@BOTH
async def test_what_was_typed_stays_on_the_screen(
    world: World, request: pytest.FixtureRequest
) -> None:
    ada, prompt = await ask_one(world, "ada")
    await ada.click(prompt, "score_3")
    modal = await world.modal_of(ada, "followup")
    await quiet(world)
    with outage(world, request):
        answer = await ada.submit(modal, {"reason": "The beans were stale"})
    assert answer["response_action"] == "errors"
    assert answer["errors"]["reason"] == NOT_SAVED
    still = await world.modal_of(ada, "followup")
    assert still["state"]["values"]["reason"]["reply"]["value"] == "The beans were stale"

    await ada.submit()
    assert ada.modal is None
    assert await read(world.bot.context.database, select(Answer.text)) == [
        ("The beans were stale",)
    ]
    await world.until_in("nps-alerts", "The beans were stale")


@BOTH
async def test_everything_that_was_not_saved_says_so(
    world: World, request: pytest.FixtureRequest
) -> None:
    ada, prompt = await ask_one(world, "ada")
    await ada.click(prompt, "score_3")
    kenji, unanswered = await ask_one(world, "kenji")
    before = await quiet(world)
    answered, alert = await world.prompt_of("ada"), await world.alert()
    tom = world.sandbox.person("tom")
    pressed = [
        *((ada, answered, action) for action in ("no_contact", "home_delete")),
        *((kenji, unanswered, action) for action in ("score_0", "snooze")),
        *((tom, alert, action) for action in ("claim_case", "contacted_case")),
    ]
    with outage(world, request):
        await asyncio.gather(*(who.click(where, action) for who, where, action in pressed))
        for who, where in ((ada, answered), (kenji, unanswered), (tom, alert)):
            assert await told(world, who, where) == [NOT_SAVED] * 2
    assert await quiet(world) == before


@ON_POSTGRESQL
async def test_what_cannot_be_read_says_so(world: World, request: pytest.FixtureRequest) -> None:
    ada, prompt = await ask_one(world, "ada")
    await ada.click(prompt, "score_3")
    await world.modal_of(ada, "followup")
    await ada.close_modal()
    await quiet(world)
    answered = await world.prompt_of("ada")
    with outage(world, request):
        for number, action in enumerate(("add_details", "change_score", "stop"), 1):
            await ada.click(answered, action)
            assert await told(world, ada, answered) == [NOT_NOW] * number
    assert ada.modal is None
    await ada.click(answered, "add_details")
    await world.modal_of(ada, "followup")


@ON_POSTGRESQL
async def test_readiness_follows_the_database_and_tells_no_secrets(
    world: World, request: pytest.FixtureRequest
) -> None:
    async def ready(path: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{world.bot.port}/{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()

    assert await ready("readyz") == (200, "ready")
    with outage(world, request):
        status, text = await ready("readyz")
        assert (status, text) == (503, "The database does not answer; the log says why.")
        assert await ready("healthz") == (200, "alive")
    assert await ready("readyz") == (200, "ready")


@asynccontextmanager
async def flickering(databases: PostgresDatabases, world: World) -> AsyncIterator[None]:
    """Cut every connection to the database again and again."""
    url = engine_url(world.settings.database_url)
    over = asyncio.Event()

    async def cut() -> None:
        while not over.is_set():
            await asyncio.to_thread(databases.disconnect_all, url)

    cutting = asyncio.create_task(cut())
    try:
        yield
    finally:
        over.set()
        await cutting


@ON_POSTGRESQL
async def test_a_flickering_database_loses_nothing_it_did_not_own_up_to(
    world: World, postgres_databases: PostgresDatabases
) -> None:
    await world.ask()
    people = [world.sandbox.person(handle) for handle in CUSTOMERS]
    prompts = [await world.prompt_of(handle) for handle in CUSTOMERS]
    await quiet(world)
    clicks = [
        person.action(prompt, f"score_{score}")
        for score in range(6)
        for person, prompt in zip(people, prompts, strict=True)
    ]
    with logged(world.sandbox) as log:
        async with flickering(postgres_databases, world):
            deliveries = (world.sandbox.deliver(Kind.INTERACTIVE, click) for click in clicks)
            await asyncio.gather(*deliveries)
        await quiet(world)
        answered = dict(await read(world.bot.context.database, LATEST))
        for person, prompt in zip(people, prompts, strict=True):
            if not await told(world, person, prompt):
                assert answered[person.id] == 5, "every click was answered as if it were saved"
        for click in clicks[: len(people)]:
            click["actions"][0]["action_ts"] = world.sandbox.workspace.next_ts()
            await world.sandbox.deliver(Kind.INTERACTIVE, click)
        assert dict(await read(world.bot.context.database, LATEST)) == {one.id: 0 for one in people}
    assert log.tracebacks == []


# --- Slack is away -------------------------------------------------------------------------------


async def test_a_modal_that_cannot_open_costs_nothing_else(world: World) -> None:
    await world.ask()
    sick = (
        Fault(error="expired_trigger_id"),
        Fault(error="internal_error"),
        Fault(status=500),
        Fault(drop=True),
    )
    for handle, fault in zip(CUSTOMERS, sick, strict=True):
        person, prompt = world.sandbox.person(handle), await world.prompt_of(handle)
        await quiet(world)
        world.sandbox.faults.add("views.open", fault)
        with logged(world.sandbox) as log:
            await person.click(prompt, "score_8")
            await quiet(world)
        assert len(log.problems) == 1, (fault, log.problems)
        assert "views.open" in log.problems[0]
        assert (await world.prompt_of(handle)).text.startswith("You answered 8."), fault
        assert person.modal is None
        await person.click(await world.prompt_of(handle), "add_details")
        await world.modal_of(person, "followup")
    assert await read(world.bot.context.database, SCORES) == [(8,)] * len(sick)


@BOTH
async def test_a_slack_that_hangs_delays_no_answer(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    kenji, other = await ask_one(world, "kenji")
    await quiet(world)
    answered = len(world.sandbox.ledger)
    for method in ("views.open", "response_url", "chat.update"):
        world.sandbox.faults.add(method, Fault(delay=1.5), times=None)
    for person, message in ((ada, prompt), (kenji, other)):
        await person.click(message, "score_3")
    called = [call.method for call in world.sandbox.ledger[answered:]]
    assert "views.open" not in called, "the click was answered before Slack was"
    assert "response_url" not in called
    assert await read(world.bot.context.database, SCORES) == [(3,)] * 2
    await world.modal_of(kenji, "followup")
    world.sandbox.faults.clear()


@BOTH
async def test_a_prompt_that_cannot_be_rewritten_at_once_is_rewritten_soon(world: World) -> None:
    for name, fault in (("500", Fault(status=500)), ("dropped", Fault(drop=True))):
        ada, prompt = await ask_one(world, "ada")
        await quiet(world)
        world.sandbox.faults.add("response_url", fault)
        updates = len(world.sandbox.ledger.of("chat.update", ok=True))
        with logged(world.sandbox) as log:
            clicked = world.clock.now()
            await ada.click(prompt, "score_8")
            await quiet(world)
        rewritten = [
            call
            for call in world.sandbox.ledger.of("chat.update", ok=True)[updates:]
            if call.arguments["ts"] == prompt.ts
        ]
        assert len(rewritten) == 1, name
        assert world.clock.now() - clicked < timedelta(seconds=5)
        assert (await world.prompt_of("ada")).text.startswith("You answered 8.")
        assert len(log.problems) == 1, (name, log.problems)
        assert "response_url" in log.problems[0]


@BOTH
async def test_a_click_while_all_of_slack_is_away_is_kept_and_shown_later(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    await quiet(world)
    ledger = world.sandbox.ledger
    for method in ("views.open", "response_url", "chat.update", "chat.postMessage"):
        world.sandbox.faults.add(method, Fault(status=503), times=None)
    await ada.click(prompt, "score_3")
    assert await read(world.bot.context.database, SCORES) == [(3,)]
    await world.sandbox.until(
        lambda: {call.status for call in ledger.of("chat.postMessage")} > {200}
    )
    world.sandbox.faults.clear()
    await quiet(world)
    await world.alert()
    assert (await world.prompt_of("ada")).text.startswith("You answered 3.")


@BOTH
async def test_a_refusal_that_cannot_be_told_is_one_line(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    before = await quiet(world)
    click = ada.action(prompt, "score_3")
    click["actions"][0]["value"] = "0" * 32
    world.sandbox.faults.add("response_url", Fault(status=500))
    with logged(world.sandbox) as log:
        await world.sandbox.deliver(Kind.INTERACTIVE, click)
        assert await quiet(world) == before
    assert len(log.problems) == 1
    assert log.tracebacks == []
