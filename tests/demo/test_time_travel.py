"""A visit to the sandbox: its past, its people, and time that is moved on."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from nps_bot.asking.scheduler import build_scheduler, tick
from nps_bot.base.clock import SystemClock
from nps_bot.base.settings import Settings, load_settings
from nps_bot.demo import state
from nps_bot.demo.run import Visited, visited
from nps_bot.demo.tempers import intent
from nps_bot.demo.time_travel import Jump
from nps_bot.slack.numbers import points
from nps_bot.storage.tables import Invitation, OptOut, Outbox, Response, Wave
from nps_bot.surveys import load_surveys
from slack_sandbox import Fault, Message, Passing, Stage
from tests.delivery.test_dispatcher import invited, posts, statuses, until
from tests.helpers.attack_helpers import BOTH, eventually, read
from tests.helpers.messages import ON_SQLITE, words
from tests.helpers.world import SURVEYS, World

Visits = Callable[..., AbstractAsyncContextManager[Visited]]
DAY = timedelta(days=1)


@pytest.fixture
def visits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visits:
    """Return what opens the sandbox of a folder of the test's own, again and again."""
    monkeypatch.chdir(tmp_path)

    @asynccontextmanager
    async def open_it(*, empty: bool = False, **variables: str) -> AsyncIterator[Visited]:
        settings: Settings = replace(load_settings(variables), port=0)
        async with visited(settings, load_surveys(SURVEYS), empty=empty) as visit:
            yield visit

    return open_it


def nps(scores: list[int]) -> float:
    """Return the score of raw answers, by the book."""
    promoters = sum(score >= 9 for score in scores)
    detractors = sum(score <= 6 for score in scores)
    return 100 * (promoters - detractors) / len(scores)


async def raw_answers(visit: Visited, survey: str) -> dict[int, list[int]]:
    """Return all scores that count, by wave, oldest wave first."""
    found = (
        select(Wave.id, Response.score)
        .join(Invitation, Invitation.wave_id == Wave.id)
        .join(Response, Response.invitation_id == Invitation.id)
        .where(Wave.survey_key == survey)
        .order_by(Wave.opens_at)
    )
    scores: dict[int, list[int]] = {}
    for wave, score in await read(visit.bot.context.database, found):
        scores.setdefault(wave, []).append(score)
    return scores


async def report(visit: Visited, survey: str) -> Message:
    """Return the report its owner asks for."""
    priya = visit.sandbox.person("priya")
    before = len(priya.ephemerals("nps-summary"))
    await priya.command("/nps", f"report {survey}", channel="nps-summary")
    await visit.sandbox.until(lambda: len(priya.ephemerals("nps-summary")) > before)
    return priya.ephemerals("nps-summary")[-1]


async def home(visit: Visited, who: str) -> str:
    """Return what somebody's Home shows once they open it."""
    person = visit.sandbox.person(who)
    before = person.home
    await person.open_home()
    await visit.sandbox.until(lambda: person.home is not None and person.home is not before)
    return json.dumps(person.home, ensure_ascii=False)


def trend(message: Message) -> list[float]:
    """Return the scores in a report's chart, wave by wave."""
    charts = [block["chart"] for block in message.blocks if block["type"] == "data_visualization"]
    (line,) = [one for chart in charts for one in chart["series"] if one["name"] == "NPS"]
    return [point["value"] for point in line["data"]]


async def test_what_is_shown_agrees_with_the_raw_answers_of_nine_months_and_a_wave(
    visits: Visits,
) -> None:
    async with visits() as visit:
        past = await raw_answers(visit, "customer")
        assert len(past) == 3
        before = [round(nps(scores), 1) for scores in past.values()]
        assert trend(await report(visit, "customer")) == before

        ada = visit.sandbox.person("ada")
        await visit.sandbox.until(lambda: ada.inbox)
        await ada.click(ada.inbox[-1], "score_3")
        await visit.control.move(Jump.DAY)
        *_, so_far = (await raw_answers(visit, "customer")).values()
        assert f"NPS {points(nps(so_far))}" in await home(visit, "priya")
        await visit.control.move(Jump.CLOSE_WAVE)

        *_, scores = (await raw_answers(visit, "customer")).values()
        assert 3 in scores
        assert len(scores) > 5
        shown = f"NPS {points(nps(scores))}"
        told = await report(visit, "customer")
        assert shown in words(told)
        assert trend(told) == [*before, round(nps(scores), 1)]
        closing = visit.sandbox.workspace.messages("nps-summary")[-1]
        assert closing.text.startswith(f"Customer survey, closed: {shown}")
        bands = Counter(_band(score) for score in scores)
        for band, number in bands.items():
            assert f"{band} {number} (" in words(closing)
        assert shown in await home(visit, "priya")
        assert "*You answered 3*" in await home(visit, "ada")


def _band(score: int) -> str:
    return "Promoters" if score >= 9 else "Passives" if score >= 7 else "Detractors"


