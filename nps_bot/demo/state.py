"""The sandbox Slack of this folder: one process serves it, the others find it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from nps_bot.base import logs
from nps_bot.base.errors import AlreadyServingError, SettingsError
from nps_bot.base.settings import Settings
from nps_bot.demo.cast import all_of_lumen_coffee
from nps_bot.demo.people import MANIFEST
from nps_bot.storage.serving import ServingLock
from slack_sandbox import Limits, Manifest, Sandbox
from slack_sandbox.platform import Secrets
from slack_sandbox.store import Store

STATE = Path("var/sandbox.sqlite3")
"""Where the workspace survives a restart, and where it is kept at which address it is served."""
_SERVED, _HERE = "served", "here"
_VISIT = "visit"
_PATIENCE = 1.0
"""Seconds that a server on this very machine may take to accept a connection."""


@asynccontextmanager
async def open_sandbox(
    settings: Settings, limits: Limits | None = None
) -> AsyncIterator[tuple[Sandbox, Settings]]:
    """Serve the sandbox Slack; give it with the settings of a bot in it.

    Args:
        settings: where to serve it, and how to log.
        limits: Slack's rate limits by default.

    Raises:
        SettingsError: another process serves it, or the port cannot be used.
    """
    with _alone():
        sandbox = await _start(settings.port, limits)
        try:
            with closing(Store(STATE)) as store:
                store.put(_SERVED, _HERE, {"api_url": sandbox.api_url})
            inside = replace(
                settings,
                slack_bot_token=sandbox.bot_token,
                slack_app_token=sandbox.app_token,
                slack_api_url=sandbox.api_url,
                port_given=False,  # it is the sandbox's
            )
            logs.configure(settings.log_level, settings.log_format, secrets=inside.secrets)
            yield sandbox, inside
        finally:
            await sandbox.stop()


@dataclass(slots=True)
class Visit:
    """What is remembered of a visit from one start to the next.

    Attributes:
        founded: when the sandbox was started for the first time.
        ahead: how far its clock was moved on since.
        done: the steps of the guide that are done.
        asked: whether the people there were asked for the first time.
        kept: whether it has begun before this start.
    """

    founded: datetime
    ahead: timedelta = timedelta()
    done: tuple[str, ...] = ()
    asked: bool = False
    kept: bool = False

    @classmethod
    def recall(cls, now: datetime) -> Visit:
        """Go on with the visit of before, or begin one now."""
        kept = {}
        if STATE.exists():
            with closing(Store(STATE)) as store:
                kept = dict(store.items(_VISIT)).get(_HERE, {})
        if not kept:
            return cls(now)
        return cls(
            datetime.fromisoformat(kept["founded"]),
            timedelta(seconds=kept["ahead"]),
            tuple(kept["done"]),
            kept["asked"],
            kept=True,
        )

    def keep(self) -> None:
        """Remember it."""
        body = {
            "founded": self.founded.isoformat(),
            "ahead": self.ahead.total_seconds(),
            "done": self.done,
            "asked": self.asked,
        }
        with closing(Store(STATE)) as store:
            store.put(_VISIT, _HERE, body)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes from serving the same workspace."""
    try:
        with ServingLock(f"sqlite:///{STATE}"):
            yield
    except AlreadyServingError as error:
        raise SettingsError(
            f"Another process serves the sandbox Slack in {STATE} already: stop that one first."
        ) from error


async def _start(port: int, limits: Limits | None) -> Sandbox:
    try:
        return await Sandbox.start(
            port=port,
            workspace=all_of_lumen_coffee(),
            manifest=Manifest.load(MANIFEST),
            limits=limits,
            state=STATE,
        )
    except OSError as error:
        raise SettingsError(
            f"PORT {port} cannot be used ({error.strerror}): set PORT to another one, or to 0 for "
            "any that is free."
        ) from error


def page_address(sandbox: Sandbox) -> str:
    """Return where people open the sandbox's page."""
    return sandbox.url.replace("127.0.0.1", "localhost")


def settings_of_running_sandbox(settings: Settings) -> Settings:
    """Return the settings that reach the sandbox which another process serves in this folder.

    Raises:
        SettingsError: none does.
    """
    if STATE.exists():
        with closing(Store(STATE)) as store:
            served, secrets = dict(store.items(_SERVED)), Secrets.of(store)
        if served and _answers(served[_HERE]["api_url"]):
            return replace(
                settings,
                slack_bot_token=secrets.bot_token,
                slack_app_token=secrets.app_token,
                slack_api_url=served[_HERE]["api_url"],
            )
    raise SettingsError(
        "SLACK_BOT_TOKEN is not set and no sandbox is running in this folder: start one with "
        "`make run`, or set your credentials in .env."
    )


def _answers(url: str) -> bool:
    """Return whether somebody listens there; a sandbox that was killed left its address behind."""
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname, address.port or 80), _PATIENCE):
            return True
    except OSError:
        return False
