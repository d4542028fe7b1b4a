"""Messages in a Slack that is slow, refuses or loses answers: once each, never silently none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, update

from nps_bot.app.kinds import KINDS
from nps_bot.app.wiring import Role, open_database, running
from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.delivery.claim import claim
from nps_bot.delivery.rules import LEASE, Priority
from nps_bot.delivery.store import lanes
from nps_bot.delivery.store.claims import Waiting
from nps_bot.people import forgetting
from nps_bot.storage.tables import Answer, Invitation, Outbox
from nps_bot.storage.tables import Person as StoredPerson
from slack_sandbox import Call, Fault, Message, Person
from tests.helpers.attack_helpers import BOTH, eventually, logged, read
from tests.helpers.messages import ON_POSTGRES, ON_SQLITE, crowd, nps, settled, words
from tests.helpers.world import World

LOST = Fault(acted=True, drop=True)
"""Slack does what it is asked, and its answer gets lost."""


@pytest.fixture(autouse=True)
def by_our_own_ticks(quiet_world: World) -> None:
    """Let the scheduler's first tick come in a minute: the tests tick themselves."""
    quiet_world.clock.ahead += timedelta(minutes=1)


async def prompted(world: World, handle: str) -> tuple[Person, Message]:
    """Ask one person at once; return them with the prompt, once the bot knows that it is there."""
    person = await invited(world, handle)
    await settled(world)
    return person, person.inbox[-1]


async def invited(world: World, handle: str) -> Person:
    """Have the dispatcher ask one person at once, and return before it did."""
    person = world.sandbox.person(handle)
    now = world.clock.now()
    how = ByHand(now.strftime(NOMINAL), only_person=person.id, at_once=True)
    context = world.bot.context
    await context.database.write(launching.start_by_hand, world.surveys["customer"], how, now)
    await world.tick()
    return person


async def statuses(world: World, kind: str) -> list[str]:
    found = select(Outbox.status).where(Outbox.kind == kind)
    return [row[0] for row in await read(world.bot.context.database, found)]


async def until(world: World, kind: str, *expected: str) -> None:
    """Wait until the messages of a kind stand so; the clock stands still meanwhile."""

    async def so() -> bool:
        return sorted(await statuses(world, kind)) == sorted(expected)

    await eventually(world.sandbox, so)


async def until_called(world: World, method: str, times: int) -> None:
    """Wait until the bot has called a method so many times."""
    await world.sandbox.until(lambda: len(world.sandbox.ledger.of(method)) == times)


def later(world: World, seconds: float) -> None:
    """Move the clock and wake the dispatcher; what is in flight may lose its lease by that."""
    world.clock.ahead += timedelta(seconds=seconds)
    world.bot.context.wake_dispatcher()


def posts(world: World) -> list[Call]:
    return world.sandbox.ledger.of("chat.postMessage")


# --- Slack's answer is lost -------------------------------------------------------------------


@BOTH
async def test_a_post_whose_answer_was_lost_is_found_and_not_posted_again(world: World) -> None:
    world.sandbox.faults.add("chat.postMessage", LOST)
    kenji = await invited(world, "kenji")
    await until(world, "prompt", "unknown")
    later(world, 11)
    await until(world, "prompt", "sent")
    assert len(kenji.inbox) == len(posts(world)) == 1
    asked = await read(world.bot.context.database, select(Invitation.asked_at))
    assert asked != [(None,)]


@BOTH
@pytest.mark.parametrize("fault", [Fault(status=500), Fault(drop=True)], ids=["500", "dropped"])
async def test_a_post_that_never_happened_is_posted_once_when_that_is_certain(
    world: World, fault: Fault
) -> None:
    world.sandbox.faults.add("chat.postMessage", fault)
    kenji = await invited(world, "kenji")
    await until(world, "prompt", "unknown")
    later(world, 11)
    reason = "the history does not show it yet"
    looked = select(Outbox.id).where(Outbox.reason == reason, Outbox.status == "unknown")
    await eventually(world.sandbox, lambda: read(world.bot.context.database, looked))
    assert len(posts(world)) == 1
    later(world, 80)
    await until(world, "prompt", "sent")
    assert len(posts(world)) == 2
    assert len(kenji.inbox) == 1


