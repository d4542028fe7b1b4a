"""When a wave that is being sent will have asked its last person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Batch:
    """Prompts of one wave that are due at the same moment."""

    due_at: datetime
    wave_id: int
    prompts: int


def expected_ends(batches: Iterable[Batch], rate: float, now: datetime) -> Mapping[int, datetime]:
    """Return when the last prompt of each wave leaves, by wave.

    All waves share one lane, which sends what has been due longest first.

    Args:
        batches: everything that waits in the lane, in any order.
        rate: prompts per second.
        now: the current moment.
    """
    ends: dict[int, datetime] = {}
    free_at = now
    for batch in sorted(batches):
        free_at = max(free_at, batch.due_at) + timedelta(seconds=batch.prompts / rate)
        ends[batch.wave_id] = free_at
    return ends
