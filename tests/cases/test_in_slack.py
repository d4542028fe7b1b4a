"""Closing the loop: who takes care of whom, and what a claim does to the score."""

from __future__ import annotations

import pytest

from slack_sandbox import Message, Person
from tests.answering.test_replies_in_slack import scores
from tests.helpers.messages import (
    ON_POSTGRES,
    ON_SQLITE,
    later,
    modal,
    nps,
    outage,
    settled,
    whispered,
    words,
)
from tests.helpers.world import World

FASTER = "Somebody was faster: the alert shows who."


async def alerted(world: World, action: str = "score_3") -> tuple[Person, Message]:
    """Ask everybody at once; Ada answers; returns her and the alert."""
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, action)
    alert = await world.alert()
    await settled(world)
    return ada, alert


async def changes_to(world: World, ada: Person, score: int) -> None:
    """Let Ada change her score by the button in her message."""
    await ada.click(await world.prompt_of("ada"), "change_score")
    await ada.click(await modal(world, ada, "change_score"), f"score_{score}")
    await modal(world, ada, "followup")
    await settled(world)


@ON_POSTGRES
async def test_a_case_is_claimed_once_then_somebody_gets_in_touch(world: World) -> None:
    _, alert = await alerted(world)
    tom, mei = (world.sandbox.person(handle) for handle in ("tom", "mei"))
    assert "*1 unclaimed alert*" in words(await nps(world, "priya", "status"))

    claim = mei.action(alert, "claim_case")
    await tom.click(alert, "claim_case")
    claimed = await world.until_in("nps-alerts", f"Claimed by <@{tom.id}>, <!date^")
    assert claimed.ts == alert.ts
    assert "[Claim]" not in words(claimed)
    assert "*Unclaimed alerts:* none." in words(await nps(world, "priya", "status"))

    await world.sandbox.deliver("interactive", claim)  # her screen was a moment behind
    await whispered(world, mei, "nps-alerts", FASTER)

    await mei.click(claimed, "contacted_case")
    contacted = await world.until_in("nps-alerts", f"Contacted by <@{mei.id}>, <!date^")
    assert f"Claimed by <@{tom.id}>" in words(contacted)
    assert "[" not in words(contacted)
    assert [message.ts for message in world.messages("nps-alerts")] == [alert.ts]


@ON_POSTGRES
async def test_who_gets_in_touch_without_claiming_has_claimed(world: World) -> None:
    _, alert = await alerted(world)
    tom = world.sandbox.person("tom")
    await tom.click(alert, "contacted_case")
    done = words(await world.until_in("nps-alerts", "Contacted by"))
    assert f"Claimed by <@{tom.id}>" in done
    assert f"Contacted by <@{tom.id}>" in done
    assert "*Unclaimed alerts:* none." in words(await nps(world, "priya", "status"))


@ON_SQLITE
async def test_a_claim_fixes_the_score_and_a_later_change_is_recovery(world: World) -> None:
    ada, alert = await alerted(world)
    tom = world.sandbox.person("tom")
    await tom.click(alert, "claim_case")
    claimed = await world.until_in("nps-alerts", "Claimed by")

    await ada.click(await world.prompt_of("ada"), "change_score")
    asked = words(await modal(world, ada, "change_score"))
    assert "The time for corrections is over, so it stays in the result" in asked
    await ada.click(ada.modal or {}, "score_9")
    await modal(world, ada, "followup")

    changed = await world.until_in("nps-alerts", "*Score:* 3; later changed to 9")
    assert "Changed since: a recovery, not a correction. The 3 counts" in words(changed)
    assert changed.ts == claimed.ts
    assert f"Claimed by <@{tom.id}>" in words(changed)
    assert "[Contacted]" in words(changed)  # it is still his to close
    assert await world.bot.context.database.read(scores) == [(3, 9)]
    await world.sandbox.until(lambda: ada.inbox[0].text.startswith("You answered 9."))
    recovery = "1 person changed their answer after the time for corrections (1 to a higher score)"
    assert recovery in words(await world.until_in("nps-summary", "Recovery"))
    report = words(await nps(world, "priya", "report customer"))
    assert "*NPS −100*" in report
    assert recovery in report


@ON_SQLITE
async def test_after_a_day_the_score_stands_though_nobody_claimed(world: World) -> None:
    ada, _ = await alerted(world)
    await later(world, hours=25)
    await changes_to(world, ada, 10)
    await world.until_in("nps-alerts", "*Score:* 3; later changed to 10")
    assert await world.bot.context.database.read(scores) == [(3, 10)]


@ON_POSTGRES
async def test_a_corrected_score_leaves_nothing_to_do_until_it_falls_again(world: World) -> None:
    ada, _ = await alerted(world)
    await changes_to(world, ada, 8)
    corrected = await world.until_in("nps-alerts", "8, corrected from 3")
    assert "nothing is left to do" in words(corrected)
    assert "[" not in words(corrected)
    assert "*Unclaimed alerts:* none." in words(await nps(world, "priya", "status"))

    await changes_to(world, ada, 2)
    fallen = await world.until_in("nps-alerts", "2, corrected from 3")
    assert "[Claim]" in words(fallen)
    assert "*1 unclaimed alert*" in words(await nps(world, "priya", "status"))


@ON_SQLITE
async def test_only_detractors_make_an_alert(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "score_7")
    await modal(world, ada, "followup")
    await settled(world)
    assert world.messages("nps-alerts") == []

    await changes_to(world, ada, 6)
    assert "*Score:* 6, corrected from 7" in words(await world.alert())


@ON_POSTGRES
async def test_a_claim_that_was_not_saved_is_told(
    world: World, request: pytest.FixtureRequest
) -> None:
    _, alert = await alerted(world)
    tom = world.sandbox.person("tom")
    with outage(world, request):
        await tom.click(alert, "claim_case")
        await whispered(world, tom, "nps-alerts", "Sorry, that was not saved")
    assert "[Claim]" in words(await world.alert())
    await tom.click(alert, "claim_case")
    await world.until_in("nps-alerts", "Claimed by")


@ON_SQLITE
async def test_who_deleted_their_answer_needs_nobody(world: World) -> None:
    ada, alert = await alerted(world)
    tom = world.sandbox.person("tom")
    claim = tom.action(alert, "claim_case")
    await ada.click(await world.prompt_of("ada"), "home_delete")
    await world.until_in("nps-alerts", "This answer was deleted")
    await world.sandbox.deliver("interactive", claim)
    await whispered(world, tom, "nps-alerts", "This answer was deleted meanwhile")
    assert "*Unclaimed alerts:* none." in words(await nps(world, "priya", "status"))