@BOTH
async def test_what_changed_while_a_post_was_unknown_is_shown_once_it_is_found(
    world: World,
) -> None:
    ada, prompt = await prompted(world, "ada")
    world.sandbox.faults.add("chat.postMessage", LOST)
    await ada.click(prompt, "score_3")
    await until(world, "alert", "unknown")
    await world.modal_of(ada, "followup")
    await ada.submit(None, {"reason": "The beans were late."})
    later(world, 11)
    await world.until_in("nps-alerts", "The beans were late.")
    assert len(world.messages("nps-alerts")) == 1


@ON_SQLITE
async def test_a_look_up_that_breaks_stops_no_other(world: World) -> None:
    """Its row is odd: nobody knows when it was claimed."""
    world.sandbox.faults.add("chat.postMessage", LOST, times=2)
    ada, kenji = await invited(world, "ada"), await invited(world, "kenji")
    await until(world, "prompt", "unknown", "unknown")

    def break_one(connection: Connection) -> None:
        of_ada = update(Outbox).where(Outbox.person_id == ada.id)
        connection.execute(of_ada.values(claimed_at=None))

    with logged(world.sandbox) as log:
        await world.bot.context.database.write(break_one)
        later(world, 11)
        await until(world, "prompt", "sent", "unknown")
        grace = await invited(world, "grace")
        await until(world, "prompt", "sent", "sent", "unknown")
    assert [len(one.inbox) for one in (ada, kenji, grace)] == [1, 1, 1]
    assert "Looking for a message broke" in log.text


@ON_SQLITE
async def test_a_post_is_never_repeated_blindly_and_everybody_can_see_that(world: World) -> None:
    """The channel's history cannot be read, so nobody will ever know."""
    world.sandbox.faults.add("conversations.history", Fault(error="missing_scope"), times=None)
    world.sandbox.faults.add("chat.postMessage", Fault(drop=True))
    kenji = await invited(world, "kenji")
    await until(world, "prompt", "unknown")
    later(world, 11)
    parked = select(Outbox.id).where(Outbox.status == "unknown", Outbox.lease_until.is_(None))
    await eventually(world.sandbox, lambda: read(world.bot.context.database, parked))
    later(world, 3 * 86_400)
    status = words(await nps(world, "priya", "status"))
    assert f"The question to <@{kenji.id}> may have arrived, nobody knows" in status
    assert "the app lacks a permission" in status
    assert (len(posts(world)), kenji.inbox) == (1, [])


@BOTH
async def test_what_a_killed_process_had_in_hand_is_posted_once(quiet_world: World) -> None:
    """It claimed everything and died before it called Slack; or after, as far as anybody knows."""
    world = quiet_world
    async with world.running(Role.LISTEN):
        await world.ask()
        context = world.bot.context
        claimed = await context.database.write(
            claim,
            KINDS,
            world.surveys,
            [Waiting(99, Priority.RESPONDENT)],
            world.clock.now(),
        )
        assert claimed.taken == 5
    async with world.running():
        later(world, LEASE.total_seconds())
        await until(world, "prompt", *["unknown"] * 4)
        later(world, 61)
        await until(world, "prompt", *["sent"] * 4)
        await until(world, "summary", "sent")
        for handle in ("ada", "kenji", "grace", "oscar"):
            assert len(world.sandbox.person(handle).inbox) == 1
        assert len(world.messages("nps-summary")) == 1


# --- Slack asks to wait, or has trouble -------------------------------------------------------


@ON_SQLITE
async def test_a_429_holds_everything_back_for_as_long_as_slack_says(world: World) -> None:
    world.sandbox.faults.add("chat.postMessage", Fault(error="ratelimited", retry_after=2))
    await world.ask()
    await world.sandbox.until(lambda: len(posts(world)) == 6)
    refused, *accepted = posts(world)
    assert refused.status == 429
    assert {call.status for call in accepted} == {200}
    assert min(call.at for call in accepted) - refused.at >= timedelta(seconds=2)
    await settled(world)
    assert len(world.sandbox.person("ada").inbox) == 1


@BOTH
async def test_a_rewriting_that_failed_is_repeated(world: World) -> None:
    ada, prompt = await prompted(world, "ada")
    await ada.click(prompt, "score_3")
    await until(world, "alert", "sent")
    await world.modal_of(ada, "followup")
    world.sandbox.faults.add("chat.update", Fault(status=503))
    world.sandbox.faults.add("chat.update", LOST)
    await ada.submit(None, {"reason": "The beans were late."})
    for times in (1, 2):
        await until_called(world, "chat.update", times)
        await until(world, "alert", "pending")
        later(world, 5)
    await until(world, "alert", "sent")
    (alert,) = world.messages("nps-alerts")
    assert "The beans were late." in words(alert)
    assert len(world.sandbox.ledger.of("chat.update", ok=True)) >= 1


