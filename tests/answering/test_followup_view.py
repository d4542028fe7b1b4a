from __future__ import annotations

from typing import Any

import pytest

from nps_bot.answering.views import followup
from nps_bot.nps.bands import Band
from tests.factories import WORDING
from tests.helpers.reading import action_ids, assert_slack_takes, texts


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def test_the_main_reason_comes_first_then_the_bands_questions() -> None:
    view = followup.modal(WORDING, Band.DETRACTOR, 3, "i1", {"wrong": "The <lid> leaks"})
    assert view["callback_id"] == "followup"
    assert view["private_metadata"] == "i1"
    assert view["title"]["text"] == "You answered 3"
    assert texts(view["blocks"]) == [
        "Your score is saved. Everything below is optional.",
        "What is the main reason for your score?",
        "*If you have another minute*",
        "Where did we go wrong?",
        "What would help?",
    ]
    assert_slack_takes(view)


def test_every_question_is_optional_and_keeps_what_was_written() -> None:
    asked = inputs(followup.modal(WORDING, Band.DETRACTOR, 3, "i1", {"wrong": "The <lid> leaks"}))
    assert list(asked) == ["reason", "wrong", "happier"]
    assert all(block["optional"] for block in asked.values())
    assert {block["element"]["action_id"] for block in asked.values()} == {"reply"}
    assert asked["wrong"]["element"]["initial_value"] == "The <lid> leaks"
    assert "initial_value" not in asked["reason"]["element"]


def test_a_band_without_questions_has_no_heading_for_them() -> None:
    view = followup.modal(WORDING, Band.PROMOTER, 10, "i1", {})
    assert list(inputs(view)) == ["reason"]
    assert "*If you have another minute*" not in texts(view["blocks"])
    assert_slack_takes(view)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (True, "You answered *3*. A new score replaces it."),
        (
            False,
            (
                "You answered *3*. The time for corrections is over, so it stays in the result; a"
                " new score is kept beside it and shown to the team."
            ),
        ),
    ],
)
def test_changing_a_score_offers_the_same_buttons_and_says_what_counts(
    counts: bool, words: str
) -> None:
    view = followup.change_score_modal(WORDING, 3, "i1", counts=counts)
    assert action_ids(view["blocks"]) == [f"score_{score}" for score in range(11)]
    assert words in texts(view["blocks"])
    assert "submit" not in view
    assert_slack_takes(view)


def test_stopping_asks_which_surveys() -> None:
    view = followup.stop_modal(WORDING, "i1")
    element = inputs(view)["which"]["element"]
    assert [(choice["value"], choice["text"]["text"]) for choice in element["options"]] == [
        ("this", "Only “Customer survey”"),
        ("all", "All surveys from us"),
    ]
    assert_slack_takes(view)


def test_an_anonymous_modal_asks_the_same_and_carries_a_token_instead_of_a_person() -> None:
    view = followup.anonymous_modal(WORDING, Band.DETRACTOR, "t" * 32)
    assert view["callback_id"] == "anonymous_followup"
    assert view["private_metadata"] == "t" * 32
    assert view["title"]["text"] == "Your answer is in"
    first, *questions = texts(view["blocks"])
    assert "Your words are kept apart from your name and your score" in first
    assert questions == texts(followup.modal(WORDING, Band.DETRACTOR, 3, "i1", {})["blocks"])[1:]
    assert_slack_takes(view)
