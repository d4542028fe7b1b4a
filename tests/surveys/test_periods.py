from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_bot.surveys.rules.periods import Period, PeriodError, parse_period, period_before

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def day(year: int, month: int, of_month: int = 1) -> datetime:
    return datetime(year, month, of_month, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("30d", Period("30d", NOW - timedelta(days=30), NOW)),
        (" 90D ", Period("90d", NOW - timedelta(days=90), NOW)),
        ("2026-q3", Period("2026-Q3", day(2026, 7), day(2026, 10))),
        ("2026-Q4", Period("2026-Q4", day(2026, 10), day(2027, 1))),
        ("2026-08", Period("2026-08", day(2026, 8), day(2026, 9))),
        ("2026-12", Period("2026-12", day(2026, 12), day(2027, 1))),
        ("2026", Period("2026", day(2026, 1), day(2027, 1))),
        ("ALL", Period("all", None, None)),
    ],
)
def test_periods_are_read(typed: str, period: Period) -> None:
    assert parse_period(typed, NOW) == period


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("30days", "Did you mean '30d'?"),
        ("30", "Did you mean '30d'?"),
        ("q3-2026", "Did you mean '2026-Q3'?"),
        ("2026q3", "Did you mean '2026-Q3'?"),
        ("2026-8", "Did you mean '2026-08'?"),
        ("alll", "Did you mean 'all'?"),
    ],
)
def test_a_slip_gets_the_nearest_form(typed: str, hint: str) -> None:
    with pytest.raises(PeriodError) as caught:
        parse_period(typed, NOW)
    said = str(caught.value)
    assert f"'{typed}'" in said
    assert "30d, 90d, 2026-Q3, 2026-08, 2026 or all" in said
    assert said.endswith(hint)


@pytest.mark.parametrize("typed", ["0d", "9999d", "2026-13", "2026-Q5", "1026", "", "-5d", "٣d"])
def test_what_is_no_period_is_refused(typed: str) -> None:
    with pytest.raises(PeriodError):
        parse_period(typed, NOW)


@given(st.text(max_size=12))
def test_nothing_typed_breaks_it(typed: str) -> None:
    try:
        period = parse_period(typed, NOW)
    except PeriodError:
        return
    assert period.name == typed.strip().upper().replace("D", "d").replace("ALL", "all")


@pytest.mark.parametrize(
    ("typed", "before"),
    [
        ("2026-Q1", ("2025-Q4", day(2025, 10), day(2026, 1))),
        ("2026-Q3", ("2026-Q2", day(2026, 4), day(2026, 7))),
        ("2026-03", ("2026-02", day(2026, 2), day(2026, 3))),
        ("2026", ("2025", day(2025, 1), day(2026, 1))),
        (
            "90d",
            ("the 90 days before", NOW - timedelta(days=180), NOW - timedelta(days=90)),
        ),
    ],
)
def test_the_period_before_ends_where_this_one_begins(
    typed: str, before: tuple[str, datetime, datetime]
) -> None:
    found = period_before(parse_period(typed, NOW), NOW)
    assert found == Period(*before)
    assert found.words == before[0]


def test_there_is_nothing_before_all_time() -> None:
    assert period_before(parse_period("all", NOW), NOW) is None


@pytest.mark.parametrize(
    ("typed", "words"),
    [("90d", "the last 90 days"), ("1d", "the last 24 hours"), ("all", "all time")],
)
def test_periods_read_well(typed: str, words: str) -> None:
    assert parse_period(typed, NOW).words == words
