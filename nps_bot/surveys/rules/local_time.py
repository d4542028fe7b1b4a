"""Nominal times as moments in a time zone, and the quiet hours there.

A *nominal* time is what a clock on the wall shows, without a zone ("10 November, 10:00"). A
*moment* is an instant, in UTC. Naive datetimes here are nominal, aware ones are moments.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

FIRST_ZONE = timezone(timedelta(hours=14))
"""Where every date begins first (Kiritimati)."""
LAST_ZONE = timezone(timedelta(hours=-12))
"""Where every date begins last (ships and Baker Island)."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which nobody is asked: from ``start`` until just before ``end``.

    The span may pass midnight (18:00 until 09:00).
    """

    start: time
    end: time

    def covers(self, local: time) -> bool:
        """Return whether ``local``, a wall-clock time, lies in the quiet hours."""
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


def localize(nominal: datetime, zone: tzinfo) -> datetime:
    """Return the moment, in UTC, at which clocks in ``zone`` show ``nominal``.

    A time that the clocks skip becomes the first moment after the gap, one that they show twice
    becomes the first of the two.
    """
    return _moments(nominal, zone)[0]


def next_allowed(moment: datetime, zone: tzinfo, quiet: QuietHours) -> datetime:
    """Return ``moment`` in UTC, or the end of the quiet hours in ``zone`` that it falls into.

    Quiet hours that have begun last until a clock shows their end, even where a clock set back
    shows a time before their start once more.
    """
    while quiet.covers(moment.astimezone(zone).time()):
        moment = _next_reading(quiet.end, zone, moment)
    return moment.astimezone(UTC)


def due_moment(nominal: datetime, zone: tzinfo, quiet: QuietHours, now: datetime) -> datetime:
    """Return when to ask somebody in ``zone`` for the wave of ``nominal``: never before ``now``.

    That is the nominal time there; ``now``, where it has passed less than an hour ago; otherwise
    the next time a clock there shows the same time of day. In quiet hours nobody is asked: a
    moment inside them (a skipped hour can move there) becomes their end.
    """
    moment = next_allowed(localize(nominal, zone), zone, quiet)
    if moment >= now:
        return moment
    if now - moment < HOUR and next_allowed(now, zone, quiet) == now:
        return now.astimezone(UTC)
    day = now.astimezone(zone).date() - DAY  # yesterday's may have been moved to today
    while moment < now:
        same_hour = localize(datetime.combine(day, nominal.time()), zone)
        moment = next_allowed(same_hour, zone, quiet)
        day += DAY
    return moment


def earliest_opening(nominal: datetime, time_zone: str | None) -> datetime:
    """Return the moment when the first clock shows ``nominal``.

    Args:
        nominal: the nominal time of a wave.
        time_zone: the survey's own IANA zone; None for each person's, and then the first on Earth.
    """
    return localize(nominal, ZoneInfo(time_zone) if time_zone else FIRST_ZONE)


def latest_opening(nominal: datetime, time_zone: str | None) -> datetime:
    """Return the moment when the last clock shows ``nominal``; see :func:`earliest_opening`."""
    return localize(nominal, ZoneInfo(time_zone) if time_zone else LAST_ZONE)


def _moments(nominal: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return every moment at which ``zone`` shows ``nominal``; for a skipped one, the gap's end."""
    first = nominal.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = nominal.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return (first,)
    if first < second:
        return (first, second)
    # In a gap the offsets of before and after it give these two, in reverse order (PEP 495).
    return (_gap_end(nominal, zone, second, first),)


def _gap_end(nominal: datetime, zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return the moment between the two given at which clocks jump over ``nominal``."""

    def shown(second: int) -> datetime:
        return (before + timedelta(seconds=second)).astimezone(zone).replace(tzinfo=None)

    seconds = range(int((after - before).total_seconds()))
    return before + timedelta(seconds=bisect_left(seconds, nominal, key=shown))


def _next_reading(reading: time, zone: tzinfo, after: datetime) -> datetime:
    """Return the first moment after ``after`` at which clocks in ``zone`` show ``reading``."""
    day = after.astimezone(zone).date()
    while True:
        for moment in _moments(datetime.combine(day, reading), zone):
            if moment > after:
                return moment
        day += DAY
