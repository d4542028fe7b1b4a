"""An anonymous survey: answered once, for good, and kept apart from who answered."""

from __future__ import annotations

import asyncio
import copy
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, select, text, update

from nps_bot.answering.replies import REFUSALS
from nps_bot.answering.rules import Refusal
from nps_bot.app.wiring import open_database
from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.asking.views.prompt import VOTED
from nps_bot.base.logs import LogLevel
from nps_bot.people import forgetting
from nps_bot.people.store import AccountRow, save_accounts
from nps_bot.storage import scrubbing
from nps_bot.storage.tables import AnonymousAnswer, AnonymousComment, Invitation, Outbox
from nps_bot.surveys.rules.survey import Anonymity
from slack_sandbox import Fault, Kind, Message, Person, Reply
from tests.app.test_kills import process, prompted
from tests.helpers.attack_helpers import BOTH, logged, quiet, read, told
from tests.helpers.messages import at, later, nps, opened_home, outage, settled, words
from tests.helpers.voting import (
    OPERATOR,
    anonymous_file,
    ballots,
    close,
    make_anonymous,
    named,
    texts_of,
    thanked,
    tokens,
    votes,
)
from tests.helpers.world import World

CUSTOMERS = ("ada", "kenji", "grace", "oscar")


@pytest.fixture
def anonymous(world: World) -> World:
    """Return a world in which the customer survey asks anonymously."""
    make_anonymous(world)
    return world


# --- answering --------------------------------------------------------------------------------


async def test_an_answer_is_taken_and_nothing_of_it_stays_in_the_message(anonymous: World) -> None:
    world, read_ = anonymous, anonymous.bot.context.database.read
    ada, prompt = await world.asked("ada")
    asked = words(prompt)
    assert "Your name is not stored with your answer or shown in results." in asked
    assert "from 4 answers; comments in random order, from 10." in asked
    assert f"{OPERATOR} runs this bot; someone with full control of its server" in asked
    assert "Not anonymous" not in asked

    dialog = ada.decline(prompt, "ballot_3")
    assert dialog["title"]["text"] == "Your answer is 3?"
    assert await read_(ballots) == 0, "who says no has not answered"

    await ada.click(prompt, "ballot_3")
    modal = await world.modal_of(ada, "anonymous_followup")
    assert "Where did we go wrong" in words(modal)
    await ada.submit(None, {"reason": "The beans were stale", "happier": "  "})
    assert ada.modal is None

    answered = await thanked(world, ada, prompt)
    assert words(answered) == f"{VOTED}\n{VOTED}"
    await settled(world)
    assert await read_(votes) == [(None, 3)]
    assert await read_(texts_of) == ["The beans were stale"]
    assert (await read_(ballots), await read_(tokens), await read_(named)) == (1, 0, 0)
    assert world.messages("nps-alerts") == [], "nobody is told of one answer"


@BOTH
async def test_the_first_answer_is_final(anonymous: World) -> None:
    world = anonymous
    ada, prompt = await world.asked("ada")
    second = ada.action(prompt, "ballot_9")
    await ada.click(prompt, "ballot_2")
    await quiet(world)
    await world.sandbox.deliver(Kind.INTERACTIVE, second)
    assert await told(world, ada, prompt) == [REFUSALS[Refusal.VOTED]]
    assert await world.bot.context.database.read(votes) == [(None, 2)]


async def test_twenty_clicks_at_once_are_one_ballot_and_one_answer(anonymous: World) -> None:
    world, read_ = anonymous, anonymous.bot.context.database.read
    ada, prompt = await world.asked("ada")
    clicks = [ada.action(prompt, f"ballot_{number % 11}") for number in range(20)]
    await asyncio.gather(
        *(world.sandbox.deliver(Kind.INTERACTIVE, click) for click in [*clicks, *clicks[:3]])
    )
    await quiet(world)
    assert (await read_(ballots), len(await read_(votes)), await read_(tokens)) == (1, 1, 1)
    assert len(world.sandbox.ledger.of("views.open")) == 1


