"""What the dispatcher is measured against: slack_sdk's client in a loop, storing nothing.

It posts the same prompt, eight at a time as the dispatcher does, over one shared HTTP session (the
client's default, a session and a connection for every call, is a good deal slower). A number on
standard input is an order; ``done`` on standard output says that it was carried out.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import uvloop
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.payloads import prompt_message
from nps_bot.base.ids import new_id
from nps_bot.delivery.dispatcher import IN_FLIGHT
from nps_bot.slack.message import Message
from nps_bot.slack.messenger import METADATA_TYPE
from nps_bot.surveys import load_surveys


async def _post(client: AsyncWebClient, message: Message, numbers: range) -> None:
    remaining = iter(numbers)

    async def lane() -> None:
        for number in remaining:
            await client.chat_postMessage(
                channel=f"D{number:08}",
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": METADATA_TYPE, "event_payload": {"id": f"{number:032x}"}},
                unfurl_links=False,
                unfurl_media=False,
            )

    await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))


async def _serve(surveys: Path) -> None:
    survey = load_surveys(surveys)["customer"]
    message = prompt_message(survey, new_id())
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=os.environ["SLACK_BOT_TOKEN"],
            base_url=os.environ["SLACK_API_URL"],
            session=session,
        )
        while order := await asyncio.to_thread(sys.stdin.readline):
            await _post(client, message, range(int(order)))
            print("done", flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(Path(os.environ["NPS_SURVEYS"])))