@pytest.mark.parametrize(
    ("owner", "method"),
    [("nobody@lumen.example", "users.lookupByEmail"), ("U0NOBODY1", "users.info")],
)
@ON_SQLITE
async def test_a_prompt_waits_for_what_it_says_of_its_owners(
    quiet_world: World, owner: str, method: str
) -> None:
    """A look-up that fails is no reason to wonder whether the prompt was sent."""
    world = quiet_world
    world.surveys["customer"] = replace(world.surveys["customer"], owners=(owner,))
    crowd(world, 20)
    async with world.running():
        if method == "users.lookupByEmail":
            world.sandbox.faults.add(method, Fault(error="ratelimited", retry_after=1))
        await world.ask()
        await world.sandbox.until(lambda: len(posts(world)) == 25)
        await settled(world)
        assert {*(await statuses(world, "prompt"))} == {"sent"}
        # As many as are under way at once ask, and then everybody knows that there is nobody.
        lookups = [call for call in world.sandbox.ledger.of(method) if owner in str(call)]
        assert len(lookups) <= 1 + 8


# --- Slack refuses ----------------------------------------------------------------------------


@ON_SQLITE
async def test_what_slack_refuses_is_told_to_the_owners(quiet_world: World) -> None:
    world = quiet_world
    customers = world.surveys["customer"]
    world.surveys["customer"] = replace(customers, summary_channel="#nowhere")
    async with world.running():
        workspace = world.sandbox.workspace
        await nps(world, "priya", "pause customer")
        await world.ask()
        workspace.user("kenji").deleted = True
        await nps(world, "priya", "resume customer")
        await settled(world)
        later(world, 60)
        await settled(world)
        assert sorted(await statuses(world, "prompt")) == ["failed", "sent", "sent", "sent"]
        status = words(await nps(world, "priya", "status"))
        assert "*2 undelivered messages*" in status
        kenji = workspace.user("kenji").id
        assert f"The question to <@{kenji}> was not sent (this account is deactivated)" in status
        assert "A running summary was not sent (Slack shows the bot no #nowhere." in status
        later(world, 86_400)
        await settled(world)
        assert sorted(await statuses(world, "prompt")) == ["failed", "sent", "sent", "sent"]


@BOTH
async def test_an_alert_that_was_refused_comes_when_there_is_news_and_the_bot_is_let_in(
    world: World,
) -> None:
    alerts = world.sandbox.workspace.channel("nps-alerts")
    alerts.members.remove(world.sandbox.bot_user_id)
    ada, prompt = await prompted(world, "ada")
    await ada.click(prompt, "score_3")
    await until(world, "alert", "failed")
    status = words(await nps(world, "priya", "status"))
    assert "An alert was not sent (the bot is not in the channel: invite the bot" in status
    alerts.members.append(world.sandbox.bot_user_id)
    await world.modal_of(ada, "followup")
    await ada.submit(None, {"reason": "The beans were late."})
    await world.until_in("nps-alerts", "answered 3", "The beans were late.")


# --- outsiders --------------------------------------------------------------------------------


@BOTH
async def test_nothing_internal_is_posted_where_outsiders_read(world: World) -> None:
    workspace = world.sandbox.workspace
    ada, asked_ada = await prompted(world, "ada")
    later(world, 60)
    kenji, asked_kenji = await prompted(world, "kenji")
    workspace.channel("nps-alerts").is_ext_shared = True
    priya = world.sandbox.person("priya")
    for person, prompt in ((ada, asked_ada), (kenji, asked_kenji)):
        await person.click(prompt, "score_3")
        await world.modal_of(person, "followup")
        await person.submit(None, {"reason": "The beans were late."})
        await settled(world)
    assert world.messages("nps-alerts") == []
    (notice,) = priya.inbox
    assert notice.text.startswith("Nothing was posted in #nps-alerts: people outside")
    status = words(await nps(world, "priya", "status"))
    assert status.count("An alert was not sent (Nothing was posted in #nps-alerts") == 2


