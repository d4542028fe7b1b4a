"""Waiting for a change."""

from __future__ import annotations

import asyncio

import pytest

from slack_sandbox.changes import Changes


async def test_who_is_cancelled_as_a_change_comes_is_cancelled_all_the_same() -> None:
    """A loop around the wait would go on for ever otherwise."""
    changes = Changes()
    waiting = asyncio.create_task(changes.wait(60))
    await asyncio.sleep(0)  # it has begun to wait
    changes.notify()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_wait_says_whether_a_change_came() -> None:
    changes = Changes()
    waiting = asyncio.create_task(changes.wait(60))
    await asyncio.sleep(0)
    changes.notify()
    assert await waiting
    assert not await changes.wait(0)
