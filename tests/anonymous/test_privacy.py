"""What anonymous waves tell: the rules, that they are true, and that nobody learns more.

``test_without_a_rule_the_attacker_learns_more`` takes the rules away one by one; where a rule is
not about what can be computed, the test that guards it is named there.
"""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from math import floor
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nps_bot
from nps_bot.anonymous.rules import privacy
from nps_bot.anonymous.rules.disclosure import (
    MEDIUM_WITHIN,
    NARROW_WITHIN,
    Figure,
    Participation,
    Score,
    Segment,
    Side,
    TooFew,
    to_document,
)
from nps_bot.anonymous.rules.privacy import Sealed, participation, seal
from nps_bot.nps.score import Distribution, interval, no_answer_bounds
from tests.anonymous.attacker import (
    GROUPS,
    Composition,
    Table,
    Toss,
    compositions,
    disclosed,
    luck,
    solved,
)

SIZES = (3, 4, 5, 6, 9, 10, 12, 40)
THRESHOLDS = (3, 4, 5, 7)
CUTS = [(6, 2), (5, 5), (6, 5), (4, 4), (5, 5, 1), (6, 4, 2), (5, 5, 5), (6, 5, 1, 1)]

thresholds = st.integers(3, 8)
groups = st.tuples(st.integers(0, 25), st.integers(0, 25), st.integers(0, 25))
tables = st.lists(groups, min_size=1, max_size=4).map(tuple)


def figure_of(table: Table, threshold: int, **options: Any) -> Figure:
    """Return the figure of a wave that has one."""
    found = disclosed(table, threshold, **options)
    assert isinstance(found, Figure)
    return found


def raw_score(answers: Composition) -> float:
    return 100 * (answers[0] - answers[2]) / sum(answers)


def sum_of(table: Table) -> Composition:
    promoters, passives, detractors = map(sum, zip(*table, strict=True))
    return promoters, passives, detractors


# --- How many: from k + 1 answers ---


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("n", SIZES)
def test_a_figure_from_one_answer_more_than_the_threshold(n: int, threshold: int) -> None:
    for answers in compositions(n):
        found = disclosed((answers,), threshold, invited=50)
        if n <= threshold:
            assert found == TooFew(threshold, invited=50)
        else:
            assert isinstance(found, Figure)
            assert (found.n, found.invited) == (n, 50)


@pytest.mark.parametrize("threshold", [-1, 0, 1, 2])
def test_a_threshold_that_protects_nobody_is_refused(threshold: int) -> None:
    with pytest.raises(ValueError, match="at least 3"):
        disclosed(((2, 2, 2),), threshold)


# --- The score, or a bound ---


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ((2, 2, 2), Score(Side.EXACTLY, 0)),
        ((1, 3, 2), Score(Side.EXACTLY, -17)),
        ((6, 0, 0), Score(Side.ABOVE, 30)),
        ((5, 0, 1), Score(Side.ABOVE, 30)),
        ((0, 1, 5), Score(Side.BELOW, -30)),
        ((0, 6, 0), Score(Side.EXACTLY, 0)),
        ((12, 0, 0), Score(Side.ABOVE, 60)),
        ((11, 0, 1), Score(Side.ABOVE, 60)),
        ((0, 1, 11), Score(Side.BELOW, -60)),
        ((9, 1, 2), Score(Side.EXACTLY, 58)),
        ((40, 0, 0), Score(Side.ABOVE, 60)),
        ((36, 4, 0), Score(Side.ABOVE, 60)),
        ((35, 5, 0), Score(Side.EXACTLY, 88)),
        ((20, 10, 10), Score(Side.EXACTLY, 25)),
        ((995, 5, 0), Score(Side.ABOVE, 60)),
        ((994, 6, 0), Score(Side.EXACTLY, 99)),
    ],
)
def test_where_nearly_everybody_agrees_only_a_bound_is_shown(
    answers: Composition, shown: Score
) -> None:
    assert figure_of((answers,), 3).score == shown


@pytest.mark.parametrize("n", range(4, 61))
def test_what_is_said_of_the_score_is_true(n: int) -> None:
    for answers in compositions(n):
        raw = raw_score(answers)
        for heads in (True, False):
            shown = figure_of((answers,), 3, chance=Toss(heads=heads)).score
            if shown.side is Side.EXACTLY:
                assert abs(shown.points) == floor(abs(raw) + 0.5)
                assert shown.points * raw >= 0
            elif shown.side is Side.ABOVE:
                assert raw > shown.points
            else:
                assert raw < shown.points


