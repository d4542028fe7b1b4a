"""One contact budget across two surveys: who is asked, who is not, and ``/nps why`` of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from nps_bot.asking.inviting import look_for_newcomers
from nps_bot.storage.tables import Invitation, WaveExclusion
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.survey import Audience
from slack_sandbox import Person, User
from tests.helpers.attack_helpers import BOTH, read
from tests.helpers.messages import ON_SQLITE, modal, nps, settled, words
from tests.helpers.world import World

DAY = timedelta(days=1)
STAFF = ("priya", "tom", "mei", "sam", "noor", "lucia", "jack")
GUESTS = ("ada", "grace", "kenji", "oscar")


async def at(world: World, moment: datetime) -> None:
    """Move the clock to a moment and have everything that is due then done."""
    world.clock.ahead += moment - world.clock.now()
    await world.tick()
    await settled(world)


async def day_by_day(world: World, last: datetime) -> None:
    """Let time pass, a quarter of a day at a time, with everything done that is due."""
    while world.clock.now() < last - DAY / 4:
        await at(world, world.clock.now() + DAY / 4)
    await at(world, last)


def prompts(world: World) -> Counter[str]:
    """Return how many questions Slack took for everybody, as its ledger has it."""
    workspace = world.sandbox.workspace
    people = {workspace.dm(user.id).id: user.name for user in workspace.users.values()}
    posted = world.sandbox.ledger.of("chat.postMessage", ok=True)
    questions = [call for call in posted if "score_10" in str(call.arguments["blocks"])]
    return Counter(people[call.arguments["channel"]] for call in questions)


def two_surveys(world: World, limits: Limits | None = None) -> None:
    """Let the customer survey ask colleagues as well; both have the limits they come with.

    It asks on Tuesday, 5 January 2027; the employee survey on Wednesday, 3 February.
    """
    customer, employee = world.surveys["customer"], world.surveys["employee"]
    everybody = Audience(everyone=True, guests=True)
    budget = limits or Limits()
    world.surveys["customer"] = replace(
        customer, audience=everybody, budget=budget, reminder=None, chaser=None
    )
    world.surveys["employee"] = replace(employee, budget=budget, reminder=None, chaser=None)


def further(world: World) -> Counter[str]:
    """Return how many questions for words Slack took for everybody, as its ledger has it."""
    workspace = world.sandbox.workspace
    people = {workspace.dm(user.id).id: user.name for user in workspace.users.values()}
    posted = world.sandbox.ledger.of("chat.postMessage", ok=True)
    chasers = [call for call in posted if "What do you like best?" in call.arguments["text"]]
    return Counter(people[call.arguments["channel"]] for call in chasers)


async def answers(world: World, person: Person, score: int, said: str = "") -> None:
    """Have somebody answer their newest question, with words or without."""
    await person.click(person.inbox[-1], f"score_{score}")
    await modal(world, person, "followup")
    if said:
        assert await person.submit(None, {"reason": said}) == {}
    else:
        await person.close_modal()
    await settled(world)


async def stops_all(world: World, person: Person) -> None:
    await person.click(person.inbox[-1], "stop")
    await modal(world, person, "stop")
    assert await person.submit(None, {"which": "all"}) == {}
    await settled(world)


async def why(world: World, handle: str) -> dict[str, str]:
    """Return what ``/nps why`` says of somebody: of what they got, and of each survey."""
    person = world.sandbox.person(handle)
    said = words(await nps(world, "priya", f"why <@{person.id}|{handle}>"))
    got, customer = said.split("*Customer survey*")
    customer, employee = customer.split("*Employee survey*")
    return {"got": got, "customer": customer, "employee": employee}


def utc(moment: datetime) -> str:
    """Return how a moment is shown where Slack's date tokens are not understood."""
    return f"|{moment:%Y-%m-%d %H:%M} UTC>"


