"""Somebody who knows the rules and wants to know what the others answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from random import Random
from typing import NamedTuple

import orjson

from nps_bot.anonymous.rules.disclosure import Disclosure, to_document
from nps_bot.anonymous.rules.privacy import disclose, seal
from nps_bot.nps.bands import Band

BANDS = (Band.PROMOTER, Band.PASSIVE, Band.DETRACTOR)
ONE_OF = {Band.PROMOTER: 9, Band.PASSIVE: 7, Band.DETRACTOR: 4}
GROUPS = ("Ada's team", "Bo's team", "Cy's team", "Di's team")

Composition = tuple[int, int, int]
"""How many promoters, passives and detractors a group has."""
Table = tuple[Composition, ...]
"""The groups of a wave."""


def compositions(n: int) -> list[Composition]:
    """Return all that ``n`` people can have answered."""
    return [
        (promoters, n - promoters - detractors, detractors)
        for promoters in range(n + 1)
        for detractors in range(n + 1 - promoters)
    ]


def luck(seed: int) -> Random:
    """Return chance that falls the same way each time."""
    return Random(seed)  # noqa: S311  # to be repeated, not to be secret


class Toss(Random):
    """A coin that falls as it is told."""

    def __init__(self, *, heads: bool) -> None:
        """Make one of the two."""
        super().__init__(0)
        self._heads = heads

    def random(self) -> float:
        """Return a number that stands for heads or tails."""
        return 0.0 if self._heads else 0.9


def disclosed(
    table: Table,
    threshold: int,
    *,
    invited: int | None = None,
    chance: Random | None = None,
    comments: Sequence[str] = (),
    population_known: bool = False,
) -> Disclosure:
    """Return what is shown of a wave with these answers."""
    scores = [
        (name, ONE_OF[band], number)
        for name, group in zip(GROUPS, table, strict=False)
        for band, number in zip(BANDS, group, strict=True)
    ]
    invited = sum(map(sum, table)) + 4 if invited is None else invited
    return disclose(
        seal(scores, comments),
        invited=invited,
        threshold=threshold,
        population_known=population_known,
        chance=chance or luck(1),
    )


def seen(table: Table, threshold: int) -> set[bytes]:
    """Return all that can come to be shown of these answers; chance has a word in it."""
    return {
        orjson.dumps(to_document(disclosed(table, threshold, chance=Toss(heads=heads))))
        for heads in (True, False)
    }


class Insider(NamedTuple):
    """Somebody who answered: in which group, and what."""

    group: int
    band: int


class Solved(NamedTuple):
    """What somebody worked out: that so many others of a group (None: of all) are in a band."""

    insider: Insider | None
    group: int | None
    band: Band
    number: int
    shown: bytes


def solved(
    sizes: Sequence[int], threshold: int, also: Callable[[Table], object] = lambda _: None
) -> list[Solved]:
    """Return what anybody can work out of any wave with groups of these sizes.

    All tables that would be shown alike are compatible with what is seen. What is the same in all
    of them is known.

    Args:
        sizes: how many of each group answered.
        threshold: k.
        also: what is shown besides.
    """
    alike: dict[bytes, list[Table]] = defaultdict(list)
    for table in product(*map(compositions, sizes)):
        for shown in seen(table, threshold):
            alike[shown + repr(also(table)).encode()].append(table)
    return [
        found
        for shown, tables in alike.items()
        for insider in (None, *_insiders(sizes))
        for found in _known(_others(tables, insider), insider, shown)
    ]


def _insiders(sizes: Sequence[int]) -> Iterator[Insider]:
    return (Insider(group, band) for group in range(len(sizes)) for band in range(3))


def _others(tables: list[Table], insider: Insider | None) -> list[Table]:
    """Return the tables in which the insider can be, without their answer."""
    if insider is None:
        return tables
    group, band = insider
    rest = []
    for table in tables:
        if table[group][band]:
            own = [*table[group]]
            own[band] -= 1
            rest.append((*table[:group], (own[0], own[1], own[2]), *table[group + 1 :]))
    return rest


def _known(tables: list[Table], insider: Insider | None, shown: bytes) -> Iterator[Solved]:
    if not tables:
        return
    groups = [group for group, answers in enumerate(tables[0]) if sum(answers)]
    for place, band in enumerate(BANDS):
        in_all = {sum(group[place] for group in table) for table in tables}
        if len(in_all) == 1:
            yield Solved(insider, None, band, in_all.pop(), shown)
        for group in groups:
            numbers = {table[group][place] for table in tables}
            if len(numbers) == 1:
                yield Solved(insider, group, band, numbers.pop(), shown)
