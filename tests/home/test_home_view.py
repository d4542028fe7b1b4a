from __future__ import annotations

from datetime import timedelta
from typing import Any

from nps_bot.answering.store import Reply
from nps_bot.home.home import Home, OptedOut, OwnAnswer, OwnedSurvey, TakenPart
from nps_bot.home.status import RunningWave, Unclaimed
from nps_bot.home.views import home as view
from nps_bot.slack.block_kit import day, when
from tests.factories import NOON, NOON_TOKEN, WORDING, change, wave_figures
from tests.helpers.reading import action_ids, assert_slack_takes, texts

URL = "https://lumen.slack.com/"


def answer(number: int = 1, *, changeable: bool = True) -> OwnAnswer:
    replies = (Reply("reason", "Why <so>?", "The lid\nleaks", 0),)
    return OwnAnswer(f"i{number}", WORDING.title, WORDING.question, 3, NOON, replies, changeable)


def home(**parts: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {
        "answers": (),
        "answers_total": 0,
        "opted_out": (),
        "owned": (),
        "unclaimed": Unclaimed((), 0),
        "made_at": NOON,
    }
    shown = view.home(Home(**(empty | parts)), URL)
    assert_slack_takes(shown)
    return shown


def test_who_has_not_answered_reads_what_would_come() -> None:
    assert texts(home()["blocks"]) == [
        "Your answers",
        (
            "You haven't answered a survey yet. When one asks you, it comes as a direct message"
            " with a single question, and your answer shows up here."
        ),
        f"As of {NOON_TOKEN}",
    ]


def test_own_answers_can_be_changed_and_deleted() -> None:
    shown = home(answers=(answer(1), answer(2, changeable=False)), answers_total=12)
    assert texts(shown["blocks"])[1] == (
        f"*You answered 3* to “Customer survey”, {NOON_TOKEN}\n"
        "How likely are you to recommend Lumen &amp; Co to a friend or colleague?\n"
        "_Why &lt;so&gt;?_\n> The lid\n> leaks"
    )
    assert action_ids(shown["blocks"]) == ["home_change", "home_delete", "home_delete"]
    rows = [block["elements"] for block in shown["blocks"] if block["type"] == "actions"]
    assert [row[-1]["value"] for row in rows] == ["i1", "i2"]
    assert "confirm" in rows[0][1]
    assert "and 10 older answers" in texts(shown["blocks"])


def test_what_was_stopped_can_be_taken_up_again() -> None:
    stopped = (OptedOut("*", None), OptedOut("customer", "A & B"))
    shown = home(opted_out=stopped)
    beside = [block["accessory"] for block in shown["blocks"] if "accessory" in block]
    assert [(button["action_id"], button["value"]) for button in beside] == [
        ("home_resume", "*"),
        ("home_resume", "customer"),
    ]
    rows = texts(shown["blocks"])
    assert "All surveys from us" in rows
    assert "“A &amp; B”" in rows


def test_owners_see_their_figures_and_whom_nobody_takes_care_of() -> None:
    trend = (
        wave_figures(1, {10: 20, 3: 20}, 60, day="2026-08-24"),
        wave_figures(2, {10: 40, 3: 1}, 90),
    )
    asking = RunningWave(trend[-1].wave, 90, 41, 300, NOON + timedelta(minutes=4))
    owned = (
        OwnedSurvey("A & B", trend[-1], change(trend), trend[0].wave.day),
        OwnedSurvey("New one", None, None, None),
        OwnedSurvey("Asking", None, None, None, (asking,)),
    )
    rows = texts(home(owned=owned)["blocks"])
    assert rows[2:7] == [
        "Your surveys",
        (
            "*A &amp; B*, wave of 24 Nov 2026\n*NPS +95*, 95% interval +76 to +100\n"
            "41 of 90 people answered (46%)\n"
            "+95 against the wave of 24 Aug 2026: higher, and more than noise"
        ),
        "*New one*\nNobody has been asked yet",
        (
            "*Asking*\nWave of 24 Nov 2026: 90 asked, 41 answered, 300 still to ask, about 4"
            f" minutes left (until {when(NOON + timedelta(minutes=4))})"
        ),
        "*Unclaimed alerts:* none. Somebody takes care of everybody.",
    ]


def test_of_an_anonymous_answer_one_sees_that_one_gave_it() -> None:
    shown = home(taken_part=(TakenPart("Staff & friends", NOON),))
    assert texts(shown["blocks"])[1] == (
        f"*You took part* in “Staff &amp; friends” of {day(NOON)}. Your answer can't be shown, not"
        " even to you."
    )
    assert action_ids(shown["blocks"]) == []