@BOTH
async def test_every_ask_and_every_silence_is_explained_and_the_ledger_agrees(
    quiet_world: World,
) -> None:
    world = quiet_world
    two_surveys(world)
    world.clock.ahead += datetime(2027, 1, 3, 12, tzinfo=UTC) - world.clock.now()
    tom, mei, noor = map(world.sandbox.person, ("tom", "mei", "noor"))
    async with world.running():
        await day_by_day(world, datetime(2027, 1, 6, 12, tzinfo=UTC))
        assert prompts(world) == dict.fromkeys((*STAFF, *GUESTS), 1)
        await tom.click(tom.inbox[0], "score_9")
        await modal(world, tom, "followup")
        await stops_all(world, mei)
        await noor.click(noor.inbox[0], "snooze")
        await settled(world)
        await day_by_day(world, datetime(2027, 1, 9, 18, tzinfo=UTC))
        assert prompts(world)["noor"] == 2
        sam = await why(world, "sam")
        assert "asked <!date" in sam["got"]
        assert "not answered, open until" in sam["got"]
        assert "and silence is followed by 30 days of rest" in sam["employee"]
        await day_by_day(world, datetime(2027, 2, 1, 12, tzinfo=UTC))

    # The bot is away for four days, and the employee survey's hour passes.
    world.clock.ahead += datetime(2027, 2, 5, 12, tzinfo=UTC) - world.clock.now()
    async with world.running():
        await day_by_day(world, datetime(2027, 2, 9, 12, tzinfo=UTC))
        asked = prompts(world)
        assert asked == {
            **dict.fromkeys(GUESTS, 1),
            **dict.fromkeys(("priya", "sam", "lucia", "jack"), 2),
            "tom": 1,  # answered
            "mei": 1,  # opted out
            "noor": 3,  # the second time after a snooze
        }
        await explained(world)
        status = words(await nps(world, "priya", "status employee"))
        assert "1 person who opted out and 1 person who answered lately" in status
        assert "5 asked, 0 answered, nobody left to ask" in status
        for handle in (*STAFF, *GUESTS):  # whom it explains, the ledger knows
            told = (await why(world, handle))["got"]
            assert told.count("asked <!date") + told.count("once more") == asked[handle], handle
        refused = words(await nps(world, "tom", "why @mei"))
        assert "/nps is for the owners of a survey" in refused


async def explained(world: World) -> None:
    """Look at why each of them is asked when, on 9 February at noon."""
    april = datetime(2027, 4, 6, tzinfo=UTC)
    tom = await why(world, "tom")
    assert "“Customer survey”: asked <!date" in tom["got"]
    assert ", answered <!date" in tom["got"]
    assert "answered 9" not in str(tom)
    for survey in ("customer", "employee"):
        assert "Held back until" in tom[survey]
        assert "|2027-04-06 12:" in tom[survey]
        assert "they answered “Customer survey” on <!date" in tom[survey]
        assert "and an answer is followed by 90 days of rest." in tom[survey]
    # The limit ends some hours after the wave's time: it is asked a day later.
    assert f"Asked next: <!date^{int((april + DAY).timestamp()) + 8 * 3600}^" in tom["customer"]
    assert utc(datetime(2027, 8, 4, 8, tzinfo=UTC)) in tom["employee"]

    mei = await why(world, "mei")
    for survey in ("customer", "employee"):
        assert "Held back for good: they asked not to get this survey." in mei[survey]
        assert "Asked next" not in mei[survey]

    noor = await why(world, "noor")
    assert noor["got"].count("asked <!date") == 2
    assert noor["got"].count("once more <!date") == 1
    assert utc(datetime(2027, 4, 6, 4, 30, tzinfo=UTC)) in noor["customer"]

    ada = await why(world, "ada")
    assert "Held back" not in ada["customer"]
    assert utc(april + timedelta(hours=9)) in ada["customer"]
    assert (
        "Not asked: this person is a guest, and this survey does not ask guests."
        in (ada["employee"])
    )
    assert "Asked next" not in ada["employee"]

    sam = await why(world, "sam")
    assert "they left “Employee survey” of <!date" in sam["customer"]
    assert "Held back until" in sam["customer"]
    assert utc(april + timedelta(hours=9)) in sam["customer"]


