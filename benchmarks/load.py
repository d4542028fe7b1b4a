"""The load: prepared requests, sent over kept-alive connections by hand-written HTTP/1.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

import httptools

IN_FLIGHT = 64
"""Clicks that wait for their answer at the same time when measuring saturation."""


@dataclass(slots=True)
class Answers:
    """What came of a number of clicks.

    Attributes:
        seconds: from the first request to the last answer.
        latencies: seconds of each answered click, in no order.
        refused: clicks answered with anything but 200, by status.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many were answered with 200."""
        return len(self.latencies)

    def note(self, status: int, seconds: float) -> None:
        """Count one answer."""
        if status == 200:
            self.latencies.append(seconds)
        else:
            self.refused.append(status)


class Connection(asyncio.Protocol):
    """A connection on which one request after the other is asked."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[int] | None = None
        self._transport: asyncio.WriteTransport | None = None

    async def ask(self, request: bytes) -> int:
        """Send a whole request and return the status of its answer.

        Raises:
            ConnectionError: the server closed the connection instead.
        """
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Close the connection."""
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the server hung up"))

    def on_message_complete(self) -> None:
        assert self._waiting is not None
        self._waiting.set_result(self._parser.get_status_code())


@asynccontextmanager
async def connected(port: int, number: int) -> AsyncIterator[list[Connection]]:
    """Give ``number`` connections to a port of this machine."""
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(number)
    ]
    yield opened
    for connection in opened:
        connection.close()


async def saturate(port: int, requests: Sequence[bytes]) -> Answers:
    """Send the requests as fast as they are answered, ``IN_FLIGHT`` of them at a time."""
    answers = Answers()
    queue = iter(requests)
    async with connected(port, IN_FLIGHT) as connections:
        started = perf_counter()
        await asyncio.gather(*(_one_by_one(each, queue, answers) for each in connections))
        answers.seconds = perf_counter() - started
    return answers


async def _one_by_one(connection: Connection, queue: Iterator[bytes], answers: Answers) -> None:
    for request in queue:
        asked = perf_counter()
        status = await connection.ask(request)
        answers.note(status, perf_counter() - asked)


async def pace(port: int, requests: Sequence[bytes], per_second: float) -> Answers:
    """Send the requests at a steady rate, whatever becomes of the earlier ones.

    Where a connection still waits for an earlier answer, the latency counts from the moment the
    request was due, so that a server which makes its callers wait cannot hide it.
    """
    answers = Answers()
    async with connected(port, IN_FLIGHT) as connections:
        first = perf_counter() + 0.05
        due = [first + number / per_second for number in range(len(requests))]
        lanes = (
            _on_time(each, requests[at::IN_FLIGHT], due[at::IN_FLIGHT], answers)
            for at, each in enumerate(connections)
        )
        await asyncio.gather(*lanes)
        answers.seconds = perf_counter() - first
    return answers


async def _on_time(
    connection: Connection, requests: Sequence[bytes], due: Sequence[float], answers: Answers
) -> None:
    for request, moment in zip(requests, due, strict=True):
        asked = moment
        if (early := moment - perf_counter()) > 0:
            await asyncio.sleep(early)
            asked = perf_counter()  # our own timer's lateness is not the server's
        status = await connection.ask(request)
        answers.note(status, perf_counter() - asked)
