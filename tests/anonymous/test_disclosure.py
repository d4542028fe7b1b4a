"""What is shown of anonymous waves: words that are true, and documents."""

from __future__ import annotations

from datetime import date

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.anonymous.rules.disclosure import (
    MEDIUM_WITHIN,
    NARROW_WITHIN,
    Change,
    Disclosure,
    Figure,
    Pool,
    Score,
    Segment,
    Side,
    TooFew,
    Width,
    from_document,
    pool,
    to_document,
    verdict,
)
from nps_bot.anonymous.rules.privacy import compared
from nps_bot.nps.score import Distribution, Verdict, compare, interval
from tests.anonymous.attacker import Composition, compositions, disclosed

DAY = date(2026, 8, 3)


def banded(answers: Composition) -> Distribution:
    return Distribution.of([10] * answers[0] + [7] * answers[1] + [0] * answers[2])


def figure_of(answers: Composition, *, invited: int = 500, employees: bool = False) -> Figure:
    found = disclosed((answers,), 3, invited=invited, population_known=employees)
    assert isinstance(found, Figure)
    return found


# --- Width ---


@pytest.mark.parametrize("invited", [None, 60, 65])
@pytest.mark.parametrize("n", [4, 5, 6, 9, 10, 12, 40, 60])
def test_what_is_said_of_the_width_is_true(n: int, invited: int | None) -> None:
    for answers in compositions(n):
        check_width(answers, invited)


@settings(deadline=None)
@given(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300)), st.booleans())
def test_what_is_said_of_the_width_of_a_large_wave_is_true(
    answers: Composition, employees: bool
) -> None:
    if sum(answers) > 3:
        check_width(answers, 1_000 if employees else None)


def check_width(answers: Composition, population: int | None) -> None:
    """Compare the word with the real interval."""
    found = figure_of(answers, invited=population or 1_000, employees=population is not None)
    distribution = banded(answers)
    real = interval(distribution, population=population)
    assert (found.width is None) == (real is None)
    if real is None:
        return
    reach = (real.upper - real.lower) / 2
    if found.width is Width.NARROW:
        assert reach <= NARROW_WITHIN
    elif found.width is Width.MEDIUM:
        assert reach <= MEDIUM_WITHIN


def test_more_answers_make_it_narrower() -> None:
    widths = [figure_of((2 * n, n, 2 * n)).width for n in (8, 30, 90)]
    assert widths == [Width.WIDE, Width.MEDIUM, Width.NARROW]


def test_the_width_depends_on_nothing_but_what_is_shown() -> None:
    widths = {figure_of(answers).width for answers in [(20, 0, 20), (10, 20, 10), (0, 40, 0)]}
    assert widths == {Width.WIDE}


def test_of_a_census_nothing_is_estimated() -> None:
    assert figure_of((20, 10, 10), invited=40, employees=True).width is None
    assert figure_of((20, 10, 10), invited=41, employees=True).width is not None
    assert figure_of((20, 10, 10), invited=40).width is not None


# --- Change ---


@pytest.mark.parametrize(
    ("now", "before", "word"),
    [
        ((30, 5, 5), (5, 5, 30), Verdict.HIGHER),
        ((5, 5, 30), (30, 5, 5), Verdict.LOWER),
        ((20, 10, 10), (18, 10, 12), Verdict.NOISE),
        ((40, 0, 0), (10, 10, 20), Verdict.HIGHER),
        ((0, 0, 40), (20, 10, 10), Verdict.LOWER),
        ((40, 0, 0), (40, 0, 0), Verdict.NOISE),
        ((450, 50, 0), (500, 0, 0), Verdict.NOISE),
        ((0, 0, 500), (0, 50, 450), Verdict.NOISE),
    ],
)
def test_change(now: Composition, before: Composition, word: Verdict) -> None:
    assert verdict(figure_of(now), figure_of(before)) is word


def test_nothing_is_compared_with_too_few() -> None:
    few = TooFew(5, 40)
    assert verdict(few, figure_of((20, 10, 10))) is None
    assert verdict(figure_of((20, 10, 10)), few) is None
    assert compared(few, few, DAY) == few


