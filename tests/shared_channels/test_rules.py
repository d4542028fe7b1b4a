"""Questions to shared channels: the first word counts, and only the customer's people do."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_bot.shared_channels.rules import Choice, PostState, decided, is_theirs, teams_of

TEAMS = st.lists(st.sampled_from(["T1", "T2", "T3", "E1"]), unique=True, max_size=3)


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        (Choice.POST, PostState.APPROVED),
        (Choice.NOT_THIS_TIME, PostState.DECLINED),
        (Choice.NOT_THIS_ONE, PostState.NEVER),
        (Choice.ASK_AGAIN, PostState.ASKED),
    ],
)
def test_whoever_is_asked_has_three_answers(choice: Choice, state: PostState) -> None:
    assert decided(PostState.ASKED, choice) is state


@given(st.lists(st.sampled_from(Choice)))
def test_the_first_word_counts_and_only_never_is_taken_back(choices: list[Choice]) -> None:
    states = [PostState.ASKED]
    for choice in choices:
        states.append(decided(states[-1], choice))
    for (before, after), choice in zip(pairwise(states), choices, strict=True):
        taken_back = before is PostState.NEVER and choice is Choice.ASK_AGAIN
        assert after is before or before is PostState.ASKED or taken_back
    first = next((one for one in choices if one is not Choice.ASK_AGAIN), None)
    assert (states[-1] is PostState.APPROVED) is (first is Choice.POST)


@given(st.sampled_from(Choice))
def test_nothing_is_decided_where_nobody_was_asked(choice: Choice) -> None:
    assert decided(PostState.SKIPPED, choice) is PostState.SKIPPED


@given(homes=TEAMS, teams=TEAMS)
def test_whose_home_is_not_known_belongs_to_nobody(homes: list[str], teams: list[str]) -> None:
    assert is_theirs(homes, teams) is bool(set(homes) & set(teams))
    assert not is_theirs([], teams)
    assert not is_theirs(homes, [])


@given(named=TEAMS, sharing=TEAMS)
def test_what_somebody_wrote_down_counts_and_slack_is_asked_for_one_company_alone(
    named: list[str], sharing: list[str]
) -> None:
    found = teams_of(named, sharing)
    if named:
        assert found == tuple(named)
    else:
        assert found == (tuple(sharing) if len(sharing) == 1 else None)
