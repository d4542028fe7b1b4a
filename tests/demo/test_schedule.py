"""The sandbox's rhythm: its first wave is one of a row, and the budget lets the next one ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest

from nps_bot.demo.schedule import as_before, from_the_day, past_nominals
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.cadence import Cron, Every, due_wave, nominal_times
from nps_bot.surveys.rules.local_time import earliest_opening

SURVEYS = load_surveys(Path(__file__).parents[2] / "config" / "surveys")
DAYS = [datetime(2026, 11, 20, 17, tzinfo=UTC) + timedelta(days=day) for day in range(8)]


@pytest.mark.parametrize("founded", DAYS, ids=lambda day: f"{day:%a}")
@pytest.mark.parametrize("key", SURVEYS)
def test_the_next_wave_may_ask_everybody_again(key: str, founded: datetime) -> None:
    survey = from_the_day(SURVEYS, founded)[key]
    local = founded.replace(tzinfo=None)
    following = next(nominal_times(survey.cadence, local))
    assert following - local >= survey.budget.after_answer
    before = [*past_nominals(SURVEYS[key], founded)]
    assert len(before) >= 2
    assert local - before[-1] >= survey.budget.after_answer


@pytest.mark.parametrize("zone", [None, "Pacific/Kiritimati", "Europe/London", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("at", [time(0), time(10), time(23, 45)])
@pytest.mark.parametrize("month", [2, 3, 10, 12], ids="ends in month {}".format)
@pytest.mark.parametrize("key", SURVEYS)
def test_no_other_wave_opens_beside_the_first(
    key: str, month: int, at: time, zone: str | None
) -> None:
    cadence = SURVEYS[key].cadence
    assert isinstance(cadence, Every)
    survey = replace(SURVEYS[key], cadence=replace(cadence, at=at), time_zone=zone)
    for hour in range(8 * 24):  # every hour of every weekday, around the end of a month
        founded = datetime(2026, month, 25, 0, 30, tzinfo=UTC) + timedelta(hours=hour)
        visited = from_the_day({key: survey}, founded)[key]
        for later in range(0, 60, 6):
            now = founded + timedelta(hours=later)
            assert due_wave(visited.cadence, zone, founded, now) is None, founded
        nominals = nominal_times(visited.cadence, founded.replace(tzinfo=None))
        openings = (earliest_opening(nominal, zone) for nominal in nominals)
        following = next(opening for opening in openings if opening > founded)
        assert following - founded >= survey.budget.after_answer


def test_past_waves_are_those_of_the_same_rhythm() -> None:
    founded = DAYS[0]
    for key, survey in as_before(SURVEYS, founded).items():
        before = [*past_nominals(SURVEYS[key], founded)]
        assert [*islice(nominal_times(survey.cadence, before[0] - timedelta(1)), len(before))] == (
            before
        )
        apart = {later - earlier for earlier, later in pairwise(before)}
        assert len(apart) == 1


def test_what_is_asked_otherwise_is_left_as_it_is() -> None:
    often = replace(SURVEYS["customer"], cadence=Cron("0 10 * * 1"))
    cadence = SURVEYS["customer"].cadence
    assert isinstance(cadence, Every)
    monthly = replace(SURVEYS["customer"], cadence=replace(cadence, count=1))
    by_date = replace(
        SURVEYS["customer"], cadence=replace(cadence, weekday=None, start=date(2026, 1, 31))
    )
    others = {"often": often, "monthly": monthly, "by_date": by_date}
    assert from_the_day(others, DAYS[0]) == others
    assert as_before(others, DAYS[0]) == {}
    assert [*past_nominals(often, DAYS[0])] == []
