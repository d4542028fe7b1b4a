"""The clock: the machine's, until the database sets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nps_bot.base.clock import SystemClock, passing

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Wrong(SystemClock):
    """A machine that believes anything."""

    believes = NOON

    def machine(self) -> datetime:
        """Return what it believes."""
        return self.believes


def test_it_is_the_machines_until_it_is_set() -> None:
    clock = Wrong()
    assert clock.now() == NOON
    clock.believes += timedelta(minutes=7)
    assert clock.now() == NOON + timedelta(minutes=7)


def test_once_it_is_set_the_machine_matters_no_more() -> None:
    clock = Wrong()
    clock.set(NOON, passing() - 5)
    clock.believes -= timedelta(minutes=7)
    first = clock.now()
    assert timedelta(seconds=5) <= first - NOON < timedelta(seconds=6)
    assert clock.now() >= first


def test_it_can_be_set_again_also_backwards() -> None:
    clock = SystemClock()
    for moment in (NOON, NOON - timedelta(days=1)):
        clock.set(moment, passing())
        assert timedelta() <= clock.now() - moment < timedelta(seconds=1)
