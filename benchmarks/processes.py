"""What is measured runs in processes of its own; Linux says what they cost."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from time import perf_counter

from benchmarks.load import connected

ROOT = Path(__file__).absolute().parents[1]
BOT_TOKEN = "xoxb-benchmark"
SIGNING_SECRET = "benchmark"

_READY = re.compile(r"Ready on port (\d+)")
_TICKS = os.sysconf("SC_CLK_TCK")
_LATEST_START = 30.0
"""Seconds after which a process that is not ready is given up."""


@dataclass(slots=True)
class Running:
    """A process that serves.

    Attributes:
        port: where it takes clicks.
        started_in: seconds from its start until it was ready.
        log: the last lines it wrote.
    """

    pid: int
    port: int
    started_in: float
    log: deque[str] = field(default_factory=deque)

    def cpu(self) -> float:
        """Return the CPU seconds of all its threads since its start, in user and system mode."""
        return cpu_of(self.pid)

    def memory(self) -> int:
        """Return its resident memory in bytes (VmRSS)."""
        return self._status("VmRSS")

    def most_memory(self) -> int:
        """Return the most resident memory it ever had, in bytes (VmHWM)."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process since its start, in user and system mode."""
    stat = Path(f"/proc/{pid}/stat").read_text()
    after_name = stat.rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


@asynccontextmanager
async def bot(
    database_url: str, api_url: str, surveys: Path = ROOT / "config" / "surveys"
) -> AsyncIterator[Running]:
    """Run the bot as its users do, over signed HTTP, ready when ``/readyz`` says so."""
    settings = {
        "DATABASE_URL": database_url,
        "SLACK_API_URL": api_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "NPS_SURVEYS": str(surveys),
        "PORT": "0",
    }
    async with _serving([str(ROOT / "bot.py")], settings) as running:
        yield running


@asynccontextmanager
async def bare_app(api_url: str) -> AsyncIterator[Running]:
    """Run the Bolt app that only acknowledges."""
    settings = {
        "SLACK_API_URL": api_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
    }
    async with _serving(["-m", "benchmarks.bare_app"], settings) as running:
        yield running


@asynccontextmanager
async def _serving(arguments: list[str], settings: Mapping[str, str]) -> AsyncIterator[Running]:
    """Start a process, wait until it is ready, and stop it in the end."""
    began = perf_counter()
    process = await python(arguments, settings, stderr=asyncio.subprocess.PIPE)
    log: deque[str] = deque(maxlen=20)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(_LATEST_START):
            port = await _port(process.stderr, log)
            await _ready(port)
    except (TimeoutError, EOFError):
        with suppress(ProcessLookupError):
            process.kill()
        raise RuntimeError(f"{arguments} did not start:\n{''.join(log)}") from None
    running = Running(process.pid, port, perf_counter() - began, log)
    reading = asyncio.create_task(_read(process.stderr, log))
    try:
        yield running
    finally:
        process.terminate()
        await process.wait()
        await reading


async def python(
    arguments: list[str],
    settings: Mapping[str, str],
    *,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
) -> asyncio.subprocess.Process:
    """Start a Python of this environment, with these settings and no ``.env`` in sight."""
    inherited = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=gettempdir(),
        env={**inherited, "PYTHONPATH": str(ROOT), **settings},
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )


def _is_setting(name: str) -> bool:
    return name.startswith(("SLACK_", "NPS_", "LOG_")) or name in {"DATABASE_URL", "PORT"}


async def _port(stream: asyncio.StreamReader, log: deque[str]) -> int:
    """Return the port a process says it is ready on."""
    while line := (await stream.readline()).decode():
        log.append(line)
        if said := _READY.search(line):
            return int(said[1])
    raise EOFError


async def _ready(port: int) -> None:
    """Return once ``/readyz`` says yes; the bare app has no such page, and no need of it.

    Raises:
        EOFError: it says no.
    """
    request = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with connected(port, 1) as (connection,):
        if await connection.ask(request) == 503:
            raise EOFError


async def _read(stream: asyncio.StreamReader, log: deque[str]) -> None:
    """Keep the pipe from filling up."""
    while line := await stream.readline():
        log.append(line.decode(errors="replace"))
