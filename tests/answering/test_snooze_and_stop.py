"""Not now, never again, and please don't call: what respondents can ask for, and take back."""

from __future__ import annotations

import pytest

from slack_sandbox import Person
from tests.helpers.messages import (
    ON_POSTGRES,
    ON_SQLITE,
    at,
    later,
    modal,
    nps,
    opened_home,
    outage,
    settled,
    whispered,
    without_nudges,
    words,
)
from tests.helpers.world import World


async def stops(world: World, ada: Person, which: str) -> None:
    """Let Ada press *Stop these surveys* in her newest message, and choose."""
    await settled(world)
    await ada.click(ada.inbox[-1], "stop")
    await modal(world, ada, "stop")
    assert await ada.submit(None, {"which": which}) == {}
    await settled(world)


# --- not now ----------------------------------------------------------------------------------


@ON_SQLITE
async def test_put_off_once_it_comes_again_once(quiet_world: World) -> None:
    world = quiet_world
    at(world, 12)
    async with world.running():
        ada, prompt = await world.asked("ada")
        question = prompt.text
        await settled(world)
        await ada.click(prompt, "snooze")
        await settled(world)
        (put_off,) = ada.inbox
        assert "*Not now, that's fine.* We'll ask you again on <!date^" in words(put_off)
        assert "[Ask me in 3 days]" not in words(put_off)

        await later(world, days=2, hours=23)
        await settled(world)
        assert ada.inbox == [put_off]
        await later(world, hours=1)
        await settled(world)
        first, second = ada.inbox
        assert first.ts == prompt.ts
        assert second.text == question
        assert "[10]" in words(second)
        assert "[Ask me in 3 days]" not in words(second)
        assert "[Stop these surveys]" in words(second)

        await later(world, days=3)
        await settled(world)
        assert len(ada.inbox) == 2
        await ada.click(second, "score_9")
        await world.sandbox.until(
            lambda: all(message.text.startswith("You answered 9.") for message in ada.inbox)
        )
        assert "4 asked, 1 answered" in words(await nps(world, "priya", "status customer"))


@ON_SQLITE
async def test_who_answered_after_all_is_not_asked_again(quiet_world: World) -> None:
    world = quiet_world
    without_nudges(world)
    async with world.running():
        ada, prompt = await world.asked("ada")
        score = ada.action(prompt, "score_10")
        await ada.click(prompt, "snooze")
        await settled(world)
        await world.sandbox.deliver("interactive", score)  # pressed on a screen a moment behind
        await modal(world, ada, "followup")
        await later(world, days=4)
        await settled(world)
        assert [message.ts for message in ada.inbox] == [prompt.ts]


@ON_SQLITE
async def test_put_off_twice_is_not_possible(world: World) -> None:
    ada, prompt = await world.asked("ada")
    snooze = ada.action(prompt, "snooze")
    for _ in range(2):
        await world.sandbox.deliver("interactive", snooze)
    said = "You have put this question off once; you can still answer it here."
    await whispered(world, ada, prompt.channel, said)


