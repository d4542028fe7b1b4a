"""The processes that serve: everything in one, or web and worker apart."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from nps_bot.app import Bot, Role, running
from nps_bot.cli.importing import match
from nps_bot.cli.sandboxed import open_sandbox, page_address
from nps_bot.clock import SystemClock
from nps_bot.domain.survey import Survey
from nps_bot.errors import PeopleFileError, SettingsError
from nps_bot.people_file import parse_people_file
from nps_bot.services import launching
from nps_bot.services.launching import NOMINAL, ByHand
from nps_bot.settings import Mode, Settings
from nps_bot.slack.inviting import invite_everybody
from nps_bot.storage import people, waves
from nps_bot.surveys import load_surveys

log = logging.getLogger(__name__)

PEOPLE = "people.csv"
"""Beside the folder of the surveys: the sandbox's people, and an example for `people import`."""


async def until_told(serving: Coroutine[Any, Any, None]) -> None:
    """Run what serves until SIGTERM or Ctrl-C, at whatever point of its life they come.

    They cancel it, so that it stops in order. Told twice (by the terminal and by a supervisor that
    passes it on) it still does.
    """
    task = asyncio.create_task(serving)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await task


async def everything(settings: Settings) -> None:
    """Run the whole bot; without credentials, in a sandbox Slack of its own."""
    surveys = load_surveys(settings.surveys)
    if settings.mode is not Mode.SANDBOX:
        await _serve(settings, surveys, Role.ALL)
        return
    async with (
        open_sandbox(settings) as (sandbox, inside),
        running(inside, surveys, SystemClock()) as bot,
    ):
        if await _is_new(bot, surveys):
            await _introduce(bot, settings.surveys.parent / PEOPLE)
        await _ask_at_once(bot, surveys)
        click.echo(f"Your sandbox Slack is open at {page_address(sandbox)}. Ctrl-C stops it.")
        await _for_ever()


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
        try:
            await _for_ever()
        finally:
            log.info("Stopping")


async def only_sandbox(settings: Settings) -> None:
    """Serve the sandbox Slack alone."""
    async with open_sandbox(settings) as (sandbox, inside):
        click.echo(
            f"Your sandbox Slack is open at {page_address(sandbox)}. A bot reaches it with:\n"
            f"SLACK_API_URL={inside.slack_api_url}\n"
            f"SLACK_BOT_TOKEN={inside.slack_bot_token}\n"
            f"SLACK_APP_TOKEN={inside.slack_app_token}"
        )
        await _for_ever()


async def _is_new(bot: Bot, surveys: Mapping[str, Survey]) -> bool:
    """Return whether nobody was ever asked: later on, what was imported since must stay."""
    asked = [await bot.edge.database.read(waves.any_of, key) for key in surveys]
    return not any(asked)


async def _introduce(bot: Bot, file: Path) -> None:
    """Say which accounts the sandbox's customers belong to, as `people import` would."""
    try:
        accounts = await match(bot.edge, file, parse_people_file(file))
    except PeopleFileError as error:
        log.info("The sandbox does without accounts: %s", error)
        return
    await bot.edge.database.write(people.save_accounts, accounts, bot.edge.clock.now())


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


async def _for_ever() -> None:
    """Wait until somebody ends it: signals come as a cancellation."""
    await asyncio.Event().wait()
