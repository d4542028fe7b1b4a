"""The world's time zones and their clock changes, for tests of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
FIRST_YEAR, LAST_YEAR = 2010, 2032
NAMES = sorted(available_timezones())


def nominal(text: str) -> datetime:
    """Return a nominal time written as "2026-03-29 01:30"."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007  # nominal: has no zone


def utc(text: str) -> datetime:
    """Return the moment of a UTC time written as "2026-03-29 01:30"."""
    return nominal(text).replace(tzinfo=UTC)


def shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what clocks in ``zone`` show at ``moment``."""
    return moment.astimezone(zone).replace(tzinfo=None)


@cache
def changes(name: str) -> list[datetime]:
    """Return the moments at which clocks in a zone are set, found by looking at each week."""
    zone = ZoneInfo(name)
    found = []
    week = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    while week.year <= LAST_YEAR:
        offset, following = week.astimezone(zone).utcoffset(), week + timedelta(weeks=1)
        if offset != following.astimezone(zone).utcoffset():
            before, after = week, following
            while after - before > MINUTE:
                middle = before + (after - before) // MINUTE // 2 * MINUTE
                same = middle.astimezone(zone).utcoffset() == offset
                before, after = (middle, after) if same else (before, middle)
            found.append(after)
        week = following
    return found


@cache
def distinct(first_year: int, last_year: int) -> dict[str, list[datetime]]:
    """Return one zone, with its changes in some years, of all that change alike in them.

    Several hundred names stand for a few dozen rules: Europe/Paris changes as Europe/Berlin does.
    """
    found: dict[tuple[tuple[datetime, datetime, datetime], ...], str] = {}
    for name in NAMES:
        zone = ZoneInfo(name)
        here = [one for one in changes(name) if first_year <= one.year <= last_year]
        rules = tuple((one, shown(one - MINUTE, zone), shown(one, zone)) for one in here)
        found.setdefault(rules, name)
    return {name: [change for change, *_ in rules] for rules, name in found.items()}


zone_names = st.sampled_from(NAMES)
minutes_around = st.integers(-36 * 60, 36 * 60).map(lambda minutes: minutes * MINUTE)


@st.composite
def moments_in(draw: st.DrawFn, name: str) -> datetime:
    """Draw a moment, in whole minutes; mostly near a change of the clocks of the zone."""
    moment = draw(
        st.datetimes(
            datetime(FIRST_YEAR, 2, 1),  # noqa: DTZ001  # the strategy adds the zone
            datetime(LAST_YEAR, 11, 30),  # noqa: DTZ001
            timezones=st.just(UTC),
        )
    )
    if changes(name) and draw(st.sampled_from([True, True, True, False])):
        moment = draw(st.sampled_from(changes(name))) + draw(minutes_around)
    return moment.replace(second=0, microsecond=0)
