"""What the scenarios in shared channels have in common: a survey, who posts and who clicks."""

from __future__ import annotations

from dataclasses import replace

import aiohttp

from nps_bot.domain.budget import Limits
from nps_bot.domain.survey import IN_CHANNELS, AccountChannel, Audience, Delivery, QuietHours
from nps_bot.sandbox import Message, Person
from nps_bot.sandbox.connect import COAST, two_companies
from nps_bot.sandbox.people import HARBOR
from tests.scenarios.conftest import World
from tests.scenarios.desk import settled, words

ACCOUNT = AccountChannel("#ext-coast", "Harbor Hotels", "tom@lumen.example", (HARBOR.id,))


def in_channels(world: World, *accounts: AccountChannel, quiet: QuietHours | None = None) -> None:
    """Have the customer survey ask in channels, and the sandbox have one with two companies."""
    two_companies(world.sandbox.workspace)
    customer = world.surveys["customer"]
    always = QuietHours(customer.quiet_hours.start, customer.quiet_hours.start)
    world.surveys["customer"] = replace(
        customer,
        wording=replace(customer.wording, layout=IN_CHANNELS),
        audience=Audience(),
        delivery=Delivery.CHANNELS,
        accounts=accounts or (ACCOUNT,),
        time_zone="Europe/Berlin",
        quiet_hours=quiet or always,
        reminder=None,
        chaser=None,
        budget=Limits.none(),
    )


async def request(world: World, handle: str = "tom") -> tuple[Person, Message]:
    """Return whoever decides, with the request they got."""
    me = world.sandbox.person(handle)
    await world.sandbox.until(lambda: bool(me.inbox))
    return me, me.inbox[-1]


async def posted(world: World, channel: str = COAST, handle: str = "tom") -> Message:
    """Start a wave, say *Post it*, and return the question in the channel."""
    await world.ask()
    owner, asking = await request(world, handle)
    await owner.click(asking, "post_post")
    await world.sandbox.until(lambda: bool(world.messages(channel)))
    await settled(world)
    (question,) = world.messages(channel)
    return question


async def chosen(world: World, handle: str, question: Message, score: int) -> Message:
    """Choose a score and return what only this person reads then."""
    me = world.sandbox.person(handle)
    before = me.ephemerals(question.channel)[-1:]
    await me.click(question, f"channel_score_{score}")
    await settled(world)
    newest = me.ephemerals(question.channel)[-1:]
    assert newest != before
    return newest[0]


async def seen(world: World, handle: str) -> str:
    """Return everything a person sees anywhere in Slack, as the page shows it to them."""
    me = world.sandbox.person(handle)
    url = f"{world.sandbox.url}/page/state?as={me.id}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


def heard(me: Person, question: Message) -> list[str]:
    """Return all that only this person was told in the question's channel."""
    return [words(each) for each in me.ephemerals(question.channel)]