@pytest.mark.parametrize("n", range(4, 61))
def test_all_or_all_but_one_of_a_band_at_either_end_is_never_a_number(n: int) -> None:
    agreeing = [(n, 0, 0), (n - 1, 1, 0), (n - 1, 0, 1)]
    for answers in [*agreeing, *(agreed[::-1] for agreed in agreeing)]:
        assert figure_of((answers,), 3).score.side is not Side.EXACTLY


@pytest.mark.parametrize("n", range(11, 200))
def test_from_eleven_answers_on_the_bound_is_60(n: int) -> None:
    assert figure_of(((n, 0, 0),), 5).score == Score(Side.ABOVE, 60)
    assert figure_of(((0, 0, n),), 5).score == Score(Side.BELOW, -60)


# --- The attacker ---


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("n", SIZES)
def test_nobody_works_out_what_the_others_answered(n: int, threshold: int) -> None:
    assert solved([n], threshold) == []


@pytest.mark.parametrize("threshold", [3, 4, 5])
@pytest.mark.parametrize("sizes", CUTS, ids=str)
def test_nobody_works_out_a_group(sizes: tuple[int, ...], threshold: int) -> None:
    assert solved(sizes, threshold) == []


@pytest.mark.parametrize("n", range(7, 31))
def test_nobody_works_out_a_wave_of_another_size(n: int) -> None:
    assert solved([n], 3) == []


@settings(deadline=None)
@given(tables, thresholds)
def test_groups_and_what_remains_are_large_enough_and_far_from_unanimous(
    table: Table, threshold: int
) -> None:
    found = disclosed(table, threshold)
    if not isinstance(found, Figure) or not found.segments:
        return
    assert found.score.side is Side.EXACTLY
    shown = {each.name: each for each in found.segments}
    parts = []
    for name, group in zip(GROUPS, table, strict=False):
        if name in shown:
            assert shown[name] == figure_segment(name, group)
            parts.append(group)
    rest = [group for name, group in zip(GROUPS, table, strict=False) if name not in shown]
    left = sum_of((*rest, (0, 0, 0)))
    if sum(left):
        parts.append(left)
    assert len(parts) > 1
    for part in parts:
        assert sum(part) > threshold
        assert sum(part) - abs(part[0] - part[2]) > privacy.MARGIN


def figure_segment(name: str, group: Composition) -> Segment:
    """Return how a group is shown, computed the way a person would."""
    raw = raw_score(group)
    return Segment(name, sum(group), floor(abs(raw) + 0.5) * (1 if raw > 0 else -1))


@pytest.mark.parametrize(
    ("table", "threshold", "shown"),
    [
        (((3, 3, 3), (2, 2, 2)), 5, 2),
        (((3, 3, 3), (2, 2, 2)), 6, 0),
        (((4, 4, 4), (1, 1, 1), (1, 1, 1)), 5, 1),
        (((4, 4, 4), (1, 1, 1), (1, 1, 1)), 6, 0),
        (((4, 4, 4),), 3, 0),
    ],
)
def test_a_group_and_the_rest_need_one_answer_more_than_the_threshold(
    table: Table, threshold: int, shown: int
) -> None:
    assert len(figure_of(table, threshold).segments) == shown


def test_a_small_group_takes_the_smallest_other_with_it() -> None:
    large, middle, small = (8, 8, 8), (3, 3, 3), (1, 1, 1)
    assert [each.name for each in figure_of((large, middle, small), 5).segments] == [GROUPS[0]]
    assert [each.name for each in figure_of((large, middle), 5).segments] == list(GROUPS[:2])


def test_groups_that_cannot_be_subtracted_are_all_shown() -> None:
    table = ((8, 8, 8), (3, 3, 3), (2, 1, 1), (1, 1, 1))
    assert [each.name for each in figure_of(table, 5).segments] == list(GROUPS[:2])


def test_people_without_a_segment_are_never_shown_as_one() -> None:
    ballots = seal([("Sales", 10, 5), ("Sales", 3, 5), (None, 10, 7), (None, 3, 7)], ())
    found = privacy.disclose(
        ballots, invited=30, threshold=5, population_known=False, chance=luck(1)
    )
    assert isinstance(found, Figure)
    assert found.segments == (Segment("Sales", 10, 0),)


