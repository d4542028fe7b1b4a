"""The run: always the same people do the same things at the same moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from os import chdir
from pathlib import Path

import aiohttp

from tests.recording import adapter
from tests.recording.desk import Desk
from tests.recording.guide import follow_the_guide
from tests.recording.ledger import Ledger
from tests.recording.terminal import ROOT, Terminal
from tests.recording.words import ask_for_help
from tests.recording.work import live_through_waves

MOMENT = datetime(2031, 3, 3, 9, 30, tzinfo=UTC)
"""When it begins. It lies ahead, so that the scheduler's own ticks never come in between."""
HERE = Path(__file__).parent
GOLDEN = HERE / "golden.txt"
"""What was recorded when it was written anew the last time."""


async def play(ledger: Ledger, folder: Path) -> None:
    """Play the whole run in an empty folder."""
    chdir(folder)
    with adapter.steered(MOMENT) as hand, Terminal(folder) as terminal:
        desk = Desk(ledger, hand, terminal)
        with adapter.overheard(desk.heard):
            await _words(desk, folder)
            await _guide(desk, folder)
            await _work(desk, folder)


async def _words(desk: Desk, folder: Path) -> None:
    desk.ledger.chapter("the terminal's words")
    await ask_for_help(desk, _variables(folder, "words", ROOT / "config" / "surveys"))


async def _guide(desk: Desk, folder: Path) -> None:
    desk.ledger.chapter("the guide")
    variables = _variables(folder, "guide", ROOT / "config" / "surveys")
    async with aiohttp.ClientSession() as session, adapter.visiting(variables) as stage:
        await desk.begin(stage, session)
        await follow_the_guide(desk)
        desk.leave()
    desk.ledger.tables(variables["DATABASE_URL"])


async def _work(desk: Desk, folder: Path) -> None:
    desk.ledger.chapter("waves of all kinds")
    variables = _variables(folder, "work", HERE / "surveys")
    desk.hand.moment = MOMENT
    async with aiohttp.ClientSession() as session, adapter.working(variables) as stage:
        await desk.begin(stage, session)
        await live_through_waves(desk, folder)
        desk.leave()
    desk.ledger.tables(variables["DATABASE_URL"])


def _variables(folder: Path, name: str, surveys: Path) -> Mapping[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder / name}.sqlite3",
        "NPS_SURVEYS": str(surveys),
        "PORT": "0",
        "COLUMNS": "100",
    }
