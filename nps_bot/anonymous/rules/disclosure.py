"""What is shown of an anonymous wave: while it is open, and once and for all when it has closed.

These are the only values of such a wave that views know. :mod:`nps_bot.anonymous.rules.privacy`
makes them from the answers. What is computed here comes from what is shown already, so it tells
nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from nps_bot.nps.score import Answers, Verdict, compare_answers, interval_of

NARROW_WITHIN = 10
"""Points either way up to which an interval is called narrow."""
MEDIUM_WITHIN = 20


@dataclass(frozen=True, slots=True)
class Participation:
    """How many have answered an open wave, coarsely.

    Attributes:
        threshold: k; steps are as large.
        invited: people asked.
        at_least: a multiple of the threshold; 0 while fewer have answered.
    """

    threshold: int
    invited: int
    at_least: int


class Side(StrEnum):
    """Whether a score is the one written, or lies beyond it."""

    EXACTLY = "exactly"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Score:
    """A score in whole points, or a bound that it lies beyond."""

    side: Side
    points: int

    @property
    def lowest(self) -> int:
        """The lowest score this can stand for."""
        return -100 if self.side is Side.BELOW else self.points

    @property
    def highest(self) -> int:
        """The highest score this can stand for."""
        return 100 if self.side is Side.ABOVE else self.points


class Width(StrEnum):
    """How wide a 95% interval can be: up to 10 points either way, up to 20, or more."""

    NARROW = "narrow"
    MEDIUM = "medium"
    WIDE = "wide"


@dataclass(frozen=True, slots=True)
class Segment:
    """A group of people with its score, which is never a bound; ``n`` is how many answered."""

    name: str
    n: int
    points: int


@dataclass(frozen=True, slots=True)
class Change:
    """Whether the score differs from that of the wave of the day ``before``, and which way."""

    verdict: Verdict
    before: date


@dataclass(frozen=True, slots=True)
class TooFew:
    """A closed wave with at most ``threshold`` answers: nothing else is ever shown of it."""

    threshold: int
    invited: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A closed wave with more answers than its threshold.

    Attributes:
        threshold: k.
        invited: people asked.
        n: how many answered.
        score: the score, or a bound where nearly everybody agrees.
        width: of its interval; None where everybody invited has answered and nothing is estimated.
        segments: the groups, by name; none where one of them would tell about a few people.
        comments: what people wrote, in random order; none from fewer than ten answers.
        change: against the wave before; None where nothing is compared.
    """

    threshold: int
    invited: int
    n: int
    score: Score
    width: Width | None
    segments: tuple[Segment, ...] = ()
    comments: tuple[str, ...] = ()
    change: Change | None = None


Disclosure = TooFew | Figure


def width(score: Score, n: int, population: int | None) -> Width | None:
    """Return how wide the interval of a score can be, whichever ``n`` answers are behind it.

    An exact width would tell promoters and detractors apart. So this is the width for the answers
    with the largest variance among those with that score: nobody is passive.

    Args:
        score: as it is shown.
        n: how many answered.
        population: N, where the people asked are all there are; None where they stand for more.

    Returns:
        A word that is true of the interval whatever people answered; None for a census.
    """
    if n == population:
        return None
    found = interval_of(_most_uncertain(n, score.points), population=population)
    if found is None:
        return None
    reach = max(found.upper - score.points, score.points - found.lower)
    if reach > MEDIUM_WITHIN:
        return Width.WIDE
    return Width.MEDIUM if reach > NARROW_WITHIN else Width.NARROW


def verdict(now: Disclosure, before: Disclosure) -> Verdict | None:
    """Compare two waves as samples of different people, by what is shown of both.

    "Higher" and "lower" hold whichever answers are behind the figures. "Noise" is also the word
    where the answers might tell and the figures do not.

    Returns:
        None where one of the two has no figure.
    """
    if isinstance(now, TooFew) or isinstance(before, TooFew):
        return None
    rise = compare_answers(
        _most_uncertain(now.n, now.score.lowest), _most_uncertain(before.n, before.score.highest)
    )
    fall = compare_answers(
        _most_uncertain(now.n, now.score.highest), _most_uncertain(before.n, before.score.lowest)
    )
    if rise.verdict is Verdict.HIGHER:
        return Verdict.HIGHER
    return Verdict.LOWER if fall.verdict is Verdict.LOWER else Verdict.NOISE


@dataclass(frozen=True, slots=True)
class Pool:
    """Several waves together.

    Attributes:
        waves: how many.
        n: their answers.
        score: of all their answers; None where the bounds among them point both ways.
    """

    waves: int
    n: int
    score: Score | None


def pool(figures: Sequence[Figure]) -> Pool:
    """Return the score of several waves, as far as it follows from what is shown of each.

    Every answer counts, because nobody can tell who answered twice. With a bound among the figures
    the pooled score is one too: a number would tell what the bound hides.
    """
    n = sum(figure.n for figure in figures)
    lowest = sum(_hundredths(figure, figure.score.lowest) for figure in figures)
    highest = sum(_hundredths(figure, figure.score.highest) for figure in figures)
    sides = {figure.score.side for figure in figures} - {Side.EXACTLY}
    score = None
    if not sides:
        whole = (2 * abs(lowest) + n) // (2 * n)
        score = Score(Side.EXACTLY, whole if lowest > 0 else -whole)
    elif sides == {Side.ABOVE}:
        score = Score(Side.ABOVE, lowest // n)
    elif sides == {Side.BELOW}:
        score = Score(Side.BELOW, -(-highest // n))
    return Pool(len(figures), n, score)


def _hundredths(figure: Figure, points: int) -> int:
    """Return by how many promoters outnumber detractors at a score, in hundredths of a person.

    Up to a hundred answers a score that is no bound tells the whole number.
    """
    if figure.score.side is Side.EXACTLY:
        return 100 * round(figure.n * points / 100)
    return figure.n * points


def _most_uncertain(n: int, points: int) -> Answers:
    """Return ``n`` answers with that score and the largest variance, (p + d) - (p - d)^2."""
    balance = n * points / 100
    return Answers((n + balance) / 2, 0, (n - balance) / 2)


def to_document(disclosure: Disclosure) -> dict[str, Any]:
    """Return ``disclosure`` as JSON values, to be stored."""
    document: dict[str, Any] = {
        "threshold": disclosure.threshold,
        "invited": disclosure.invited,
    }
    if isinstance(disclosure, TooFew):
        return document
    change = disclosure.change
    return document | {
        "n": disclosure.n,
        "score": {"side": disclosure.score.side.value, "points": disclosure.score.points},
        "width": None if disclosure.width is None else disclosure.width.value,
        "segments": [
            {"name": each.name, "n": each.n, "points": each.points} for each in disclosure.segments
        ],
        "comments": list(disclosure.comments),
        "change": None
        if change is None
        else {"verdict": change.verdict.value, "before": change.before.isoformat()},
    }


def from_document(document: Mapping[str, Any]) -> Disclosure:
    """Return what :func:`to_document` wrote."""
    threshold, invited = document["threshold"], document["invited"]
    if "n" not in document:
        return TooFew(threshold, invited)
    score, width, change = document["score"], document["width"], document["change"]
    return Figure(
        threshold=threshold,
        invited=invited,
        n=document["n"],
        score=Score(Side(score["side"]), score["points"]),
        width=None if width is None else Width(width),
        segments=tuple(Segment(**each) for each in document["segments"]),
        comments=tuple(document["comments"]),
        change=None
        if change is None
        else Change(Verdict(change["verdict"]), date.fromisoformat(change["before"])),
    )
