"""How far the waves are that are being sent, and when each will have asked its last person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking import stopping
from nps_bot.asking.rules.progress import expected_ends
from nps_bot.asking.store import waves
from nps_bot.asking.store.backlog import backlog
from nps_bot.delivery.rules import FIRST_RATE
from nps_bot.delivery.store import lanes


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an open wave is.

    Attributes:
        resolving: whether its audience is still being read, so that ``left`` is not yet known.
        stopped: whether somebody stopped it.
        asked: people asked so far.
        left: people whose prompt still waits.
        ends_at: when the last of those prompts is expected to leave; None where nothing is left, or
            while the survey is paused.
    """

    resolving: bool
    stopped: bool
    asked: int
    left: int
    ends_at: datetime | None


def progress(
    connection: Connection, survey_key: str, wave_id: int, now: datetime
) -> Progress | None:
    """Return how far a wave of the survey is; None once it has closed."""
    for extent in stopping.extents(connection, survey_key):
        wave = extent.wave
        if wave.id == wave_id:
            left, ends = ahead(connection, now)
            return Progress(
                wave.state == "resolving",
                wave.stopped_at is not None,
                extent.asked,
                left.get(wave_id, 0),
                ends.get(wave_id),
            )
    return None


def ahead(
    connection: Connection, now: datetime
) -> tuple[Mapping[int, int], Mapping[int, datetime]]:
    """Return for each open wave how many are left to ask, and when the last one will be asked.

    All surveys share the lane, those of other owners too; a paused one keeps out of it.
    """
    waiting = backlog(connection)
    left: Counter[int] = Counter()
    for batch in waiting:
        left[batch.wave_id] += batch.prompts
    paused = waves.open_paused(connection)
    going = (batch for batch in waiting if batch.wave_id not in paused)
    return left, expected_ends(going, posting_rate(connection), now)


def posting_rate(connection: Connection) -> float:
    """Return how many messages leave in a second, as the sender learnt it last."""
    learnt = (lanes.pace(connection) or {}).get(lanes.POSTING, {})
    return float(learnt.get("rate") or FIRST_RATE)
