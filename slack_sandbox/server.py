"""The sandbox itself: one server for the Web API, Socket Mode, response_urls and the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from slack_sandbox.actor import Person
from slack_sandbox.control import Control
from slack_sandbox.delivery import Delivery, Kind, Reply, SignedRequest, sign, signed_request
from slack_sandbox.example import example_workspace
from slack_sandbox.ledger import Ledger
from slack_sandbox.limits import Limits
from slack_sandbox.manifest import Manifest
from slack_sandbox.pageapi import PageApi
from slack_sandbox.platform import Platform, Secrets
from slack_sandbox.sockets import Sockets
from slack_sandbox.store import Store
from slack_sandbox.webapi import Watch, WebApi
from slack_sandbox.workspace import Workspace

T = TypeVar("T")
_RECHECK_SECONDS = 0.05
"""``until`` looks again so often even if nothing changes here: conditions may look elsewhere."""


class Sandbox:
    """A Slack of one's own. Start it with ``Sandbox.start``."""

    def __init__(self, platform: Platform, store: Store | None) -> None:
        self._platform = platform
        self._store = store
        self._runner: web.AppRunner | None = None
        self.workspace = platform.workspace
        self.ledger = Ledger()
        self.sockets = Sockets(platform.workspace.app_id, platform.workspace.changes)
        self._delivery = Delivery(platform.tokens.signing_secret, self.sockets)
        self._api = WebApi(platform, self.ledger, self.sockets)
        self.faults = self._api.faults
        self._page = PageApi(platform, self.person, self.faults)

    @classmethod
    async def start(
        cls,
        port: int = 0,
        host: str = "127.0.0.1",
        workspace: Workspace | None = None,
        manifest: Manifest | None = None,
        limits: Limits | None = None,
        state: Path | None = None,
    ) -> Sandbox:
        """Start serving and return the sandbox.

        Arguments:
            port: where to listen; 0 takes a free one.
            host: which address to listen at.
            workspace: who there is; a small company by default.
            manifest: what the app may do; an example by default.
            limits: Slack's rate limits by default.
            state: a file the workspace survives in; without it everything is forgotten.

        Raises:
            OSError: the port is taken.
        """
        store = Store(state) if state is not None else None
        there = workspace if workspace is not None else example_workspace()
        if store is not None:
            there.survive_in(store)
        platform = Platform(
            there, manifest or Manifest.load(), limits or Limits(), Secrets.of(store)
        )
        sandbox = cls(platform, store)
        try:
            await sandbox._serve(host, port)
        except OSError:
            await sandbox.stop()
            raise
        return sandbox

    async def _serve(self, host: str, port: int) -> None:
        application = web.Application(client_max_size=4 * 1024 * 1024)
        application.add_routes([*self._api.routes(), *self._page.routes()])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address = self._runner.addresses[0]
        self._platform.base_url = f"http://{host}:{address[1]}"

    async def another_api_url(self) -> str:
        """Serve the same at one more port; return what goes into ``SLACK_API_URL`` there.

        Of several bots with a port each, ``watch`` can tell which one calls.
        """
        if self._runner is None:
            raise RuntimeError("the sandbox is not served")
        host = self._runner.addresses[0][0]
        await web.TCPSite(self._runner, host, 0).start()
        return f"http://{host}:{self._runner.addresses[-1][1]}/api/"

    def watch(self, watch: Watch | None) -> None:
        """Have every call pass by somebody, stage by stage; it is held as long as they take."""
        self._api.watch = watch

    def controlled_by(self, control: Control | None) -> None:
        """Have the page offer what moves the time of this sandbox and of the bot beside it."""
        self._page.control = control
        self.workspace.changes.notify()

    @property
    def played(self) -> Collection[str]:
        """The ids of those whom somebody at the page has acted as."""
        return self._page.played

    async def stop(self) -> None:
        """Stop serving; the connections of the bot and the page are closed."""
        self._page.stop()
        await self.sockets.drop()
        await self._delivery.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._store is not None:
            self._store.close()

    # Where it is and what proves who one is

    @property
    def url(self) -> str:
        """Where the page is, without a slash at the end."""
        return self._platform.base_url

    @property
    def api_url(self) -> str:
        """What goes into ``SLACK_API_URL``."""
        return f"{self._platform.base_url}/api/"

    @property
    def bot_token(self) -> str:
        """The bot's token."""
        return self._platform.tokens.bot_token

    @property
    def app_token(self) -> str:
        """The app-level token, for Socket Mode."""
        return self._platform.tokens.app_token

    @property
    def signing_secret(self) -> str:
        """What signed HTTP requests are signed with."""
        return self._platform.tokens.signing_secret

    @property
    def bot_user_id(self) -> str:
        """The bot's user id."""
        return self.workspace.bot.id

    # Acting

    def deliver_to(self, url: str | None) -> None:
        """Deliver by signed HTTP requests to ``url`` from now on; None: over Socket Mode."""
        self._delivery.url = url

    def person(self, who: str) -> Person:
        """Return somebody to act as, by handle or id; raise NotThereError."""
        return Person(self._platform, self._delivery, self.workspace.user(who))

    async def deliver(self, kind: Kind | str, payload: Mapping[str, Any]) -> Reply:
        """Deliver any payload at all, forged ones included; raise NotAcknowledgedError."""
        return await self._delivery.send(Kind(kind), payload)

    def sign(self, body: bytes, timestamp: int) -> dict[str, str]:
        """Return Slack's signature headers for a request body (timestamp: seconds since 1970)."""
        return sign(self.signing_secret, body, timestamp)

    def signed_request(
        self, kind: Kind | str, payload: Mapping[str, Any], timestamp: int | None = None
    ) -> SignedRequest:
        """Return the HTTP request Slack would send for a payload, without sending it."""
        return signed_request(self.signing_secret, Kind(kind), payload, timestamp)

    async def until(self, condition: Callable[[], T], timeout: float = 30) -> T:  # noqa: ASYNC109
        """Wait until a condition holds and return what it returned.

        Arguments:
            condition: asked again whenever something changes.
            timeout: seconds.

        Raises:
            TimeoutError: it did not come to hold in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            found = condition()
            if found:
                return found
            left = deadline - loop.time()
            if left <= 0:
                raise TimeoutError(f"not so within {timeout} s")
            await self.workspace.changes.wait(min(left, _RECHECK_SECONDS))
