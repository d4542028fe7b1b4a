"""The ASGI app: Slack's requests, verified before anything reads them; and the server below it."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from slack_bolt.adapter.asgi.http_response import AsgiHttpResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from nps_bot.base.errors import SettingsError
from nps_bot.slack.asgi import App, Receive, Scope, Send, answer
from nps_bot.slack.payloads import is_routable, posted

log = logging.getLogger(__name__)

EVENTS_PATH = "/slack/events"
BIGGEST_BODY = 1_000_000
"""Bytes: a modal of Slack's biggest inputs is a third of that; nothing larger is read."""
BODY_PATIENCE = 3.0
"""Seconds for the body to arrive; Slack itself gives up after as many."""

_LENGTH = re.compile(r"[0-9]{1,9}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_UNSIGNED = "The request is not signed by Slack."
_HTTP = "latin-1"  # takes every byte, as HTTP does in headers
_NO_REQUEST = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What reading a body raises that is no JSON, or no JSON of Slack's."""


class Web:
    """Serves ``/slack/events``, and the probes beside it."""

    def __init__(self, bolt: AsyncApp, signing_secret: str, probes: App) -> None:
        """Prepare to serve.

        Args:
            bolt: gets what Slack has signed, as it gets it in Socket Mode: read and verified.
            signing_secret: the app's; every request is verified with it.
            probes: answer everything that is not Slack's.
        """
        self._bolt = bolt
        self._verifier = SignatureVerifier(signing_secret)
        self._probes = probes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        if scope["type"] == "http" and scope["path"] == EVENTS_PATH:
            await self._slack(scope, receive, send)
        else:
            await self._probes(scope, receive, send)

    async def _slack(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Verify one request and hand it to Bolt.

        Bolt would verify too, but it reads first, and takes half of all its time for that.
        """
        headers = {name.decode(_HTTP): value.decode(_HTTP) for name, value in scope["headers"]}
        length = headers.get("content-length", "")
        if scope["method"] != "POST":
            await answer(send, 405, "Slack posts here; there is nothing to see.")
        elif not _LENGTH.fullmatch(length):
            await answer(send, 411, "The request does not say how long it is.")
        elif int(length) > BIGGEST_BODY:
            await answer(send, 413, "The request is too large.")
        elif (signed := _signature(headers)) is None:
            await answer(send, 401, _UNSIGNED)
        elif (body := await _body(receive)) is None:
            await answer(send, 408, "The request did not arrive.", (b"connection", b"close"))
        elif (text := _text(body)) is None:
            await _refuse_shape(send)
        elif not self._verifier.is_valid(text, *signed):
            log.warning(
                "A request was refused: its signature is wrong, or older than five minutes. "
                "If all are, SLACK_SIGNING_SECRET is not this app's, or the clock is off."
            )
            await answer(send, 401, _UNSIGNED)
        elif (request := _bolt_request(text, headers)) is None:
            await _refuse_shape(send)
        else:
            response = await self._bolt.async_dispatch(request)
            told = AsgiHttpResponse(response.status, response.headers, response.body)
            await send(told.get_response_start())
            await send(told.get_response_body())


def _signature(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the time and the signature of a request; None where there is nothing to verify."""
    timestamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    if _TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature):
        return timestamp, signature
    return None


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request; None where it did not arrive.

    Of who hangs up half way it is what had come until then, which no signature fits.
    """
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_PATIENCE):
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
    except TimeoutError:
        return None
    return bytes(body)


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _bolt_request(text: str, headers: Mapping[str, str]) -> AsyncBoltRequest | None:
    """Return a request that Bolt can route; None where it could not."""
    try:
        payload = posted(text)
        if not is_routable(payload):
            return None
        return AsyncBoltRequest(body=payload, headers=dict(headers), mode="socket_mode")
    except _NO_REQUEST:
        return None


async def _refuse_shape(send: Send) -> None:
    log.info("A request that is not of Slack's shape was refused")
    await answer(send, 400, "The request is not of Slack's shape.")


def listen(port: int) -> socket.socket:
    """Return a socket that listens on ``port`` of all addresses; 0 takes a free port.

    Raises:
        SettingsError: the port is taken or not allowed.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("0.0.0.0", port))  # noqa: S104  # Slack calls from outside
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise SettingsError(
            f"PORT {port} cannot be used ({error.strerror}): choose another."
        ) from error
    return listening


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the bot stops all of itself, in order."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class HttpServer:
    """Serves an ASGI app on a socket until it is stopped."""

    def __init__(self, web: App, listening: socket.socket) -> None:
        config = uvicorn.Config(
            web,
            http="httptools",
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=3,  # Slack waits no longer
        )
        self._server = _Server(config)
        self._socket = listening
        self.port: int = listening.getsockname()[1]

    async def start(self) -> None:
        """Begin to serve; returns once connections are accepted."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Finish the requests in flight and stop."""
        self._server.should_exit = True
        await self._task


@asynccontextmanager
async def serving(web: App, port: int) -> AsyncIterator[int]:
    """Serve an ASGI app while the context lasts; gives the port.

    Raises:
        SettingsError: the port is taken or not allowed.
    """
    server = HttpServer(web, listen(port))
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop()
