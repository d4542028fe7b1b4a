"""Which wave should be open: through outages, new surveys, clock changes, tick by tick."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.surveys.rules.cadence import (
    Cadence,
    Cron,
    Every,
    Unit,
    due_wave,
    missed_wave_is_stale,
    nominal_times,
)
from nps_bot.surveys.rules.local_time import earliest_opening, latest_opening
from tests.helpers.zones import moments_in, nominal, utc, zone_names

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
WEEKLY = Every(1, Unit.WEEK, time(10), date(2026, 1, 5))
LONG_AGO = utc("2025-01-01 00:00")
OWN_ZONES = None
FIRST_ON_EARTH = utc("2026-03-01 20:00")  # Monday 2 March, 10:00 at UTC+14
LAST_ON_EARTH = utc("2026-03-02 22:00")  # the same at UTC-12


def test_a_wave_is_due_from_its_first_hour_on_earth() -> None:
    before = due_wave(WEEKLY, OWN_ZONES, LONG_AGO, FIRST_ON_EARTH - SECOND)
    assert before is None, "last week's is more than half a week old"
    assert due_wave(WEEKLY, OWN_ZONES, LONG_AGO, FIRST_ON_EARTH) == nominal("2026-03-02 10:00")


def test_a_survey_with_a_zone_opens_when_its_hour_comes_there() -> None:
    opening = utc("2026-03-02 15:00")
    zone = "America/New_York"
    assert due_wave(WEEKLY, zone, LONG_AGO, opening - SECOND) is None
    assert due_wave(WEEKLY, zone, LONG_AGO, opening) == nominal("2026-03-02 10:00")


def test_a_missed_wave_goes_out_until_half_the_cadence_has_passed() -> None:
    half = FIRST_ON_EARTH + timedelta(days=3.5)
    assert due_wave(WEEKLY, OWN_ZONES, LONG_AGO, half) == nominal("2026-03-02 10:00")
    assert due_wave(WEEKLY, OWN_ZONES, LONG_AGO, half + SECOND) is None


def test_half_the_cadence_is_measured_to_the_following_time() -> None:
    """The tenth is followed by the first, 22 days later in May, so it stays for eleven."""
    cron, wanted = Cron("0 10 1,10 * *", date(2026, 1, 1)), nominal("2026-05-10 10:00")
    opened = earliest_opening(wanted, "UTC")
    assert not missed_wave_is_stale(cron, wanted, opened, opened + timedelta(days=11))
    assert missed_wave_is_stale(cron, wanted, opened, opened + timedelta(days=11) + SECOND)


def test_only_the_latest_of_several_missed_waves_is_due() -> None:
    now = FIRST_ON_EARTH + timedelta(weeks=5, days=1)
    assert due_wave(WEEKLY, OWN_ZONES, LONG_AGO, now) == nominal("2026-04-06 10:00")


def test_nothing_was_missed_before_the_cadence_was_first_seen() -> None:
    now = LAST_ON_EARTH + HOUR
    assert due_wave(WEEKLY, OWN_ZONES, LAST_ON_EARTH + SECOND, now) is None
    zone, opening = "Europe/London", utc("2026-03-02 10:00")
    assert due_wave(WEEKLY, zone, opening + SECOND, now) is None
    assert due_wave(WEEKLY, zone, opening, now) == nominal("2026-03-02 10:00")


def test_a_survey_first_seen_while_its_hour_is_still_ahead_somewhere_asks_that_day() -> None:
    nine_in_london = utc("2026-03-02 09:00")
    wave = due_wave(WEEKLY, OWN_ZONES, nine_in_london, nine_in_london)
    assert wave == nominal("2026-03-02 10:00")


def test_nothing_is_due_before_the_start() -> None:
    first = earliest_opening(nominal("2026-01-05 10:00"), OWN_ZONES)
    assert due_wave(WEEKLY, OWN_ZONES, LONG_AGO, first - SECOND) is None
    assert due_wave(WEEKLY, OWN_ZONES, LONG_AGO, first) == nominal("2026-01-05 10:00")


@pytest.mark.parametrize(
    ("clock", "now", "due"),
    [
        pytest.param("01:30", "2026-11-01 05:29", False, id="before the repeated hour"),
        pytest.param("01:30", "2026-11-01 05:30", True, id="its first turn"),
        pytest.param("01:30", "2026-11-01 06:10", True, id="set back to before it"),
        pytest.param("02:30", "2026-03-08 06:59", False, id="before the skipped hour"),
        pytest.param("02:30", "2026-03-08 07:00", True, id="after it"),
    ],
)
def test_clock_changes(clock: str, now: str, due: bool) -> None:
    daily = Every(1, Unit.DAY, time.fromisoformat(clock), date(2026, 1, 1))
    wave = nominal(f"{now[:10]} {clock}")
    assert due_wave(daily, "America/New_York", LONG_AGO, utc(now)) == (wave if due else None)


cadences: st.SearchStrategy[Cadence] = st.one_of(
    st.builds(
        Every,
        st.integers(1, 9),
        st.sampled_from(Unit),
        st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30])),
        st.dates(date(2009, 1, 1), date(2030, 1, 1)),
    ),
    st.builds(
        Cron,
        st.sampled_from(["30 2 * * *", "0 10 * * MON#1", "30 1 * * 0,6", "0 0 1,15 * *"]),
        st.dates(date(2009, 1, 1), date(2030, 1, 1)),
    ),
)


def ticks(since: datetime, hours: int) -> list[datetime]:
    return [since + passed * HOUR for passed in range(hours + 1)]


def seen(cadence: Cadence, zone: str | None, since: datetime, at: list[datetime]) -> list[datetime]:
    """Return the waves in the order in which they are found due, each once."""
    found = (due_wave(cadence, zone, since, now) for now in at)
    return [*dict.fromkeys(wave for wave in found if wave is not None)]


@settings(deadline=None, max_examples=100)
@given(st.data(), cadences, st.booleans())
def test_tick_by_tick_no_wave_is_forgotten_and_none_comes_back(
    data: st.DataObject, cadence: Cadence, own_zones: bool
) -> None:
    name = data.draw(zone_names)
    zone = None if own_zones else name
    since = data.draw(moments_in(name)) - timedelta(days=10)
    end = since + timedelta(days=20)
    found = seen(cadence, zone, since, ticks(since, 20 * 24))

    assert found == sorted(found)
    times = nominal_times(cadence, since.replace(tzinfo=None) - timedelta(days=3))
    opened = [*takewhile(lambda one: earliest_opening(one, zone) <= end, times)]
    assert set(found) <= {one for one in opened if latest_opening(one, zone) >= since}
    # Where a day was left out, its time comes together with the next day's and gives way to it.
    opening = {one: earliest_opening(one, zone) for one in opened}
    gone = {one for one, other in pairwise(opened) if opening[other] - opening[one] < HOUR}
    assert set(found) >= {one for one in opened if opening[one] >= since} - gone


@settings(deadline=None, max_examples=100)
@given(st.data(), cadences, st.integers(1, 24 * 400))
def test_an_outage_leaves_at_most_one_wave_to_make_up_for(
    data: st.DataObject, cadence: Cadence, hours: int
) -> None:
    name = data.draw(zone_names)
    since = data.draw(moments_in(name))
    back = since + hours * HOUR
    wave = due_wave(cadence, name, since, back)
    if wave is None:
        return
    following = next(nominal_times(cadence, wave))
    opened = earliest_opening(wave, name)
    assert since <= opened <= back < earliest_opening(following, name)
    assert back - opened <= (following - wave) / 2
