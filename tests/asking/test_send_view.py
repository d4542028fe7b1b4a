from __future__ import annotations

from datetime import datetime, timedelta

from nps_bot.asking.launching import Plan
from nps_bot.asking.rules.budget import Rule
from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.asking.views import send as view
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.audience import Exclusion
from tests.factories import CLOSES_TOKEN, NOON, NOON_TOKEN, approval_request
from tests.helpers.reading import action_ids, assert_slack_takes, lines

ADA = Member("UADA", "Ada <L>")


def test_before_anything_goes_out_it_says_how_many_who_and_when() -> None:
    due = ((ADA, NOON), (Member("UKEN", "Kenji"), NOON + timedelta(days=7)))
    plan = Plan(due, {Exclusion.GUEST: 1, Rule.OPTED_OUT: 2})
    message = view.plan("Customer survey", plan, "x1")
    assert_slack_takes(message)
    when = f"from {NOON_TOKEN} to {CLOSES_TOKEN}, outside everybody's quiet hours"
    assert message.text == f"“Customer survey” would ask 2 people, {when}. Nothing is sent yet."
    assert lines(message) == [
        "Ask 2 people now?",
        f"*Customer survey* would ask 2 people, {when}:",
        "Ada &lt;L&gt; and Kenji",
        "Not asked: 1 guest and 2 people who opted out",
        "[Ask 2 people]",
        "[Cancel]",
    ]
    assert action_ids(message.blocks) == ["send_confirm", "send_cancel"]
    assert {button["value"] for button in message.blocks[-1]["elements"]} == {"x1"}


def wave(nominal: str, closes_at: datetime) -> WaveHead:
    return WaveHead(1, "customer", nominal, "relationship", 1, "ready", NOON, closes_at, None)


def test_an_open_wave_is_told_of_because_people_would_be_asked_twice() -> None:
    plan = Plan(((ADA, NOON),), {}, (wave("2026-11-24T10:00", NOON + timedelta(days=7)),))
    message = view.plan("Customer survey", plan, "x1")
    assert_slack_takes(message)
    warning = f"The wave of 24 Nov 2026 is still open, until {CLOSES_TOKEN}: whoever it asked"
    assert lines(message)[3:] == [
        f"{warning} would be asked a second time.",
        "[Ask 1 person]",
        "[Cancel]",
    ]


def test_several_open_waves_are_counted() -> None:
    ends = (NOON + timedelta(days=7), NOON)
    plan = Plan(((ADA, NOON),), {}, tuple(wave("2026-11-24T10:00", end) for end in ends))
    assert (
        f"2 waves are still open, the last one until {CLOSES_TOKEN}: whoever they asked would be"
        " asked once more."
    ) in lines(view.plan("Customer survey", plan, "x1"))


def test_one_person_is_one_person() -> None:
    message = view.plan("Customer survey", Plan(((ADA, NOON),), {}), "x1")
    assert lines(message)[:3] == [
        "Ask 1 person now?",
        f"*Customer survey* would ask 1 person, {NOON_TOKEN}:",
        "Ada &lt;L&gt;",
    ]


def test_many_people_are_named_up_to_a_point() -> None:
    due = tuple((Member(f"U{number}", "&" * 200), NOON) for number in range(1_200))
    message = view.plan("Customer survey", Plan(due, {}), "x1")
    assert_slack_takes(message)
    assert lines(message)[2].endswith(" and 1,175 more")


def test_it_says_how_long_it_takes() -> None:
    plan = Plan(((ADA, NOON),), {})
    message = view.plan("Customer survey", plan, "x1", takes=timedelta(minutes=2, seconds=10))
    assert_slack_takes(message)
    leaves = "The last question leaves in about 2 minutes"
    assert lines(message)[3] == f"{leaves}: outside quiet hours, at the pace Slack allows."


def test_who_does_not_own_it_asks_the_owners_for_a_large_one() -> None:
    message = view.plan("Customer survey", Plan(((ADA, NOON),), {}), "x1", above=50)
    assert_slack_takes(message)
    needs = "needs a second person's word: an owner's, or another admin's."
    assert lines(message)[3:] == [
        f"A wave of more than 50 people {needs}",
        "[Ask the owners]",
        "[Cancel]",
    ]
    always = view.plan("Customer survey", Plan(((ADA, NOON),), {}), "x1", above=0)
    assert lines(always)[3] == f"Every wave of this survey {needs}"
    assert action_ids(message.blocks) == ["send_confirm", "send_cancel"]


def test_what_somebody_else_asked_for_is_shown_with_both_answers() -> None:
    plan = Plan(((ADA, NOON),), {})
    message = view.requested(
        "Customer survey", plan, approval_request(), takes=timedelta(seconds=3)
    )
    assert_slack_takes(message)
    assert lines(message)[3:] == [
        "The last question leaves in a few seconds: outside quiet hours, at the pace Slack allows.",
        f"<@UMEI> asked for it, then 80 people, {NOON_TOKEN}.",
        "[Send it]",
        "[Not now]",
        f"It can be decided until {CLOSES_TOKEN}, once. Who asked is told.",
    ]
    assert action_ids(message.blocks) == ["approval_send", "approval_decline"]
    nobody = view.requested("Customer survey", Plan((), {}), approval_request(), takes=timedelta())
    assert action_ids(nobody.blocks) == []


def test_nobody_to_ask_offers_nothing_to_confirm() -> None:
    plan = Plan((), dict.fromkeys(Exclusion, 1))
    message = view.plan("Customer survey", plan, "x1")
    assert_slack_takes(message)
    assert message.text == "“Customer survey” has nobody to ask now."
    assert action_ids(message.blocks) == []


def test_the_outcome_is_said() -> None:
    started, cancelled = view.started("A & B", 1), view.cancelled("A & B")
    assert started.text == (
        "“A &amp; B” is on its way to 1 person. `/nps status` shows how far it is."
    )
    assert cancelled.text == "Cancelled: “A &amp; B” asks nobody now."
    assert_slack_takes(started)
    assert_slack_takes(cancelled)
