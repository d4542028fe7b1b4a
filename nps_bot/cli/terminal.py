"""How commands for the terminal reach the bot: its settings, its clock, its database and Slack."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from nps_bot.app import wiring
from nps_bot.base import logs
from nps_bot.base.clock import MovableClock, SettableClock, SystemClock
from nps_bot.base.settings import Mode, Settings
from nps_bot.base.settings import load_settings as read_settings
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.terminal import Terminal
from nps_bot.storage.database import Database
from nps_bot.storage.migrate import ensure_migrated
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.survey import Survey

DOTENV = Path(".env")
DATABASE_PATIENCE = 60.0
"""Seconds a command waits for the database: nobody else waits behind it."""


def load_settings() -> Settings:
    """Read the settings and set the log up accordingly."""
    settings = read_settings(os.environ, DOTENV)
    logs.configure(settings.log_level, settings.log_format, secrets=settings.secrets)
    return settings


class BotTerminal(Terminal):
    """A terminal in the folder of the bot. Without credentials it reaches the running sandbox."""

    def clock(self) -> SettableClock:
        """Return the clock of the bot: in the sandbox, time may have been moved on."""
        if self.settings.mode is not Mode.SANDBOX:
            return SystemClock()
        from nps_bot.demo import state  # noqa: PLC0415  # as in cli.serving

        clock = MovableClock()
        clock.ahead = state.Visit.recall(clock.now()).ahead
        return clock

    def surveys(self) -> Mapping[str, Survey]:
        """Return the surveys as the bot asks them: the sandbox counts waves from its first day."""
        surveys = load_surveys(self.settings.surveys)
        if self.settings.mode is not Mode.SANDBOX:
            return surveys
        from nps_bot.demo import schedule, state  # noqa: PLC0415  # as in cli.serving

        visit = state.Visit.recall(SystemClock().now())
        return schedule.from_the_day(surveys, visit.founded) if visit.kept else surveys

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """Open the database alone, migrated."""
        url = self.settings.database_url
        await asyncio.to_thread(ensure_migrated, url)
        async with wiring.open_database(url, patience=DATABASE_PATIENCE) as database:
            yield database

    @asynccontextmanager
    async def context(self) -> AsyncIterator[BotContext]:
        """Open the database and Slack; without credentials, the sandbox of a running bot."""
        settings, surveys, clock = self.settings, self.surveys(), self.clock()
        if settings.mode is Mode.SANDBOX:
            from nps_bot.demo import state  # noqa: PLC0415  # as in cli.serving

            settings = state.settings_of_running_sandbox(settings)
        nobody_waits = asyncio.Event()
        async with wiring.connected(
            settings, surveys, clock, wake=nobody_waits, patient=False
        ) as context:
            yield context
