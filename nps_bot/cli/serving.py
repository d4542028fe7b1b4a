"""The processes that serve: everything in one, or web and worker apart."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from nps_bot.app.wiring import Role, running
from nps_bot.base.clock import SystemClock
from nps_bot.base.errors import SettingsError
from nps_bot.base.settings import Mode, Settings
from nps_bot.surveys import load_surveys, load_surveys_apart

log = logging.getLogger(__name__)


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


async def everything(settings: Settings, *, empty: bool = False) -> None:
    """Run the whole bot; without credentials, in a sandbox Slack of its own.

    ``empty`` has that sandbox begin without a past.
    """
    if settings.mode is Mode.SANDBOX:
        from nps_bot.demo import run  # noqa: PLC0415  # a bot in a real Slack never loads it

        await run.in_sandbox(settings, load_surveys(settings.surveys), empty=empty)
    else:
        await _serve(settings, Role.ALL)


async def web(settings: Settings) -> None:
    """Take clicks and commands."""
    if settings.mode is not Mode.HTTP:
        raise SettingsError(
            "SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN are needed for `python bot.py web`, and no "
            "SLACK_APP_TOKEN: web processes serve HTTP. `python bot.py` alone runs in Socket Mode."
        )
    await _share(settings, "web", Role.LISTEN)


async def worker(settings: Settings, port: int | None) -> None:
    """Open waves and deliver messages; serve the probes on ``port``.

    PORT is not taken for that: processes that share an environment would share it too.
    """
    if settings.mode is Mode.SANDBOX:
        raise SettingsError("SLACK_BOT_TOKEN is needed for `python bot.py worker`.")
    own = replace(settings, port=port or 0, port_given=port is not None)
    await _share(own, "worker", Role.WORK)


async def _share(settings: Settings, name: str, role: Role) -> None:
    if settings.database_url.startswith("sqlite"):
        raise SettingsError(
            f"DATABASE_URL names SQLite, which one process serves: `python bot.py {name}` needs "
            "PostgreSQL (postgresql://...). `python bot.py` alone does everything on SQLite."
        )
    await _serve(settings, role)


async def _serve(settings: Settings, role: Role) -> None:
    surveys = load_surveys_apart(settings.surveys)
    async with running(settings, surveys, SystemClock(), role) as bot:
        _keep_what_is_loaded()
        _take_short_turns()
        where = f" on port {bot.port}" if bot.port is not None else ""
        log.info("Ready%s with %d surveys: %s", where, len(surveys), ", ".join(surveys))
        try:
            await asyncio.Event().wait()  # a signal cancels it
        finally:
            log.info("Stopping")


def _keep_what_is_loaded() -> None:
    """Take what the start has loaded out of the garbage collector's sight, and have it look less
    often: reading a click makes hundreds of objects, and nearly all go without it.

    What is loaded stays for good; walking through it again and again took a tenth of a busy bot's
    time, and looking after every 700 objects nearly another.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _take_short_turns() -> None:
    """Have threads take turns every millisecond instead of every five: the thread that writes waits
    for its turn after each statement, and whoever clicked waits for what it writes.
    """
    sys.setswitchinterval(0.001)