@BOTH
async def test_words_are_taken_once_from_whoever_shows_the_token(anonymous: World) -> None:
    world = anonymous
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "ballot_10")
    view = copy.deepcopy(await world.modal_of(ada, "anonymous_followup"))
    view["state"]["values"]["reason"]["reply"]["value"] = "Friendly"
    # Nothing of what is sent says whose it is: somebody else's id changes nothing.
    sender = {"id": world.sandbox.person("kenji").id}
    submission = {"type": "view_submission", "user": sender, "view": view}
    replies = await asyncio.gather(
        *(world.sandbox.deliver(Kind.INTERACTIVE, submission) for _ in range(5))
    )
    taken = [reply for reply in replies if reply.body == {}]
    refused = [
        reply for reply in replies if REFUSALS[Refusal.SENT] in words(reply.body.get("view"))
    ]
    assert (len(taken), len(refused)) == (1, 4)
    assert await world.bot.context.database.read(texts_of) == ["Friendly"]

    view["private_metadata"] = "0" * 32
    forged = await world.sandbox.deliver(Kind.INTERACTIVE, submission)
    assert REFUSALS[Refusal.SENT] in words(forged.body["view"])


@BOTH
async def test_a_group_is_kept_where_the_survey_says_so(anonymous: World) -> None:
    world = anonymous
    make_anonymous(world, Anonymity(3, "team"))
    members = [await world.bot.context.directory.person(world.sandbox.person("ada").id)]
    rows = [AccountRow(one, None, None, {"team": "Roasting"}) for one in members if one]
    await world.bot.context.database.write(save_accounts, rows, world.clock.now())
    await world.ask()
    for handle in ("ada", "kenji"):
        prompt = await world.prompt_of(handle)
        assert "Your team is stored with it; a team with few answers is never shown." in words(
            prompt
        )
        await world.sandbox.person(handle).click(prompt, "ballot_7")
    assert await world.bot.context.database.read(votes) == [("Roasting", 7), (None, 7)]


@BOTH
async def test_what_was_not_saved_is_told_and_can_be_clicked_again(
    anonymous: World, request: pytest.FixtureRequest
) -> None:
    world = anonymous
    ada, prompt = await world.asked("ada")
    await settled(world)
    with outage(world, request):
        await ada.click(prompt, "ballot_7")
        (sentence,) = await told(world, ada, prompt)
        assert "was not saved" in sentence
    await ada.click(prompt, "ballot_8")
    assert await world.bot.context.database.read(votes) == [(None, 8)]


# --- what is refused --------------------------------------------------------------------------


async def unmoved(
    world: World, person: Person, prompt: Message, payload: Mapping[str, Any]
) -> list[str]:
    """Deliver what must change nothing; return what the person is told."""
    before = await quiet(world)
    heard = len(await told(world, person, prompt))
    await world.sandbox.deliver(Kind.INTERACTIVE, payload)
    sentences = (await told(world, person, prompt))[heard:]
    assert await quiet(world) == before
    return sentences


def renamed(payload: Mapping[str, Any], action_id: str) -> dict[str, Any]:
    """Return a click on a button of another name."""
    other = copy.deepcopy(dict(payload))
    other["actions"][0]["action_id"] = action_id
    return other


@BOTH
async def test_named_clicks_never_answer_an_anonymous_question(anonymous: World) -> None:
    world = anonymous
    ada, prompt = await world.asked("ada")
    forged = {
        "score_3": Refusal.GONE,
        "add_details": Refusal.UNFINDABLE,
        "change_score": Refusal.UNFINDABLE,
        "no_contact": Refusal.UNFINDABLE,
        "home_delete": Refusal.UNFINDABLE,
    }
    # Slack takes five answers to one click, so each forgery has a click of its own.
    before, after = (
        {name: renamed(ada.action(prompt, "ballot_3"), name) for name in forged} for _ in range(2)
    )
    for name, refusal in forged.items():
        assert await unmoved(world, ada, prompt, before[name]) == [REFUSALS[refusal]]
    await ada.click(prompt, "ballot_3")
    for name, refusal in forged.items():
        assert await unmoved(world, ada, prompt, after[name]) == [REFUSALS[refusal]]
    assert await world.bot.context.database.read(named) == 0


