"""What the answers of an anonymous wave may tell: the only place that opens them.

Answers travel sealed from the tables to here, and leave as a
:class:`~nps_bot.anonymous.rules.disclosure.Disclosure`. A view that forgets about anonymity has
nothing it could show.

The rules assume a reader who knows them, knows how many of each group answered, and knows their
own answer. Such a reader cannot compute how many others are promoters, passives or detractors, in
the wave or in any group of it; ``tests/anonymous/test_privacy.py`` tries all answers of small
waves. Sources:

- thresholds, cutting by group and complementary suppression: Hundepool and others (2012),
  "Statistical Disclosure Control", chapters 4 and 5 (Wiley);
- nothing is decided by what would be hidden, where the decision can be seen: Kenthapadi, Mishra and
  Nissim (2005), "Simulatable Auditing", PODS, https://doi.org/10.1145/1065167.1065183.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Final, Generic, NamedTuple, NoReturn, TypeVar

from nps_bot.anonymous.rules.disclosure import (
    Change,
    Disclosure,
    Figure,
    Participation,
    Score,
    Segment,
    Side,
    TooFew,
    verdict,
    width,
)
from nps_bot.nps.bands import Band, band_of
from nps_bot.surveys.rules.survey import LEAST_THRESHOLD, comments_from

MARGIN: Final = 4
"""So close to all promoters, or to all detractors, only a bound is shown.

