"""The judge itself: it must see what it is there to see."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from nps_bot.app.wiring import open_database
from slack_sandbox import Sandbox
from tests.campaign.checker import judge, under_way
from tests.campaign.crowd import Click
from tests.helpers import asking
from tests.helpers.lumen import start_lumen

PEOPLE = (asking.ADA, asking.KENJI, asking.TOM)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Return a sandbox Slack without limits."""
    started = await start_lumen()
    yield started
    await started.stop()


async def post(sandbox: Sandbox, delivery_id: str) -> None:
    """Post a message that is marked with the id of a delivery."""
    metadata = {"event_type": "nps_delivery", "event_payload": {"id": delivery_id}}
    message = {"channel": "C0GENERAL", "text": "How likely?", "metadata": metadata}
    headers = {"Authorization": f"Bearer {sandbox.bot_token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sandbox.api_url}chat.postMessage", json=message, headers=headers) as answer,
    ):
        assert (await answer.json())["ok"] is True


async def test_what_stands_twice_and_what_nobody_got_is_seen(
    sandbox: Sandbox, sqlite_database_url: str
) -> None:
    async with open_database(sqlite_database_url) as database:
        await database.write(asking.ask, *PEOPLE)
        deliveries = await database.write(asking.carry)  # which believes that each has arrived
        prompts = [one.message.id for one in deliveries if one.message.kind == "prompt"]
        for delivery_id in (*prompts[:2], prompts[0]):
            await post(sandbox, delivery_id)
        verdict = await judge(sandbox, database, [], len(PEOPLE))
    forgotten = [told for told in verdict.forgotten if told.startswith("prompt:")]
    assert (len(verdict.duplicates), len(forgotten)) == (1, 1)
    assert "was posted 2 times" in verdict.duplicates[0]
    assert "was never posted" in forgotten[0]
    assert len(verdict.untrue) == 1, "the one that stands elsewhere than the database believes"


async def test_whom_a_wave_does_not_invite_is_forgotten(
    sandbox: Sandbox, sqlite_database_url: str
) -> None:
    async with open_database(sqlite_database_url) as database:
        await database.write(asking.ask, *PEOPLE)
        assert (await under_way(database))["prompt"] == 3
        verdict = await judge(sandbox, database, [], len(PEOPLE) + 1)
    assert "wave 1 (ready) invited 3" in verdict.forgotten


async def test_a_click_that_is_not_stored_is_lost(
    sandbox: Sandbox, sqlite_database_url: str
) -> None:
    async with open_database(sqlite_database_url) as database:
        invitations = await database.write(asking.ask, asking.ADA)
        (invitation,) = invitations.values()
        clicks = [Click(invitation, 9, 1)]
        verdict = await judge(sandbox, database, clicks, 1)
    assert verdict.lost_clicks == [str(clicks[0])]