async def test_the_past_is_the_same_again_and_nothing_of_it_waits(
    visits: Visits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with visits() as visit:
        first = await raw_answers(visit, "customer")
        employees = await raw_answers(visit, "employee")
        assert len(employees) == 2
        found = select(Outbox.status).where(Outbox.wave_id.in_([*first, *employees]))
        assert set(await read(visit.bot.context.database, found)) <= {("sent",), ("cancelled",)}
        assert await read(visit.bot.context.database, select(OptOut.person_id))
        ada = visit.sandbox.person("ada")
        await visit.sandbox.until(lambda: ada.inbox)
        assert len(ada.inbox) == 1  # who begins is new there
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    async with visits() as visit:
        assert list((await raw_answers(visit, "customer")).values()) == list(first.values())


async def test_postgresql_keeps_the_same_past(visits: Visits, postgresql_database_url: str) -> None:
    async with visits(DATABASE_URL=postgresql_database_url) as visit:
        past = await raw_answers(visit, "customer")
        assert trend(await report(visit, "customer")) == [
            round(nps(scores), 1) for scores in past.values()
        ]
        moved = await visit.control.move(Jump.HOUR)
        assert moved - visit.bot.context.lease_clock.now() > timedelta(minutes=59)


async def test_a_sandbox_may_begin_empty(visits: Visits) -> None:
    async with visits(empty=True) as visit:
        assert await raw_answers(visit, "customer") == {}
        kenji = visit.sandbox.person("kenji")
        await visit.sandbox.until(lambda: kenji.inbox)
        assert len(kenji.inbox) == 1


@pytest.mark.parametrize("hour", [3, 12, 23])
@pytest.mark.parametrize("weekday", range(7))
async def test_on_each_first_day_everybody_is_asked_once(
    visits: Visits, weekday: int, hour: int
) -> None:
    now = SystemClock().now()
    day = datetime(2027, 3, 29, hour, 30, tzinfo=UTC) + weekday * DAY  # a Monday, a month's end
    state.STATE.parent.mkdir()
    state.Visit(day, ahead=day - now).keep()
    async with visits(empty=True) as visit:
        await tick(visit.bot.context)
        found = await read(visit.bot.context.database, select(Wave.survey_key))
        assert sorted(key for (key,) in found) == ["customer", "employee"]


async def test_everybody_is_asked_again_in_the_next_wave_and_the_clock_survives_a_restart(
    visits: Visits,
) -> None:
    async with visits(empty=True) as visit:
        ada = visit.sandbox.person("ada")
        await visit.sandbox.until(lambda: ada.inbox)
        await ada.click(ada.inbox[-1], "score_9")
        moved = await visit.control.move(Jump.NEXT_WAVE)
        assert visit.control.moved
        assert "How likely" in ada.inbox[-1].text
        assert ada.inbox[-1].text != ada.inbox[0].text
        assert float(ada.inbox[-1].ts) > (moved - 2 * DAY).timestamp()
        asked = len(ada.inbox)
    async with visits(empty=True) as visit:
        assert visit.control.now >= moved
        assert len(visit.sandbox.person("ada").inbox) == asked


async def test_people_who_do_not_live_do_nothing(visits: Visits) -> None:
    async with visits(empty=True) as visit:
        visit.control.turn("living", on=False)
        await visit.control.move(Jump.DAY)
        assert await raw_answers(visit, "customer") == {}
        visit.control.turn("living", on=True)
        await visit.control.move(Jump.HOUR)
        assert await raw_answers(visit, "customer") != {}


async def test_whom_a_visitor_acts_as_is_left_to_the_visitor(visits: Visits) -> None:
    async with visits(empty=True) as visit:
        kenji, mara = visit.sandbox.person("kenji"), visit.sandbox.person("mara")
        for person in (kenji, mara):  # both would answer within hours
            wanted = intent(person.user, 1)
            assert wanted is not None
            assert wanted.score is not None
        async with aiohttp.ClientSession() as session:
            wish = {"as": kenji.id, "do": "open_home"}
            async with session.post(f"{visit.sandbox.url}/page/act", json=wish) as answer:
                assert await answer.json() == {"ok": True}
        await visit.control.move(Jump.DAY)
        assert mara.inbox[0].text.startswith("You answered")
        assert kenji.inbox[0].text.startswith("How likely")


async def test_without_an_open_wave_there_is_none_to_close(visits: Visits) -> None:
    async with visits(empty=True) as visit:
        for _ in ("customer", "employee"):
            await visit.control.move(Jump.CLOSE_WAVE)
        url = f"{visit.sandbox.url}/page/clock"
        async with aiohttp.ClientSession() as session:
            async with session.post(url, json={"move": "close_wave"}) as answer:
                told = await answer.json()
            async with session.post(url, json={"move": "year"}) as answer:
                error = (await answer.json())["error"]
            assert error.startswith("'year' is no way to move time: hour, day, next_wave")
            state = f"{visit.sandbox.url}/page/state?as=ada"
            async with session.get(state) as answer:
                control = (await answer.json())["control"]
        assert told == {
            "ok": False,
            "error": "No wave is open: move on to the next one first.",
        }
        assert control["clock"]["moved"]


# --- the guide --------------------------------------------------------------------------------


def done(visit: Visited) -> list[str]:
    return [step.key for step in visit.control.checklist().steps if step.done]


async def test_the_guide_knows_each_step_by_what_happened(visits: Visits) -> None:
    async with visits() as visit:
        sandbox = visit.sandbox
        ada, priya, kenji = (sandbox.person(name) for name in ("ada", "priya", "kenji"))
        steps = [step.key for step in visit.control.checklist().steps]
        assert done(visit) == []

        async def comes(key: str) -> None:
            await sandbox.until(lambda: key in done(visit))
            assert done(visit) == steps[: steps.index(key) + 1]

        await sandbox.until(lambda: ada.inbox and kenji.inbox)
        await ada.click(ada.inbox[-1], "score_3")
        await comes("answer")
        await sandbox.until(lambda: ada.modal is not None)
        await ada.submit(values={"reason": "The bread was cold."})
        await comes("explain")
        alerts = sandbox.workspace.channel("nps-alerts")
        priya.read(alerts)
        await comes("alert")
        await priya.click(sandbox.workspace.messages(alerts)[-1], "claim_case")
        await comes("claim")
        await ada.click(ada.inbox[-1], "change_score")
        await sandbox.until(lambda: ada.modal is not None)
        assert ada.modal is not None
        await ada.click(ada.modal, "score_9")
        await comes("change")
        await report(visit, "customer")
        await comes("report")
        await turn(visit, "wait", on=True)
        await kenji.click(_asking(kenji.inbox), "score_2")
        await comes("break")
        await turn(visit, "wait", on=False)
        await comes("mend")
        await visit.control.move(Jump.DAY)
        await comes("day")
        await visit.control.move(Jump.CLOSE_WAVE)
        assert "close" not in done(visit)
        priya.read("nps-summary")
        await comes("close")
        await ada.open_home()
        await comes("home")
        assert done(visit) == steps
    async with visits() as visit:
        assert done(visit) == steps


async def turn(visit: Visited, fault: str, *, on: bool) -> None:
    """Break something or mend it, as the page does."""
    url, wish = f"{visit.sandbox.url}/page/switch", {"fault": fault, "on": on}
    async with aiohttp.ClientSession() as session, session.post(url, json=wish) as answer:
        told: dict[str, Any] = await answer.json()
    assert told == {"ok": True}


def _asking(inbox: list[Message]) -> Message:
    (asking,) = [one for one in inbox[-1:] if one.text.startswith("How likely")]
    return asking


# --- leases stay on real time -----------------------------------------------------------------


class BudgetBlock:
    """Holds the first post at one of its stages."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, passing: Passing) -> None:
        """Hold a call."""
        if passing.method != "chat.postMessage" or self.reached.is_set():
            return
        if passing.stage is self._stage:
            self.reached.set()
            await self.go_on.wait()


@pytest.fixture
async def moved_world(quiet_world: World) -> AsyncIterator[World]:
    """Return a world whose leases do not follow its clock."""
    async with quiet_world.running(lease_clock=quiet_world.clock.real):
        yield quiet_world


@BOTH
@pytest.mark.parametrize("stage", [Stage.BEGUN, Stage.DONE], ids=["begun", "done"])
async def test_a_day_that_passes_makes_no_delivery_in_flight_look_dead(
    moved_world: World, stage: Stage
) -> None:
    world = moved_world
    held = BudgetBlock(stage)
    world.sandbox.watch(held)
    kenji = await invited(world, "kenji")
    await held.reached.wait()
    world.clock.ahead += DAY
    await world.tick()
    await invited(world, "grace")  # the dispatcher claims, and would find what is dead
    await world.sandbox.until(lambda: world.sandbox.person("grace").inbox)
    assert sorted(await statuses(world, "prompt"))[0] == "claimed"
    assert "unknown" not in await statuses(world, "prompt")
    held.go_on.set()
    await until(world, "prompt", "sent", "sent")
    assert len(kenji.inbox) == 1
    assert len(posts(world)) == 2


@ON_SQLITE
async def test_a_day_that_passes_makes_nobody_certain_that_a_lost_post_never_was(
    moved_world: World,
) -> None:
    world = moved_world
    world.sandbox.faults.add("chat.postMessage", Fault(drop=True))
    kenji = await invited(world, "kenji")
    await until(world, "prompt", "unknown")
    world.clock.ahead += DAY
    world.bot.context.wake_dispatcher()
    reason = "the history does not show it yet"
    looked = select(Outbox.id).where(Outbox.reason == reason, Outbox.status == "unknown")
    await eventually(world.sandbox, lambda: read(world.bot.context.database, looked))
    assert kenji.inbox == []
    assert len(posts(world)) == 1


@ON_SQLITE
async def test_the_first_tick_does_not_wait_for_the_day_that_the_clock_shows(
    moved_world: World,
) -> None:
    moved_world.clock.ahead += 90 * DAY
    context = moved_world.bot.context
    first, newcomers = build_scheduler(context).get_jobs()
    assert first.next_run_time <= context.lease_clock.now() < newcomers.next_run_time
    assert newcomers.next_run_time < context.clock.now()