@BOTH
async def test_ballots_never_answer_a_named_question(world: World) -> None:
    ada, prompt = await world.asked("ada")
    click = renamed(ada.action(prompt, "score_3"), "ballot_3")
    assert await unmoved(world, ada, prompt, click) == [REFUSALS[Refusal.GONE]]
    assert await world.bot.context.database.read(ballots) == 0


@BOTH
async def test_nobody_answers_for_somebody_else_nor_after_the_end(anonymous: World) -> None:
    world = anonymous
    ada, prompt = await world.asked("ada")
    click = ada.action(prompt, "ballot_3")
    stolen = click | {"user": {"id": world.sandbox.person("kenji").id}}
    # Whoever is told, it is beside the message that was clicked, which only Ada can see.
    await unmoved(world, ada, prompt, stolen)
    await close(world)
    assert await unmoved(world, ada, prompt, click) == [REFUSALS[Refusal.CLOSED]]
    assert await world.bot.context.database.read(ballots) == 0


@BOTH
async def test_a_wave_stays_what_its_people_were_told(anonymous: World) -> None:
    world = anonymous
    survey = world.surveys["customer"]
    ada, prompt = await world.asked("ada")
    world.surveys["customer"] = replace(survey, anonymity=None)
    await ada.click(prompt, "ballot_3")
    await thanked(world, ada, prompt)
    assert await world.bot.context.database.read(votes) == [(None, 3)]
    await quiet(world)
    assert world.messages("nps-alerts") == []


# --- what follows -----------------------------------------------------------------------------


@BOTH
async def test_a_reminder_goes_to_who_did_not_answer_and_nothing_else_to_anybody(
    quiet_world: World,
) -> None:
    world = quiet_world
    make_anonymous(world)
    at(world, 12)
    async with world.running():
        kenji, prompt = await world.asked("kenji")
        ada = world.sandbox.person("ada")
        await kenji.click(prompt, "ballot_3")
        await later(world, days=3)
        await world.sandbox.until(lambda: len(ada.inbox) == 2)
        await later(world, hours=15)
        await quiet(world)
        assert len(kenji.inbox) == 1
        reminder = ada.inbox[-1]
        assert "Your name is not stored with your answer" in words(reminder)
        await ada.click(reminder, "ballot_9")
        await quiet(world)
        assert [words(one) for one in ada.inbox] == [f"{VOTED}\n{VOTED}"] * 2


@BOTH
async def test_home_and_why_tell_only_oneself(anonymous: World) -> None:
    world = anonymous
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "ballot_3")
    await thanked(world, ada, prompt)
    home = await opened_home(world, "ada", "You took part")
    assert "Your answer can't be shown, not even to you." in words(home)
    assert "[Delete my answer]" not in words(home)
    assert "You took part" not in words(await opened_home(world, "kenji"))

    both = [
        words(await nps(world, "priya", f"why <@{world.sandbox.person(one).id}>"))
        for one in CUSTOMERS
    ]
    assert "Anonymous surveys are explained only to the person themselves." in both[0]
    assert "nothing so far" in both[0]
    names = [world.sandbox.person(one).user.real_name for one in CUSTOMERS]
    alike = {text.replace(name, "") for text, name in zip(both, names, strict=True)}
    assert len(alike) == 1, "who answered reads like who did not"


@BOTH
async def test_forgetting_a_person_leaves_their_ballot_without_them(anonymous: World) -> None:
    world, read_ = anonymous, anonymous.bot.context.database.read
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "ballot_3")
    await thanked(world, ada, prompt)
    await world.bot.context.database.write(forgetting.forget, ada.id, world.clock.now())
    rows = await quiet(world)
    assert ada.inbox == []
    assert (await read_(ballots), await read_(votes)) == (1, [(None, 3)])
    assert ada.id not in repr({name: rows[name] for name in rows if name != "opt_outs"})


