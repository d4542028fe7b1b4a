"""A respondent's way: asked, clicks, replies, changes their mind."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, func, select

from nps_bot.storage.tables import Answer, Case, Response, ScoreChange
from tests.helpers.world import World


def scores(connection: Connection) -> list[tuple[int, int]]:
    """Return what counts and what was said last, of all responses."""
    rows = connection.execute(select(Response.score, Response.latest_score))
    return [(row.score, row.latest_score) for row in rows]


def replies(connection: Connection) -> dict[str, str]:
    """Return all replies by their question."""
    rows = connection.execute(select(Answer.question, Answer.text))
    return {row.question: row.text for row in rows}


async def test_a_detractor_is_asked_why_and_the_team_learns_it(world: World) -> None:
    ada, prompt = await world.asked("ada")
    assert "How likely are you to recommend Lumen Coffee" in prompt.text

    await ada.click(prompt, "score_3")
    await world.modal_of(ada, "followup")
    alert = await world.alert()
    assert "Ada Marsh answered 3" in alert.text

    await ada.submit(None, {"reason": "The beans were <stale> & late"})
    grown = await world.until_in("nps-alerts", "The beans were &lt;stale&gt; &amp; late")
    assert grown.ts == alert.ts
    answered = await world.prompt_of("ada")
    assert answered.ts == prompt.ts
    assert answered.text.startswith("You answered 3.")


async def test_a_corrected_score_corrects_alert_and_summary(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "score_3")
    await world.until_in("nps-summary", "NPS −100", "1 of 4")

    await ada.click(await world.prompt_of("ada"), "change_score")
    await ada.click(await world.modal_of(ada, "change_score"), "score_9")
    assert "What do we do that makes you happy?" in str(await world.modal_of(ada, "followup"))

    await world.until_in("nps-alerts", "9, corrected from 3")
    await world.until_in("nps-summary", "NPS +100", "1 of 4")
    assert await world.bot.context.database.read(scores) == [(9, 9)]
    changes = await world.bot.context.database.read(
        lambda c: c.execute(select(ScoreChange.from_score, ScoreChange.to_score)).all()
    )
    assert [tuple(change) for change in changes] == [(3, 9)]
    withdrawn = await world.bot.context.database.read(
        lambda c: c.scalar(select(Case.withdrawn_at).where(Case.withdrawn_at.is_not(None)))
    )
    assert withdrawn is not None


async def test_sending_replies_again_edits_them(world: World) -> None:
    ada, prompt = await world.asked("ada")
    await ada.click(prompt, "score_8")
    await world.modal_of(ada, "followup")
    await ada.submit(None, {"reason": "Fine"})
    await world.sandbox.until(lambda: ada.modal is None)

    await ada.click(await world.prompt_of("ada"), "add_details")
    await world.modal_of(ada, "followup")
    assert "'initial_value': 'Fine'" in str(ada.modal)
    await ada.submit(None, {"reason": "Fine, mostly"})
    assert await world.bot.context.database.read(replies) == {
        "What is the main reason for your score?": "Fine, mostly"
    }


async def test_twenty_clicks_at_once_are_one_response_with_the_newest_score(world: World) -> None:
    ada, prompt = await world.asked("ada")
    actions = [f"score_{number % 11}" for number in range(20)]
    await asyncio.gather(*(ada.click(prompt, action) for action in actions))

    clicks = await world.bot.context.database.read(
        lambda c: c.scalar(select(func.count()).select_from(Response))
    )
    assert clicks == 1
    assert await world.bot.context.database.read(scores) == [(19 % 11, 19 % 11)]
