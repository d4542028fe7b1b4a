from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Connection

from nps_bot.asking import launching
from nps_bot.delivery.rules import FIRST_RATE
from nps_bot.delivery.store.lanes import remember_pace
from nps_bot.home import status
from nps_bot.storage.database import Database
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.cadence import Every, Unit, next_nominal
from nps_bot.surveys.rules.survey import Survey
from tests.factories import NOON, World, survey

DAY = timedelta(days=1)


async def test_status_of_a_running_and_a_paused_survey(database: Database) -> None:
    surveys = [survey("employee"), survey()]

    def write(connection: Connection) -> None:
        launching.see_surveys(connection, {each.key: each for each in surveys}, NOON)
        survey_store.set_paused(connection, "employee", "UPRIYA", NOON)
        world = World(connection)
        world.person("U1", "Ada", "Harbor")
        world.wave(NOON - 9 * DAY, {"U1": 3})
        running = world.wave(NOON - DAY, {"U1": 3, "U2": None}, state="ready")
        world.message("prompt", "pending", running, due_at=NOON + DAY)
        world.message("prompt", "failed", running, settled_at=NOON, reason="because")
        world.case(running, "U1", NOON)

    await database.write(write)
    made = await database.read(status.status, surveys, NOON)
    customer, employee = made.surveys
    assert (customer.key, employee.key) == ("customer", "employee")
    (running,) = customer.waves
    assert (running.asked, running.answered, running.left) == (2, 1, 1)
    assert running.ends_at == NOON + DAY + timedelta(seconds=1 / FIRST_RATE)
    assert customer.pause is None
    assert employee.pause is not None
    assert (employee.pause.by, employee.pause.at, employee.waves) == ("UPRIYA", NOON, ())
    assert [case.person_name for case in made.unclaimed.cases] == ["Ada"]
    assert [trouble.reason for trouble in made.troubles] == ["because"]
    assert (made.unclaimed.total, made.troubles_total) == (1, 1)


async def test_status_of_one_survey_says_nothing_of_another(database: Database) -> None:
    def write(connection: Connection) -> None:
        world = World(connection)
        running = world.wave(NOON - DAY, {"U1": 3}, state="ready")
        world.case(running, "U1", NOON)
        world.message("prompt", "failed", running, settled_at=NOON)

    await database.write(write)
    made = await database.read(status.status, [survey("employee")], NOON)
    assert [each.waves for each in made.surveys] == [()]
    assert (made.unclaimed.total, made.troubles_total) == (0, 0)


def weekly(time_zone: str | None) -> Survey:
    """Return a survey that asks on Tuesdays at ten."""
    cadence = Every(1, Unit.WEEK, time(10), date(2026, 1, 6))
    return replace(survey(), cadence=cadence, time_zone=time_zone)


@pytest.mark.parametrize(
    ("time_zone", "now", "nominal"),
    [
        ("UTC", datetime(2026, 11, 24, 9, 59, tzinfo=UTC), "2026-11-24T10:00"),
        ("UTC", datetime(2026, 11, 24, 10, 0, tzinfo=UTC), "2026-12-01T10:00"),
        ("America/New_York", datetime(2026, 11, 24, 14, tzinfo=UTC), "2026-11-24T10:00"),
        ("America/New_York", datetime(2026, 11, 24, 15, tzinfo=UTC), "2026-12-01T10:00"),
        (None, datetime(2026, 11, 23, 19, 59, tzinfo=UTC), "2026-11-24T10:00"),
        (None, datetime(2026, 11, 23, 20, 0, tzinfo=UTC), "2026-12-01T10:00"),
    ],
)
def test_the_next_wave_opens_after_now(time_zone: str | None, now: datetime, nominal: str) -> None:
    """With everybody's own zone a wave opens where the day begins first, at UTC+14."""
    found = next_nominal(weekly(time_zone).cadence, time_zone, now)
    assert found == datetime.fromisoformat(nominal)


async def test_the_end_of_a_wave_is_foretold_at_the_pace_that_was_learnt(
    database: Database,
) -> None:
    """Waves share the lane, whoever owns them; a paused survey keeps out of it."""
    surveys = [survey(), survey("employee"), survey("other")]

    def work(connection: Connection) -> None:
        launching.see_surveys(connection, {each.key: each for each in surveys}, NOON)
        world = World(connection)
        ids = {}
        for each in surveys:
            ids[each.key] = world.wave(NOON - DAY, {}, survey_key=each.key, state="ready")
            for _ in range(60):
                world.message(
                    "prompt", "pending", ids[each.key], survey_key=each.key, due_at=NOON - DAY
                )
        survey_store.set_paused(connection, "other", "UPRIYA", NOON)
        remember_pace(connection, {"chat.postMessage": {"rate": 0.5, "pause": 3.0}})
        running = {
            key: status.running_waves(connection, [key], NOON)[key][0]
            for key in ("customer", "employee", "other")
        }
        assert {one.left for one in running.values()} == {60}
        assert running["customer"].ends_at == NOON + timedelta(minutes=2)
        assert running["employee"].ends_at == NOON + timedelta(minutes=4)
        assert running["other"].ends_at is None

    await database.write(work)