@ON_SQLITE
async def test_who_puts_off_too_late_is_told_and_can_still_answer(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await later(world, days=5)
    await ada.click(prompt, "snooze")
    closes = "This survey closes in less than three days; you can answer until then."
    await whispered(world, ada, prompt.channel, closes)
    await ada.click(prompt, "score_8")
    await modal(world, ada, "followup")


@ON_POSTGRES
async def test_nobody_is_asked_again_while_the_survey_is_paused(quiet_world: World) -> None:
    world = quiet_world
    at(world, 12)
    async with world.running():
        ada, prompt = await world.asked("ada")
        await settled(world)
        await nps(world, "priya", "pause customer")
        await ada.click(prompt, "snooze")
        await settled(world)
        await later(world, days=3, hours=1)
        await settled(world)
        assert len(ada.inbox) == 1
        await nps(world, "priya", "resume customer")
        await settled(world)
        assert len(ada.inbox) == 2


# --- never again ------------------------------------------------------------------------------


@ON_POSTGRES
async def test_who_stopped_all_is_left_alone_until_they_take_it_back(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await stops(world, ada, "all")
    (stopped,) = ada.inbox
    assert stopped.ts == prompt.ts
    assert "Done: you won't get surveys from us any more." in words(stopped)
    assert "[10]" not in words(stopped)

    plan = words(await nps(world, "priya", "send customer"))
    assert "Ask 3 people now?" in plan
    assert "1 person who opted out" in plan
    await later(world, days=8)
    await world.ask()
    guests = [world.sandbox.person(guest) for guest in ("grace", "kenji", "oscar")]
    await world.sandbox.until(lambda: all(len(guest.inbox) == 2 for guest in guests))
    assert len(ada.inbox) == 1

    await ada.click(ada.inbox[0], "home_resume")
    await world.sandbox.until(lambda: "Done: you won't get" not in words(ada.inbox[0]))
    await later(world, hours=1)
    await world.ask()
    await world.sandbox.until(lambda: len(ada.inbox) == 2)
    assert "[10]" in words(ada.inbox[-1])


@ON_POSTGRES
async def test_stopping_one_survey_stops_that_one_only(quiet_world: World) -> None:
    world = quiet_world
    async with world.running():
        tom, _ = await world.asked("tom", "employee")
        await stops(world, tom, "this")
        assert "you won't get “Employee survey” any more" in words(tom.inbox[0])
        shown = words(await opened_home(world, "tom", "Surveys you stopped"))
        assert "“Employee survey”" in shown
        assert "[Ask me again]" in shown

        await later(world, hours=1)
        await world.ask("employee")
        colleagues = [world.sandbox.person(each) for each in ("mei", "sam", "noor", "jack")]
        await world.sandbox.until(lambda: all(len(each.inbox) == 2 for each in colleagues))
        await settled(world)
        assert len(tom.inbox) == 1


@ON_SQLITE
async def test_stopping_ends_what_was_put_off(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await settled(world)
    await ada.click(prompt, "snooze")
    await stops(world, ada, "this")
    assert "Done: you won't get “Customer survey” any more." in words(ada.inbox[0])
    await later(world, days=4)
    await settled(world)
    assert len(ada.inbox) == 1

    await ada.click(ada.inbox[0], "home_resume")
    # The wave is open: the question is back.
    await world.sandbox.until(lambda: "[10]" in words(ada.inbox[0]))
    assert "We'll ask you again on" not in words(ada.inbox[0])


@ON_POSTGRES
async def test_an_answer_stays_when_its_survey_is_stopped(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "score_9")
    await modal(world, ada, "followup")
    await ada.close_modal()
    await stops(world, ada, "this")
    (message,) = ada.inbox
    said = words(message)
    assert message.text.startswith("You answered 9.")
    assert "Done: you won't get “Customer survey” any more." in said
    assert "[Stop these surveys]" not in said
    assert "4 asked, 1 answered" in words(await nps(world, "priya", "status customer"))

    await ada.click(message, "home_resume")
    await settled(world)
    assert "[Stop these surveys]" in words(ada.inbox[0])


@ON_POSTGRES
async def test_a_stop_that_was_not_saved_keeps_the_modal_open(
    world: World, request: pytest.FixtureRequest
) -> None:
    ada, prompt = await world.asked("ada")
    await settled(world)
    await ada.click(prompt, "stop")
    await modal(world, ada, "stop")
    with outage(world, request):
        refused = await ada.submit(None, {"which": "all"})
        assert refused["response_action"] == "errors"
        assert "that was not saved" in refused["errors"]["which"]
    assert await ada.submit(None, {"which": "all"}) == {}
    await settled(world)
    assert "Done: you won't get surveys from us any more." in words(ada.inbox[0])


# --- please don't call ------------------------------------------------------------------------


@ON_SQLITE
async def test_a_wish_not_to_be_contacted_stands_in_the_alert(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "score_2")
    alert = await world.alert()
    await settled(world)
    assert "[Contacted]" in words(alert)
    await ada.click(ada.inbox[0], "no_contact")
    marked = await world.until_in("nps-alerts", "*Please don't contact them:* they asked us not to")
    assert "[Contacted]" not in words(marked)
    assert "[Claim]" in words(marked)
    wish = "As you asked, nobody will contact you about this answer."
    await world.sandbox.until(lambda: wish in words(ada.inbox[0]))
    said = words(ada.inbox[0])
    assert "[Please don't contact me]" not in said


@ON_SQLITE
async def test_only_detractors_are_offered_not_to_be_contacted(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "score_9")
    await modal(world, ada, "followup")
    await settled(world)
    assert "[Please don't contact me]" not in words(ada.inbox[0])
