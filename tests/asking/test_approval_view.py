from __future__ import annotations

import pytest

from nps_bot.asking.rules.approval import State
from nps_bot.asking.views import approval as view
from tests.factories import CLOSES_TOKEN, approval_request
from tests.helpers.reading import action_ids, assert_slack_takes, lines


def test_the_owners_read_who_wants_to_ask_how_many() -> None:
    message = view.approval(approval_request(), "A & B")
    assert_slack_takes(message)
    assert message.text == (
        "<@UMEI> would like to send “A &amp; B” to 80 people. That needs a second person's word,"
        " and yours counts."
    )
    assert lines(message) == [
        "Ask 80 people now?",
        message.text,
        "`/nps send customer` shows who would be asked, and when.",
        "[Send it]",
        "[Not now]",
        f"It can be decided until {CLOSES_TOKEN}, once. Who asked is told.",
    ]
    assert action_ids(message.blocks) == ["approval_send", "approval_decline"]
    assert {button["value"] for button in message.blocks[2]["elements"]} == {"a1"}


LOOK = "“Survey” is on its way, as <@UMEI> asked. `/nps status` shows how far it is."
NOT = "“Survey” was not sent to the 80 people that <@UMEI> had asked for."


@pytest.mark.parametrize(
    ("state", "by", "text"),
    [
        (State.SENT, "UTOM", f"<@UTOM> said yes: {LOOK}"),
        (State.SENT, None, f"It was confirmed: {LOOK}"),
        (State.DECLINED, "UTOM", f"Not now, says <@UTOM>: {NOT}"),
        (
            State.EXPIRED,
            None,
            f"Nobody decided within a day, so {NOT} `/nps send customer` asks again.",
        ),
    ],
)
def test_what_became_of_it(state: State, by: str | None, text: str) -> None:
    message = view.approval(approval_request(state, by), "Survey")
    assert_slack_takes(message)
    assert message.text == text
    assert lines(message) == [text]


def test_who_was_forgotten_is_somebody() -> None:
    message = view.approval(approval_request(State.DECLINED, "UTOM", asker="0" * 32), "Survey")
    assert message.text.endswith("the 80 people that somebody had asked for.")


def test_who_asked_reads_who_decides() -> None:
    message = view.waiting(approval_request(), "Survey", 50, ["UTOM", "UPRIYA"])
    assert_slack_takes(message)
    assert message.text == (
        "“Survey” to 80 people waits for a second person's word: it is for more than 50"
        " people, and you are no owner of it. <@UTOM> and <@UPRIYA> were asked and can say yes"
        f" until {CLOSES_TOKEN}. You will read what becomes of it."
    )
    always = view.waiting(approval_request(), "Survey", 0, ["UTOM"]).text
    assert "a second person's word: you are no owner of it. <@UTOM> was asked" in always
    assert (
        "for more than 1 person, and"
        in view.waiting(approval_request(), "Survey", 1, ["UTOM"]).text
    )
    assert "<@UTOM> was asked" in view.waiting(approval_request(), "Survey", 50, ["UTOM"]).text
    assert "and 3 more were asked" in view.waiting(approval_request(), "S", 50, ["UTOM"] * 13).text
    assert "Its owners were asked" in view.waiting(approval_request(), "S", 50, []).text