@BOTH
async def test_reminders_a_chaser_an_opt_out_and_outages_of_two_surveys_are_explained(
    quiet_world: World,
) -> None:
    world = quiet_world
    nudged = dict(world.surveys)
    two_surveys(world)
    for key, one in nudged.items():
        assert one.reminder
        assert one.chaser
        world.surveys[key] = replace(world.surveys[key], reminder=one.reminder, chaser=one.chaser)
    world.clock.ahead += datetime(2027, 1, 3, 12, tzinfo=UTC) - world.clock.now()
    tom, lucia, mei, noor, sam = map(world.sandbox.person, ("tom", "lucia", "mei", "noor", "sam"))
    async with world.running():
        await day_by_day(world, datetime(2027, 1, 6, 12, tzinfo=UTC))
        assert prompts(world) == dict.fromkeys((*STAFF, *GUESTS), 1)
        await answers(world, tom, 9)
        await answers(world, lucia, 3, "The beans were late.")
        await stops_all(world, mei)
        await noor.click(noor.inbox[0], "snooze")
        await settled(world)

    # Away for four days: the chaser's time, the reminders' and noor's second question pass.
    world.clock.ahead += 4 * DAY
    async with world.running():
        await day_by_day(world, datetime(2027, 1, 11, 12, tzinfo=UTC))
        once = dict.fromkeys(("tom", "lucia", "mei"), 1)
        twice = dict.fromkeys((*GUESTS, "noor", "priya", "sam", "jack"), 2)
        assert prompts(world) == once | twice
        assert further(world) == {"tom": 1}
        await answers(world, sam, 8)  # bare, but the reminder was the one message more
        await day_by_day(world, datetime(2027, 2, 1, 12, tzinfo=UTC))
        assert prompts(world) == once | twice
        assert further(world) == {"tom": 1}

    # Away again when the employee survey's hour comes.
    world.clock.ahead += datetime(2027, 2, 5, 12, tzinfo=UTC) - world.clock.now()
    async with world.running():
        await day_by_day(world, datetime(2027, 2, 12, 12, tzinfo=UTC))
        asked, more = prompts(world), further(world)
        assert asked == once | twice | dict.fromkeys(("noor", "priya", "jack"), 3)
        assert more == {"tom": 1}
        for handle in (*STAFF, *GUESTS):
            told = await why(world, handle)
            questions = told["got"].count("asked <!date") + told["got"].count("once more")
            assert questions == asked[handle], handle
            assert told["got"].count("asked for a reason <!date") == more[handle], handle
            for key in ("customer", "employee"):
                said = told[key]
                assert any(one in said for one in ("Held back", "Asked next", "Not asked")), handle
        for answered in ("tom", "lucia", "sam"):
            told = await why(world, answered)
            assert "and an answer is followed by 90 days of rest." in told["employee"]
        assert "Held back for good" in (await why(world, "mei"))["employee"]
        rested = await why(world, "priya")
        assert rested["got"].count("once more <!date") == 1
        assert "“Employee survey”" in rested["got"]
        status = words(await nps(world, "priya", "status employee"))
        assert "3 people who answered lately" in status
        assert "1 person who opted out" in status


@BOTH
async def test_two_surveys_of_the_same_hour_ask_everybody_once(quiet_world: World) -> None:
    world = quiet_world
    two_surveys(world)
    customer = world.surveys["customer"]
    world.surveys["employee"] = replace(world.surveys["employee"], cadence=customer.cadence)
    world.clock.ahead += datetime(2027, 1, 3, 12, tzinfo=UTC) - world.clock.now()
    async with world.running():
        await day_by_day(world, datetime(2027, 1, 4, 21, tzinfo=UTC))
        said = await why(world, "tom")
        assert "“Customer survey”: on its way, for <!date" in said["got"]
        assert "Asked next: <!date" in said["customer"]
        assert "“Customer survey” is on its way to them, for <!date" in said["employee"]
        await day_by_day(world, datetime(2027, 1, 20, 12, tzinfo=UTC))
        assert prompts(world) == dict.fromkeys((*STAFF, *GUESTS), 1)
        database = world.bot.context.database
        assert (await read(database, select(func.count()).select_from(Invitation)))[0][0] == 11
        held = select(WaveExclusion.people).where(WaveExclusion.reason == "every")
        assert [row[0] for row in await read(database, held)] == [7]


