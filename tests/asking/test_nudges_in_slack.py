"""One message more: a reminder where nothing came, a question after a score without a word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nps_bot.people import forgetting
from slack_sandbox import Message, Person
from tests.helpers.attack_helpers import BOTH
from tests.helpers.messages import (
    ON_POSTGRES,
    ON_SQLITE,
    at,
    later,
    modal,
    nps,
    opened_home,
    settled,
    without_nudges,
    words,
)
from tests.helpers.world import World

REMINDS = "this is the only reminder of it."
CHASES = "a few words about what went wrong help us put it right."


@asynccontextmanager
async def asked_at_noon(world: World) -> AsyncIterator[tuple[Person, Message]]:
    """Run the bot at noon in London, where Ada lives, and ask; nothing waits any more."""
    at(world, 12)
    async with world.running():
        ada, prompt = await world.asked("ada")
        await settled(world)
        yield ada, prompt


async def looked(world: World, *, days: int = 0, hours: int = 0) -> None:
    """Move the clock, let the scheduler look, and deliver what is due then."""
    await later(world, days=days, hours=hours)
    await settled(world)


async def shown(world: World, ada: Person, *said: str) -> Message:
    """Return Ada's newest message once it holds all of ``said``."""
    await world.sandbox.until(lambda: all(one in words(ada.inbox[-1]) for one in said))
    return ada.inbox[-1]


# --- a reminder -------------------------------------------------------------------------------


