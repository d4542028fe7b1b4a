"""The score and its uncertainty: against reference numbers, by properties, by exact coverage."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product
from math import comb, factorial, prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.nps.bands import Band
from nps_bot.nps.score import (
    SCORE_INTERVAL_BELOW,
    Answers,
    Distribution,
    Interval,
    Method,
    Verdict,
    adjusted_wald,
    compare,
    interval,
    no_answer_bounds,
    nps,
    tango,
)

REFERENCE = json.loads((Path(__file__).parent / "nps_reference.json").read_text())

some_scores = st.lists(st.integers(0, 10), max_size=60)
distributions = some_scores.filter(bool).map(Distribution.of)
confidences = st.floats(0.5, 0.999)


def banded(promoters: int, passives: int, detractors: int) -> Distribution:
    """Return a distribution with these numbers of answers in its bands."""
    return Distribution.of([10] * promoters + [8] * passives + [0] * detractors)


def interval_of(distribution: Distribution, **options: Any) -> Interval:
    """Return the interval where there must be one."""
    found = interval(distribution, **options)
    assert found is not None
    return found


def vectors(kind: str, *methods: str) -> list[Any]:
    """Return the reference vectors of a kind and one of the methods, as test parameters."""
    chosen = [
        pytest.param(vector, id=vector["id"])
        for vector in REFERENCE["vectors"]
        if vector["kind"] == kind and vector["method"] in methods
    ]
    assert chosen
    return chosen


def bands_of(values: dict[str, int]) -> Distribution:
    return banded(values["promoters"], values["passives"], values["detractors"])


# --- Against the reference numbers ---


@pytest.mark.parametrize("vector", vectors("point_and_se", "plugin"))
def test_counts_and_score_of_a_histogram(vector: dict[str, Any]) -> None:
    distribution = Distribution(tuple(vector["input"]["histogram_0_to_10"]))
    expected = vector["expected"]
    assert distribution.n == expected["n"]
    assert distribution.detractors == expected["detractors"]
    assert distribution.passives == expected["passives"]
    assert distribution.promoters == expected["promoters"]
    assert nps(distribution) == pytest.approx(expected["nps"], abs=vector["test_tolerance"])


def check_interval(vector: dict[str, Any], found: Interval | None) -> None:
    expected, tolerance = vector["expected"], vector["test_tolerance"]
    assert found is not None
    assert found.confidence == vector["conf_level"]
    assert found.lower == pytest.approx(expected["lower_clipped"], abs=tolerance)
    assert found.upper == pytest.approx(expected["upper_clipped"], abs=tolerance)


@pytest.mark.parametrize("vector", vectors("one_sample_ci", "adjusted_wald_3T"))
def test_adjusted_wald_interval(vector: dict[str, Any]) -> None:
    answers = Answers.of(bands_of(vector["input"]))
    check_interval(vector, adjusted_wald(answers, vector["conf_level"]))


@pytest.mark.parametrize("vector", vectors("one_sample_ci", "score_iterative"))
def test_tangos_interval(vector: dict[str, Any]) -> None:
    check_interval(vector, tango(Answers.of(bands_of(vector["input"])), vector["conf_level"]))


@pytest.mark.parametrize("vector", vectors("fpc", "adjusted_wald_3T_fpc_neff"))
def test_interval_in_a_known_population(vector: dict[str, Any]) -> None:
    population = vector["input"]["population"]
    check_interval(vector, interval(bands_of(vector["input"]), population=population))


@pytest.mark.parametrize("vector", vectors("two_sample_test", "adjusted_wald_3T"))
def test_difference(vector: dict[str, Any]) -> None:
    expected, tolerance = vector["expected"], vector["test_tolerance"]
    found = compare(bands_of(vector["input"]["a"]), bands_of(vector["input"]["b"]))
    assert found is not None
    assert found.points == pytest.approx(expected["diff_raw"], abs=tolerance)
    assert found.z == pytest.approx(expected["z"], abs=tolerance)
    assert found.p_value == pytest.approx(expected["p_two_sided"], abs=tolerance)
    noise = expected["p_two_sided"] >= 0.05
    assert found.verdict is (Verdict.NOISE if noise else Verdict.HIGHER)


@pytest.mark.parametrize("vector", vectors("nonresponse_bounds", "manski_worst_case"))
def test_bounds_without_assumptions(vector: dict[str, Any]) -> None:
    expected, tolerance = vector["expected"], vector["test_tolerance"]
    bounds = no_answer_bounds(bands_of(vector["input"]), vector["input"]["population"])
    assert bounds is not None
    assert bounds.lower == pytest.approx(expected["population_nps_min"], abs=tolerance)
    assert bounds.upper == pytest.approx(expected["population_nps_max"], abs=tolerance)


# --- The score ---


@given(some_scores.filter(bool))
def test_score_is_the_share_of_promoters_less_that_of_detractors(scores: list[int]) -> None:
    promoters = sum(score >= 9 for score in scores)
    detractors = sum(score <= 6 for score in scores)
    assert nps(Distribution.of(scores)) == 100 * (promoters - detractors) / len(scores)


@given(some_scores, some_scores)
def test_pooling_adds_up(scores: list[int], more: list[int]) -> None:
    assert Distribution.of(scores) + Distribution.of(more) == Distribution.of(scores + more)


@given(distributions)
def test_bands_cover_everybody_once(distribution: Distribution) -> None:
    assert sum(map(distribution.in_band, Band)) == distribution.n


@pytest.mark.parametrize("score", [-1, 11])
def test_a_score_outside_0_to_10_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match=f"score {score} is not one of 0-10"):
        Distribution.of([5, score])


@pytest.mark.parametrize("counts", [(0,) * 10, (0,) * 12, (1,) * 10 + (-1,)])
def test_counts_must_be_eleven_and_not_negative(counts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="are not 11 counts"):
        Distribution(counts)


# --- Intervals ---


def test_the_method_changes_at_ten_answers() -> None:
    nine, ten = banded(4, 3, 2), banded(4, 3, 3)
    assert interval(nine) == tango(Answers.of(nine), 0.95)
    assert interval(ten) == adjusted_wald(Answers.of(ten), 0.95)
    assert interval_of(nine, population=10).method is Method.SCORE


def test_nobody_answered_so_nothing_is_known() -> None:
    assert nps(Distribution()) is None
    assert interval(Distribution()) is None
    assert interval(Distribution(), population=5) is None
    assert compare(Distribution(), banded(1, 1, 1)) is None
    assert compare(banded(1, 1, 1), Distribution()) is None


@given(distributions)
def test_a_census_has_no_interval(distribution: Distribution) -> None:
    assert interval(distribution, population=distribution.n) is None
    assert interval(distribution, population=distribution.n + 1) is not None


@given(distributions, st.floats(0.85, 0.999), st.none() | st.integers(1, 500))
def test_interval_holds_the_raw_score_and_stays_within_100(
    distribution: Distribution, confidence: float, silent: int | None
) -> None:
    population = None if silent is None else distribution.n + silent
    found = interval_of(distribution, confidence=confidence, population=population)
    score = nps(distribution)
    assert score is not None
    assert -100 <= found.lower <= score <= found.upper <= 100
    assert found.lower < found.upper


@given(distributions, confidences)
def test_swapping_promoters_and_detractors_mirrors_everything(
    distribution: Distribution, confidence: float
) -> None:
    mirrored = banded(distribution.detractors, distribution.passives, distribution.promoters)
    found = interval_of(distribution, confidence=confidence)
    other = interval_of(mirrored, confidence=confidence)
    assert other.lower == pytest.approx(-found.upper, abs=1e-9)
    assert other.upper == pytest.approx(-found.lower, abs=1e-9)


@given(distributions, confidences, confidences)
def test_more_confidence_needs_more_room(
    distribution: Distribution, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    narrow = interval_of(distribution, confidence=less)
    wide = interval_of(distribution, confidence=more)
    assert wide.lower <= narrow.lower + 1e-9
    assert narrow.upper - 1e-9 <= wide.upper


@given(distributions, st.integers(2, 5))
def test_more_of_the_same_answers_narrow_the_interval(
    distribution: Distribution, times: int
) -> None:
    more = Distribution(tuple(count * times for count in distribution.counts))
    assert width(interval_of(more)) <= width(interval_of(distribution)) + 1e-9


@given(distributions, st.integers(1, 100), st.integers(1, 100))
def test_the_fewer_people_are_silent_the_narrower_the_interval(
    distribution: Distribution, silent: int, more: int
) -> None:
    small = interval_of(distribution, population=distribution.n + silent)
    large = interval_of(distribution, population=distribution.n + silent + more)
    assert width(small) <= width(large) + 1e-9 <= width(interval_of(distribution)) + 2e-9


def width(found: Interval) -> float:
    return found.upper - found.lower


def outcomes(n: int) -> Iterator[tuple[int, int, int]]:
    """Yield all numbers of promoters, passives and detractors among ``n`` answers."""
    for promoters, detractors in product(range(n + 1), repeat=2):
        if promoters + detractors <= n:
            yield promoters, n - promoters - detractors, detractors


@pytest.mark.parametrize("n", [1, 5, SCORE_INTERVAL_BELOW - 1, SCORE_INTERVAL_BELOW, 25])
def test_a_better_answer_never_lowers_score_or_bounds(n: int) -> None:
    """The adjusted Wald interval breaks this by 0.02 points at one edge; more would be an error."""
    for promoters, passives, detractors in outcomes(n):
        before = banded(promoters, passives, detractors)
        better = []
        if detractors:
            better.append(banded(promoters, passives + 1, detractors - 1))
        if passives:
            better.append(banded(promoters + 1, passives - 1, detractors))
        for after in better:
            assert nps(after) == pytest.approx((nps(before) or 0) + 100 / n)
            assert interval_of(after).lower >= interval_of(before).lower - 0.03
            assert interval_of(after).upper >= interval_of(before).upper - 0.03


def test_more_answers_than_people_are_refused() -> None:
    with pytest.raises(ValueError, match="3 answers are more than the population of 2"):
        interval(banded(1, 1, 1), population=2)
    with pytest.raises(ValueError, match="3 answers are more than the population of 2"):
        no_answer_bounds(banded(1, 1, 1), 2)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95])
def test_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match="is not between 0 and 1"):
        interval(banded(1, 1, 1), confidence=confidence)
    with pytest.raises(ValueError, match="is not between 0 and 1"):
        compare(banded(1, 1, 1), banded(1, 1, 1), confidence=confidence)


# --- How often an interval holds the truth, by exact enumeration ---


def coverage(
    found: dict[tuple[int, int, int], Interval],
    truth: float,
    chance: Callable[[tuple[int, int, int]], float],
) -> float:
    """Return how probable it is to draw answers whose interval holds ``truth``."""
    return sum(
        chance(answers)
        for answers, bounds in found.items()
        if bounds.lower - 1e-9 <= truth <= bounds.upper + 1e-9
    )


def coverages(n: int) -> list[float]:
    """Return the coverage for an unknown many, at every twentieth of the shares of the bands."""
    found = {answers: interval_of(banded(*answers)) for answers in outcomes(n)}
    results = []
    for promoters, passives, detractors in outcomes(20):
        shares = (promoters / 20, passives / 20, detractors / 20)

        def chance(answers: tuple[int, int, int], shares: tuple[float, ...] = shares) -> float:
            ways = factorial(n) // prod(map(factorial, answers))
            return ways * prod(share**number for share, number in zip(shares, answers, strict=True))

        results.append(coverage(found, 100 * (shares[0] - shares[2]), chance))
    return results


def coverages_in_population(n: int, population: int) -> list[float]:
    """Return the coverage for every possible make-up of ``population`` people."""
    found = {
        answers: interval_of(banded(*answers), population=population) for answers in outcomes(n)
    }
    results = []
    for people in outcomes(population):

        def chance(answers: tuple[int, int, int], people: tuple[int, ...] = people) -> float:
            return prod(map(comb, people, answers)) / comb(population, n)

        truth = 100 * (people[0] - people[2]) / population
        results.append(coverage(found, truth, chance))
    return results


@pytest.mark.parametrize("n", [3, 5, 9, 10, 12, 20])
def test_the_interval_covers_what_it_says(n: int) -> None:
    found = coverages(n)
    assert sum(found) / len(found) >= 0.95
    assert min(found) >= 0.85


def test_tangos_interval_covers_97_percent_of_five_answers() -> None:
    found = coverages(5)
    assert sum(found) / len(found) == pytest.approx(0.97, abs=0.005)


@pytest.mark.parametrize(("n", "population"), [(5, 12), (9, 12), (10, 12), (15, 18)])
def test_the_interval_covers_a_small_population(n: int, population: int) -> None:
    """A standard error merely multiplied by the population correction covers far less."""
    found = coverages_in_population(n, population)
    assert sum(found) / len(found) >= 0.945
    assert min(found) >= 0.69


# --- Comparisons ---


@given(distributions, distributions)
def test_comparing_the_other_way_round_changes_the_sign(
    one: Distribution, other: Distribution
) -> None:
    there, back = compare(one, other), compare(other, one)
    assert there is not None
    assert back is not None
    assert back.points == -there.points
    assert back.z == pytest.approx(-there.z)
    assert back.p_value == pytest.approx(there.p_value)
    opposite = {
        Verdict.NOISE: Verdict.NOISE,
        Verdict.HIGHER: Verdict.LOWER,
        Verdict.LOWER: Verdict.HIGHER,
    }
    assert back.verdict is opposite[there.verdict]


@given(distributions)
def test_a_score_does_not_differ_from_itself(distribution: Distribution) -> None:
    found = compare(distribution, distribution)
    assert found is not None
    assert (found.points, found.z, found.p_value, found.verdict) == (0, 0, 1, Verdict.NOISE)


def test_many_answers_tell_a_small_difference_from_noise() -> None:
    before, now = banded(4000, 3000, 3000), banded(4150, 3000, 2850)
    higher, lower = compare(now, before), compare(before, now)
    assert higher is not None
    assert lower is not None
    assert (higher.points, higher.verdict) == (3, Verdict.HIGHER)
    assert (lower.points, lower.verdict) == (-3, Verdict.LOWER)


@given(distributions, distributions, confidences)
def test_the_verdict_follows_points_and_p_value(
    now: Distribution, before: Distribution, confidence: float
) -> None:
    found = compare(now, before, confidence=confidence)
    assert found is not None
    assert 0 <= found.p_value <= 1
    match found.verdict:
        case Verdict.HIGHER:
            assert found.points > 0
            assert found.p_value < 1 - confidence
        case Verdict.LOWER:
            assert found.points < 0
            assert found.p_value < 1 - confidence
        case Verdict.NOISE:
            assert found.p_value >= 1 - confidence or found.points * found.z <= 0


@pytest.mark.parametrize(("passives_before", "points"), [(0, 0), (10, 1)])
def test_a_few_answers_are_never_told_to_point_against_the_raw_scores(
    passives_before: int, points: float
) -> None:
    """One promoter, adjusted, lies significantly below a thousand: nobody could follow that."""
    found = compare(banded(1, 0, 0), banded(1000 - passives_before, passives_before, 0))
    assert found is not None
    assert found.points == points
    assert found.p_value < 0.05
    assert found.verdict is Verdict.NOISE


# --- Those who did not answer ---


@settings(deadline=None)
@given(st.lists(st.integers(0, 10), max_size=6), st.integers(0, 4))
def test_bounds_are_the_extremes_of_all_the_silent_could_say(
    scores: list[int], silent: int
) -> None:
    bounds = no_answer_bounds(Distribution.of(scores), len(scores) + silent)
    possible = [
        nps(Distribution.of([*scores, *said])) for said in product((0, 8, 10), repeat=silent)
    ]
    if bounds is None:
        assert possible == [None]
        return
    known = [score for score in possible if score is not None]
    assert bounds.lower == pytest.approx(min(known))
    assert bounds.upper == pytest.approx(max(known))