@BOTH
async def test_an_alert_is_not_rewritten_for_outsiders_but_loses_who_asks_to_be_forgotten(
    world: World,
) -> None:
    """Its channel was shared after it was posted there."""
    ada, prompt = await prompted(world, "ada")
    await ada.click(prompt, "score_3")
    await until(world, "alert", "sent")
    world.sandbox.workspace.channel("nps-alerts").is_ext_shared = True
    await world.modal_of(ada, "followup")
    await ada.submit(None, {"reason": "The beans were late."})
    await until(world, "alert", "failed")
    (alert,) = world.messages("nps-alerts")
    assert "The beans" not in words(alert)

    context = world.bot.context
    await context.database.write(forgetting.forget, ada.id, world.clock.now())
    later(world, 60)
    await until(world, "alert", "sent")
    (alert,) = world.messages("nps-alerts")
    assert "Ada" not in words(alert)


@ON_SQLITE
async def test_an_alert_is_checked_for_outsiders_where_it_stands(quiet_world: World) -> None:
    """The file names another, internal channel since."""
    world = quiet_world
    async with world.running():
        ada, prompt = await prompted(world, "ada")
        await ada.click(prompt, "score_3")
        await until(world, "alert", "sent")
    customers = world.surveys["customer"]
    world.surveys["customer"] = replace(customers, alerts_channel="#nps-summary")
    world.sandbox.workspace.channel("nps-alerts").is_ext_shared = True
    async with world.running():
        await world.modal_of(ada, "followup")
        await ada.submit(None, {"reason": "The beans were late."})
        await until(world, "alert", "failed")
        (alert,) = world.messages("nps-alerts")
        assert "The beans" not in words(alert)


@ON_SQLITE
async def test_a_burst_of_alerts_asks_once_for_each_who_reads_there(world: World) -> None:
    """Alerts in one channel wait for one another; waiting must not cost calls."""
    people = []
    for handle in ("ada", "kenji", "oscar"):
        people.append(await prompted(world, handle))
        later(world, 60)
    for person, prompt in people:
        await person.click(prompt, "score_3")
    await world.sandbox.until(lambda: len(world.messages("nps-alerts")) == 3)
    alerts = world.sandbox.workspace.channel("nps-alerts").id
    asked = world.sandbox.ledger.of("conversations.info")
    assert [call.arguments["channel"] for call in asked].count(alerts) == 3


# --- order, stopping, several dispatchers --------------------------------------------------------


@ON_SQLITE
async def test_an_alert_overtakes_the_prompts_that_wait(world: World) -> None:
    """Also those that the dispatcher has in hand already: 32 wait their turn."""
    ids = crowd(world, 150)
    world.sandbox.faults.add("chat.postMessage", Fault(delay=0.4), times=None)
    await world.ask()
    crowded = [world.sandbox.person(one) for one in ids]
    first = await world.sandbox.until(
        lambda: next((person for person in crowded if person.inbox), None)
    )
    assert first is not None
    before = len(posts(world))
    await first.click(first.inbox[0], "score_3")
    await world.sandbox.until(lambda: world.messages("nps-alerts"))
    assert len(posts(world)) - before < 24


@ON_SQLITE
async def test_an_alert_takes_the_next_place_at_slacks_own_pace(quiet_world: World) -> None:
    """Five places a second, and every prompt in hand waits for each of them."""
    world = quiet_world
    ids = crowd(world, 60)
    pace = {"chat.postMessage": {"rate": 4.9, "pause": 1.0}}
    async with open_database(world.settings.database_url) as database:
        await database.write(lanes.remember_pace, pace)
    async with world.running():
        await world.ask()
        crowded = [world.sandbox.person(one) for one in ids]
        for _ in range(2):
            person = await world.sandbox.until(
                lambda: next((one for one in crowded if one.inbox), None)
            )
            assert person is not None
            crowded.remove(person)
            before = len(posts(world))
            await person.click(person.inbox[0], "score_3")
            await world.until_in("nps-alerts", f"<@{person.id}>")
            assert len(posts(world)) - before <= 8