Counted is what is missing: a passive is one short of unanimity, a detractor among promoters two.
With a margin of 2 the one detractor would know that all others are promoters; with 3, that no other
is a detractor. With 4 they know nothing of the kind.
"""
STRONGEST_BOUND: Final = 60
_T = TypeVar("_T")


class Sealed(Generic[_T]):
    """A raw value of an anonymous wave, which only this module opens.

    Whatever would write it down, copy it or compare it is refused, so that no view, log or file can
    hold it by mistake.
    """

    __slots__ = ("__value",)
    __hash__ = None  # type: ignore[assignment]  # a hash can be compared

    def __init__(self, value: _T) -> None:
        """Seal ``value``."""
        self.__value = value

    def __repr__(self) -> str:
        """Return a word that says nothing."""
        return "sealed"

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(
            "a value of an anonymous wave is sealed; nps_bot.anonymous.rules.privacy opens it"
        )

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _refuse
    __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = _refuse


@dataclass(frozen=True, slots=True, repr=False)
class Ballots:
    """The answers of a wave; they exist only sealed.

    Attributes:
        scores: segment (None: of people without one), score, and how often it was given.
        comments: what people wrote.
    """

    scores: Sequence[tuple[str | None, int, int]]
    comments: Sequence[str]


def seal(scores: Iterable[tuple[str | None, int, int]], comments: Iterable[str]) -> Sealed[Ballots]:
    """Return the answers of a wave, sealed; the arguments are those of :class:`Ballots`."""
    return Sealed(Ballots(tuple(scores), tuple(comments)))


def _open(sealed: Sealed[_T]) -> _T:
    return sealed._Sealed__value  # type: ignore[attr-defined, no-any-return]  # here, and only here


def participation(invited: int, answered: Sealed[int], threshold: int) -> Participation:
    """Return how many have answered an open wave, in steps of the threshold."""
    steps = _open(answered) // threshold
    return Participation(threshold, invited, steps * threshold)


def disclose(
    ballots: Sealed[Ballots],
    *,
    invited: int,
    threshold: int,
    population_known: bool,
    chance: Random,
) -> Disclosure:
    """Return what is shown of a wave from its closing on; to be called once, and kept.

    Args:
        ballots: all its answers.
        invited: how many were asked.
        threshold: k. With fewer than the least, the others of somebody who knows their own answer
            are two or one.
        population_known: whether those invited are all people there are; else they stand for more.
        chance: shuffles the comments, and says which of two true bounds is shown.

    Raises:
        ValueError: ``threshold`` is too low.
    """
    if threshold < LEAST_THRESHOLD:
        least = LEAST_THRESHOLD
        raise ValueError(f"a threshold of {threshold} protects nobody: it is at least {least}")
    raw = _open(ballots)
    groups = _groups(raw.scores)
    everybody = _together(groups.values())
    invited = max(invited, everybody.n)
    if everybody.n <= threshold:
        return TooFew(threshold, invited)
    score = _score(everybody, chance)
    return Figure(
        threshold=threshold,
        invited=invited,
        n=everybody.n,
        score=score,
        width=width(score, everybody.n, invited if population_known else None),
        segments=_segments(groups, threshold),
        comments=_comments(raw.comments, everybody.n, threshold, chance),
    )


def compared(now: Disclosure, before: Disclosure, day: date) -> Disclosure:
    """Return ``now`` with a word for its change against the wave ``before``, of ``day``."""
    word = verdict(now, before)
    if word is None or isinstance(now, TooFew):
        return now
    return replace(now, change=Change(word, day))


class _Group(NamedTuple):
    """Some people: how many, and by how many the promoters among them outnumber the detractors."""

    n: int
    balance: int


def _groups(scores: Sequence[tuple[str | None, int, int]]) -> dict[str | None, _Group]:
    """Return the groups people belong to, by segment."""
    sizes: Counter[str | None] = Counter()
    balances: Counter[str | None] = Counter()
    for segment, score, number in scores:
        sizes[segment] += number
        balances[segment] += _POINTS[band_of(score)] * number
    return {segment: _Group(size, balances[segment]) for segment, size in sizes.items()}


_POINTS: Final = {Band.PROMOTER: 1, Band.PASSIVE: 0, Band.DETRACTOR: -1}


def _together(groups: Iterable[_Group]) -> _Group:
    groups = list(groups)
    return _Group(sum(each.n for each in groups), sum(each.balance for each in groups))


def _score(group: _Group, chance: Random) -> Score:
    """Return the score of a group, or a bound where nearly everybody agrees.

    Four people are never far enough from unanimity. Where their score is 0 chance takes one of the
    two bounds that are true, so that neither of the two says more than the other.
    """
    exact = _exact(group)
    if exact is not None:
        return Score(Side.EXACTLY, exact)
    above = group.balance > 0 or (group.balance == 0 and chance.random() < 0.5)
    bound = _bound(group.n)
    return Score(Side.ABOVE, bound) if above else Score(Side.BELOW, -bound)


def _exact(group: _Group) -> int | None:
    """Return the score in whole points; None where it would say that nearly everybody agrees."""
    whole = (200 * abs(group.balance) + group.n) // (2 * group.n)
    if group.n - abs(group.balance) <= MARGIN or whole == 100:
        return None
    return whole if group.balance > 0 else -whole


def _bound(n: int) -> int:
    """Return the bound that is shown of ``n`` answers: the strongest round one that is true.

    Any score within the margin lies above it. From eleven answers on it is 60.
    """
    lowest = 100 * (n - MARGIN) / n
    return min(STRONGEST_BOUND, next(bound for bound in range(90, -101, -10) if bound < lowest))


def _segments(groups: Mapping[str | None, _Group], threshold: int) -> tuple[Segment, ...]:
    """Return the groups that may be shown.

    What is shown, and the rest that follows from it by subtraction, must be publishable each on its
    own. Which groups are kept back is decided by their sizes alone. If a part would show but a
    bound, as one does where the whole does, no group is shown at all: to keep back that one would
    tell its answers, and by subtraction those of the small groups beside it.
    """
    shown = _large_enough(groups, threshold)
    rest = [group for name, group in groups.items() if name not in shown]
    parts = {name: _exact(group) for name, group in shown.items()}
    if None in parts.values() or (rest and _exact(_together(rest)) is None):
        return ()
    return tuple(
        Segment(name, shown[name].n, points)
        for name, points in sorted(parts.items())
        if points is not None
    )


def _large_enough(groups: Mapping[str | None, _Group], threshold: int) -> dict[str, _Group]:
    """Return the groups that are large enough, as is what remains without them.

    Where what remains would be too small, the smallest groups join it (complementary suppression).
    """
    by_size = sorted(
        ((name, group) for name, group in groups.items() if name is not None),
        key=lambda item: (item[1].n, item[0]),
        reverse=True,
    )
    shown = {name: group for name, group in by_size if group.n > threshold}
    everybody = sum(group.n for group in groups.values())
    while shown and not _remain(everybody, shown.values(), threshold):
        shown.popitem()
    return shown


def _remain(everybody: int, shown: Iterable[_Group], threshold: int) -> bool:
    """Return whether enough people remain beside each group that is shown, and beside all."""
    sizes = [group.n for group in shown]
    rest = everybody - sum(sizes)
    return rest > threshold or (rest == 0 and len(sizes) > 1)


def _comments(comments: Sequence[str], n: int, threshold: int, chance: Random) -> tuple[str, ...]:
    """Return what people wrote in random order; nothing from few answers.

    Without the question it replies to: those differ by band.
    """
    if n < comments_from(threshold):
        return ()
    return tuple(chance.sample(comments, len(comments)))
