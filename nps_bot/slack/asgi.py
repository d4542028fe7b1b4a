"""The types of ASGI 3, and how one request is answered with a text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_TEXT = "text/plain; charset=utf-8"


async def answer(
    send: Send,
    status: int,
    text: str,
    *further: tuple[bytes, bytes],
    content_type: str = _TEXT,
) -> None:
    """Answer a request with a text and, where given, further headers."""
    headers = [(b"content-type", content_type.encode()), *further]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