@ON_SQLITE
async def test_a_share_and_a_daily_number_spread_the_asks(quiet_world: World) -> None:
    world = quiet_world
    two_surveys(world, replace(Limits.none(), daily=2))
    world.surveys["employee"] = replace(
        world.surveys["employee"], budget=replace(Limits.none(), share=50)
    )
    world.clock.ahead += datetime(2027, 1, 3, 12, tzinfo=UTC) - world.clock.now()
    async with world.running():
        before = 0
        for day in range(4, 10):
            await day_by_day(world, datetime(2027, 1, day, 23, 59, tzinfo=UTC))
            asked = sum(prompts(world).values())
            assert asked - before <= 2
            before = asked
        await day_by_day(world, datetime(2027, 1, 12, 12, tzinfo=UTC))
        assert prompts(world) == dict.fromkeys((*STAFF, *GUESTS), 1)
        await day_by_day(world, datetime(2027, 2, 5, 12, tzinfo=UTC))
        half = prompts(world)
        assert 0 < sum(half.values()) - 11 < 7
        # Who was not asked reads why, and when it is their turn: in the next wave.
        left_out = next(one for one in STAFF if half[one] == 1)
        said = (await why(world, left_out))["employee"]
        assert "Asked next: <!date" in said
        assert "2027-08-04" in said


@BOTH
async def test_newcomers_are_noticed_between_two_waves_and_asked_when_it_was_told(
    quiet_world: World,
) -> None:
    """A survey asks each quarter; whoever joins in between is no newcomer by then."""
    world = quiet_world
    two_surveys(world)
    world.clock.ahead += datetime(2027, 1, 3, 12, tzinfo=UTC) - world.clock.now()
    async with world.running():
        await day_by_day(world, datetime(2027, 1, 6, 12, tzinfo=UTC))
        assert prompts(world) == dict.fromkeys((*STAFF, *GUESTS), 1)
        workspace = world.sandbox.workspace
        rosa = User("U0ROSA0000", "rosa", "Rosa Diaz", workspace.team.id)
        workspace.put_user(rosa)
        world.clock.ahead += datetime(2027, 2, 20, 12, tzinfo=UTC) - world.clock.now()
        calls = len(world.sandbox.ledger)
        await look_for_newcomers(world.bot.context)
        looked = len(world.sandbox.ledger)
        assert looked > calls
        await look_for_newcomers(world.bot.context)  # once a day is enough
        assert len(world.sandbox.ledger) == looked
        told = (await why(world, "rosa"))["customer"]
        assert "Held back until <!date" in told
        assert "2027-03-22 12:00 UTC>" in told
        assert "they are new" in told
        await day_by_day(world, datetime(2027, 4, 7, 12, tzinfo=UTC))
        assert prompts(world)["rosa"] == 1


@ON_SQLITE
async def test_people_can_be_named_in_every_way(world: World) -> None:
    for typed in ("@ada", "ada", "Ada Marsh", "ada@marshbakery.example", "<@U0ADA0000>"):
        await world.ask()
        assert "When is Ada Marsh asked?" in words(await nps(world, "priya", f"why {typed}")), typed
    assert "Whom? Type @ and choose somebody" in words(await nps(world, "priya", "why"))
    nobody = words(await nps(world, "priya", "why @zebra"))
    assert "Slack shows me nobody called '@zebra'." in nobody
    outside = words(await nps(world, "priya", "why <@U0HELENA1|helena>"))
    assert "Not asked: this person belongs to another workspace" in outside
    misspelt = words(await nps(world, "priya", "wyh @ada"))
    assert "/nps knows no 'wyh'. Did you mean 'why'?" in misspelt
