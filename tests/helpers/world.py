"""The whole bot, in-process, in a sandbox Slack: on both databases, over both transports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from nps_bot.app.wiring import Bot, Role, running
from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.asking.scheduler import tick
from nps_bot.base.clock import Clock, MovableClock
from nps_bot.base.errors import StorageUnavailableError
from nps_bot.base.settings import Mode, Settings, load_settings
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.limits import Limits as Budget
from nps_bot.surveys.rules.survey import Survey
from slack_sandbox import Message, Person, Sandbox
from tests.helpers.lumen import start_lumen

SURVEYS = Path(__file__).parents[2] / "config" / "surveys"


@dataclass
class World:
    """A sandbox Slack, the settings of a bot in it, and the bot once it runs."""

    sandbox: Sandbox
    settings: Settings
    surveys: dict[str, Survey]
    clock: MovableClock = field(default_factory=MovableClock)
    _bot: Bot | None = None

    @property
    def bot(self) -> Bot:
        """The running bot."""
        assert self._bot is not None
        return self._bot

    @asynccontextmanager
    async def running(
        self, role: Role = Role.ALL, lease_clock: Clock | None = None
    ) -> AsyncIterator[Bot]:
        """Run the bot for a while; the sandbox delivers to it."""
        async with running(self.settings, self.surveys, self.clock, role, lease_clock) as bot:
            if self.settings.mode is Mode.HTTP and bot.port is not None:
                self.sandbox.deliver_to(f"http://127.0.0.1:{bot.port}/slack/events")
            self._bot = bot
            yield bot
        self._bot = None

    async def tick(self) -> None:
        """Let the scheduler look now."""
        await tick(self.bot.context)

    async def ask(self, key: str = "customer") -> None:
        """Start a wave by hand that asks everybody at once; again where the database was slow."""
        context = self.bot.context
        now = context.clock.now()
        how = ByHand(now.strftime(NOMINAL), at_once=True)
        started = False
        while not started:
            with suppress(StorageUnavailableError):
                await context.database.write(launching.start_by_hand, self.surveys[key], how, now)
                started = True
        await self.tick()

    async def prompt_of(self, handle: str) -> Message:
        """Return the prompt a person got."""
        workspace = self.sandbox.workspace
        channel = workspace.dm(handle).id
        await self.sandbox.until(lambda: workspace.messages(channel))
        return workspace.messages(channel)[-1]

    async def modal_of(self, person: Person, callback_id: str) -> dict[str, Any]:
        """Return the modal a person sees, once it is this one."""

        def shown() -> dict[str, Any] | None:
            modal = person.modal
            return modal if modal is not None and modal["callback_id"] == callback_id else None

        await self.sandbox.until(lambda: shown() is not None)
        modal = shown()
        assert modal is not None
        return modal

    async def asked(self, handle: str, key: str = "customer") -> tuple[Person, Message]:
        """Start a wave and return a person with the prompt they got."""
        await self.ask(key)
        return self.sandbox.person(handle), await self.prompt_of(handle)

    def messages(self, channel: str) -> list[Message]:
        """Return what stands in a channel."""
        workspace = self.sandbox.workspace
        return workspace.messages(workspace.channel(channel).id)

    async def alert(self) -> Message:
        """Return the one alert, once it is there."""
        await self.sandbox.until(lambda: self.messages("nps-alerts"))
        (alert,) = self.messages("nps-alerts")
        return alert

    async def until_in(self, channel: str, *words: str) -> Message:
        """Return the message of ``channel`` that holds all ``words``, once it is there."""

        def found() -> list[Message]:
            return [
                message
                for message in self.messages(channel)
                if all(word in f"{message.text}{message.blocks}" for word in words)
            ]

        await self.sandbox.until(lambda: bool(found()))
        return found()[0]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Return a sandbox Slack without rate limits."""
    started = await start_lumen()
    yield started
    await started.stop()


@pytest.fixture(params=["socket", "http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Return how Slack reaches the bot: the test runs with each."""
    return str(request.param)


@pytest.fixture
def quiet_world(sandbox: Sandbox, database_url: str, transport: str) -> World:
    """Return a world in which the bot does not run yet."""
    credentials = (
        {"SLACK_APP_TOKEN": sandbox.app_token}
        if transport == "socket"
        else {"SLACK_SIGNING_SECRET": sandbox.signing_secret, "PORT": "0"}
    )
    settings = load_settings(
        {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_API_URL": sandbox.api_url,
            "DATABASE_URL": database_url,
            **credentials,
        }
    )
    return World(sandbox, replace(settings), unlimited_surveys())


def unlimited_surveys() -> dict[str, Survey]:
    """Return the ready-made surveys without a contact budget: tests ask again and again."""
    return {
        key: replace(survey, budget=Budget.none()) for key, survey in load_surveys(SURVEYS).items()
    }


@pytest.fixture
async def world(quiet_world: World) -> AsyncIterator[World]:
    """Return a world in which the bot runs."""
    async with quiet_world.running():
        yield quiet_world
