"""All that the recording needs of the bot's and the sandbox's modules, and nothing else does.

Whoever moves or renames what is imported here changes this file alone; what is recorded stays.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from nps_bot.app.wiring import Bot, running
from nps_bot.asking.scheduler import tick
from nps_bot.base.clock import MovableClock, SystemClock
from nps_bot.base.settings import load_settings
from nps_bot.cli import main
from nps_bot.demo import crowd, idle, run
from nps_bot.demo.cast import all_of_lumen_coffee
from nps_bot.demo.people import MANIFEST
from nps_bot.surveys import load_surveys
from slack_sandbox import Limits, Manifest, Sandbox, delivery, parse_chance, triggers
from slack_sandbox.api import NAMES
from tests.helpers.connect import two_companies

PATIENCE = 60.0
"""Real seconds that people of the sandbox wait for the bot: a busy machine must change nothing."""

_SOUGHT = text("SELECT count(*) FROM outbox WHERE status = 'unknown' AND lease_until IS NOT NULL")
Heard = Callable[[str, Mapping[str, Any], Mapping[str, Any] | str], Awaitable[None]]
"""Is told what was brought to the bot, and what it answered, or why it did not."""


@dataclass
class Hand:
    """What the clocks are set by: they stand still until it moves them."""

    moment: datetime

    def move(self, **by: float) -> None:
        """Move all clocks on by so many days, hours, seconds ..."""
        self.moment += timedelta(**by)


@contextmanager
def steered(moment: datetime) -> Iterator[Hand]:
    """Have every clock of bot and sandbox stand still, and everybody be patient."""
    hand = Hand(moment)
    with (
        patch.object(SystemClock, "machine", lambda _: hand.moment),
        patch.object(crowd, "PATIENCE", PATIENCE),
        patch.object(delivery, "ACKNOWLEDGE_SECONDS", PATIENCE),
        patch.object(triggers, "TRIGGER_SECONDS", PATIENCE),
        patch.object(idle, "PATIENCE", PATIENCE),
        patch.object(idle, "IN_TROUBLE", PATIENCE),
    ):
        yield hand


@contextmanager
def overheard(heard: Heard) -> Iterator[None]:
    """Have everything that is brought to the bot told, one thing after the other.

    Nobody does anything before the bot has finished what the last one did: so what follows from
    it, and in which order, depends on no machine's speed.
    """
    send = delivery.Delivery.send
    one_at_a_time = asyncio.Lock()

    async def told(
        self: delivery.Delivery, kind: delivery.Kind, payload: Mapping[str, Any]
    ) -> delivery.Reply:
        async with one_at_a_time:
            try:
                reply = await send(self, kind, payload)
            except Exception as error:
                await heard(str(kind), payload, str(error))
                raise
            await heard(str(kind), payload, reply.body)
            return reply

    with patch.object(delivery.Delivery, "send", told):
        yield


@dataclass
class Stage:
    """A bot that runs in a sandbox.

    Attributes:
        sandbox: whose people act.
        bot: which answers them.
        environment: what reaches both from a terminal.
    """

    sandbox: Sandbox
    bot: Bot
    environment: Mapping[str, str]
    _told: int = field(default=0)

    @property
    def url(self) -> str:
        """Where the sandbox's page is."""
        return self.sandbox.url

    def new_calls(self) -> list[dict[str, Any]]:
        """Return the calls since the last time: method, arguments, answer, HTTP status."""
        calls = self.sandbox.ledger[self._told :]
        self._told += len(calls)
        return [
            {
                "method": call.method,
                "arguments": dict(call.arguments),
                "answer": dict(call.answer),
                "status": call.status,
            }
            for call in calls
        ]

    async def rest(self) -> None:
        """Wait until the bot has done all that is due."""
        await idle.come_to_rest(self.bot, self.sandbox)

    async def tick(self) -> None:
        """Let the scheduler look, and wait until what it found is done."""
        await tick(self.bot.context)
        await self.rest()

    async def searched(self) -> None:
        """Wait until nothing is left of which the bot could find out whether Slack has it."""
        database = self.bot.context.database
        while await database.read(lambda connection: connection.scalar(_SOUGHT)):
            await self.sandbox.workspace.changes.wait(0.05)
        await self.rest()

    def go_wrong(self, fault: str, times: int = 1) -> None:
        """Let the next calls go wrong, in the words of ``bot.py sandbox --fault``."""
        chance = parse_chance(fault, NAMES)
        self.sandbox.faults.add(chance.method, chance.fault, times)

    def change_channel(self, name: str, **changes: Any) -> None:
        """Change a channel behind the bot's back, such as ``is_archived=True``."""
        channel = self.sandbox.workspace.channel(name)
        for key, value in changes.items():
            setattr(channel, key, value)
        self.sandbox.workspace.put_channel(channel)

    def enter(self, name: str, who: str) -> None:
        """Add somebody to a channel."""
        workspace = self.sandbox.workspace
        channel = workspace.channel(name)
        channel.members.append(workspace.user(who).id)
        workspace.put_channel(channel)

    def leave(self, name: str, who: str) -> None:
        """Take somebody out of a channel."""
        workspace = self.sandbox.workspace
        channel = workspace.channel(name)
        channel.members.remove(workspace.user(who).id)
        workspace.put_channel(channel)


@asynccontextmanager
async def visiting(variables: Mapping[str, str]) -> AsyncIterator[Stage]:
    """Give what ``python bot.py`` starts without credentials: the sandbox with its guide.

    It stands in the current folder.
    """
    settings = load_settings(variables, Path(".env"))
    async with run.visited(settings, load_surveys(settings.surveys)) as visit:
        yield Stage(visit.sandbox, visit.bot, variables)


@asynccontextmanager
async def working(variables: Mapping[str, str]) -> AsyncIterator[Stage]:
    """Give a bot in a whole workspace, reached by signed HTTP requests, without rate limits."""
    clock = MovableClock()
    workspace = all_of_lumen_coffee()
    workspace.tell_time = lambda: int(clock.now().timestamp() * 1_000_000)
    two_companies(workspace)
    sandbox = await Sandbox.start(
        workspace=workspace, limits=Limits.none(), manifest=Manifest.load(MANIFEST)
    )
    try:
        environment = {
            **variables,
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_SIGNING_SECRET": sandbox.signing_secret,
            "SLACK_API_URL": sandbox.api_url,
        }
        settings = load_settings(environment, Path(".env"))
        async with running(settings, load_surveys(settings.surveys), clock) as bot:
            sandbox.deliver_to(f"http://127.0.0.1:{bot.port}/slack/events")
            yield Stage(sandbox, bot, environment)
    finally:
        await sandbox.stop()


def command_line(words: Sequence[str], moment: datetime) -> None:
    """Run ``python bot.py`` with these words at a moment that stands still; it ends the process."""
    sys.argv = ["bot.py", *words]
    with steered(moment):
        main()
