"""Socket Mode: the bot's WebSocket connections.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web

from slack_sandbox.changes import Changes
from slack_sandbox.errors import NotAcknowledgedError

MOST_CONNECTIONS = 10
_HEARTBEAT_SECONDS = 15.0
_CLOSE_SECONDS = 1.0
_EVENT = "events_api"


class Sockets:
    """The connections one app has open; a payload goes to one of them, each in turn.

    Arguments:
        app_id: the app's id.
        changes: told about connections and acknowledgements.
    """

    def __init__(self, app_id: str, changes: Changes) -> None:
        self._app_id = app_id
        self._changes = changes
        self._connections: list[web.WebSocketResponse] = []
        """Those that take payloads; one that was told to go takes none."""
        self._open: set[web.WebSocketResponse] = set()
        self._turn = 0
        self._waiting: dict[str, tuple[web.WebSocketResponse, asyncio.Future[dict[str, Any]]]] = {}

    def __len__(self) -> int:
        return len(self._connections)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Run one connection until it closes."""
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, timeout=_CLOSE_SECONDS)
        await socket.prepare(request)
        if len(self._connections) >= MOST_CONNECTIONS:
            await _dismiss(socket, "too_many_websockets")
            await socket.close()
            return socket
        self._connections.append(socket)
        self._open.add(socket)
        try:
            await socket.send_str(json.dumps(self._hello(request)))
            self._changes.notify()
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._acknowledged(message.data)
        finally:
            self._retire(socket)
            self._open.discard(socket)
            self._abandon(socket)
            self._changes.notify()
        return socket

    async def send(
        self, kind: str, payload: Mapping[str, Any], retry: str | None
    ) -> dict[str, Any]:
        """Send a payload over one connection and return what the acknowledgement carried.

        Waits for a connection where there is none; the caller sets the time limit.

        Raises:
            NotAcknowledgedError: the connection closed before the acknowledgement came.
        """
        while not self._connections:
            await self._changes.wait(1)
        self._turn += 1
        socket = self._connections[self._turn % len(self._connections)]
        envelope_id = str(uuid.uuid4())
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != _EVENT,
        }
        if kind == _EVENT:
            envelope |= {"retry_attempt": 0 if retry is None else 1, "retry_reason": retry or ""}
        acknowledged: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = (socket, acknowledged)
        try:
            await socket.send_str(json.dumps(envelope))
            return await acknowledged
        except ConnectionError as error:
            sentence = "The connection to the bot broke before it answered."
            raise NotAcknowledgedError(sentence, "connection_failed") from error
        finally:
            del self._waiting[envelope_id]

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to be replaced by a new one, as Slack does every few hours."""
        for socket in tuple(self._connections):
            self._retire(socket)
            await _dismiss(socket, reason)

    async def drop(self) -> None:
        """Close every connection without a word."""
        for socket in tuple(self._open):
            self._retire(socket)
            await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    def _acknowledged(self, text: str) -> None:
        """Take an acknowledgement; what is none, or comes too late, changes nothing."""
        try:
            answer = json.loads(text)
        except ValueError:
            return
        envelope_id = answer.get("envelope_id") if isinstance(answer, dict) else None
        _, waiting = self._waiting.get(str(envelope_id)) or (None, None)
        if waiting is not None and not waiting.done():
            payload = answer.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) else {})
            self._changes.notify()

    def _abandon(self, closed: web.WebSocketResponse) -> None:
        for socket, waiting in self._waiting.values():
            if socket is closed and not waiting.done():
                waiting.set_exception(ConnectionResetError())

    def _hello(self, request: web.Request) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": request.host, "approximate_connection_time": 18060},
        }

    def _retire(self, socket: web.WebSocketResponse) -> None:
        if socket in self._connections:
            self._connections.remove(socket)


async def _dismiss(socket: web.WebSocketResponse, reason: str) -> None:
    """Tell the bot that a connection is about to go."""
    dismissal = {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
    await socket.send_str(json.dumps(dismissal))
