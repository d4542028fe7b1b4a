"""Comparing two scores when some of the same people gave both.

Who answered high last time tends to answer high again, so the two scores move together and their
difference is less uncertain than that of strangers.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from statistics import NormalDist

from nps_bot.nps.bands import Band, band_of
from nps_bot.nps.score import Answers, Difference, Distribution, Verdict, nps


def compare_linked(
    now: Distribution,
    before: Distribution,
    both: Mapping[tuple[int, int], int],
    *,
    confidence: float = 0.95,
) -> Difference | None:
    """Compare two scores of partly the same people.

    The variance of the difference is that of the two adjusted scores less twice their covariance,
    which comes from those who gave both. With nobody in common this is
    :func:`nps_bot.nps.score.compare`; with everybody it tends to the paired variance.

    Args:
        now: all answers of now.
        before: all answers of before.
        both: how many people gave which two, by (score now, score before); part of both others.
        confidence: a share between 0 and 1.

    Returns:
        The difference ``now - before``, or None when one of the two has no answers.
    """
    score_now, score_before = nps(now), nps(before)
    if score_now is None or score_before is None:
        return None
    one, other = Answers.of(now).adjusted(), Answers.of(before).adjusted()
    covariance = sum(
        number * (_points(a) - one.points) * (_points(b) - other.points)
        for (a, b), number in both.items()
    ) / (one.n * other.n)
    variance = one.standard_error**2 + other.standard_error**2 - 2 * covariance
    points = score_now - score_before
    z = (one.points - other.points) / sqrt(variance)
    p_value = 2 * NormalDist().cdf(-abs(z))
    verdict = Verdict.NOISE
    if p_value < 1 - confidence and points * z > 0:
        verdict = Verdict.HIGHER if points > 0 else Verdict.LOWER
    return Difference(points, z, p_value, verdict)


def _points(score: int) -> int:
    """Return the score of one answer alone, in points."""
    return {Band.PROMOTER: 100, Band.PASSIVE: 0, Band.DETRACTOR: -100}[band_of(score)]
