"""What it costs to have the bot: start to ready, memory when idle, and the disk below it all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.processes import bot

_IDLE = 1.5
"""Seconds of idleness before the memory is read: the first tick and look are over by then."""


async def starts(database_url: str, api_url: str, number: int) -> tuple[float, int]:
    """Return the median seconds from start to ready, and the bytes held when idle.

    The database has been migrated and served before, as it is at every start but the first.
    """
    seconds: list[float] = []
    memory: list[int] = []
    for _ in range(number):
        async with bot(database_url, api_url) as running:
            seconds.append(running.started_in)
            await asyncio.sleep(_IDLE)
            memory.append(running.memory())
    return median(seconds), max(memory)


def fsyncs(folder: Path, number: int = 300) -> Sequence[float]:
    """Return the seconds that each of some 4 KiB writes took to reach the disk, sorted."""
    taken: list[float] = []
    path = folder / "fsync"
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(number):
            os.write(file, bytes(4096))
            began = perf_counter()
            os.fdatasync(file)
            taken.append(perf_counter() - began)
    finally:
        os.close(file)
        path.unlink()
    return sorted(taken)
