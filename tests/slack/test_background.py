"""What follows an answer: in which order it begins."""

from __future__ import annotations

import asyncio

import pytest

from nps_bot.slack import background
from nps_bot.slack.background import Background


@pytest.fixture
async def work() -> Background:
    """Return what runs tasks."""
    return Background()


async def note(done: asyncio.Event) -> None:
    """Do something."""
    done.set()


async def test_what_nobody_waits_for_comes_after_the_answers(work: Background) -> None:
    modal, rewriting = asyncio.Event(), asyncio.Event()
    with work.answering():
        with work.answering():
            work.spawn_patiently(note(rewriting), "Rewriting")
            work.spawn(note(modal), "Asking")
            await modal.wait()
        await asyncio.sleep(0)  # one is answered, the other is not
        assert not rewriting.is_set()
    await rewriting.wait()


async def test_it_comes_in_time_though_answers_never_end(
    work: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LULL_TIMEOUT", 0.01)
    rewriting = asyncio.Event()
    with work.answering():
        work.spawn_patiently(note(rewriting), "Rewriting")
        await rewriting.wait()


async def test_what_takes_no_turn_waits_for_nobody(work: Background) -> None:
    marked, end = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        await end.wait()

    for _ in range(2 * background.AT_ONCE):
        work.spawn(wait(), "Waiting")
        work.spawn_patiently(wait(), "Waiting")
    work.spawn_at_once(note(marked), "Marking")
    await marked.wait()
    end.set()
    await work.drain(patience=60)
    assert work.running == 0


async def test_what_never_began_is_closed_when_it_is_too_late(work: Background) -> None:
    """An unclosed coroutine would warn, and warnings are errors here."""
    end, begun = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await end.wait()

    for _ in range(background.AT_ONCE + 1):
        work.spawn(wait(), "Waiting")
    await begun.wait()
    await work.drain(patience=0)
    assert work.running == 0
