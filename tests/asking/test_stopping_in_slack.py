"""Stopping a wave while it runs, and starting a large one: what owners, others and Slack see."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from nps_bot.app.wiring import open_database
from nps_bot.asking import launching, stopping
from nps_bot.delivery.rules import WAVE_STOPPED
from nps_bot.delivery.store import lanes
from nps_bot.delivery.store.lanes import POSTING
from nps_bot.interaction.replies import OUT_OF_DATE
from nps_bot.storage.tables import Outbox, Wave
from nps_bot.surveys.rules.survey import Survey
from slack_sandbox import Message
from tests.helpers.attack_helpers import BOTH
from tests.helpers.messages import ON_POSTGRES, ON_SQLITE, at, later, nps, settled, whispered, words
from tests.helpers.world import World

GUESTS = ("ada", "grace", "kenji", "oscar")


def posted(world: World) -> int:
    """Return how many of the guests have a question."""
    return sum(bool(world.sandbox.person(guest).inbox) for guest in GUESTS)


async def number_of_waves(world: World) -> int:
    statement = select(func.count()).select_from(Wave)
    return await world.bot.context.database.read(lambda c: c.scalar(statement) or 0)


async def reasons(world: World) -> list[str | None]:
    """Return why the questions that were not sent were not."""
    statement = select(Outbox.reason).where(Outbox.kind == "prompt", Outbox.status == "cancelled")
    return await world.bot.context.database.read(lambda c: list(c.scalars(statement)))


# --- stopping -----------------------------------------------------------------------------------


@BOTH
async def test_a_wave_is_stopped_after_a_look_at_what_is_left(quiet_world: World) -> None:
    world = quiet_world
    at(world, 12)  # only Ada is awake
    async with world.running():
        priya, ada = world.sandbox.person("priya"), world.sandbox.person("ada")
        assert "has no open wave to stop." in words(await nps(world, "priya", "stop customer"))
        await priya.click(await nps(world, "priya", "send customer"), "send_confirm")
        prompt = await world.prompt_of("ada")
        await settled(world)

        question = await nps(world, "priya", "stop customer")
        assert "1 person was asked; 3 people would not be." in words(question)
        assert await reasons(world) == []
        await priya.click(question, "wave_stop")
        done = await whispered(world, priya, "customers", "Stopped: “Customer survey”")
        assert "1 person was asked, 3 not." in words(done)
        assert f"stopped by <@{priya.id}>" in words(done)
        assert await reasons(world) == [WAVE_STOPPED] * 3

        await later(world, hours=26)  # everybody was awake meanwhile
        await settled(world)
        assert posted(world) == 1
        await ada.click(prompt, "score_9")
        summary = await world.until_in("nps-summary", "stopped: NPS +100")
        assert f"stopped by <@{priya.id}>" in words(summary)
        status = words(await nps(world, "priya", "status customer"))
        assert f"stopped by <@{priya.id}>" in status
        assert "1 asked, 1 answered, 3 not asked; answers count until" in status
        again = words(await nps(world, "priya", "stop customer"))
        assert "“Customer survey” is stopped already." in again

        await later(world, days=8)
        closing = await world.until_in("nps-summary", "closed: NPS +100")
        assert "stopped by" in words(closing)


@ON_POSTGRES
async def test_it_goes_on_unless_somebody_means_it(world: World) -> None:
    await world.ask()
    priya = world.sandbox.person("priya")
    await settled(world)
    question = await nps(world, "priya", "stop customer")
    keep, stop = (priya.action(question, action) for action in ("wave_keep", "wave_stop"))
    await world.sandbox.deliver("interactive", keep)
    await whispered(world, priya, "customers", "Nothing was stopped: “Customer survey” goes on.")
    for _ in range(3):
        await world.sandbox.deliver("interactive", stop)
    await whispered(world, priya, "customers", "Stopped: “Customer survey”")
    await settled(world)
    await world.sandbox.deliver("interactive", keep)  # too late, and it does not lie
    await settled(world)
    assert "Stopped: “Customer survey”" in words(priya.ephemerals("customers")[-1])


@BOTH
async def test_two_owners_stop_at_once_and_one_did(quiet_world: World) -> None:
    world = quiet_world
    owners = ("priya@lumen.example", "tom@lumen.example")
    world.surveys["customer"] = replace(world.surveys["customer"], owners=owners)
    async with world.running():
        await world.ask()
        await settled(world)
        people = [world.sandbox.person(handle) for handle in ("priya", "tom")]
        shown = [await nps(world, handle, "stop customer") for handle in ("priya", "tom")]
        await asyncio.gather(
            *(me.click(message, "wave_stop") for me, message in zip(people, shown, strict=True))
        )
        told = [await whispered(world, me, "customers", "Stopped:") for me in people]
        (one,) = {me.id for me in people for said in told if f"by <@{me.id}>" in words(said)}
        assert all(f"stopped by <@{one}>" in words(said) for said in told)


@BOTH
async def test_what_a_dispatcher_has_in_hand_is_dropped(quiet_world: World) -> None:
    """At the learnt pace a message leaves every five seconds: the others wait, claimed."""
    world = quiet_world
    async with open_database(world.settings.database_url) as database:
        await database.write(lanes.remember_pace, {POSTING: {"rate": 0.2, "pause": 5.0}})
    async with world.running():
        context = world.bot.context
        await world.ask()
        await world.sandbox.until(lambda: posted(world) == 1)
        in_hand = select(func.count()).where(Outbox.kind == "prompt", Outbox.status == "claimed")
        assert await context.database.read(lambda c: c.scalar(in_hand))
        survey = world.surveys["customer"]
        ids = [one.wave.id for one in await context.database.read(stopping.extents, "customer")]
        await context.database.write(stopping.stop, survey, ids, None, world.clock.now())
        await settled(world)
        assert posted(world) == 1
        assert await reasons(world) == [WAVE_STOPPED] * 3


@ON_SQLITE
async def test_what_a_dispatcher_has_in_hand_waits_where_the_survey_is_paused(
    quiet_world: World,
) -> None:
    world = quiet_world
    async with open_database(world.settings.database_url) as database:
        await database.write(lanes.remember_pace, {POSTING: {"rate": 0.2, "pause": 5.0}})
    async with world.running():
        await world.ask()
        await world.sandbox.until(lambda: posted(world) == 1)
        await nps(world, "priya", "pause customer")
        await settled(world)
        assert posted(world) == 1
        await nps(world, "priya", "resume customer")
        await world.sandbox.until(lambda: posted(world) > 1)


@ON_POSTGRES
async def test_who_had_put_it_off_gets_the_question_back(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await settled(world)
    await ada.click(prompt, "snooze")
    await world.sandbox.until(lambda: "We'll ask you again" in words(ada.inbox[-1]))
    await settled(world)
    priya = world.sandbox.person("priya")
    await priya.click(await nps(world, "priya", "stop customer"), "wave_stop")
    await world.sandbox.until(lambda: "[10]" in words(ada.inbox[-1]))
    assert "[Ask me in 3 days]" not in words(ada.inbox[-1])
    await later(world, days=4)
    await settled(world)
    assert len(ada.inbox) == 1


@ON_SQLITE
async def test_the_scheduler_finishes_what_a_dead_process_began_to_stop(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await settled(world)
    await ada.click(prompt, "snooze")
    await world.sandbox.until(lambda: "We'll ask you again" in words(ada.inbox[-1]))
    await settled(world)
    context, survey = world.bot.context, world.surveys["customer"]
    ids = [one.wave.id for one in await context.database.read(stopping.extents, "customer")]
    await context.database.write(stopping.stop, survey, ids, None, world.clock.now())
    await world.tick()
    await world.sandbox.until(lambda: "[10]" in words(ada.inbox[-1]))


@ON_SQLITE
async def test_a_stopped_survey_can_be_sent_again(world: World) -> None:
    priya = world.sandbox.person("priya")
    await world.ask()
    await settled(world)
    await priya.click(await nps(world, "priya", "stop customer"), "wave_stop")
    await whispered(world, priya, "customers", "Stopped:")
    await priya.click(await nps(world, "priya", "send customer"), "send_confirm")
    await whispered(world, priya, "customers", "on its way to 4 people")
    assert await number_of_waves(world) == 2


# --- starting a large one -----------------------------------------------------------------------


def large(survey: Survey, *owners: str) -> Survey:
    """Let any number of people be many; Priya is an admin of the workspace, and no owner."""
    emails = tuple(f"{owner}@lumen.example" for owner in owners)
    return replace(survey, owners=emails, admins_manage=True, confirm_above=3)


@pytest.fixture
def large_world(quiet_world: World) -> World:
    """Return a world at noon in which four people are many, and Tom and Mei own the survey."""
    quiet_world.surveys["customer"] = large(quiet_world.surveys["customer"], "tom", "mei")
    at(quiet_world, 12)
    return quiet_world


async def two_prompts(world: World) -> tuple[Message, Message]:
    """Have Priya ask the owners; return what Tom and Mei read."""
    plan = await nps(world, "priya", "send customer")
    assert "A wave of more than 3 people needs a second person's word" in words(plan)
    priya = world.sandbox.person("priya")
    confirm = priya.action(plan, "send_confirm")
    for _ in range(3):
        await world.sandbox.deliver("interactive", confirm)
    waiting = await whispered(world, priya, "customers", "waits for a second person's word")
    tom, mei = world.sandbox.person("tom"), world.sandbox.person("mei")
    assert f"<@{tom.id}> and <@{mei.id}> were asked" in words(waiting)
    await world.sandbox.until(lambda: tom.inbox and mei.inbox)
    await settled(world)
    assert (len(tom.inbox), len(mei.inbox)) == (1, 1)
    assert await number_of_waves(world) == 0
    return tom.inbox[0], mei.inbox[0]


def reads(world: World, handle: str) -> str:
    """Return what the newest direct message of a person says."""
    return "".join(words(message) for message in world.sandbox.person(handle).inbox[-1:])


async def until_reads(world: World, handle: str, text: str) -> None:
    """Wait until the newest direct message of a person says so."""
    await world.sandbox.until(lambda: text in reads(world, handle))


@BOTH
async def test_an_owner_says_yes_once_and_everybody_reads_it(large_world: World) -> None:
    world = large_world
    async with world.running():
        to_tom, to_mei = await two_prompts(world)
        priya, tom, mei = (world.sandbox.person(each) for each in ("priya", "tom", "mei"))
        assert f"<@{priya.id}> would like to send “Customer survey” to 4 people." in words(to_tom)

        yes = [tom.action(to_tom, "approval_send"), mei.action(to_mei, "approval_send")]
        await asyncio.gather(*(world.sandbox.deliver("interactive", one) for one in yes * 3))
        await world.prompt_of("ada")
        for handle in ("tom", "mei", "priya"):
            await until_reads(world, handle, "said yes")
        await settled(world)
        said = {reads(world, handle) for handle in ("tom", "mei", "priya")}
        assert len(said) == 1
        assert f"as <@{priya.id}> asked" in said.pop()
        assert await number_of_waves(world) == 1
        assert {len(one.inbox) for one in (priya, tom, mei)} == {1}


@ON_POSTGRES
async def test_not_now_sends_nothing_and_is_told(large_world: World) -> None:
    world = large_world
    async with world.running():
        to_tom, to_mei = await two_prompts(world)
        priya, tom, mei = (world.sandbox.person(each) for each in ("priya", "tom", "mei"))
        too_late = mei.action(to_mei, "approval_send")
        await tom.click(to_tom, "approval_decline")
        await world.sandbox.until(lambda: priya.inbox)
        assert f"Not now, says <@{tom.id}>" in reads(world, "priya")
        await world.sandbox.until(lambda: "Not now" in reads(world, "mei"))
        await world.sandbox.deliver("interactive", too_late)
        await settled(world)
        assert await number_of_waves(world) == 0
        assert posted(world) == 0


@ON_SQLITE
async def test_after_a_day_without_a_word_nothing_is_sent(large_world: World) -> None:
    world = large_world
    async with world.running():
        to_tom, _ = await two_prompts(world)
        too_late = world.sandbox.person("tom").action(to_tom, "approval_send")
        await later(world, days=1)
        await world.sandbox.until(lambda: world.sandbox.person("priya").inbox)
        for handle in ("priya", "tom", "mei"):
            await until_reads(world, handle, "Nobody decided within a day")
        await world.sandbox.deliver("interactive", too_late)
        await settled(world)
        assert await number_of_waves(world) == 0


@ON_POSTGRES
async def test_nobody_is_a_second_person_to_themselves(large_world: World) -> None:
    world = large_world
    async with world.running():
        to_tom, _ = await two_prompts(world)
        priya, tom = world.sandbox.person("priya"), world.sandbox.person("tom")
        own = await nps(world, "priya", "send customer")
        assert "waits for a second person's word" in words(own)
        stolen = {**tom.action(to_tom, "approval_send"), "user": {"id": priya.id}}
        await world.sandbox.deliver("interactive", stolen)
        await settled(world)
        assert await number_of_waves(world) == 0


@ON_SQLITE
async def test_an_owner_finds_it_below_send_too(large_world: World) -> None:
    world = large_world
    async with world.running():
        await two_prompts(world)
        mei, priya = world.sandbox.person("mei"), world.sandbox.person("priya")
        shown = await nps(world, "mei", "send customer")
        assert f"<@{priya.id}> asked for it, then 4 people" in words(shown)
        assert "Ada Marsh" in words(shown)
        await mei.click(shown, "approval_send")
        await world.prompt_of("ada")
        await whispered(world, mei, "customers", f"<@{mei.id}> said yes")
        assert await number_of_waves(world) == 1


@ON_SQLITE
async def test_owners_confirm_their_own_and_few_people_are_nobodys_business(
    large_world: World,
) -> None:
    world = large_world
    async with world.running():
        tom, priya = world.sandbox.person("tom"), world.sandbox.person("priya")
        plan = await nps(world, "tom", "send customer")
        assert "second person" not in words(plan)
        await tom.click(plan, "send_confirm")
        await whispered(world, tom, "customers", "is on its way to 4 people")
    survey = world.surveys["customer"]
    world.surveys["customer"] = replace(survey, confirm_above=4)
    async with world.running():
        plan = await nps(world, "priya", "send customer")
        await priya.click(plan, "send_confirm")
        await whispered(world, priya, "customers", "is on its way to 4 people")
        await settled(world)
        assert await number_of_waves(world) == 2


@ON_SQLITE
async def test_an_old_preview_is_nobodys_word_any_more(large_world: World) -> None:
    """It named few people: whom it would ask now a second person has to confirm."""
    world = large_world
    survey = world.surveys["customer"]
    async with world.running():
        priya = world.sandbox.person("priya")
        world.surveys["customer"] = replace(survey, confirm_above=4)
        plan = await nps(world, "priya", "send customer")
        world.surveys["customer"] = survey
        world.clock.ahead += timedelta(minutes=17)
        await priya.click(plan, "send_confirm")
        await whispered(world, priya, "customers", OUT_OF_DATE)
        await settled(world)
        assert await number_of_waves(world) == 0


@ON_SQLITE
async def test_the_preview_says_how_long_it_takes_at_the_learnt_pace(large_world: World) -> None:
    world = large_world
    survey = world.surveys["customer"]
    hours = replace(survey.quiet_hours, end=survey.quiet_hours.start)
    world.surveys["customer"] = replace(survey, quiet_hours=hours)
    async with world.running():
        said = words(await nps(world, "tom", "send customer"))
        assert "The last question leaves in a few seconds: outside quiet hours" in said
        learnt = {POSTING: {"rate": 1 / 30, "pause": 30.0}}
        await world.bot.context.database.write(lanes.remember_pace, learnt)
        said = words(await nps(world, "tom", "send customer"))
        assert "The last question leaves in about 2 minutes: outside quiet hours" in said


@ON_SQLITE
async def test_what_is_paused_meanwhile_waits(large_world: World) -> None:
    world = large_world
    async with world.running():
        to_tom, _ = await two_prompts(world)
        tom = world.sandbox.person("tom")
        await world.bot.context.database.write(
            launching.pause, "customer", tom.id, world.clock.now()
        )
        yes = tom.action(to_tom, "approval_send")
        await world.sandbox.deliver("interactive", yes)
        await settled(world)
        assert await number_of_waves(world) == 0
        await world.bot.context.database.write(launching.resume, "customer")
        await world.sandbox.deliver("interactive", yes)
        await world.prompt_of("ada")
