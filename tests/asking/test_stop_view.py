from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from nps_bot.asking.stopping import Extent
from nps_bot.asking.views import stop as view
from tests.factories import CLOSES_TOKEN, NOON, NOON_TOKEN, wave_figures
from tests.helpers.reading import action_ids, assert_slack_takes, lines


def extent(
    asked: int = 3,
    unasked: int = 7,
    *,
    state: str = "ready",
    stopped: tuple[datetime | None, str | None] = (None, None),
) -> Extent:
    head = wave_figures(1, {}, 0).wave
    at, by = stopped
    return Extent(replace(head, state=state, stopped_at=at, stopped_by=by), asked, unasked)


def test_before_it_is_stopped_it_says_how_many_were_asked_and_would_not_be() -> None:
    message = view.plan("A & B", "customer", [extent()], "x1")
    assert_slack_takes(message)
    assert message.text == "Stop “A &amp; B”? 3 people were asked; 7 people would not be."
    assert lines(message) == [
        "Stop “A & B”?",
        "3 people were asked; 7 people would not be.",
        "• Wave of 24 Nov 2026: 3 asked, 7 not",
        (
            "Nobody is asked again or reminded either. What was sent can be answered, until"
            f" {CLOSES_TOKEN}. It can't be taken up again: `/nps pause customer` only holds it"
            " back."
        ),
        "[Stop it]",
        "[Let it go on]",
    ]
    assert action_ids(message.blocks) == ["wave_stop", "wave_keep"]
    assert {button["value"] for button in message.blocks[-1]["elements"]} == {"x1"}


def test_one_is_one_and_whoever_is_still_looked_up_is_told_of() -> None:
    said = lines(view.plan("Survey", "customer", [extent(1, 1, state="resolving")], "x1"))
    assert said[1:3] == [
        "1 person was asked; 1 person would not be, nor would those who are still being looked up.",
        "• Wave of 24 Nov 2026: 1 asked, 1 not; still reading whom to ask",
    ]


def test_afterwards_it_says_who_stopped_what() -> None:
    message = view.stopped("Survey", [extent(stopped=(NOON, "UTOM"))])
    assert_slack_takes(message)
    assert lines(message) == [
        "Stopped: “Survey” asks nobody else. 3 people were asked, 7 not.",
        f"• Wave of 24 Nov 2026: 3 asked, 7 not; stopped by <@UTOM>, {NOON_TOKEN}",
        (
            "What was just leaving may still have arrived; `/nps status` counts it. Answers count"
            " until the wave closes."
        ),
    ]


def test_many_waves_fit_into_a_message() -> None:
    many = [extent(stopped=(NOON, "UTOM"))] * 200
    assert_slack_takes(view.plan("S", "customer", many, "x1"))
    assert_slack_takes(view.stopped("S", many))
    assert_slack_takes(view.nothing("S", many))


def test_there_may_be_nothing_to_stop() -> None:
    assert lines(view.nothing("S", [])) == ["“S” has no open wave to stop."]
    assert lines(view.nothing("S", [extent(stopped=(NOON, None))])) == [
        "“S” is stopped already.",
        f"• Wave of 24 Nov 2026: 3 asked, 7 not; stopped, {NOON_TOKEN}",
    ]
    assert lines(view.kept("S")) == ["Nothing was stopped: “S” goes on."]
