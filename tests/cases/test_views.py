from __future__ import annotations

from datetime import timedelta

import pytest

from nps_bot.answering.store import EarlierScore, Reply
from nps_bot.cases import views as view
from nps_bot.cases.store import CaseRow
from nps_bot.slack.message import Message
from tests.factories import NOON, NOON_TOKEN, alert
from tests.helpers.reading import action_ids, assert_slack_takes, lines


def shown(message: Message) -> list[str]:
    assert_slack_takes(message)
    return lines(message)


def test_a_fresh_alert_says_who_and_that_the_reason_may_follow() -> None:
    message = view.alert(alert())
    assert message.text == (
        "Ada &lt;Lovelace&gt; (Harbor &amp; Sons) answered 3 in “Customer survey”."
    )
    assert shown(message) == [
        "Ada <Lovelace> answered 3",
        "*Who:* <@UADA>",
        "*Account:* Harbor &amp; Sons, looked after by <@UTOM>",
        "*Score:* 3",
        f"*Survey:* Customer survey, answered {NOON_TOKEN}",
        "*Earlier scores:* none",
        "No words yet. Just answered, the reason may follow: allow ten minutes.",
        "[Claim]",
        "[Contacted]",
    ]
    assert [button["value"] for button in message.blocks[-1]["elements"]] == ["i1", "i1"]


def test_words_are_added_as_they_come_quoted_and_harmless() -> None:
    replies = (
        Reply("reason", "What is the main reason?", "It <!channel> broke\n& again", 0),
        Reply("wrong", "Where did we go wrong?", "Here", 1),
    )
    rows = shown(view.alert(alert(replies=replies)))
    assert rows[6:11] == [
        "*What is the main reason?*",
        "> It &lt;!channel&gt; broke",
        "> &amp; again",
        "*Where did we go wrong?*",
        "> Here",
    ]
    assert not any("No words yet" in row for row in rows)


def test_earlier_scores_are_dated() -> None:
    earlier = (EarlierScore(8, NOON - timedelta(days=91)), EarlierScore(9, NOON))
    rows = shown(view.alert(alert(earlier=earlier)))
    assert rows[5] == (
        "*Earlier scores:* 8 (<!date^1787659200^{date_short}|2026-08-25 12:00 UTC>),"
        " 9 (<!date^1795521600^{date_short}|2026-11-24 12:00 UTC>)"
    )


def test_a_corrected_score_corrects_the_alert_and_ends_the_case() -> None:
    corrected = alert(score=9, latest_score=9, case=CaseRow(None, None, None, None, NOON))
    message = view.alert(corrected)
    rows = shown(message)
    assert rows[0] == "Ada <Lovelace> answered 9"
    assert "*Score:* 9, corrected from 3" in rows
    assert "Corrected since: this is no detractor any more, nothing is left to do." in rows
    assert action_ids(message.blocks) == []


def test_a_change_after_the_time_for_corrections_leaves_the_score() -> None:
    rows = shown(view.alert(alert(latest_score=5)))
    assert "*Score:* 3; later changed to 5, after the time for corrections" in rows


def test_a_recovery_is_no_correction_and_leaves_the_case_open() -> None:
    message = view.alert(alert(latest_score=9, case=CaseRow("UTOM", NOON, None, None, None)))
    rows = shown(message)
    assert "*Score:* 3; later changed to 9, after the time for corrections" in rows
    assert (
        "Changed since: a recovery, not a correction. The 3 counts, and there is still somebody to"
        " talk to." in rows
    )
    assert not any("Corrected since" in row for row in rows)
    assert action_ids(message.blocks) == ["contacted_case"]


@pytest.mark.parametrize("latest", [3, 5])
def test_who_is_still_unhappy_has_not_recovered(latest: int) -> None:
    rows = shown(view.alert(alert(latest_score=latest)))
    assert not any("recovery" in row for row in rows)


def test_a_claimed_alert_says_by_whom_and_since_when() -> None:
    message = view.alert(alert(case=CaseRow("UTOM", NOON, None, None, None)))
    assert f"Claimed by <@UTOM>, {NOON_TOKEN}" in shown(message)
    assert action_ids(message.blocks) == ["contacted_case"]


def test_a_handled_alert_has_nothing_left_to_press() -> None:
    message = view.alert(alert(case=CaseRow("UTOM", NOON, "UMEI", NOON, None)))
    rows = shown(message)
    assert f"Claimed by <@UTOM>, {NOON_TOKEN}" in rows
    assert f"Contacted by <@UMEI>, {NOON_TOKEN}" in rows
    assert action_ids(message.blocks) == []


def test_who_does_not_want_contact_is_not_offered_for_contact() -> None:
    message = view.alert(alert(no_contact=True))
    assert "*Please don't contact them:* they asked us not to." in shown(message)
    assert action_ids(message.blocks) == ["claim_case"]


def test_who_asked_to_be_forgotten_is_nobody() -> None:
    forgotten = alert(person_id=None, person_name=None, account=None, account_owner=None)
    message = view.alert(forgotten)
    assert message.text == "Someone who asked to be forgotten answered 3 in “Customer survey”."
    assert shown(message) == [
        "Someone who asked to be forgotten answered 3",
        "*Score:* 3",
        f"*Survey:* Customer survey, answered {NOON_TOKEN}",
    ]


def test_a_deleted_answer_leaves_no_trace() -> None:
    assert shown(view.deleted()) == ["This answer was deleted by the person who gave it."]


@pytest.mark.parametrize(("account", "owner"), [(None, None), ("Harbor", None)])
def test_an_unknown_account_or_owner_is_left_out(account: str | None, owner: str | None) -> None:
    rows = shown(view.alert(alert(account=account, account_owner=owner)))
    assert ("*Account:* Harbor" in rows) is (account is not None)
    assert not any("looked after" in row for row in rows)
