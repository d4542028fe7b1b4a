"""The Net Promoter Score with its uncertainty: intervals, comparisons and bounds.

Scores and bounds are in NPS points, from -100 to +100. The formulas are those of Rocks (2016),
"Interval Estimation for the Net Promoter Score", The American Statistician 70(4), and of Tango
(1998), "Equivalence test and confidence interval for the difference in proportions for the
paired-sample design", Statistics in Medicine 17(8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, sqrt
from statistics import NormalDist
from typing import NamedTuple

from nps_bot.nps.bands import SCORES, Band, band_of

DIRECTIONAL_BELOW = 30
"""With fewer answers a score only shows a direction, and is called "directional"."""

SCORE_INTERVAL_BELOW = 10
"""With fewer answers Tango's score interval covers better than the adjusted Wald interval."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many people gave each score; ``counts[score]`` for the scores 0 to 10."""

    counts: tuple[int, ...] = (0,) * len(SCORES)

    def __post_init__(self) -> None:
        """Refuse what is not eleven counts."""
        if len(self.counts) != len(SCORES) or min(self.counts) < 0:
            raise ValueError(f"{self.counts} are not {len(SCORES)} counts")

    @classmethod
    def of(cls, scores: Iterable[int]) -> Distribution:
        """Count ``scores``, each from 0 to 10.

        Raises:
            ValueError: a score is not one of 0-10.
        """
        counts = [0] * len(SCORES)
        for score in scores:
            if score not in SCORES:
                raise ValueError(f"score {score} is not one of 0-10")
            counts[score] += 1
        return cls(tuple(counts))

    def __add__(self, other: Distribution) -> Distribution:
        """Return both distributions pooled."""
        return Distribution(tuple(map(sum, zip(self.counts, other.counts, strict=True))))

    def in_band(self, band: Band) -> int:
        """Return how many scores fall into ``band``."""
        return sum(self.counts[score] for score in SCORES if band_of(score) is band)

    @property
    def detractors(self) -> int:
        """How many gave 0 to 6."""
        return self.in_band(Band.DETRACTOR)

    @property
    def passives(self) -> int:
        """How many gave 7 or 8."""
        return self.in_band(Band.PASSIVE)

    @property
    def promoters(self) -> int:
        """How many gave 9 or 10."""
        return self.in_band(Band.PROMOTER)

    @property
    def n(self) -> int:
        """How many answered."""
        return sum(self.counts)


class Method(StrEnum):
    """How an interval was made."""

    ADJUSTED_WALD = "adjusted Wald"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval of the score, in points; ``confidence`` is a share (0.95)."""

    lower: float
    upper: float
    confidence: float
    method: Method


class Bounds(NamedTuple):
    """The lowest and the highest score that are possible, in points."""

    lower: float
    upper: float


class Verdict(StrEnum):
    """What a difference of two scores says."""

    NOISE = "noise"
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a score differs from an earlier one.

    Attributes:
        points: the raw difference, as people would subtract the two scores shown.
        z: the difference of the adjusted scores over its standard error.
        p_value: two-sided.
        verdict: whether ``points`` is more than noise at the confidence asked for.
    """

    points: float
    z: float
    p_value: float
    verdict: Verdict


def nps(distribution: Distribution) -> float | None:
    """Return 100 x (promoters - detractors) / n, or None when nobody answered."""
    if distribution.n == 0:
        return None
    return 100 * (distribution.promoters - distribution.detractors) / distribution.n


def interval(
    distribution: Distribution, *, confidence: float = 0.95, population: int | None = None
) -> Interval | None:
    """Return the confidence interval of the score, for showing beside the raw score.

    From ten answers on this is the adjusted Wald interval (Rocks 2016), below ten Tango's score
    interval. In a known population the counts are first scaled by (N - 1) / (N - n).

    Args:
        distribution: the answers.
        confidence: a share between 0 and 1.
        population: N, how many people there are to know about (all employees, say). None where
            the people asked stand for many more.

    Returns:
        The interval within +-100, or None when nothing is estimated: nobody answered, or everybody
        of the population did (a census, whose score is the score).

    Raises:
        ValueError: more answers than the population has people, or ``confidence`` is not a share.
    """
    return interval_of(Answers.of(distribution), confidence=confidence, population=population)


def interval_of(
    answers: Answers, *, confidence: float = 0.95, population: int | None = None
) -> Interval | None:
    """Return :func:`interval` of ``answers``, which need not be whole numbers."""
    n = answers.n
    _check_confidence(confidence)
    _check_population(n, population)
    if n in (0, population):
        return None
    scale = 1.0 if population is None else (population - 1) / (population - n)
    method = tango if n < SCORE_INTERVAL_BELOW else adjusted_wald
    return method(answers.times(scale), confidence)


def compare(
    now: Distribution, before: Distribution, *, confidence: float = 0.95
) -> Difference | None:
    """Compare two scores of different people, or of people whose answers are not linked.

    z is the difference of the adjusted scores over the root of their summed variances. A
    difference that points the other way once both scores are adjusted (one of them rests on a few
    answers) is noise, whatever z says.

    Returns:
        The difference ``now - before``, or None when one of the two has no answers.

    Raises:
        ValueError: ``confidence`` is not a share between 0 and 1.
    """
    if now.n == 0 or before.n == 0:
        _check_confidence(confidence)
        return None
    return compare_answers(Answers.of(now), Answers.of(before), confidence=confidence)


