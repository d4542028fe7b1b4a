"""Customers in shared channels: who is asked, whose word counts, and who sees what."""

from __future__ import annotations

from sqlalchemy import select

from nps_bot.sandbox.connect import COAST
from nps_bot.storage.tables import Response
from tests.scenarios.conftest import World
from tests.scenarios.customers import chosen, in_channels, posted, seen
from tests.scenarios.desk import words
from tests.scenarios.siege import read


async def test_the_right_people_count_once_each_and_nobody_sees_another_answer(
    quiet_world: World,
) -> None:
    """Two companies and our own staff in one channel: Harbor Hotels is asked, the others read."""
    world = quiet_world
    in_channels(world)
    async with world.running():
        question = await posted(world)
        before = words(question), question.edited_ts
        assert "everybody at *Harbor Hotels*" in words(question)

        mine = await chosen(world, "helena", question, 3)
        assert "You answered 3" in words(mine)
        assert "[Add details]" in words(mine)
        await chosen(world, "ivo", question, 9)
        ours = await chosen(world, "tom", question, 10)
        assert words(ours).endswith("This question is for Harbor Hotels. Nothing was recorded.")
        strangers = await chosen(world, "anja", question, 0)
        assert "for the people of Harbor Hotels, so nothing was recorded" in words(strangers)

        rows = await read(world.bot.edge.database, select(Response.score).order_by(Response.score))
        assert [row[0] for row in rows] == [3, 9]
        (standing,) = world.messages(COAST)
        assert (words(standing), standing.edited_ts) == before
        await world.until_in("nps-alerts", "Harbor Hotels")
        for handle, theirs, others in (
            ("helena", "You answered 3", "answered 9"),
            ("ivo", "You answered 9", "answered 3"),
            ("anja", "nothing was recorded", "You answered"),
        ):
            sight = await seen(world, handle)
            assert theirs in sight
            assert others not in sight
