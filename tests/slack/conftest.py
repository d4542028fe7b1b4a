"""The edge to Slack, wired to a sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from nps_bot.slack.directory import Directory
from nps_bot.slack.messenger import Messenger
from nps_bot.slack.web_api import WebApi, open_session
from slack_sandbox import Sandbox
from tests.helpers.lumen import start_lumen


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    started = await start_lumen()
    yield started
    await started.stop()


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[WebApi]:
    async with open_session(sandbox.api_url) as session:
        yield WebApi(session, sandbox.bot_token, sandbox.api_url)


@pytest.fixture
def messenger(api: WebApi) -> Messenger:
    return Messenger(api)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def directory(api: WebApi, clock: MovableClock) -> Directory:
    return Directory(api, clock)