def compare_answers(now: Answers, before: Answers, *, confidence: float = 0.95) -> Difference:
    """Return :func:`compare` of some answers each, which need not be whole numbers."""
    _check_confidence(confidence)
    points = now.points - before.points
    one, other = now.adjusted(), before.adjusted()
    z = (one.points - other.points) / hypot(one.standard_error, other.standard_error)
    p_value = 2 * NormalDist().cdf(-abs(z))
    verdict = Verdict.NOISE
    if p_value < 1 - confidence and points * z > 0:
        verdict = Verdict.HIGHER if points > 0 else Verdict.LOWER
    return Difference(points, z, p_value, verdict)


def no_answer_bounds(distribution: Distribution, population: int) -> Bounds | None:
    """Return the scores possible for all ``population`` people, whatever the silent ones think.

    [(P - D) +- (N - n)] / N, in points; None for a population of nobody.

    Raises:
        ValueError: more answers than the population has people.
    """
    _check_population(distribution.n, population)
    if population == 0:
        return None
    balance = distribution.promoters - distribution.detractors
    silent = population - distribution.n
    return Bounds(100 * (balance - silent) / population, 100 * (balance + silent) / population)


class Answers(NamedTuple):
    """Numbers of answers by band; not whole ones once scaled or adjusted."""

    promoters: float
    passives: float
    detractors: float

    @classmethod
    def of(cls, distribution: Distribution) -> Answers:
        """Return the answers of ``distribution``."""
        return cls(distribution.promoters, distribution.passives, distribution.detractors)

    def times(self, scale: float) -> Answers:
        """Return the answers, each counted ``scale`` times."""
        return Answers(self.promoters * scale, self.passives * scale, self.detractors * scale)

    def adjusted(self) -> Answers:
        """Add three made-up answers: the same at every confidence (Rocks 2016)."""
        return Answers(self.promoters + 0.75, self.passives + 1.5, self.detractors + 0.75)

    def mirrored(self) -> Answers:
        """Return the answers with promoters and detractors swapped."""
        return Answers(self.detractors, self.passives, self.promoters)

    @property
    def n(self) -> float:
        """How many answers these are worth."""
        return self.promoters + self.passives + self.detractors

    @property
    def points(self) -> float:
        """Their score."""
        return 100 * (self.promoters - self.detractors) / self.n

    @property
    def standard_error(self) -> float:
        """In points, from the variance (p + d) - (p - d)^2 of one answer of -1, 0 or +1."""
        p, d = self.promoters / self.n, self.detractors / self.n
        return 100 * sqrt(((p + d) - (p - d) ** 2) / self.n)


def adjusted_wald(answers: Answers, confidence: float) -> Interval:
    """Return the adjusted Wald interval (Rocks 2016), clipped to +-100."""
    adjusted = answers.adjusted()
    reach = _quantile(confidence) * adjusted.standard_error
    lower, upper = adjusted.points - reach, adjusted.points + reach
    return Interval(max(-100.0, lower), min(100.0, upper), confidence, Method.ADJUSTED_WALD)


def tango(answers: Answers, confidence: float) -> Interval:
    """Return the score interval (Tango 1998): all scores that the answers do not reject."""
    z = _quantile(confidence)
    lower, upper = _tango_lower(answers, z), -_tango_lower(answers.mirrored(), z)
    return Interval(100 * lower, 100 * upper, confidence, Method.SCORE)


def _tango_lower(answers: Answers, z: float) -> float:
    """Return the lowest p - d that the answers do not reject, by Tango's score test.

    The test statistic falls while the supposed difference rises from -1 to the observed one, where
    it is 0; the bound is where it passes z.
    """
    observed = (answers.promoters - answers.detractors) / answers.n
    if observed == -1:
        return -1.0
    return _where_it_passes(lambda supposed: _tango_accepts(answers, supposed, z), -1, observed)


def _tango_accepts(answers: Answers, supposed: float, z: float) -> bool:
    """Return whether the answers lie at most ``z`` standard errors above ``supposed``.

    The variance is that of the likeliest shares with p - d = ``supposed`` (Tango 1998).
    """
    n, b, c = answers.n, answers.promoters, answers.detractors
    linear = (2 * n - b + c) * supposed - b - c
    constant = -c * supposed * (1 - supposed)
    detractor_share = (sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * detractor_share + supposed * (1 - supposed))
    return b - c - n * supposed <= z * sqrt(max(0.0, variance))


def _where_it_passes(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Return where ``holds`` turns true between ``low`` and ``high``, to a double's precision."""
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return high
        if holds(middle):
            high = middle
        else:
            low = middle


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")


def _check_population(n: float, population: int | None) -> None:
    if population is not None and n > population:
        raise ValueError(f"{n} answers are more than the population of {population}")