def test_a_wave_without_segments_has_none() -> None:
    ballots = seal([(None, 10, 7), (None, 3, 7)], ())
    found = privacy.disclose(
        ballots, invited=30, threshold=5, population_known=False, chance=luck(1)
    )
    assert isinstance(found, Figure)
    assert found.segments == ()


# --- Over time ---


@settings(deadline=None)
@given(st.integers(0, 200), thresholds, st.integers(0, 50))
def test_an_open_wave_shows_steps_of_the_threshold(
    answered: int, threshold: int, silent: int
) -> None:
    found = participation(answered + silent, Sealed(answered), threshold)
    assert found.at_least % threshold == 0
    assert found.at_least <= answered < found.at_least + threshold
    assert found == Participation(threshold, answered + silent, found.at_least)


@settings(deadline=None)
@given(st.lists(st.sampled_from(range(11)), min_size=1, max_size=30), st.randoms())
def test_the_order_of_ballots_shows_in_nothing(scores: list[int], chance: Random) -> None:
    """Two histories of the same answers look alike at each moment: so no step tells its answer."""
    shuffled = chance.sample(scores, len(scores))
    assert history(scores) == history(shuffled)


def history(scores: list[int]) -> list[object]:
    """Return everything shown of a wave: after each ballot, and at its close."""
    open_wave = [participation(40, Sealed(cast), 5) for cast in range(len(scores) + 1)]
    counts = [(None, score, scores.count(score)) for score in sorted(set(scores))]
    end = privacy.disclose(
        seal(counts, ()), invited=40, threshold=5, population_known=True, chance=luck(1)
    )
    return [*open_wave, end]


# --- Comments ---


@pytest.mark.parametrize("n", [*SIZES, 13])
@pytest.mark.parametrize("threshold", [3, 5, 12])
def test_comments_from_ten_answers(n: int, threshold: int) -> None:
    answers = (n - 2, 1, 1)
    found = disclosed((answers,), threshold, comments=["Good pay", "Bad chairs"])
    written = sorted(found.comments) if isinstance(found, Figure) else []
    expected = ["Bad chairs", "Good pay"] if n >= 10 and n > threshold else []
    assert written == expected


def test_comments_are_shuffled() -> None:
    written = [f"Comment {number}" for number in range(20)]
    orders = {
        figure_of(((10, 5, 5),), 5, comments=written, chance=luck(seed)).comments
        for seed in range(20)
    }
    assert len(orders) == 20
    assert all(sorted(order) == sorted(written) for order in orders)


def test_a_comment_stands_beside_no_score_and_no_question() -> None:
    document = to_document(figure_of(((10, 5, 5),), 5, comments=["Bad chairs"]))
    assert document["comments"] == ["Bad chairs"]


# --- Sealed ---

WRITINGS: dict[str, Callable[[Sealed[Any]], object]] = {
    "json": json.dumps,
    "orjson": orjson.dumps,
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "hash": hash,
    "iter": iter,
    "len": len,
    "truth": bool,
    "equal": lambda sealed: sealed == sealed,  # noqa: PLR0124  # what it does is the question
    "unequal": lambda sealed: sealed != Sealed(3),
    "less": lambda sealed: sealed < Sealed(3),
    "in": lambda sealed: 3 in sealed,
    "item": lambda sealed: sealed[0],
    "state": lambda sealed: sealed.__getstate__(),
    "dict": vars,
}


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS.keys())
@pytest.mark.parametrize("value", [3, (3, 4), "x"])
def test_a_sealed_value_cannot_be_written_down(
    write: Callable[[Sealed[Any]], object], value: object
) -> None:
    with pytest.raises(TypeError):
        write(Sealed(value))


def test_a_sealed_value_says_that_it_is_sealed() -> None:
    sealed = seal([("Sales", 3, 1)], ["Bad chairs"])
    assert {repr(sealed), str(sealed), f"{sealed}", "%s" % sealed} == {"sealed"}  # noqa: UP031
    assert [name for name in dir(sealed) if not name.startswith("_")] == []


def mentioning(*names: str) -> set[str]:
    """Return the modules in which one of ``names`` stands."""
    package = Path(nps_bot.__file__).parent
    return {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if any(name in path.read_text() for name in names)
    }


def test_only_one_module_opens_what_is_sealed() -> None:
    assert mentioning("_Sealed__", "privacy._open") == {"anonymous/rules/privacy.py"}
    assert not {name for name in mentioning("import _open") if "privacy" in name}


