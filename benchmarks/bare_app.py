"""What the bot is measured against: Bolt on the same server, doing nothing but ``ack()``.

``process_before_response`` as in the bot; without it Bolt looks every 10 ms whether its listener
has acknowledged.
"""

from __future__ import annotations

import asyncio
import os
import sys

import uvicorn
import uvloop
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from nps_bot.answering.listeners import SCORE_ID
from nps_bot.slack.http import EVENTS_PATH, listen


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


async def _serve() -> None:
    client = AsyncWebClient(
        token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]
    )
    app = AsyncApp(
        client=client,
        signing_secret=os.environ["SLACK_SIGNING_SECRET"],
        process_before_response=True,
    )
    app.action(SCORE_ID)(_acknowledge)
    config = uvicorn.Config(
        AsyncSlackRequestHandler(app, path=EVENTS_PATH),
        http="httptools",
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    listening = listen(0)
    print(f"Ready on port {listening.getsockname()[1]}", file=sys.stderr, flush=True)
    await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