@BOTH
async def test_a_reminder_is_answered_like_the_prompt(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await looked(world, days=2, hours=23)
        assert [message.ts for message in ada.inbox] == [prompt.ts]
        await looked(world, hours=1)
        first, reminder = ada.inbox
        assert first.ts == prompt.ts
        assert REMINDS in words(reminder)
        assert "[10]" in words(reminder)
        assert "[Ask me in 3 days]" not in words(reminder)

        await ada.click(reminder, "score_9")
        await modal(world, ada, "followup")
        await ada.close_modal()
        await world.sandbox.until(
            lambda: all(message.text.startswith("You answered 9.") for message in ada.inbox)
        )
        assert REMINDS not in words(ada.inbox[-1])
        assert "4 asked, 1 answered" in words(await nps(world, "priya", "status customer"))

        await looked(world, days=2)  # a bare score, but one message more is enough
        assert len(ada.inbox) == 2


@ON_SQLITE
async def test_the_prompt_still_works_after_the_reminder(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await looked(world, days=3)
        await ada.click(prompt, "score_2")
        await world.sandbox.until(
            lambda: all(message.text.startswith("You answered 2.") for message in ada.inbox)
        )
        assert len(ada.inbox) == 2


@ON_SQLITE
async def test_each_is_reminded_at_their_own_civil_hour(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, _):
        kenji = world.sandbox.person("kenji")
        await looked(world, days=3)
        assert (len(ada.inbox), len(kenji.inbox)) == (2, 1)
        await looked(world, hours=11)
        assert len(kenji.inbox) == 1
        await looked(world, hours=1)  # nine in the morning in Tokyo
        assert len(kenji.inbox) == 2
        assert REMINDS in words(kenji.inbox[-1])


@BOTH
async def test_after_an_outage_everybody_is_reminded_once(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, _):
        pass
    world.clock.ahead += world.surveys["customer"].closes_after * 5 / 7
    async with world.running():
        await looked(world)
        assert len(ada.inbox) == 2
        await looked(world, hours=12)  # nine in the morning in Tokyo
    async with world.running():
        await looked(world)
        assert [len(world.sandbox.person(each).inbox) for each in ("ada", "kenji")] == [2, 2]


@ON_SQLITE
async def test_after_a_long_outage_nobody_is_reminded_of_what_closed(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, _):
        pass
    world.clock.ahead += world.surveys["customer"].closes_after
    async with world.running():
        await looked(world, hours=1)
        await looked(world, days=1)
        assert len(ada.inbox) == 1


@ON_POSTGRES
async def test_who_put_it_off_or_stopped_is_not_reminded(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        grace = world.sandbox.person("grace")
        await ada.click(prompt, "snooze")
        await grace.click(grace.inbox[0], "stop")
        await modal(world, grace, "stop")
        assert await grace.submit(None, {"which": "this"}) == {}
        await looked(world, days=3, hours=5)  # afternoon in London, noon in New York
        assert len(ada.inbox) == 2
        assert REMINDS not in words(ada.inbox[-1])  # but the question again, as promised
        assert "[10]" in words(ada.inbox[-1])
        assert len(grace.inbox) == 1
        await looked(world, days=2)
        assert (len(ada.inbox), len(grace.inbox)) == (2, 1)


@ON_SQLITE
async def test_who_stops_in_the_reminder_sees_it_in_both(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, _):
        await looked(world, days=3)
        await ada.click(ada.inbox[-1], "stop")
        await modal(world, ada, "stop")
        assert await ada.submit(None, {"which": "this"}) == {}
        await settled(world)
        assert all("Done: you won't get" in words(message) for message in ada.inbox)
        await ada.click(ada.inbox[-1], "home_resume")
        await settled(world)
        assert all("[10]" in words(message) for message in ada.inbox)


@ON_SQLITE
async def test_a_reminder_put_off_by_its_prompt_asks_when_it_was_promised(
    quiet_world: World,
) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await looked(world, days=3)
        await ada.click(prompt, "snooze")
        await settled(world)
        assert all("We'll ask you again on" in words(message) for message in ada.inbox)
        assert len(ada.inbox) == 2
        await looked(world, days=3)
        assert len(ada.inbox) == 3


@ON_POSTGRES
async def test_nobody_is_reminded_while_the_survey_is_paused(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, _):
        await nps(world, "priya", "pause customer")
        await looked(world, days=3)
        assert len(ada.inbox) == 1
        await nps(world, "priya", "resume customer")
        await settled(world)
        assert len(ada.inbox) == 2


@ON_SQLITE
async def test_a_survey_may_remind_nobody(quiet_world: World) -> None:
    world = quiet_world
    without_nudges(world)
    async with asked_at_noon(world) as (ada, _):
        grace = world.sandbox.person("grace")
        await grace.click(grace.inbox[0], "score_3")
        await looked(world, days=4)
        assert (len(ada.inbox), len(grace.inbox)) == (1, 1)
        read = words(await nps(world, "priya", "preview customer"))
        assert "*No reminder* follows." in read


# --- a chaser ---------------------------------------------------------------------------------


async def bare(world: World, ada: Person, prompt: Message, score: int) -> None:
    """Let Ada give a score and close the modal without a word."""
    await ada.click(prompt, f"score_{score}")
    await modal(world, ada, "followup")
    await ada.close_modal()
    await settled(world)


@BOTH
async def test_a_bare_score_is_asked_for_words_and_they_are_thanked_for(
    quiet_world: World,
) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await bare(world, ada, prompt, 3)
        await looked(world, hours=23)
        assert len(ada.inbox) == 1
        await looked(world, hours=1)
        _, chaser = ada.inbox
        assert "*You answered 3.*" in words(chaser)
        assert CHASES in words(chaser)
        assert "[Add a few words]" in words(chaser)

        await ada.click(chaser, "add_details")
        await modal(world, ada, "followup")
        assert await ada.submit(None, {"reason": "The coffee was cold."}) == {}
        thanked = await shown(world, ada, "Thank you for taking the time")
        assert "[Add a few words]" not in words(thanked)
        await world.until_in("nps-alerts", "The coffee was cold.")

        await looked(world, days=5)
        assert len(ada.inbox) == 2


@ON_SQLITE
async def test_a_chaser_follows_a_score_that_changes(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await bare(world, ada, prompt, 3)
        await looked(world, days=1)
        await ada.click(prompt, "change_score")
        await ada.click(await modal(world, ada, "change_score"), "score_10")
        changed = await shown(world, ada, "*You answered 10.*")
        assert CHASES not in words(changed)
        assert "What do you like best?" in words(changed)


@ON_SQLITE
async def test_who_does_not_want_to_be_contacted_is_not_chased(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await bare(world, ada, prompt, 3)
        await ada.click(ada.inbox[0], "no_contact")
        await looked(world, days=2)
        assert len(ada.inbox) == 1


@ON_POSTGRES
async def test_who_says_so_afterwards_is_asked_for_nothing_more(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await bare(world, ada, prompt, 3)
        await looked(world, days=1)
        await ada.click(ada.inbox[0], "no_contact")
        quiet = await shown(world, ada, "As you asked, nobody will contact you")
        assert "[Add a few words]" not in words(quiet)


@ON_SQLITE
async def test_who_wrote_from_the_start_is_not_chased(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await ada.click(prompt, "score_8")
        await modal(world, ada, "followup")
        assert await ada.submit(None, {"reason": "Good."}) == {}
        await looked(world, days=2)
        assert len(ada.inbox) == 1


@ON_SQLITE
async def test_an_answer_deleted_in_home_takes_the_chasers_question_along(
    quiet_world: World,
) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        await bare(world, ada, prompt, 3)
        await looked(world, days=1)
        home = await opened_home(world, "ada", "[Delete my answer]")
        await ada.click(home, "home_delete")
        await shown(world, ada, "No answer of yours is kept for this round")
        await looked(world, days=3)
        assert len(ada.inbox) == 2


@BOTH
async def test_who_is_forgotten_keeps_none_of_these_messages(quiet_world: World) -> None:
    world = quiet_world
    async with asked_at_noon(world) as (ada, prompt):
        grace = world.sandbox.person("grace")
        await bare(world, ada, prompt, 3)
        await looked(world, days=1)
        await looked(world, days=2, hours=5)
        assert (len(ada.inbox), len(grace.inbox)) == (2, 2)
        for person in (ada, grace):
            context = world.bot.context
            await context.database.write(forgetting.forget, person.id, world.clock.now())
        await settled(world)
        await world.sandbox.until(lambda: not ada.inbox and not grace.inbox)
        await looked(world, days=2)
        assert (ada.inbox, grace.inbox) == ([], [])


@ON_SQLITE
async def test_owners_see_the_words_before_anybody_else(world: World) -> None:
    read = words(await nps(world, "priya", "preview customer"))
    assert "*Once, 3 days later, to whoever did not answer:*" in read
    assert REMINDS in read
    assert "*Once, 1 day after a score of 0 to 6 without a word:*" in read
    assert CHASES in read
