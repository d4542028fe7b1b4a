"""What reminders and chasers say, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from nps_bot.asking.views import nudges, prompt
from nps_bot.nps.bands import SCORES, band_of
from nps_bot.slack.message import Message
from nps_bot.surveys.files.defaults import CHASERS
from nps_bot.surveys.rules.survey import Kind, Nudge
from tests.factories import WORDING, survey
from tests.helpers.reading import action_ids, assert_slack_takes, lines

SURVEY = replace(
    survey(),
    wording=WORDING,
    reminder=Nudge(timedelta(days=3)),
    chaser=Nudge(timedelta(hours=1)),
)


def reminder(text: str | None = None) -> Message:
    message = prompt.prompt(
        replace(WORDING, reminder=text),
        Kind.RELATIONSHIP,
        "i1",
        rhythm="every 3 months",
        owners=["UPRIYA"],
        snooze=False,
        reminding=True,
    )
    assert_slack_takes(message)
    return message


def test_a_reminder_is_the_question_with_words_of_its_own() -> None:
    first = prompt.prompt(
        WORDING,
        Kind.RELATIONSHIP,
        "i1",
        rhythm="every 3 months",
        owners=["UPRIYA"],
        snooze=False,
    )
    message = reminder()
    assert message.text == f"A reminder: {first.text}"
    assert message.blocks[1:] == first.blocks[1:]
    assert lines(message)[0] == (
        "Lumen &amp; Co asked you one question a little while ago, and your answer would still"
        " help. One click is enough, and this is the only reminder of it."
    )
    assert [each for each in action_ids(message.blocks) if not each.startswith("score_")] == [
        "stop"
    ]


def test_a_reminder_may_have_a_surveys_own_words() -> None:
    assert lines(reminder("Still <here>?"))[0] == "Still &lt;here&gt;?"


@pytest.mark.parametrize("score", SCORES)
def test_a_chaser_says_what_was_answered_and_asks_for_words(score: int) -> None:
    message = nudges.chaser(WORDING, Kind.RELATIONSHIP, score, "i1")
    assert_slack_takes(message)
    read = "\n".join(lines(message))
    assert f"*You answered {score}.*" in read
    assert CHASERS[band_of(score)] in read
    assert "Not anonymous: Lumen &amp; Co's customer team sees" in read
    assert action_ids(message.blocks) == ["add_details", "stop"]


def test_a_chaser_may_have_a_surveys_own_words() -> None:
    own = replace(WORDING, passive=replace(WORDING.passive, chaser="Why <7>?"))
    assert "Why &lt;7&gt;?" in lines(nudges.chaser(own, Kind.EMPLOYEE, 7, "i1"))


@pytest.mark.parametrize(("correctable", "buttons"), [(True, ["add_details"]), (False, [])])
def test_words_are_thanked_for(correctable: bool, buttons: list[str]) -> None:
    message = nudges.thanks("i1", correctable=correctable)
    assert_slack_takes(message)
    assert message.text.startswith("Thank you for taking the time")
    assert action_ids(message.blocks) == buttons


@pytest.mark.parametrize("no_contact", [True, False])
def test_a_chaser_that_asks_for_nothing_any_more(no_contact: bool) -> None:
    message = nudges.quiet(no_contact=no_contact)
    assert_slack_takes(message)
    assert ("nobody will contact you" in message.text) is no_contact
    assert action_ids(message.blocks) == []


def previewed(**changes: object) -> str:
    further = nudges.further(replace(SURVEY, **changes))  # type: ignore[arg-type]
    message = prompt.preview(
        WORDING, Kind.RELATIONSHIP, rhythm="every day", owners=[], further=further
    )
    assert_slack_takes(message)
    return "\n".join(lines(message))


def test_an_owner_sees_what_may_follow() -> None:
    read = previewed()
    assert "*Once, 3 days later, to whoever did not answer:*\nLumen &amp; Co asked you" in read
    assert (
        "*Once, 1 hour after a score of 0 to 6 without a word:*\nThank you for your score." in read
    )
    assert "*Once, 1 hour after a score of 9 or 10 without a word:*" in read


def test_an_owner_sees_that_nothing_follows() -> None:
    read = previewed(reminder=None, chaser=None)
    assert "*No reminder* follows." in read
    assert "*Nobody is asked for words* after a score." in read