@ON_SQLITE
async def test_an_alert_grows_while_slack_lets_nobody_post(world: World) -> None:
    """All that the dispatcher takes in hand waits for Slack; what may go now still overtakes."""
    ada, prompt = await prompted(world, "ada")
    await ada.click(prompt, "score_3")
    await world.modal_of(ada, "followup")
    await settled(world)
    later(world, 60)
    crowd(world, 60)
    world.sandbox.faults.add("chat.postMessage", Fault(error="ratelimited", retry_after=20))
    await world.ask()
    await world.sandbox.until(lambda: posts(world)[-1].status == 429)
    await ada.submit(None, {"reason": "The beans were late."})
    await world.until_in("nps-alerts", "The beans were late.")


@BOTH
async def test_who_stops_gives_back_what_was_not_begun(quiet_world: World) -> None:
    world = quiet_world
    ids = crowd(world, 40)
    faults = world.sandbox.faults
    faults.add("chat.postMessage", Fault(delay=0.2), times=None)
    async with world.running():
        await world.ask()
        await world.sandbox.until(lambda: len(posts(world)) >= 3)
        database = world.bot.context.database
        open_ = select(Outbox.id).where(Outbox.status == "claimed")
        assert len(await read(database, open_)) > 8  # more than are under way at once
    begun = len(posts(world))
    assert begun < 45
    async with world.running(Role.LISTEN):
        found = await statuses(world, "prompt")
        assert {*found} == {"pending", "sent"}
        attempts = select(Outbox.attempts).where(Outbox.status == "pending")
        assert {*(await read(world.bot.context.database, attempts))} == {(0,)}
    faults.clear()
    async with world.running():
        await settled(world)
        assert {*(await statuses(world, "prompt"))} == {"sent"}
        for one in (*ids, "ada", "kenji", "grace", "oscar"):
            assert len(world.sandbox.person(one).inbox) == 1


@ON_POSTGRES
async def test_two_dispatchers_post_everything_once(quiet_world: World) -> None:
    world = quiet_world
    ids = crowd(world, 60)
    async with (
        world.running(),
        running(world.settings, world.surveys, world.clock, Role.WORK) as other,
    ):
        await world.ask()
        other.context.wake_dispatcher()
        await settled(world)
        for one in (*ids, "ada", "kenji", "grace", "oscar"):
            assert len(world.sandbox.person(one).inbox) == 1
        assert len(posts(world)) == 65


# --- forgetting -------------------------------------------------------------------------------


@BOTH
async def test_who_is_forgotten_leaves_nothing_in_slack_and_the_sums_as_they_were(
    world: World,
) -> None:
    ada, prompt = await world.asked("ada")
    await settled(world)
    await ada.click(prompt, "score_3")
    await world.modal_of(ada, "followup")
    await ada.submit(None, {"reason": "The beans were late."})
    await settled(world)
    later(world, 60)
    await settled(world)
    (before,) = world.messages("nps-summary")
    said = words(before)
    assert "NPS −100" in said

    context = world.bot.context
    forgotten = await context.database.write(forgetting.forget, ada.id, world.clock.now())
    assert (forgotten.invitations, forgotten.messages) == (1, 2)
    context.wake_dispatcher()
    await settled(world)
    assert ada.inbox == []
    (alert,) = world.messages("nps-alerts")
    assert "Someone who asked to be forgotten" in words(alert)
    assert not any(word in words(alert) for word in ("Ada", "Marsh", ada.id, "beans"))
    assert await read(context.database, select(Answer.text)) == []
    assert ada.id not in [row[0] for row in await read(context.database, select(StoredPerson.id))]

    later(world, 60)
    await world.ask()
    await settled(world)
    assert ada.inbox == []
    assert words(world.messages("nps-summary")[0]) == said
    again = await context.database.write(forgetting.forget, ada.id, world.clock.now())
    assert (again.invitations, again.messages) == (0, 0)


@pytest.mark.parametrize("fault", [LOST, Fault(status=500)], ids=["lost answer", "500"])
@ON_SQLITE
async def test_a_deletion_is_repeated_until_the_message_is_gone(world: World, fault: Fault) -> None:
    ada, _ = await prompted(world, "ada")
    context = world.bot.context
    world.sandbox.faults.add("chat.delete", fault)
    await context.database.write(forgetting.forget, ada.id, world.clock.now())
    context.wake_dispatcher()
    await until_called(world, "chat.delete", 1)
    await until(world, "prompt", "pending")
    later(world, 5)
    await until(world, "prompt", "cancelled")
    assert ada.inbox == []
    assert "0 undelivered messages" in words(await nps(world, "priya", "status"))