def test_the_change_is_kept_with_the_day_it_is_against() -> None:
    now = compared(figure_of((30, 5, 5)), figure_of((5, 5, 30)), DAY)
    assert isinstance(now, Figure)
    assert now.change == Change(Verdict.HIGHER, DAY)


some_answers = st.tuples(*[st.integers(0, 40)] * 3).filter(lambda answers: 3 < sum(answers) <= 100)


@settings(deadline=None)
@given(some_answers, some_answers)
def test_more_than_noise_is_more_than_noise(now: Composition, before: Composition) -> None:
    """Up to 100 answers, of which each moves the score by a whole point."""
    word = verdict(figure_of(now), figure_of(before))
    real = compare(banded(now), banded(before))
    assert real is not None
    if word is not Verdict.NOISE:
        assert word is real.verdict


# --- Documents ---

days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
disclosures: st.SearchStrategy[Disclosure] = st.one_of(
    st.builds(TooFew, st.integers(3, 9), st.integers(0, 99)),
    st.builds(
        Figure,
        threshold=st.integers(3, 9),
        invited=st.integers(0, 99),
        n=st.integers(4, 99),
        score=st.builds(Score, st.sampled_from(Side), st.integers(-100, 100)),
        width=st.none() | st.sampled_from(Width),
        segments=st.lists(
            st.builds(Segment, st.text(), st.integers(4, 99), st.integers(-100, 100))
        ).map(tuple),
        comments=st.lists(st.text()).map(tuple),
        change=st.none() | st.builds(Change, st.sampled_from(Verdict), days),
    ),
)


@settings(deadline=None)
@given(disclosures)
def test_what_is_stored_comes_back(disclosure: Disclosure) -> None:
    stored = orjson.dumps(to_document(disclosure))
    assert from_document(orjson.loads(stored)) == disclosure


def test_a_document_holds_nothing_that_is_not_shown() -> None:
    few = disclosed(((3, 1, 1),), 5, comments=["Bad chairs"])
    assert to_document(few) == {"threshold": 5, "invited": 9}
    bound = disclosed(((6, 0, 0),), 5, comments=["Bad chairs"])
    assert to_document(bound) == {
        "threshold": 5,
        "invited": 10,
        "n": 6,
        "score": {"side": "above", "points": 30},
        "width": "wide",
        "segments": [],
        "comments": [],
        "change": None,
    }


# --- Several waves ---


@settings(deadline=None)
@given(st.lists(some_answers, min_size=1, max_size=4))
def test_what_is_said_of_several_waves_is_true(waves: list[Composition]) -> None:
    figures = [figure_of(answers) for answers in waves]
    found = pool(figures)
    n, balance = sum(map(sum, waves)), sum(answers[0] - answers[2] for answers in waves)
    assert (found.waves, found.n) == (len(waves), n)
    sides = {figure.score.side for figure in figures} - {Side.EXACTLY}
    if len(sides) > 1:
        assert found.score is None
        return
    assert found.score is not None
    if not sides:
        assert found.score == Score(Side.EXACTLY, rounded(100 * balance / n))
    elif sides == {Side.ABOVE}:
        assert found.score.side is Side.ABOVE
        assert 100 * balance / n > found.score.points
    else:
        assert found.score.side is Side.BELOW
        assert 100 * balance / n < found.score.points


def test_bounds_that_point_both_ways_have_no_score_together() -> None:
    both = [figure_of((40, 0, 0)), figure_of((0, 0, 40)), figure_of((20, 10, 10))]
    assert pool(both) == Pool(waves=3, n=120, score=None)
    assert pool(both[::2]) == Pool(2, 80, Score(Side.ABOVE, 42))
    assert pool(both[1:]) == Pool(2, 80, Score(Side.BELOW, -17))


def rounded(points: float) -> int:
    """Return whole points; halves go outwards."""
    return int(abs(points) + 0.5) * (1 if points > 0 else -1)
