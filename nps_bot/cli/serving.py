"""The processes that serve: everything in one, or web and worker apart."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import click

from nps_bot import logs
from nps_bot.app import Bot, Role, running
from nps_bot.clock import SystemClock
from nps_bot.domain.survey import Survey
from nps_bot.errors import SettingsError
from nps_bot.sandbox import Sandbox
from nps_bot.sandbox.platform import Secrets
from nps_bot.sandbox.store import Store
from nps_bot.services import launching
from nps_bot.services.launching import NOMINAL, ByHand
from nps_bot.settings import Mode, Settings
from nps_bot.slack.inviting import invite_everybody
from nps_bot.storage import waves
from nps_bot.surveys import load_surveys

log = logging.getLogger(__name__)

SANDBOX_STATE = Path("var/sandbox.sqlite3")
"""Where the sandbox's workspace survives a restart."""


async def everything(settings: Settings) -> None:
    """Run the whole bot; without credentials, in a sandbox Slack of its own."""
    surveys = load_surveys(settings.surveys)
    if settings.mode is not Mode.SANDBOX:
        await _serve(settings, surveys, Role.ALL)
        return
    async with (
        _sandbox(settings) as (sandbox, inside),
        running(inside, surveys, SystemClock()) as bot,
    ):
        await _ask_at_once(bot, surveys)
        click.echo(f"Your sandbox Slack is open at {_address(sandbox)}. Ctrl-C stops it.")
        await _stopped()


async def web(settings: Settings) -> None:
    """Take clicks and commands."""
    if settings.mode is not Mode.HTTP:
        raise SettingsError(
            "SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN are needed for `python bot.py web`, and no "
            "SLACK_APP_TOKEN: web processes serve HTTP. `python bot.py` alone runs in Socket Mode."
        )
    await _share(settings, "web", Role.LISTEN)


async def worker(settings: Settings) -> None:
    """Open waves and deliver messages."""
    if settings.mode is Mode.SANDBOX:
        raise SettingsError("SLACK_BOT_TOKEN is needed for `python bot.py worker`.")
    await _share(settings, "worker", Role.WORK)


async def _share(settings: Settings, name: str, role: Role) -> None:
    if settings.database_url.startswith("sqlite"):
        raise SettingsError(
            f"DATABASE_URL names SQLite, which one process serves: `python bot.py {name}` needs "
            "PostgreSQL (postgresql://...). `python bot.py` alone does everything on SQLite."
        )
    await _serve(settings, load_surveys(settings.surveys), role)


async def _serve(settings: Settings, surveys: Mapping[str, Survey], role: Role) -> None:
    async with running(settings, surveys, SystemClock(), role) as bot:
        where = f" on port {bot.port}" if bot.port is not None else ""
        log.info("Ready%s with %d surveys: %s", where, len(surveys), ", ".join(surveys))
        await _stopped()
        log.info("Stopping")


async def only_sandbox(settings: Settings) -> None:
    """Serve the sandbox Slack alone."""
    async with _sandbox(settings) as (sandbox, inside):
        click.echo(
            f"Your sandbox Slack is open at {_address(sandbox)}. A bot reaches it with:\n"
            f"SLACK_API_URL={inside.slack_api_url}\n"
            f"SLACK_BOT_TOKEN={inside.slack_bot_token}\n"
            f"SLACK_APP_TOKEN={inside.slack_app_token}"
        )
        await _stopped()


@asynccontextmanager
async def _sandbox(settings: Settings) -> AsyncIterator[tuple[Sandbox, Settings]]:
    """Serve the sandbox Slack; give it with the settings of a bot in it."""
    try:
        sandbox = await Sandbox.start(port=settings.port, state=SANDBOX_STATE)
    except OSError as error:
        raise SettingsError(
            f"PORT {settings.port} is taken: is the bot running already? Stop it, or set PORT to a "
            "free one."
        ) from error
    inside = inside_sandbox(settings, sandbox)
    logs.configure(settings.log_level, settings.log_format, secrets=inside.secrets)
    try:
        yield sandbox, inside
    finally:
        await sandbox.stop()


def inside_sandbox(settings: Settings, sandbox: Sandbox) -> Settings:
    """Return the settings of a bot in ``sandbox``."""
    return replace(
        settings,
        slack_bot_token=sandbox.bot_token,
        slack_app_token=sandbox.app_token,
        slack_api_url=sandbox.api_url,
    )


def settings_of_running_sandbox(settings: Settings) -> Settings:
    """Return the settings that reach the sandbox of a bot running in another process.

    Raises:
        SettingsError: there never was one here.
    """
    if not SANDBOX_STATE.exists():
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set and no sandbox is running: start one with `make run`, or "
            "set your credentials in .env."
        )
    store = Store(SANDBOX_STATE)
    try:
        secrets = Secrets.of(store)
    finally:
        store.close()
    return replace(
        settings,
        slack_bot_token=secrets.bot_token,
        slack_app_token=secrets.app_token,
        slack_api_url=f"http://127.0.0.1:{settings.port}/api/",
    )


async def _ask_at_once(bot: Bot, surveys: Mapping[str, Survey]) -> None:
    """Start the sandbox's first wave of every survey, at whatever hour it is there."""
    edge = bot.edge
    for survey in surveys.values():
        if not await edge.database.read(waves.any_of, survey.key):
            now = edge.clock.now()
            nominal = now.astimezone(UTC).strftime(NOMINAL)
            await edge.database.write(
                launching.start_by_hand, survey, ByHand(nominal, at_once=True), now
            )
    await invite_everybody(edge)


def _address(sandbox: Sandbox) -> str:
    return sandbox.url.replace("127.0.0.1", "localhost")


async def _stopped() -> None:
    """Return once the process is told to stop."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()
