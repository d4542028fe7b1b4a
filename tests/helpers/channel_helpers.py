"""What the scenarios in shared channels have in common: a survey, who posts and who clicks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from typing import Any

import aiohttp
from sqlalchemy import func, select

from nps_bot.demo.people import HARBOR
from nps_bot.storage.tables import ChannelPost, Invitation, Response
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import IN_CHANNELS, AccountChannel, Audience, Delivery
from slack_sandbox import Message, Person
from tests.helpers.attack_helpers import read
from tests.helpers.connect import COAST, two_companies
from tests.helpers.messages import settled
from tests.helpers.world import World

ACCOUNT = AccountChannel("#ext-coast", "Harbor Hotels", "tom@lumen.example", (HARBOR.id,))


def in_channels(world: World, *accounts: AccountChannel) -> None:
    """Have the customer survey ask in channels, at any hour; two companies share one with us."""
    two_companies(world.sandbox.workspace)
    customer = world.surveys["customer"]
    world.surveys["customer"] = replace(
        customer,
        wording=replace(customer.wording, layout=IN_CHANNELS),
        audience=Audience(),
        delivery=Delivery.CHANNELS,
        accounts=accounts or (ACCOUNT,),
        time_zone="Europe/Berlin",
        quiet_hours=QuietHours(time(0), time(0)),
        reminder=None,
        chaser=None,
        budget=Limits.none(),
    )


async def request(world: World, handle: str = "tom") -> tuple[Person, Message]:
    """Return whoever decides, with the request they got last."""
    me = world.sandbox.person(handle)
    await settled(world)
    return me, me.inbox[-1]


async def posted(world: World, channel: str = COAST, handle: str = "tom") -> Message:
    """Start a wave, say *Post it*, and return the question in the channel."""
    await world.ask()
    owner, asking = await request(world, handle)
    await owner.click(asking, "post_post")
    await settled(world)
    return world.messages(channel)[-1]


async def chosen(world: World, handle: str, question: Message, score: int) -> Message:
    """Choose a score and return what only this person reads then."""
    me = world.sandbox.person(handle)
    before = len(me.ephemerals(question.channel))
    await me.click(question, f"channel_score_{score}")
    await settled(world)
    said = me.ephemerals(question.channel)
    assert len(said) > before
    return said[-1]


async def pressed(world: World, handle: str, mine: Message, action: str) -> Message:
    """Press a button in what only this person reads; return what stands there then."""
    me = world.sandbox.person(handle)
    number = len(me.ephemerals(mine.channel))
    await me.click(mine, action)
    await settled(world)
    said = me.ephemerals(mine.channel)
    assert len(said) == number  # it is rewritten, and nothing is added
    (there,) = (each for each in said if each.ts == mine.ts)
    return there


async def delivered(world: World, payload: Mapping[str, Any]) -> None:
    """Deliver a payload as it is, and let everything that follows happen."""
    await world.sandbox.deliver("interactive", payload)
    await settled(world)


async def seen(world: World, handle: str) -> str:
    """Return everything a person sees anywhere in Slack, as the page shows it to them."""
    me = world.sandbox.person(handle)
    url = f"{world.sandbox.url}/page/state?as={me.id}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


async def scores(world: World) -> list[int]:
    """Return the scores that count, in order."""
    found = select(Response.score).order_by(Response.score)
    return [row[0] for row in await read(world.bot.context.database, found)]


async def invitations(world: World) -> int:
    """Return how many invitations there are."""
    ((number,),) = await read(
        world.bot.context.database, select(func.count()).select_from(Invitation)
    )
    return int(number)


async def states(world: World) -> list[str]:
    """Return where the questions to channels stand, wave by wave."""
    found = select(ChannelPost.state).order_by(ChannelPost.wave_id, ChannelPost.channel)
    return [row[0] for row in await read(world.bot.context.database, found)]