# --- closing ----------------------------------------------------------------------------------


def ids(connection: Connection) -> set[str]:
    """Return the ids of all votes and words."""
    return {
        one
        for table in (AnonymousAnswer, AnonymousComment)
        for one in connection.scalars(select(table.id))
    }


async def voted(world: World) -> None:
    """Have everybody answer, one after the other; two write something, one begins to."""
    await world.ask()
    for number, handle in enumerate(CUSTOMERS):
        person, prompt = world.sandbox.person(handle), await world.prompt_of(handle)
        await person.click(prompt, f"ballot_{number + 6}")
        await world.modal_of(person, "anonymous_followup")
        if number < 2:
            await person.submit(
                None,
                {"reason": f"Reason {number}", "nine_or_ten": "More"}
                if number
                else {"reason": "Reason 0"},
            )
        await later(world, hours=1)


@BOTH
async def test_closing_leaves_nothing_that_tells_whose_answer_is_whose(anonymous: World) -> None:
    world, read_ = anonymous, anonymous.bot.context.database.read
    await voted(world)
    before, answers, said = await read_(ids), await read_(votes), await read_(texts_of)
    assert await read_(tokens) == 2
    await close(world)
    await quiet(world)
    await world.tick()

    assert await read_(votes) == answers == [(None, score) for score in (6, 7, 8, 9)]
    assert await read_(texts_of) == said == ["More", "Reason 0", "Reason 1"]
    assert not before & await read_(ids), "no id is one that somebody may have seen before"
    assert (await read_(ballots), await read_(tokens), await read_(named)) == (4, 0, 0)
    database = world.bot.context.database
    times = (Outbox.version, Outbox.delivered_version, Outbox.attempts)
    moments = (Outbox.due_at, Outbox.claimed_at, Outbox.settled_at)
    prompts = select(*times, *moments).where(Outbox.kind == "prompt")
    assert len(set(await read(database, prompts))) == 1
    after = select(Invitation.reminder_decided_at, Invitation.further_at)
    assert len(set(await read(database, after))) == 1

    oscar = world.sandbox.person("oscar")
    assert oscar.modal is not None, "it was left open"
    late = await oscar.submit(None, {"reason": "Too late"})
    assert REFUSALS[Refusal.SENT] in words(late["view"])
    assert await read_(texts_of) == said


@BOTH
async def test_a_prompt_that_was_on_its_way_is_evened_out_with_the_next_look(
    anonymous: World,
) -> None:
    world = anonymous
    await voted(world)
    statement = select(Outbox.id).where(Outbox.kind == "prompt").order_by(Outbox.id)
    (late,), *_ = await read(world.bot.context.database, statement)
    await close(world)
    when = world.clock.now()
    rewritten = update(Outbox).where(Outbox.id == late).values(version=2, settled_at=when)
    await world.bot.context.database.write(
        lambda connection: connection.execute(rewritten).rowcount
    )
    await world.tick()
    prompts = select(Outbox.version, Outbox.settled_at).where(Outbox.kind == "prompt")
    assert len(set(await read(world.bot.context.database, prompts))) == 1


@pytest.mark.parametrize(
    ("database_url", "transport"), [("sqlite", "socket")], indirect=["database_url"]
)
async def test_the_files_of_sqlite_hold_nothing_of_before(anonymous: World) -> None:
    world = anonymous
    await voted(world)
    before = await world.bot.context.database.read(ids)
    path = Path(str(make_url(world.settings.database_url).database))
    log = path.with_name(f"{path.name}-wal")

    def held() -> set[str]:
        content = path.read_bytes() + log.read_bytes()
        return {one for one in before if one.encode() in content}

    assert held() == before
    await close(world)
    await settled(world)
    await world.tick()
    assert held() == set()


