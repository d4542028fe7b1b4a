from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nps_bot.asking.views import prompt
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Anonymity, Kind
from tests.factories import NOON, WORDING
from tests.helpers.reading import action_ids, assert_slack_takes, lines, texts


def prompt_message(kind: Kind = Kind.RELATIONSHIP, *, snooze: bool = True) -> Message:
    return prompt.prompt(
        WORDING, kind, "i1", rhythm="every 3 months", owners=["UPRIYA", "UTOM"], snooze=snooze
    )


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def score_button(score: int) -> dict[str, Any]:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": str(score), "emoji": True},
        "action_id": f"score_{score}",
        "value": "i1",
        "accessibility_label": f"{score} out of 10",
    }


def wish(text: str, action_id: str) -> dict[str, Any]:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": text, "emoji": True},
        "action_id": action_id,
        "value": "i1",
    }


def test_the_prompt_is_exactly_this() -> None:
    message = prompt_message()
    assert message == Message(
        text=(
            "How likely are you to recommend Lumen &amp; Co to a friend or colleague? Eleven"
            " buttons, from 0 = not at all likely to 10 = extremely likely. Not anonymous: Lumen"
            " &amp; Co's customer team sees your name, score and comments, and may contact you."
        ),
        blocks=[
            {
                "type": "section",
                "text": mrkdwn(
                    "One question from *Lumen &amp; Co*. We ask so that we know what to keep and"
                    " what to improve."
                ),
            },
            {
                "type": "section",
                "text": mrkdwn(
                    "*How likely are you to recommend Lumen &amp; Co to a friend or colleague?*"
                ),
            },
            {"type": "context", "elements": [mrkdwn("0 = not at all likely")]},
            {
                "type": "actions",
                "block_id": "scores_low",
                "elements": [score_button(score) for score in range(6)],
            },
            {
                "type": "actions",
                "block_id": "scores_high",
                "elements": [score_button(score) for score in range(6, 11)],
            },
            {"type": "context", "elements": [mrkdwn("10 = extremely likely")]},
            {
                "type": "context",
                "elements": [
                    mrkdwn(
                        "Not anonymous: Lumen &amp; Co's customer team sees your name, score and"
                        " comments, and may contact you."
                    )
                ],
            },
            {
                "type": "context",
                "elements": [
                    mrkdwn(
                        "Set up by <@UPRIYA> and <@UTOM>. Asked every 3 months. You can stop these"
                        " surveys at any time, right here."
                    )
                ],
            },
            {
                "type": "actions",
                "block_id": "later",
                "elements": [
                    wish("Ask me in 3 days", "snooze"),
                    wish("Stop these surveys", "stop"),
                ],
            },
        ],
    )
    assert_slack_takes(message)


def test_employees_read_who_sees_their_answer() -> None:
    assert (
        "Not anonymous: the colleagues who run this survey at Lumen &amp; Co see your name, score"
        " and comments, and may contact you."
    ) in lines(prompt_message(Kind.EMPLOYEE))


def test_the_second_ask_offers_no_second_snooze() -> None:
    assert "snooze" in action_ids(prompt_message().blocks)
    assert "snooze" not in action_ids(prompt_message(snooze=False).blocks)


def test_nothing_in_the_preview_can_count() -> None:
    message = prompt.preview(WORDING, Kind.RELATIONSHIP, rhythm="every 3 months", owners=[])
    ids = action_ids(message.blocks)
    assert len(ids) == 13
    assert all(each.startswith("preview_") for each in ids)
    assert message.text.startswith("Preview, not counted.")
    assert lines(message)[0].startswith("*Preview: not counted.*")
    assert_slack_takes(message)


def answered(score: int, **changed: Any) -> Message:
    said: dict[str, Any] = {"correctable": True, "no_contact": False, "stopped": None}
    message = prompt.answered(WORDING, score, "i1", **(said | changed))
    assert_slack_takes(message)
    return message


def test_a_detractor_reads_who_will_be_in_touch_and_may_say_no() -> None:
    message = answered(3)
    assert message.text.startswith("You answered 3.")
    assert lines(message)[:3] == [
        "*You answered 3.*",
        "How likely are you to recommend Lumen &amp; Co to a friend or colleague?",
        "Thank you. Tom will write to you by Friday.",
    ]
    assert action_ids(message.blocks) == [
        "add_details",
        "change_score",
        "no_contact",
        "home_delete",
        "stop",
    ]


def test_who_does_not_want_to_be_contacted_is_not_promised_contact() -> None:
    message = answered(3, no_contact=True)
    assert "Tom" not in " ".join(lines(message))
    assert "Thank you. As you asked, nobody will contact you about this answer." in lines(message)
    assert "no_contact" not in action_ids(message.blocks)


@pytest.mark.parametrize("score", [7, 8, 9, 10])
def test_only_detractors_are_offered_not_to_be_contacted(score: int) -> None:
    assert "no_contact" not in action_ids(answered(score).blocks)


