"""A wave's life in the whole bot: opened, read, asked in everybody's own time, paused, closed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from nps_bot.asking import launching
from nps_bot.asking.inviting import invite_everybody
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.storage.tables import Invitation, Outbox, Wave
from nps_bot.surveys.rules.survey import Audience
from slack_sandbox import Fault
from tests.helpers.attack_helpers import BOTH, read, told
from tests.helpers.messages import ON_POSTGRES, ON_SQLITE, nps, settled, without_nudges, words
from tests.helpers.world import World

CUSTOMERS = ("ada", "grace", "kenji", "oscar")
DAY = timedelta(days=1)

OPENS = datetime(2027, 1, 4, 20, tzinfo=UTC)
"""When it is ten o'clock on 5 January 2027, the next wave's time, on the first clock on Earth."""
TURNS = {
    "oscar": datetime(2027, 1, 4, 23, tzinfo=UTC),
    "kenji": datetime(2027, 1, 5, 1, tzinfo=UTC),
    "ada": datetime(2027, 1, 5, 10, tzinfo=UTC),
    "grace": datetime(2027, 1, 5, 15, tzinfo=UTC),
}
"""When it is ten o'clock in Sydney, Tokyo, London and New York."""


async def at(world: World, moment: datetime) -> None:
    """Move the clock to a moment and have everything that is due then done."""
    world.clock.ahead += moment - world.clock.now()
    await world.tick()
    await settled(world)


def prompts_in_each_dm(world: World) -> dict[str, int]:
    """Return how many direct messages everybody has who has any."""
    people = {
        user.name: world.sandbox.person(user.id) for user in world.sandbox.workspace.users.values()
    }
    return {name: len(person.inbox) for name, person in people.items() if person.inbox}


async def started(world: World, how: ByHand | None = None) -> int:
    """Start a wave by hand that asks at once, without reading whom; returns its id."""
    context = world.bot.context
    now = context.clock.now()
    chosen = how or ByHand(now.strftime(NOMINAL), at_once=True)
    wave_id = await context.database.write(
        launching.start_by_hand, world.surveys["customer"], chosen, now
    )
    assert wave_id is not None
    return wave_id


async def states(world: World) -> list[str]:
    return [row[0] for row in await read(world.bot.context.database, select(Wave.state))]


@pytest.fixture(autouse=True)
def by_our_own_ticks(quiet_world: World) -> None:
    """Let the scheduler's first tick come in an hour: the tests tick themselves."""
    quiet_world.clock.ahead += timedelta(hours=1)


# --- in everybody's own time ------------------------------------------------------------------


@BOTH
async def test_a_wave_asks_everybody_at_ten_in_their_own_zone(quiet_world: World) -> None:
    world = quiet_world
    world.clock.ahead += OPENS - DAY - world.clock.now()
    async with world.running():
        await at(world, OPENS - timedelta(seconds=30))
        assert await states(world) == []
        await at(world, OPENS)
        assert await states(world) == ["ready"]
        expected: dict[str, int] = {}
        for handle, turn in TURNS.items():
            await at(world, turn - timedelta(minutes=1))
            assert prompts_in_each_dm(world) == expected
            await at(world, turn)
            expected[handle] = 1
            assert prompts_in_each_dm(world) == expected
        await at(world, OPENS + 3 * DAY)
        assert prompts_in_each_dm(world) == expected
        await world.until_in("nps-summary", "0 of 4")


@ON_POSTGRES
async def test_fifty_ticks_at_once_ask_everybody_once(quiet_world: World) -> None:
    world = quiet_world
    world.clock.ahead += OPENS - DAY - world.clock.now()
    async with world.running():
        world.clock.ahead += TURNS["grace"] - world.clock.now()
        await asyncio.gather(*(world.tick() for _ in range(50)))
        await settled(world)
        await at(world, TURNS["kenji"] + DAY)
        await at(world, TURNS["ada"] + DAY)
        assert await states(world) == ["ready"]
        assert prompts_in_each_dm(world) == dict.fromkeys(CUSTOMERS, 1)


@BOTH
async def test_a_wave_missed_in_an_outage_goes_out_once_at_the_next_such_hour(
    quiet_world: World,
) -> None:
    """The bot was away for eight days, longer than the wave would have been open."""
    world = quiet_world
    without_nudges(world)
    world.clock.ahead += OPENS - 9 * DAY - world.clock.now()
    async with world.running():
        await world.tick()
    back = datetime(2027, 1, 12, 12, tzinfo=UTC)
    world.clock.ahead += back - world.clock.now()
    for _ in range(2):  # it stays up no longer than an hour
        async with world.running():
            await at(world, world.clock.now())
            assert prompts_in_each_dm(world) == {}
            world.clock.ahead += timedelta(hours=1)
    async with world.running():
        expected: dict[str, int] = {}
        for handle in ("grace", "oscar", "kenji", "ada"):
            late = TURNS[handle]
            while late < back:
                late += DAY
            await at(world, late - timedelta(minutes=1))
            assert prompts_in_each_dm(world) == expected
            await at(world, late)
            expected[handle] = 1
            assert prompts_in_each_dm(world) == expected
        await at(world, back + 4 * DAY)
        assert prompts_in_each_dm(world) == dict.fromkeys(CUSTOMERS, 1)
        assert await states(world) == ["ready"]


