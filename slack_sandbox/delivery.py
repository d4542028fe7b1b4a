"""Bringing what people do to the bot: over Socket Mode, or as signed HTTP requests."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import aiohttp

from slack_sandbox.errors import NotAcknowledgedError
from slack_sandbox.sockets import Sockets

ACKNOWLEDGE_SECONDS = 3.0


class Kind(StrEnum):
    """What is delivered; the values are Socket Mode's envelope types."""

    INTERACTIVE = "interactive"
    COMMAND = "slash_commands"
    EVENT = "events_api"


@dataclass(frozen=True, slots=True)
class Reply:
    """The bot's acknowledgement.

    ``body`` is what it said with it, ``{}`` for a bare one; a plain text becomes ``{"text": ...}``.
    ``seconds`` is how long it took.
    """

    body: dict[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An HTTP request as Slack would send it."""

    headers: dict[str, str]
    body: bytes


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """Return the headers that prove a request to come from Slack.

    https://docs.slack.dev/authentication/verifying-requests-from-slack

    Arguments:
        secret: the app's signing secret.
        body: the request's body.
        timestamp: seconds since 1970; Slack's apps refuse what is older than five minutes.
    """
    base = b"v0:%d:%s" % (timestamp, body)
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def signed_request(
    secret: str, kind: Kind, payload: Mapping[str, Any], timestamp: int | None = None
) -> SignedRequest:
    """Return the HTTP request for a payload, signed now (or at ``timestamp``)."""
    content_type = "application/x-www-form-urlencoded"
    if kind is Kind.EVENT:
        content_type, body = "application/json", json.dumps(payload)
    elif kind is Kind.COMMAND:
        body = urlencode(payload)
    else:
        body = urlencode({"payload": json.dumps(payload)})
    moment = int(time.time()) if timestamp is None else timestamp
    headers = sign(secret, body.encode(), moment)
    return SignedRequest({"Content-Type": content_type, **headers}, body.encode())


class Delivery:
    """Where payloads go.

    Arguments:
        secret: the app's signing secret.
        sockets: the bot's Socket Mode connections, used while no address is set.
    """

    def __init__(self, secret: str, sockets: Sockets) -> None:
        self.url: str | None = None
        """Where signed HTTP requests go; None is Socket Mode."""
        self._secret = secret
        self._sockets = sockets
        self._session: aiohttp.ClientSession | None = None

    async def send(self, kind: Kind, payload: Mapping[str, Any]) -> Reply:
        """Deliver a payload and return the acknowledgement.

        An event that was not acknowledged is sent once more, marked as a retry.

        Raises:
            NotAcknowledgedError: no acknowledgement within three seconds, or a refusal.
        """
        started = time.monotonic()
        try:
            body = await self._once(kind, payload, retry=None)
        except NotAcknowledgedError as missed:
            if kind is not Kind.EVENT:
                raise
            body = await self._once(kind, payload, retry=missed.reason)
        return Reply(body, time.monotonic() - started)

    async def _once(
        self, kind: Kind, payload: Mapping[str, Any], retry: str | None
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                if self.url is None:
                    return await self._sockets.send(kind, payload, retry)
                return await self._post(self.url, kind, payload, retry)
        except TimeoutError:
            if self.url is None and not self._sockets:
                sentence = "The bot is not connected: it heard nothing of this."
                raise NotAcknowledgedError(sentence, "connection_failed") from None
            sentence = f"The bot did not answer within {ACKNOWLEDGE_SECONDS:.0f} seconds."
            raise NotAcknowledgedError(sentence, "http_timeout") from None

    async def _post(
        self, url: str, kind: Kind, payload: Mapping[str, Any], retry: str | None
    ) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        request = signed_request(self._secret, kind, payload)
        headers = request.headers
        if retry is not None:
            headers |= {"x-slack-retry-num": "1", "x-slack-retry-reason": retry}
        try:
            async with self._session.post(url, data=request.body, headers=headers) as answer:
                text = await answer.text()
        except aiohttp.ClientError as error:
            sentence = f"The bot cannot be reached at {url}: {error}"
            raise NotAcknowledgedError(sentence, "connection_failed") from error
        if answer.status != 200:
            raise NotAcknowledgedError(f"The bot answered with HTTP {answer.status}.", "http_error")
        if not text:
            return {}
        if answer.content_type != "application/json":
            return {"text": text}
        body: dict[str, Any] = json.loads(text)
        return body

    async def close(self) -> None:
        """Close the HTTP connections."""
        if self._session is not None:
            await self._session.close()
