"""Nominal times as moments: around clock changes, in all zones, outside quiet hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.surveys.rules.local_time import (
    QuietHours,
    due_moment,
    earliest_opening,
    latest_opening,
    localize,
    next_allowed,
)
from tests.helpers.zones import (
    MINUTE,
    NAMES,
    changes,
    distinct,
    moments_in,
    nominal,
    shown,
    utc,
    zone_names,
)

HOUR = timedelta(hours=1)
NIGHT = QuietHours(time(18), time(9))
NO_QUIET = QuietHours(time(0), time(0))

CLOCK_CHANGES = [
    pytest.param("Europe/London", "2026-03-29 01:30", "2026-03-29 01:00", id="London skips"),
    pytest.param("Europe/London", "2026-10-25 01:30", "2026-10-25 00:30", id="London repeats"),
    pytest.param("America/New_York", "2026-03-08 02:00", "2026-03-08 07:00", id="New York skips"),
    pytest.param("America/New_York", "2026-03-08 03:00", "2026-03-08 07:00", id="after the gap"),
    pytest.param("America/New_York", "2026-11-01 01:59", "2026-11-01 05:59", id="New York repeats"),
    pytest.param("America/New_York", "2026-11-01 02:00", "2026-11-01 07:00", id="after both"),
    pytest.param("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30", id="half skipped"),
    pytest.param("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", id="half repeated"),
    pytest.param("Asia/Tehran", "2022-03-22 00:30", "2022-03-21 20:30", id="Tehran, at midnight"),
    pytest.param("Asia/Tehran", "2026-03-22 00:30", "2026-03-21 21:00", id="Tehran, abolished"),
    pytest.param("Africa/Casablanca", "2026-02-15 02:30", "2026-02-15 01:30", id="Ramadan begins"),
    pytest.param("Africa/Casablanca", "2026-03-22 02:30", "2026-03-22 02:00", id="Ramadan ends"),
    pytest.param("Pacific/Apia", "2011-12-29 10:00", "2011-12-29 20:00", id="Samoa, last day east"),
    pytest.param("Pacific/Apia", "2011-12-30 10:00", "2011-12-30 10:00", id="Samoa, no such day"),
    pytest.param(
        "Pacific/Apia", "2011-12-31 10:00", "2011-12-30 20:00", id="Samoa, first day west"
    ),
    pytest.param("Asia/Kathmandu", "2026-05-05 10:00", "2026-05-05 04:15", id="odd offset"),
]


@pytest.mark.parametrize(("zone", "local", "moment"), CLOCK_CHANGES)
def test_local_times_around_clock_changes(zone: str, local: str, moment: str) -> None:
    assert localize(nominal(local), ZoneInfo(zone)) == utc(moment)


def first_showing(local: datetime, zone: ZoneInfo) -> datetime:
    """Look at every minute for the first that shows ``local``, or else that has jumped over it."""
    start = local.replace(tzinfo=UTC) - timedelta(hours=15)
    minutes = [start + passed * MINUTE for passed in range(42 * 60)]
    clocks = [shown(moment, zone) for moment in minutes]
    if local in clocks:
        return minutes[clocks.index(local)]
    return next(
        moment
        for moment, before, after in zip(minutes[1:], clocks, clocks[1:], strict=False)
        if before < local < after
    )


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_the_first_minute_that_shows_it_in_any_zone(data: st.DataObject) -> None:
    name = data.draw(zone_names)
    zone = ZoneInfo(name)
    change = data.draw(moments_in(name))
    local = (
        change.astimezone(zone).replace(tzinfo=None) + data.draw(st.integers(-9, 9)) * 15 * MINUTE
    )
    assert localize(local, zone) == first_showing(local, zone)


# --- Quiet hours ---


@pytest.mark.parametrize(
    ("zone", "quiet", "moment", "allowed"),
    [
        pytest.param(
            "Europe/London", NIGHT, "2026-01-05 09:00", "2026-01-05 09:00", id="their end is free"
        ),
        pytest.param("Europe/London", NIGHT, "2026-01-05 08:59", "2026-01-05 09:00", id="morning"),
        pytest.param(
            "Europe/London", NIGHT, "2026-01-05 18:00", "2026-01-06 09:00", id="their start is not"
        ),
        pytest.param("Europe/London", NIGHT, "2026-01-05 23:30", "2026-01-06 09:00", id="evening"),
        pytest.param(
            "Europe/London",
            QuietHours(time(12), time(13)),
            "2026-01-05 12:30",
            "2026-01-05 13:00",
            id="a span within the day",
        ),
        pytest.param(
            "America/New_York", NIGHT, "2026-03-07 23:30", "2026-03-08 13:00", id="a short night"
        ),
        pytest.param(
            "America/New_York", NIGHT, "2026-10-31 23:30", "2026-11-01 14:00", id="a long night"
        ),
        pytest.param(
            "America/New_York",
            QuietHours(time(18), time(2, 30)),
            "2026-03-08 06:30",
            "2026-03-08 07:00",
            id="an end that is skipped",
        ),
        pytest.param(
            "America/New_York",
            QuietHours(time(18), time(1, 30)),
            "2026-11-01 05:10",
            "2026-11-01 05:30",
            id="an end that comes twice",
        ),
        pytest.param(
            "America/New_York",
            QuietHours(time(18), time(1, 30)),
            "2026-11-01 06:10",
            "2026-11-01 06:30",
            id="the second of them",
        ),
        pytest.param(
            "America/Havana",
            QuietHours(time(0, 30), time(9)),
            "2026-11-01 04:45",
            "2026-11-01 14:00",
            id="clocks set back before their start do not end them",
        ),
        pytest.param(
            "Pacific/Apia", NIGHT, "2011-12-30 06:00", "2011-12-30 19:00", id="a day that is not"
        ),
        pytest.param("Asia/Tokyo", NO_QUIET, "2026-01-05 18:00", "2026-01-05 18:00", id="none"),
    ],
)
def test_quiet_hours(zone: str, quiet: QuietHours, moment: str, allowed: str) -> None:
    assert next_allowed(utc(moment), ZoneInfo(zone), quiet) == utc(allowed)


whole_hours = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
quiet_hours = st.builds(QuietHours, whole_hours, whole_hours)


@settings(deadline=None, max_examples=200)
@given(st.data(), quiet_hours)
def test_the_first_free_minute_in_any_zone(data: st.DataObject, quiet: QuietHours) -> None:
    name = data.draw(zone_names)
    zone = ZoneInfo(name)
    moment = data.draw(moments_in(name))
    allowed = next_allowed(moment, zone, quiet)
    assert allowed >= moment
    assert allowed - moment <= timedelta(hours=51), "a whole skipped day and both nights around it"
    assert not quiet.covers(shown(allowed, zone).time())
    before = [moment + passed * MINUTE for passed in range((allowed - moment) // MINUTE)]
    set_back = any(shown(one + MINUTE, zone) < shown(one, zone) for one in before)
    assert set_back or all(quiet.covers(shown(one, zone).time()) for one in before)


# --- When somebody is asked ---


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        pytest.param("Europe/London", "2026-01-04 20:00", "2026-01-05 10:00", id="ahead"),
        pytest.param("Europe/London", "2026-01-05 10:00", "2026-01-05 10:00", id="now"),
        pytest.param("Europe/London", "2026-01-05 10:59", "2026-01-05 10:59", id="a little late"),
        pytest.param("Europe/London", "2026-01-05 11:00", "2026-01-06 10:00", id="an hour late"),
        pytest.param("Europe/London", "2026-01-07 03:00", "2026-01-07 10:00", id="later that day"),
        pytest.param(
            "Europe/London", "2026-01-07 10:00", "2026-01-07 10:00", id="days late, on time"
        ),
        pytest.param("Europe/London", "2026-01-07 10:30", "2026-01-08 10:00", id="days late"),
        pytest.param("Asia/Tokyo", "2026-01-04 20:00", "2026-01-05 01:00", id="Tokyo comes first"),
        pytest.param("Pacific/Honolulu", "2026-01-04 20:00", "2026-01-05 20:00", id="Hawaii last"),
        pytest.param("Europe/London", "2026-03-28 11:30", "2026-03-29 09:00", id="over a change"),
    ],
)
def test_due_moment(zone: str, now: str, due: str) -> None:
    wanted = nominal("2026-03-28 10:00" if "03-28" in now else "2026-01-05 10:00")
    assert due_moment(wanted, ZoneInfo(zone), NIGHT, utc(now)) == utc(due)


def test_a_little_late_is_too_late_when_the_quiet_hours_have_begun() -> None:
    wanted, london = nominal("2026-01-05 17:30"), ZoneInfo("Europe/London")
    assert due_moment(wanted, london, NIGHT, utc("2026-01-05 17:59")) == utc("2026-01-05 17:59")
    assert due_moment(wanted, london, NIGHT, utc("2026-01-05 18:00")) == utc("2026-01-06 17:30")


def test_a_skipped_hour_that_ends_in_the_quiet_hours_waits_for_their_end() -> None:
    new_york, quiet = ZoneInfo("America/New_York"), QuietHours(time(3), time(9))
    due = due_moment(nominal("2026-03-08 02:30"), new_york, quiet, utc("2026-03-08 00:00"))
    assert due == utc("2026-03-08 13:00")


def test_a_skipped_day_is_made_up_for_on_the_next_morning() -> None:
    apia = ZoneInfo("Pacific/Apia")
    due = due_moment(nominal("2011-12-30 10:00"), apia, NIGHT, utc("2011-12-29 20:00"))
    assert due == utc("2011-12-30 19:00")
    assert shown(due, apia) == nominal("2011-12-31 09:00")


@settings(deadline=None, max_examples=300)
@given(st.data(), quiet_hours, st.sampled_from([0, 7, 10, 17, 23]), st.sampled_from([0, 30]))
def test_everybody_is_asked_once_at_the_wanted_time_of_day(
    data: st.DataObject, quiet: QuietHours, hour: int, minute: int
) -> None:
    name = data.draw(zone_names)
    zone = ZoneInfo(name)
    now = data.draw(moments_in(name))
    days_late = data.draw(st.integers(-3, 3))
    day = shown(now, zone).date() - timedelta(days=days_late)
    wanted = datetime.combine(day, time(hour, minute))
    due = due_moment(wanted, zone, quiet, now)

    on_time = localize(wanted, zone)
    assert due >= max(now, on_time)
    assert not quiet.covers(shown(due, zone).time())
    assert due <= max(now, on_time) + timedelta(hours=75), "soon, even around a skipped day"
    assert due_moment(wanted, zone, quiet, due) == due, "waiting for it does not move it"
    if quiet.covers(wanted.time()):
        return
    skipped = shown(localize(datetime.combine(shown(due, zone).date(), wanted.time()), zone), zone)
    a_little_late = due == now and due - next_allowed(on_time, zone, quiet) < HOUR
    assert a_little_late or shown(due, zone).time() in (wanted.time(), skipped.time(), quiet.end)


def test_in_every_zone_and_at_every_clock_change_the_survey_hour_is_kept() -> None:
    """Ten in the morning is never skipped or repeated, save on the day that Samoa left out."""
    for name in NAMES:
        zone = ZoneInfo(name)
        for change in changes(name):
            for days in (-1, 0, 1):
                wanted = datetime.combine(shown(change, zone).date(), time(10)) + timedelta(days)
                due = due_moment(wanted, zone, NIGHT, change - timedelta(days=3))
                if wanted == nominal("2011-12-30 10:00") and shown(due, zone) != wanted:
                    assert shown(due, zone) == nominal("2011-12-31 09:00"), name
                else:
                    assert shown(due, zone) == wanted, name


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_later_times_are_due_later_and_later_looks_never_ask_earlier(data: st.DataObject) -> None:
    name = data.draw(zone_names)
    zone = ZoneInfo(name)
    now = data.draw(moments_in(name))
    wanted = shown(data.draw(moments_in(name)), zone)
    minutes = data.draw(st.integers(0, 3000)) * MINUTE
    assert localize(wanted, zone) <= localize(wanted + minutes, zone)
    assert due_moment(wanted, zone, NIGHT, now) <= due_moment(wanted, zone, NIGHT, now + minutes)


# --- When a wave opens ---


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        (None, "2026-07-05 20:00", "2026-07-06 22:00"),
        ("Europe/London", "2026-07-06 09:00", "2026-07-06 09:00"),
    ],
)
def test_a_wave_opens_where_its_hour_comes_first(zone: str | None, first: str, last: str) -> None:
    assert earliest_opening(nominal("2026-07-06 10:00"), zone) == utc(first)
    assert latest_opening(nominal("2026-07-06 10:00"), zone) == utc(last)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_no_zone_comes_before_the_first_or_after_the_last(data: st.DataObject) -> None:
    name = data.draw(zone_names)
    zone = ZoneInfo(name)
    wanted = shown(data.draw(moments_in(name)), zone)
    assert earliest_opening(wanted, None) <= localize(wanted, zone) <= latest_opening(wanted, None)


# --- Every zone, every change of its clocks, ten years ---

QUARTER = 15 * MINUTE


def readings_around(change: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return what clocks may be wanted to show around a change: each quarter of an hour from two
    hours before what it skips or repeats until two hours after it.
    """
    before, after = shown(change - MINUTE, zone) + MINUTE, shown(change, zone)
    first, last = min(before, after) - 2 * HOUR, max(before, after) + 2 * HOUR
    return [first + passed * QUARTER for passed in range((last - first) // QUARTER + 1)]


def expected(local: datetime, change: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment that shows ``local``, from the offsets before and after a change."""
    before = shown(change - MINUTE, zone) + MINUTE - change.replace(tzinfo=None)
    after = shown(change, zone) - change.replace(tzinfo=None)
    earlier = (local - before).replace(tzinfo=UTC)
    if earlier < change:
        return earlier  # it comes before the change, for the first time if it is repeated
    return max(change, (local - after).replace(tzinfo=UTC))  # a skipped one: the first valid moment


def ten_years() -> Iterator[tuple[ZoneInfo, datetime]]:
    """Yield each change of ten years, once for all zones that change alike."""
    for name, all_changes in distinct(2020, 2029).items():
        for change in all_changes:
            yield ZoneInfo(name), change


def test_each_local_time_around_each_change_has_its_one_moment_in_every_zone() -> None:
    """The wanted hour, or the first valid moment of a skipped one, or the first of a repeated one;
    in order, so that a clock change asks nobody twice and forgets nobody.
    """
    for zone, change in ten_years():
        wanted = readings_around(change, zone)
        moments = [localize(local, zone) for local in wanted]
        assert moments == [expected(local, change, zone) for local in wanted], zone
        assert moments == sorted(moments), zone


def test_no_change_of_any_clock_asks_anybody_in_their_quiet_hours() -> None:
    """Also where a skipped hour ends in them, or the clock is set back into them."""
    for zone, change in ten_years():
        reading = shown(change, zone)
        for quiet in (
            NIGHT,
            QuietHours(reading.time(), (reading + HOUR).time()),
            QuietHours((reading - HOUR).time(), (reading + 3 * QUARTER).time()),
        ):
            early = change - timedelta(days=1)
            for local in readings_around(change, zone)[::2]:
                due = due_moment(local, zone, quiet, early)
                assert not quiet.covers(shown(due, zone).time()), zone
                assert due >= localize(local, zone), zone
                assert due_moment(local, zone, quiet, due) == due, zone


def test_a_daily_survey_asks_once_for_each_day_in_every_zone() -> None:
    """Each ten o'clock around each change has its own moment, later than the one before."""
    for name, all_changes in distinct(2020, 2029).items():
        zone = ZoneInfo(name)
        dates = {shown(one, zone).date() + timedelta(n) for one in all_changes for n in (-1, 0, 1)}
        wanted = [datetime.combine(date, time(10)) for date in sorted(dates)]
        moments = [due_moment(one, zone, NIGHT, utc("2019-12-01 00:00")) for one in wanted]
        assert [shown(moment, zone) for moment in moments] == wanted, name
        assert all(one < other for one, other in pairwise(moments)), name