@ON_SQLITE
async def test_a_wave_missed_for_half_a_cadence_is_given_up(quiet_world: World) -> None:
    world = quiet_world
    del world.surveys["employee"]
    world.clock.ahead += OPENS - DAY - world.clock.now()
    async with world.running():
        await world.tick()
    async with world.running():
        await at(world, OPENS + 46 * DAY)
        assert await states(world) == []


# --- whom it asks -----------------------------------------------------------------------------


@BOTH
async def test_a_429_in_the_middle_costs_a_pause_and_nobody_twice(world: World) -> None:
    faults = world.sandbox.faults
    slow = Fault(error="ratelimited", retry_after=1)
    await settled(world)
    faults.add("conversations.members", slow)
    await started(world)
    await world.tick()
    assert await states(world) == ["resolving"]
    faults.add("users.info", slow, times=3)
    await world.tick()
    assert await states(world) == ["resolving"]
    assert prompts_in_each_dm(world) == {}
    await world.tick()
    assert await states(world) == ["ready"]
    await settled(world)
    assert prompts_in_each_dm(world) == dict.fromkeys(CUSTOMERS, 1)


@BOTH
async def test_reading_goes_on_after_a_restart_where_it_stood(quiet_world: World) -> None:
    """Tom and Mei stand in the channel and in the group, Priya by name as well: once is enough."""
    world = quiet_world
    audience = Audience(
        channels=("#customers",),
        groups=("@success",),
        people=("priya@lumen.example", "noor@lumen.example"),
        guests=True,
    )
    world.surveys["customer"] = replace(world.surveys["customer"], audience=audience)
    colleagues = ("priya", "tom", "mei")
    world.sandbox.faults.add("usergroups.list", Fault(drop=True), times=None)
    async with world.running():
        await started(world)
        await world.tick()
        await settled(world)
        assert await states(world) == ["resolving"]
        assert prompts_in_each_dm(world) == dict.fromkeys((*CUSTOMERS, *colleagues), 1)
    world.sandbox.faults.clear()
    async with world.running():
        await world.tick()
        await settled(world)
        assert await states(world) == ["ready"]
        assert prompts_in_each_dm(world) == dict.fromkeys((*CUSTOMERS, *colleagues, "noor"), 1)
        assert len(world.sandbox.ledger.of("conversations.members")) == 1


@BOTH
async def test_readers_at_the_same_time_ask_everybody_once(world: World) -> None:
    await started(world)
    await asyncio.gather(*(invite_everybody(world.bot.context) for _ in range(5)))
    await settled(world)
    assert await states(world) == ["ready"]
    assert prompts_in_each_dm(world) == dict.fromkeys(CUSTOMERS, 1)


@ON_SQLITE
async def test_an_audience_that_cannot_be_read_costs_other_waves_nothing(world: World) -> None:
    customers = world.surveys["customer"]
    broken = replace(customers, key="broken", audience=Audience(channels=("#nowhere",)))
    world.surveys["broken"] = broken
    context = world.bot.context
    now = context.clock.now()
    await context.database.write(
        launching.start_by_hand, broken, ByHand(now.strftime(NOMINAL)), now
    )
    await started(world)
    await world.tick()
    await settled(world)
    assert sorted(await states(world)) == ["ready", "resolving"]
    assert prompts_in_each_dm(world) == dict.fromkeys(CUSTOMERS, 1)


@ON_SQLITE
async def test_a_survey_of_everybody_asks_people_only(world: World) -> None:
    """Neither bots nor Slackbot, nor who left or has not come yet, nor guests and outsiders."""
    await world.ask("employee")
    await settled(world)
    staff = ("priya", "tom", "mei", "sam", "noor", "lucia", "jack")
    assert prompts_in_each_dm(world) == dict.fromkeys(staff, 1)


@BOTH
async def test_a_wave_for_one_person_asks_nobody_else(world: World) -> None:
    kenji = world.sandbox.person("kenji")
    now = world.clock.now()
    await started(world, ByHand(now.strftime(NOMINAL), only_person=kenji.id, at_once=True))
    await world.tick()
    await settled(world)
    assert prompts_in_each_dm(world) == {"kenji": 1}
    assert await states(world) == ["ready"]
    assert world.sandbox.ledger.of("conversations.members") == []


