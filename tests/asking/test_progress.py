from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nps_bot.asking.rules.progress import Batch, expected_ends

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_what_is_due_takes_its_time_at_the_pace() -> None:
    assert expected_ends([Batch(NOON - MINUTE, 1, 300)], 5.0, NOON) == {1: NOON + MINUTE}


def test_what_is_due_later_leaves_later() -> None:
    batches = [Batch(NOON + 60 * MINUTE, 1, 300), Batch(NOON, 1, 300)]
    assert expected_ends(batches, 5.0, NOON) == {1: NOON + 61 * MINUTE}


def test_waves_share_the_lane_the_longest_due_first() -> None:
    batches = [Batch(NOON, 2, 300), Batch(NOON - MINUTE, 1, 300)]
    assert expected_ends(batches, 5.0, NOON) == {1: NOON + MINUTE, 2: NOON + 2 * MINUTE}


def test_nothing_waits() -> None:
    assert expected_ends([], 5.0, NOON) == {}


BATCHES = st.lists(
    st.builds(
        Batch,
        st.integers(-600, 600).map(lambda minutes: NOON + minutes * MINUTE),
        st.integers(1, 4),
        st.integers(1, 500),
    )
)


@given(BATCHES, st.floats(0.1, 100))
def test_no_end_is_before_its_dues_or_faster_than_the_pace(
    batches: list[Batch], rate: float
) -> None:
    ends = expected_ends(batches, rate, NOON)
    assert set(ends) == {batch.wave_id for batch in batches}
    for batch in batches:
        least = max(batch.due_at, NOON) + timedelta(seconds=batch.prompts / rate)
        assert ends[batch.wave_id] >= least
    if batches:
        whole = timedelta(seconds=sum(batch.prompts for batch in batches) / rate)
        latest = max(batch.due_at for batch in batches)
        slack = timedelta(milliseconds=1)  # of rounding
        assert NOON + whole - slack <= max(ends.values()) <= max(latest, NOON) + whole + slack