def test_links_follow_the_thanks_of_their_band() -> None:
    assert "link_0" in action_ids(answered(9).blocks)
    assert "link_0" not in action_ids(answered(8).blocks)


def test_after_closing_nothing_can_be_changed_but_everything_deleted() -> None:
    ids = action_ids(answered(9, correctable=False).blocks)
    assert "change_score" not in ids
    assert "add_details" not in ids
    assert "home_delete" in ids


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("customer", "Done: you won't get “Customer survey” any more."),
        ("*", "Done: you won't get surveys from us any more."),
    ],
)
def test_stopping_can_be_undone_where_it_was_done(key: str, words: str) -> None:
    for message in (prompt.stopped(WORDING, key), answered(3, stopped=key)):
        assert words in lines(message)
        undo = message.blocks[-1]["elements"][-1]
        assert (undo["action_id"], undo["value"]) == ("home_resume", key)
        assert "stop" not in action_ids(message.blocks)
        assert_slack_takes(message)


def test_a_snoozed_prompt_says_when_it_comes_again() -> None:
    message = prompt.snoozed(WORDING, NOON, "i1")
    token = "<!date^1795521600^{date_long} at {time}|2026-11-24 12:00 UTC>"
    assert message.text == f"We'll ask you again on {token}."
    assert action_ids(message.blocks) == ["stop"]
    assert_slack_takes(message)


@pytest.mark.parametrize("view", [prompt.closed, prompt.deleted])
def test_what_is_over_has_no_buttons(view: Any) -> None:
    message = view(replace(WORDING, title="A <b> & c"))
    assert "“A &lt;b&gt; &amp; c”" in message.text
    assert action_ids(message.blocks) == []
    assert_slack_takes(message)


def test_deleting_asks_first() -> None:
    sure = prompt.delete_button("i1")["confirm"]
    assert sure["title"]["text"] == "Delete your answer?"
    assert sure["style"] == "danger"


# --- anonymously ------------------------------------------------------------------------------

ANONYMOUSLY = replace(WORDING, operator="The IT team at Lumen & Co")


def asked_anonymously(anonymity: Anonymity) -> Message:
    return prompt.prompt(
        ANONYMOUSLY, anonymity, "i1", rhythm="every 3 months", owners=["UPRIYA"], snooze=True
    )


@pytest.mark.parametrize(
    ("anonymity", "line"),
    [
        (
            Anonymity(),
            (
                "Your name is not stored with your answer or shown in results. We record _that_"
                " you answered, so that we don't remind you. Results are shown after closing, from"
                " 6 answers; comments in random order, from 10. You can't change your answer later."
                " The IT team at Lumen &amp; Co runs this bot; someone with full control of its"
                " server could intercept answers."
            ),
        ),
        (
            Anonymity(12, "team"),
            (
                "Your name is not stored with your answer or shown in results. Your team is stored"
                " with it; a team with few answers is never shown. We record _that_ you answered,"
                " so that we don't remind you. Results are shown after closing, from 13 answers;"
                " comments in random order, from 13. You can't change your answer later. The IT"
                " team at Lumen &amp; Co runs this bot; someone with full control of its server"
                " could intercept answers."
            ),
        ),
    ],
)
def test_the_privacy_line_says_what_the_configuration_makes_true(
    anonymity: Anonymity, line: str
) -> None:
    message = asked_anonymously(anonymity)
    assert prompt.privacy_line(ANONYMOUSLY, anonymity) == line
    assert line in texts(message.blocks)
    assert message.text.endswith(line), "who hears it hears it all"
    assert_slack_takes(message)


def test_an_anonymous_prompt_asks_the_same_question_with_buttons_that_ask_back() -> None:
    message, named = asked_anonymously(Anonymity()), prompt_message()
    scores = [f"ballot_{score}" for score in range(11)]
    assert action_ids(message.blocks) == [*scores, "snooze", "stop"]
    assert texts(message.blocks)[:2] == texts(named.blocks)[:2]
    elements = [one for block in message.blocks for one in block.get("elements", ())]
    buttons = [one for one in elements if one.get("action_id") in scores]
    for score, element in enumerate(buttons):
        dialog = element["confirm"]
        assert dialog["title"]["text"] == f"Your answer is {score}?"
        assert dialog["confirm"]["text"] == f"Answer {score}"
        named_button = {**score_button(score), "action_id": f"ballot_{score}"}
        assert element == {**named_button, "confirm": dialog}, "nothing leads"


def test_nothing_of_an_answer_is_in_what_the_prompt_becomes() -> None:
    message = prompt.voted()
    assert action_ids(message.blocks) == []
    assert texts(message.blocks) == [message.text]


def test_a_preview_of_an_anonymous_survey_shows_what_people_get() -> None:
    message = prompt.preview(ANONYMOUSLY, Anonymity(), rhythm="every 3 months", owners=[])
    assert all(action_id.startswith("preview_") for action_id in action_ids(message.blocks))
    assert prompt.privacy_line(ANONYMOUSLY, Anonymity()) in texts(message.blocks)
    assert_slack_takes(message)