# --- paused, closed, gone ---------------------------------------------------------------------


@BOTH
async def test_a_paused_survey_asks_nobody_until_it_goes_on(world: World) -> None:
    """Whether it was paused before whom to ask was read, or while it was."""
    faults = world.sandbox.faults
    await nps(world, "priya", "pause customer")
    await started(world)
    await world.tick()
    await settled(world)
    assert await states(world) == ["ready"]
    assert prompts_in_each_dm(world) == {}
    await world.tick()
    await settled(world)
    assert prompts_in_each_dm(world) == {}
    status = words(await nps(world, "priya", "status customer"))
    assert "0 asked, 0 answered, 4 still to ask once it is resumed" in status
    faults.clear()
    await nps(world, "priya", "resume customer")
    await settled(world)
    assert prompts_in_each_dm(world) == dict.fromkeys(CUSTOMERS, 1)


@BOTH
async def test_a_closed_wave_asks_nobody_takes_nothing_and_sums_up(quiet_world: World) -> None:
    """At eleven in London, and for a day only: it is night in Tokyo until the wave has closed."""
    world = quiet_world
    short = replace(world.surveys["customer"], closes_after=timedelta(hours=6))
    world.surveys["customer"] = short
    noon = datetime(2026, 12, 1, 11, tzinfo=UTC)
    world.clock.ahead += noon - world.clock.now()
    async with world.running():
        await started(world, ByHand(noon.strftime(NOMINAL)))
        await at(world, world.clock.now())
        assert prompts_in_each_dm(world) == {"ada": 1}
        ada = world.sandbox.person("ada")
        (prompt,) = ada.inbox
        await ada.click(prompt, "score_9")
        await at(world, world.clock.now() + timedelta(minutes=1))
        await world.until_in("nps-summary", "1 of 1")

        await at(world, noon + timedelta(hours=7))
        assert await states(world) == ["closed"]
        running, closing = world.messages("nps-summary")
        assert "closed" in words(closing).lower()
        assert "+100" in words(running)
        assert "+100" in words(closing)
        await ada.click(world.sandbox.person("ada").inbox[-1], "change_score")
        assert "This survey has closed" in (await told(world, ada, prompt))[-1]

        await at(world, noon + 3 * DAY)
        assert prompts_in_each_dm(world) == {"ada": 1}
        unsent = select(Outbox.status, Outbox.reason).where(
            Outbox.kind == "prompt", Outbox.ts.is_(None)
        )
        assert (
            await read(world.bot.context.database, unsent) == [("cancelled", "the wave closed")] * 3
        )
        assert len(world.messages("nps-summary")) == 2


@BOTH
async def test_the_wave_of_a_removed_survey_closes(quiet_world: World) -> None:
    world = quiet_world
    async with world.running():
        ada, prompt = await world.asked("ada")
        await settled(world)
    del world.surveys["customer"]
    async with world.running():
        await world.tick()
        assert await states(world) == ["closed"]
        await ada.click(prompt, "score_9")
        assert (await told(world, ada, prompt))[-1].startswith("This survey has closed")
        assert await read(world.bot.context.database, select(func.count(Invitation.asked_at))) == [
            (4,)
        ]


# --- wording ----------------------------------------------------------------------------------


@BOTH
async def test_a_changed_file_changes_what_new_waves_ask_and_nothing_else(
    quiet_world: World,
) -> None:
    world = quiet_world
    async with world.running():
        ada, old = await world.asked("ada")
        await settled(world)
    customers = world.surveys["customer"]
    wording = replace(customers.wording, question="Would you tell a friend?", reason="How come?")
    world.surveys["customer"] = replace(customers, wording=wording)
    async with world.running():
        world.clock.ahead += timedelta(minutes=2)
        await world.ask()
        await settled(world)
        old, new = ada.inbox
        assert "How likely are you to recommend Lumen Coffee" in words(old)
        assert "Would you tell a friend?" in words(new)
        # It is the dispatcher that rewrites what was clicked.
        world.sandbox.faults.add("response_url", Fault(drop=True), times=None)
        for prompt, reason in (
            (old, "What is the main reason for your score?"),
            (new, "How come?"),
        ):
            await ada.click(prompt, "score_7")
            modal = await world.modal_of(ada, "followup")
            assert reason in words(modal)
            assert await ada.submit(None, {"reason": "Because."}) == {}
        await at(world, world.clock.now() + timedelta(minutes=1))
        assert old.text.startswith("You answered 7. How likely are you to recommend")
        assert new.text == "You answered 7. Would you tell a friend?"
