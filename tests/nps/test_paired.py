from __future__ import annotations

from collections import Counter
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_bot.nps.paired import compare_linked
from nps_bot.nps.score import Distribution, Verdict, compare, nps

SCORES = st.integers(min_value=0, max_value=10)
PAIRS = st.lists(st.tuples(SCORES, SCORES), max_size=60)


def test_with_nobody_in_common_it_is_the_comparison_of_strangers() -> None:
    now, before = Distribution.of([9] * 20 + [3] * 10), Distribution.of([9] * 10 + [7] * 30)
    linked, strangers = compare_linked(now, before, {}), compare(now, before)
    assert linked is not None
    assert strangers is not None
    assert linked.z == pytest.approx(strangers.z)
    assert linked.p_value == pytest.approx(strangers.p_value)
    assert (linked.points, linked.verdict) == (strangers.points, strangers.verdict)


def test_with_everybody_in_common_it_tends_to_the_paired_variance() -> None:
    """Reference vector V113: 65 people in both waves, paired SE 7.44942; a thousandfold of it."""
    transitions = {
        (3, 3): 12, (7, 3): 4, (9, 3): 1,
        (3, 7): 3, (7, 7): 15, (9, 7): 7,
        (3, 9): 1, (7, 9): 2, (9, 9): 20,
    }  # fmt: skip
    both = {pair: number * 1_000 for pair, number in transitions.items()}
    now = Distribution.of([score for (score, _), number in both.items() for _ in range(number)])
    before = Distribution.of([score for (_, score), number in both.items() for _ in range(number)])
    found = compare_linked(now, before, both)
    assert found is not None
    assert found.points == pytest.approx(9.230769, abs=1e-6)
    assert found.points / found.z * sqrt(1_000) == pytest.approx(7.44942, abs=1e-3)


def test_the_same_people_make_a_difference_clearer() -> None:
    """One person in ten turned from passive to promoter, nobody else moved."""
    both = {(9, 9): 40, (7, 7): 20, (3, 3): 30, (9, 7): 10}
    now, before = (
        Distribution.of([9] * 50 + [7] * 20 + [3] * 30),
        Distribution.of([9] * 40 + [7] * 30 + [3] * 30),
    )
    strangers, linked = compare(now, before), compare_linked(now, before, both)
    assert strangers is not None
    assert linked is not None
    assert strangers.verdict is Verdict.NOISE
    assert linked.verdict is Verdict.HIGHER


def test_nothing_is_compared_without_answers() -> None:
    assert compare_linked(Distribution(), Distribution.of([9]), {}) is None
    assert compare_linked(Distribution.of([9]), Distribution(), {}) is None


@given(
    pairs=PAIRS, only_now=st.lists(SCORES, max_size=40), only_before=st.lists(SCORES, max_size=40)
)
def test_it_always_has_an_answer_and_mirrors(
    pairs: list[tuple[int, int]], only_now: list[int], only_before: list[int]
) -> None:
    now = Distribution.of([score for score, _ in pairs] + only_now)
    before = Distribution.of([score for _, score in pairs] + only_before)
    forth = compare_linked(now, before, Counter(pairs))
    back = compare_linked(before, now, Counter((b, a) for a, b in pairs))
    score_now, score_before = nps(now), nps(before)
    if score_now is None or score_before is None:
        assert forth is back is None
        return
    assert forth is not None
    assert back is not None
    assert forth.points == score_now - score_before
    assert forth.z == pytest.approx(-back.z)
    assert 0 <= forth.p_value <= 1
    mirrored = {Verdict.NOISE: Verdict.NOISE, Verdict.HIGHER: Verdict.LOWER}
    mirrored |= {Verdict.LOWER: Verdict.HIGHER}
    assert mirrored[forth.verdict] is back.verdict