@pytest.mark.parametrize(
    ("database_url", "transport"), [("postgresql", "http")], indirect=["database_url"]
)
async def test_the_tables_of_postgresql_are_written_anew(anonymous: World) -> None:
    world = anonymous
    await voted(world)
    where = "SELECT relfilenode FROM pg_class WHERE relname = 'anonymous_answers'"
    born = "SELECT DISTINCT xmin::text FROM anonymous_answers"
    database = world.bot.context.database
    file = await read(database, text(where))
    assert len(await read(database, text(born))) == len(CUSTOMERS)
    await close(world)
    assert await read(database, text(where)) != file
    assert len(await read(database, text(born))) == 1


@BOTH
async def test_scrubbing_is_tried_again_until_it_is_done(quiet_world: World) -> None:
    """The bot dies between closing a wave and scrubbing the files: the next one does it."""
    world = quiet_world
    make_anonymous(world)
    async with world.running():
        await voted(world)
        world.clock.ahead += world.surveys["customer"].closes_after
        now = world.clock.now()
        assert await world.bot.context.database.write(launching.close_due, world.surveys, now)
        assert await world.bot.context.database.read(scrubbing.unscrubbed) is not None
    async with world.running():
        await world.tick()
        assert await world.bot.context.database.read(scrubbing.unscrubbed) is None


# --- a bot that dies --------------------------------------------------------------------------


@BOTH
async def test_kill_9_leaves_no_ballot_without_its_answer(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    make_anonymous(world)
    now = world.clock.now()
    how = ByHand(now.strftime(NOMINAL), at_once=True)
    async with open_database(world.settings.database_url) as database:
        await database.write(launching.start_by_hand, world.surveys["customer"], how, now)
    (tmp_path / "surveys").mkdir()
    (tmp_path / "surveys" / "customer.yaml").write_text(anonymous_file(), encoding="utf-8")
    async with process(world, tmp_path, surveys=tmp_path / "surveys") as bot:
        asked = {handle: await prompted(world, handle) for handle in CUSTOMERS}
        clicks = {
            handle: person.action(prompt, "ballot_7") for handle, (person, prompt) in asked.items()
        }
        deliveries = {
            handle: asyncio.create_task(world.sandbox.deliver(Kind.INTERACTIVE, click))
            for handle, click in clicks.items()
        }
        await asyncio.wait(deliveries.values(), return_when=asyncio.FIRST_COMPLETED)
        await bot.end(signal.SIGKILL)
        ended = await asyncio.gather(*deliveries.values(), return_exceptions=True)
    answered = sum(isinstance(end, Reply) for end in ended)
    assert answered, "somebody was answered before it died"

    async with world.running():
        await quiet(world)
        read_ = world.bot.context.database.read
        number = await read_(ballots)
        assert number == len(await read_(votes)) >= answered
        thankful = [
            one for person, _ in asked.values() for one in person.inbox if VOTED in one.text
        ]
        assert len(thankful) == number, "who has answered reads it, and nobody else"


# --- the log ----------------------------------------------------------------------------------


@BOTH
async def test_no_line_of_the_log_tells_who_answered_or_what(
    anonymous: World, request: pytest.FixtureRequest
) -> None:
    world = anonymous
    with logged(world.sandbox, LogLevel.DEBUG) as log:
        ada, prompt = await world.asked("ada")
        await settled(world)
        with outage(world, request):
            await ada.click(prompt, "ballot_6")
            await told(world, ada, prompt)
        for method in ("views.open", "response_url"):
            world.sandbox.faults.add(method, Fault(status=500))
        await ada.click(prompt, "ballot_6")
        await thanked(world, ada, prompt)  # by the dispatcher, at its second try
        grace = world.sandbox.person("grace")
        await grace.click(await world.prompt_of("grace"), "ballot_9")
        await world.modal_of(grace, "anonymous_followup")
        await grace.submit(None, {"reason": "Reason 0"})
        await close(world)
        await quiet(world)
    assert "An anonymous answer was not saved" in log.text
    invitations = await read(world.bot.context.database, select(Invitation.id))
    secrets = [
        *(one for (one,) in invitations),
        *(world.sandbox.person(handle).id for handle in CUSTOMERS),
        *("Reason 0", "ballot_"),
    ]
    assert [one for one in secrets if one in log.text] == []
