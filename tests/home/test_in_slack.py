"""Home: one's own answers, what one stopped, and an owner's figures."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, select

from nps_bot.storage.tables import Answer, Case, Response, ScoreChange
from slack_sandbox import Message, Person
from slack_sandbox.blocks import interactive
from tests.helpers.attack_helpers import BOTH
from tests.helpers.messages import (
    ON_POSTGRES,
    ON_SQLITE,
    home,
    later,
    modal,
    nps,
    opened_home,
    outage,
    settled,
    words,
)
from tests.helpers.world import World

NOTHING_YET = "You haven't answered a survey yet."
NO_ANSWER = "No answer of yours is kept for this round of “Customer survey”."


async def answered(world: World) -> tuple[Person, Message]:
    """Ask everybody at once; Ada answers 3 and says why."""
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "score_3")
    await modal(world, ada, "followup")
    await ada.submit(None, {"reason": "Cold coffee"})
    return ada, prompt


def rows(connection: Connection) -> int:
    """Return how many rows tell of an answer."""
    tables = (Response, Answer, Case, ScoreChange)
    return sum(connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables)


@ON_SQLITE
async def test_who_has_not_answered_reads_how_it_will_be(world: World) -> None:
    shown = words(await opened_home(world, "ada", NOTHING_YET))
    assert "Your surveys" not in shown
    assert "[" not in shown


@BOTH
async def test_an_answer_is_changed_from_home_which_shows_it_at_once(world: World) -> None:
    ada, _ = await answered(world)
    shown = await opened_home(world, "ada", "*You answered 3* to “Customer survey”", "Cold coffee")
    await ada.click(shown, "home_change")
    await ada.click(await modal(world, ada, "change_score"), "score_9")
    await modal(world, ada, "followup")
    await home(world, "ada", "*You answered 9* to “Customer survey”")
    await world.until_in("nps-alerts", "9, corrected from 3")

    await ada.submit(None, {"reason": "Hot again"})
    await home(world, "ada", "*You answered 9* to “Customer survey”", "> Hot again")
    await world.sandbox.until(lambda: ada.inbox[0].text.startswith("You answered 9."))


@ON_SQLITE
@pytest.mark.parametrize("place", ["home", "message"])
async def test_an_answer_is_deleted_wherever_it_was_shown(world: World, place: str) -> None:
    ada, prompt = await answered(world)
    alert = await world.until_in("nps-alerts", "Cold coffee")
    shown = await opened_home(world, "ada", "Cold coffee")
    target = shown if place == "home" else await world.prompt_of("ada")
    blocks = target.blocks if isinstance(target, Message) else target["blocks"]
    (delete,) = [e for _, e in interactive(blocks) if e["action_id"] == "home_delete"]
    assert "This can't be undone." in words(delete["confirm"])

    await ada.click(target, "home_delete")
    await world.until_in("nps-alerts", "This answer was deleted by the person who gave it.")
    await settled(world)
    assert words(world.messages("nps-alerts")[0]).count("deleted") == 2  # text and block
    assert [message.ts for message in world.messages("nps-alerts")] == [alert.ts]
    assert [message.ts for message in ada.inbox] == [prompt.ts]
    assert NO_ANSWER in words(ada.inbox[0])
    assert await world.bot.context.database.read(rows) == 0
    if place == "home":
        await home(world, "ada", NOTHING_YET)
    assert "0 of 4 people answered" in words(await nps(world, "priya", "report customer"))


@ON_POSTGRES
async def test_what_was_stopped_is_taken_up_again_in_home(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "stop")
    await modal(world, ada, "stop")
    await ada.submit(None, {"which": "all"})
    shown = await opened_home(world, "ada", "Surveys you stopped", "All surveys from us")
    await ada.click(shown, "home_resume")
    await world.sandbox.until(lambda: "Surveys you stopped" not in words(ada.home))
    await settled(world)
    assert "[10]" in words(ada.inbox[0])  # the wave is open: the question is back


@ON_SQLITE
async def test_owners_see_the_figures_and_who_waits(world: World) -> None:
    await opened_home(world, "priya", "Your surveys", "Nobody has been asked yet")
    await answered(world)
    await settled(world)
    shown = words(await opened_home(world, "priya", "*NPS −100*"))
    assert "1 of 4 people answered (25%)" in shown
    assert "*1 unclaimed alert*" in shown
    assert "|open the alert>" in shown
    assert NOTHING_YET in shown  # her own answers: she was not asked

    await world.sandbox.person("tom").click(await world.alert(), "claim_case")
    await opened_home(world, "priya", "*Unclaimed alerts:* none.")
    assert "Your surveys" not in words(await opened_home(world, "tom", NOTHING_YET))


@ON_POSTGRES
async def test_after_the_wave_an_answer_can_only_be_deleted(world: World) -> None:
    ada, _ = await answered(world)
    await later(world, days=8)
    await settled(world)
    shown = await opened_home(world, "ada", "*You answered 3*")
    assert "[Change]" not in words(shown)
    await ada.click(shown, "home_delete")
    await home(world, "ada", NOTHING_YET)
    await settled(world)
    assert NO_ANSWER in words(await world.prompt_of("ada"))


@ON_POSTGRES
async def test_what_could_not_be_done_is_told_over_home(
    world: World, request: pytest.FixtureRequest
) -> None:
    ada, _ = await answered(world)
    shown = await opened_home(world, "ada", "*You answered 3*")
    with outage(world, request):
        await ada.click(shown, "home_delete")
        said = words(await modal(world, ada, "notice"))
        assert "Sorry, that was not saved: our database isn't answering." in said
    await ada.close_modal()
    assert "*You answered 3*" in words(ada.home)
    await ada.click(shown, "home_delete")
    await home(world, "ada", NOTHING_YET)