def test_only_one_module_reads_what_was_answered() -> None:
    classes = ("AnonymousAnswer", "AnonymousComment")
    names = ("anonymous_answers", "anonymous_comments")
    assert mentioning(*classes) == {"storage/tables.py", "anonymous/store/ballots.py"}
    # Scrubbing writes a table's file anew, and reads nothing.
    assert mentioning(*names) == {"storage/tables.py", "storage/scrubbing.py"}


# --- Without a rule ---


def by_the_letter(group: Any) -> int | None:
    """Hide only where the score itself proves that all, or all but one, agree."""
    points = round(100 * group.balance / group.n)
    return None if group.n - abs(group.balance) <= 1 else points


def hide_only_that_group(groups: Any, threshold: int) -> tuple[Segment, ...]:
    """Keep back a group because of what it answered, and show the others."""
    shown = {
        name: group
        for name, group in privacy._large_enough(groups, threshold).items()
        if privacy._exact(group) is not None
    }
    return tuple(
        Segment(name, group.n, points)
        for name, group in shown.items()
        if (points := privacy._exact(group)) is not None
    )


def each_for_itself(groups: Any, threshold: int) -> tuple[Segment, ...]:
    """Forget that what is hidden can be computed by subtraction."""
    return tuple(
        Segment(name, group.n, points)
        for name, group in groups.items()
        if group.n > threshold and (points := privacy._exact(group)) is not None
    )


def the_same_bound(answers: Any, chance: Random) -> Score:
    """Say "above" of the 0 of four people."""
    exact = privacy._exact(answers)
    if exact is not None:
        return Score(Side.EXACTLY, exact)
    bound = privacy._bound(answers.n)
    return Score(Side.ABOVE, bound) if answers.balance >= 0 else Score(Side.BELOW, -bound)


RULES = [
    pytest.param("MARGIN", 3, [6], id="a margin of 4"),
    pytest.param("_exact", by_the_letter, [6], id="a bound where an insider could compute"),
    pytest.param("_score", the_same_bound, [4], id="chance between two bounds"),
    pytest.param("_segments", each_for_itself, [6, 4], id="complementary suppression"),
    pytest.param("_segments", hide_only_that_group, [5, 5, 1], id="hidden by size alone"),
]


@pytest.mark.parametrize(("rule", "instead", "sizes"), RULES)
def test_without_a_rule_the_attacker_learns_more(
    monkeypatch: pytest.MonkeyPatch, rule: str, instead: object, sizes: list[int]
) -> None:
    """The attacker finds nothing; with one rule less, something.

    Guarded elsewhere, as they are not about what can be computed: the threshold
    (``test_a_figure_from_one_answer_more_than_the_threshold``), true bounds
    (``test_what_is_said_of_the_score_is_true``), comments from ten answers
    (``test_comments_from_ten_answers``) in random order (``test_comments_are_shuffled``), steps of
    participation (``test_an_open_wave_shows_steps_of_the_threshold``), how many must remain
    beside a group (``test_groups_and_what_remains_are_large_enough_and_far_from_unanimous``), and
    the true width of intervals (``test_disclosure.test_what_is_said_of_the_width_is_true``).
    """
    assert solved(sizes, 3) == []
    monkeypatch.setattr(privacy, rule, instead)
    assert solved(sizes, 3) != []


def the_real_width(table: Table) -> str:
    """Return how wide the interval of these answers is, in the words of the widths."""
    found = interval(banded(sum_of(table)))
    assert found is not None
    reach = (found.upper - found.lower) / 2
    return "wide" if reach > MEDIUM_WITHIN else "medium" if reach > NARROW_WITHIN else "narrow"


def banded(answers: Composition) -> Distribution:
    return Distribution.of([10] * answers[0] + [7] * answers[1] + [0] * answers[2])


@pytest.mark.parametrize(
    ("also", "n"),
    [
        pytest.param(the_real_width, 40, id="the real width, in words"),
        pytest.param(lambda table: interval(banded(sum_of(table))), 6, id="the interval"),
        pytest.param(lambda table: no_answer_bounds(banded(sum_of(table)), 10), 6, id="bounds"),
        pytest.param(lambda table: sum_of(table)[0], 6, id="promoters"),
    ],
)
def test_more_than_is_shown_would_tell(also: Callable[[Table], object], n: int) -> None:
    assert solved([n], 5) == []
    assert solved([n], 5, also) != []
