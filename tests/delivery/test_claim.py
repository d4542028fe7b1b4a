"""What leaves: looked at as the database stands when its turn comes, settled by what Slack says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from nps_bot.answering import deletion, follow_ups, opt_out
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import record_score
from nps_bot.answering.snooze import snooze
from nps_bot.app.kinds import KINDS
from nps_bot.asking import launching
from nps_bot.asking.messages.prompts import PromptContent
from nps_bot.asking.outgoing import mark_rewritten, prompt_key, reprompt_key, request_update
from nps_bot.asking.rules.message_types import PROMPT, REPROMPT
from nps_bot.cases.messages import AlertContent
from nps_bot.cases.outgoing import ALERT, alert_key, update_alert
from nps_bot.delivery.claim import Delivery, claim_lookups
from nps_bot.delivery.destinations import DirectMessage, ExistingMessage, TeamChannel
from nps_bot.delivery.kinds import Remove
from nps_bot.delivery.notices import Notice, enqueue_notice
from nps_bot.delivery.rules import LEASE, UPDATE_DELAY, MessageType, Priority, Settlement, Status
from nps_bot.delivery.settle import refuse_outsiders, settle_removed
from nps_bot.delivery.store import outbox
from nps_bot.figures.messages import SharedReportContent
from nps_bot.figures.outgoing import CLOSING, SUMMARY, ReportShare, enqueue_shared_report
from nps_bot.figures.summary import Summary
from nps_bot.people import forgetting
from nps_bot.people import store as people
from nps_bot.slack.calls import Accepted, NotSent, Outcome, RateLimited, Refused, Unknown
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox, Wave
from nps_bot.surveys.rules.survey import Survey
from tests.factories import NOON
from tests.helpers.asking import (
    ADA,
    KENJI,
    SURVEYS,
    TOM,
    ask,
    carry,
    claimed,
    message,
    settle,
    settled,
)

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def click(connection: Connection, invitation: str, score: int, now: datetime = NOON) -> None:
    """Have the invited person click a score."""
    (person,) = connection.scalars(select(Invitation.person_id).where(Invitation.id == invitation))
    stamp = int(now.timestamp() * 1_000_000)
    one = Click(invitation, person or "", score, stamp)
    recorded = record_score(connection, SURVEYS, one, now)
    assert not isinstance(recorded, Refusal)


def asked_ada(connection: Connection) -> str:
    """Ask Ada and have Slack accept all that is due; returns her invitation."""
    invitation = ask(connection, ADA)["UADA"]
    carry(connection)
    return invitation


def only(deliveries: list[Delivery], kind: MessageType) -> Delivery:
    (one,) = (delivery for delivery in deliveries if delivery.message.kind == kind.name)
    return one


def kinds(deliveries: list[Delivery]) -> list[str]:
    return [delivery.message.kind for delivery in deliveries]


@pytest.mark.parametrize("payload", [None, {}, {"key": "k", "wrong": 1}])
@pytest.mark.parametrize("kind", ["notice", "shared_report", "approval"])
async def test_a_row_nobody_can_read_fails_alone_and_visibly(
    database: Database, kind: str, payload: dict[str, object] | None
) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        unreadable = outbox.NewMessage("odd", kind, 1, NOON, "customer", payload=payload)
        outbox.add(connection, [unreadable])
        assert sorted(kinds(claimed(connection))) == ["prompt", "summary"]
        status, reason, *_ = message(connection, "odd")
        assert (status, reason) == ("failed", "its row cannot be read; the log says why")

    await database.write(work)


async def test_a_row_nobody_can_read_is_looked_for_nowhere(database: Database) -> None:
    def work(connection: Connection) -> None:
        unreadable = outbox.NewMessage("odd", "notice", 1, NOON, "customer", payload={})
        outbox.add(connection, [unreadable])
        lost = {"status": "unknown", "claimed_at": NOON, "lease_until": NOON}
        connection.execute(update(Outbox).values(lost))
        (search,) = claim_lookups(connection, KINDS, SURVEYS, limit=8, lease_now=NOON)
        assert search.destination is None

    await database.write(work)


# --- a prompt ---------------------------------------------------------------------------------


async def test_a_prompt_goes_to_the_persons_direct_messages(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA, TOM)["UADA"]
        people.save_dm_channel(connection, "UTOM", "DTOM")
        prompts = [one for one in claimed(connection) if one.message.kind == "prompt"]
        places = [one.destination for one in prompts]
        assert sorted(places, key=str) == [
            DirectMessage("UADA", None),
            DirectMessage("UTOM", "DTOM"),
        ]
        (ada,) = (one for one in prompts if one.message.invitation_id == invitation)
        assert isinstance(ada.content, PromptContent)
        assert ada.content.survey == SURVEYS["customer"]
        assert (ada.content.stopped, ada.content.asks_again) == (None, None)
        assert ada.content.invitation.response is None

    await database.write(work)


async def test_a_summary_leaves_before_the_prompts_of_its_wave(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA, TOM)
        assert kinds(claimed(connection)) == ["summary", "prompt", "prompt"]

    await database.write(work)


async def test_an_accepted_prompt_is_an_asked_person_and_moves_the_summary(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        asked_at = select(Invitation.asked_at)
        assert list(connection.scalars(asked_at)) == [NOON]
        assert claimed(connection, NOON + UPDATE_DELAY - SECOND) == []
        (summary,) = claimed(connection, NOON + UPDATE_DELAY)
        assert isinstance(summary.content.summary, Summary)
        assert summary.content.summary.latest.figures.asked == 1
        request_update(connection, [invitation], NOON + HOUR)
        carry(connection, NOON + HOUR)
        assert list(connection.scalars(asked_at)) == [NOON]  # the first time counts

    await database.write(work)


@pytest.mark.parametrize(
    ("outcome", "status", "asked"),
    [
        (Accepted("D1", "1.0"), "sent", True),
        (RateLimited(7), "pending", False),
        (NotSent("no network"), "pending", False),
        (Unknown("no answer"), "unknown", False),
        (Refused("no such person"), "failed", False),
    ],
)
async def test_only_an_accepted_prompt_has_asked(
    database: Database, outcome: Outcome, status: str, asked: bool
) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        prompt = only(claimed(connection), PROMPT)
        assert settled(connection, prompt, outcome, NOON)
        assert message(connection, prompt_key(invitation)).status == status
        (asked_at,) = connection.scalars(select(Invitation.asked_at))
        assert (asked_at is not None) is asked

    await database.write(work)


async def test_a_prompt_that_was_found_has_asked(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        people.save_dm_channel(connection, "UADA", "DADA")
        deliveries = claimed(connection)
        lost = only(deliveries, PROMPT)
        assert settled(connection, lost, Unknown("no answer"), NOON)
        later = NOON + LEASE
        (search,) = claim_lookups(connection, KINDS, SURVEYS, limit=8, lease_now=later)
        assert search.destination == DirectMessage("UADA", "DADA")
        found = Settlement(Status.SENT, channel="DADA", ts="1.0")
        assert settle(connection, search.message, found, later)
        assert list(connection.scalars(select(Invitation.asked_at))) == [later]

    await database.write(work)


async def test_a_lost_lease_settles_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        prompt = only(claimed(connection), PROMPT)
        claimed(connection, NOON + LEASE)  # which takes back what ran out
        assert not settled(connection, prompt, Accepted("D1", "1.0"), NOON + LEASE)
        assert list(connection.scalars(select(Invitation.asked_at))) == [None]

    await database.write(work)


# --- a prompt that lost its reason ------------------------------------------------------------


def answers(connection: Connection, invitation: str) -> None:
    click(connection, invitation, 9)


def answers_and_deletes(connection: Connection, invitation: str) -> None:
    click(connection, invitation, 9)
    deletion.delete_answer(connection, invitation, "UADA", NOON)


def opts_out(connection: Connection, invitation: str) -> None:
    people.add_opt_out(connection, "UADA", "customer", NOON)


def opts_out_of_all(connection: Connection, invitation: str) -> None:
    people.add_opt_out(connection, "UADA", people.ALL_SURVEYS, NOON)


def is_forgotten(connection: Connection, invitation: str) -> None:
    connection.execute(update(Invitation).values(person_id=None))


def wave_closes(connection: Connection, invitation: str) -> None:
    connection.execute(update(Wave).values(state="closed"))


def time_is_up(connection: Connection, invitation: str) -> None:
    connection.execute(update(Wave).values(closes_at=NOON))


REASONS = {
    answers: "the person has answered",
    answers_and_deletes: "the person deleted their answer",
    opts_out: "the person opted out",
    opts_out_of_all: "the person opted out",
    is_forgotten: "the person asked to be forgotten",
    wave_closes: "the wave closed",
    time_is_up: "the wave closed",
}


@pytest.mark.parametrize("event", REASONS, ids=lambda event: event.__name__)
async def test_a_prompt_without_a_reason_is_not_sent(database: Database, event: object) -> None:
    assert callable(event)

    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        event(connection, invitation)
        assert "prompt" not in kinds(claimed(connection))
        prompt = message(connection, prompt_key(invitation))
        assert (prompt.status, prompt.reason) == ("cancelled", REASONS[event])

    await database.write(work)


async def test_an_opt_out_of_another_survey_does_not_matter(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        people.add_opt_out(connection, "UADA", "employee", NOON)
        people.add_opt_out(connection, "UKENJI", people.ALL_SURVEYS, NOON)
        assert "prompt" in kinds(claimed(connection))

    await database.write(work)


async def test_a_message_of_a_survey_without_a_file_is_not_sent(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        click(connection, invitation, 3)
        enqueue_notice(connection, "customer", Notice("k", "UPRIYA", "Hm."), NOON)
        assert claimed(connection, surveys={}) == []
        left = connection.execute(select(Outbox.kind, Outbox.status, Outbox.reason))
        reason = "its survey has no file any more"
        assert {tuple(row) for row in left} == {
            (kind, "cancelled", reason) for kind in ("prompt", "summary", "alert", "notice")
        }

    await database.write(work)


# --- quiet hours, pauses ----------------------------------------------------------------------


async def test_a_prompt_that_is_late_waits_for_a_civil_hour(database: Database) -> None:
    """It is due at noon, and its turn comes when it is night in London."""

    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        assert kinds(claimed(connection, NOON + 7 * HOUR)) == ["summary"]
        morning = NOON + 21 * HOUR
        due_at = select(Outbox.due_at).where(Outbox.invitation_id == invitation)
        assert connection.scalar(due_at) == morning
        assert claimed(connection, morning - SECOND) == []
        prompt = only(claimed(connection, morning), PROMPT)
        assert prompt.message.attempts == 1  # waiting was no attempt
        assert prompt.message.invitation_id == invitation

    await database.write(work)


async def test_civil_hours_are_the_surveys_where_it_has_one_zone(database: Database) -> None:
    """At noon in London it is 21:00 in Tokyo."""
    surveys: Mapping[str, Survey] = {
        "customer": replace(SURVEYS["customer"], time_zone="Asia/Tokyo")
    }

    def work(connection: Connection) -> None:
        ask(connection, ADA)
        assert kinds(claimed(connection, surveys=surveys)) == ["summary"]
        tokyo_morning = NOON + 12 * HOUR
        assert kinds(claimed(connection, tokyo_morning, surveys=surveys)) == ["prompt"]

    await database.write(work)


async def test_a_wave_at_once_knows_no_night(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, KENJI, at_once=True)
        assert "prompt" in kinds(claimed(connection))

    await database.write(work)


async def test_a_rewritten_prompt_knows_no_night_either(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        night = NOON + 8 * HOUR
        click(connection, invitation, 9, night)
        prompt = only(claimed(connection, night + UPDATE_DELAY), PROMPT)
        assert prompt.message.updating

    await database.write(work)


async def test_a_prompt_given_back_in_a_pause_waits_for_its_end(database: Database) -> None:
    """It was in flight when the survey was paused, and Slack put it off."""

    def work(connection: Connection) -> None:
        ask(connection, ADA)
        prompt = only(claimed(connection), PROMPT)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        settled(connection, prompt, RateLimited(1), NOON)
        assert "prompt" not in kinds(claimed(connection, NOON + HOUR))
        launching.resume(connection, "customer")
        assert kinds(claimed(connection, NOON + HOUR)) == ["prompt"]

    await database.write(work)


async def test_answers_are_followed_up_during_a_pause(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        click(connection, invitation, 3)
        assert kinds(claimed(connection, NOON + UPDATE_DELAY)) == ["alert", "summary", "prompt"]

    await database.write(work)


# --- what a prompt becomes --------------------------------------------------------------------


def rewritten(connection: Connection, now: datetime) -> PromptContent:
    content = only(carry(connection, now), PROMPT).content
    assert isinstance(content, PromptContent)
    return content


async def test_a_prompt_shows_what_its_person_did(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        now = NOON + HOUR
        until = snooze(connection, SURVEYS, invitation, "UADA", now)
        assert rewritten(connection, now).asks_again == until == now + 3 * DAY
        opt_out.stop(connection, invitation, "UADA", Scope.ALL, now)
        assert rewritten(connection, now).stopped == people.ALL_SURVEYS
        opt_out.resume(connection, "UADA", people.ALL_SURVEYS, now)
        assert rewritten(connection, now).stopped is None
        click(connection, invitation, 8, now)
        given = rewritten(connection, now + UPDATE_DELAY).invitation.response
        assert given is not None
        assert given.latest_score == 8

    await database.write(work)


async def test_a_second_ask_goes_to_the_same_place_and_asks_nobody_anew(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        people.save_dm_channel(connection, "UADA", "DADA")
        until = snooze(connection, SURVEYS, invitation, "UADA", NOON)
        assert isinstance(until, datetime)
        second = only(carry(connection, until), REPROMPT)
        assert second.destination == DirectMessage("UADA", "DADA")
        assert not second.message.updating
        assert list(connection.scalars(select(Invitation.asked_at))) == [NOON]
        assert claimed(connection, until + HOUR) == []

    await database.write(work)


async def test_a_rewritten_prompt_moves_no_summary(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        carry(connection, NOON + HOUR)
        outbox.request_update(connection, [prompt_key(invitation)], NOON + HOUR)
        assert kinds(carry(connection, NOON + HOUR)) == ["prompt"]
        assert claimed(connection, NOON + 2 * HOUR) == []

    await database.write(work)


async def test_a_second_ask_is_not_sent_to_somebody_who_answered(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        until = snooze(connection, SURVEYS, invitation, "UADA", NOON)
        click(connection, invitation, 9)
        assert isinstance(until, datetime)
        assert "reprompt" not in kinds(claimed(connection, until))

    await database.write(work)


async def test_a_direct_rewriting_leaves_the_dispatcher_nothing_to_do(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        carry(connection, NOON + UPDATE_DELAY)
        recorded = record_score(connection, SURVEYS, Click(invitation, "UADA", 9, 1), NOON + HOUR)
        assert not isinstance(recorded, Refusal)
        assert claimed(connection, NOON + HOUR) == []  # it has a moment for that
        now = NOON + HOUR + UPDATE_DELAY
        mark_rewritten(connection, [(recorded.versions, invitation)], now)
        assert kinds(claimed(connection, now)) == ["summary"]

    await database.write(work)


async def test_where_somebody_was_asked_twice_the_dispatcher_rewrites_both(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        until = snooze(connection, SURVEYS, invitation, "UADA", NOON)
        assert isinstance(until, datetime)
        carry(connection, until)
        carry(connection, until + UPDATE_DELAY)
        recorded = record_score(connection, SURVEYS, Click(invitation, "UADA", 9, 1), until + HOUR)
        assert not isinstance(recorded, Refusal)
        assert recorded.versions.keys() == {
            prompt_key(invitation),
            reprompt_key(invitation),
        }
        now = until + HOUR + UPDATE_DELAY
        mark_rewritten(connection, [(recorded.versions, invitation)], now)
        assert sorted(kinds(claimed(connection, now))) == ["prompt", "reprompt", "summary"]

    await database.write(work)


# --- alerts -----------------------------------------------------------------------------------


async def test_an_alert_overtakes_everything(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitations = ask(connection, ADA, TOM)
        click(connection, invitations["UADA"], 3)
        assert kinds(claimed(connection, least=Priority.URGENT)) == ["alert"]

    await database.write(work)


async def test_an_alert_grows_and_is_corrected_in_place(database: Database) -> None:
    def alert(connection: Connection, now: datetime) -> AlertContent:
        delivery = only(carry(connection, now), ALERT)
        assert isinstance(delivery.content, AlertContent)
        return delivery.content

    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        first = alert(connection, NOON).alert
        assert first is not None
        assert (first.score, first.replies, first.person_name) == (3, (), "Ada")
        follow_ups.save_replies(connection, invitation, "UADA", {"reason": "Cold."}, NOON)
        grown = alert(connection, NOON).alert
        assert grown is not None
        assert [reply.text for reply in grown.replies] == ["Cold."]
        click(connection, invitation, 9, NOON + HOUR)
        corrected = alert(connection, NOON + HOUR).alert
        assert corrected is not None
        assert (corrected.first_score, corrected.score) == (3, 9)
        assert corrected.case is not None
        assert corrected.case.withdrawn_at == NOON + HOUR
        deletion.delete_answer(connection, invitation, "UADA", NOON + 2 * HOUR)
        assert alert(connection, NOON + 2 * HOUR).alert is None

    await database.write(work)


async def test_an_alert_about_a_deleted_answer_is_not_sent(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        deletion.delete_answer(connection, invitation, "UADA", NOON)
        assert "alert" not in kinds(claimed(connection))
        assert message(connection, alert_key(invitation)).reason == "the answer was deleted"

    await database.write(work)


async def test_an_alert_stays_where_it_stands_when_the_file_names_another_channel(
    database: Database,
) -> None:
    """Outsiders are looked for where it stands, too: that channel may be shared by now."""
    moved = {"customer": replace(SURVEYS["customer"], alerts_channel="#elsewhere")}

    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        posted = only(carry(connection), ALERT)
        assert posted.destination == TeamChannel("#nps-alerts")
        update_alert(connection, invitation, NOON)
        corrected = only(claimed(connection, surveys=moved), ALERT)
        assert corrected.destination == TeamChannel("C1")

    await database.write(work)


async def test_what_stands_in_slack_is_corrected_even_when_the_survey_is_gone(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        carry(connection, NOON + UPDATE_DELAY)
        deletion.delete_answer(connection, invitation, "UADA", NOON + HOUR)
        rewritten = claimed(connection, NOON + HOUR, surveys={})
        assert sorted(kinds(rewritten)) == ["alert", "prompt"]
        prompt = only(rewritten, PROMPT).content
        assert isinstance(prompt, PromptContent)
        assert prompt.survey is None
        assert prompt.invitation.response is None
        assert only(rewritten, ALERT).content == AlertContent(None)

    await database.write(work)


# --- summaries, reports, notices --------------------------------------------------------------


async def test_many_answers_are_one_update_of_the_summary_and_the_last_state_wins(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        members = [Member(f"U{number}", "Somebody", "Europe/London") for number in range(9)]
        invitations = ask(connection, *members)
        carry(connection)
        for number, invitation in enumerate(invitations.values()):
            click(connection, invitation, 10, NOON + number * SECOND / 9)
        (summary,) = (
            one for one in claimed(connection, NOON + UPDATE_DELAY) if one.message.kind == "summary"
        )
        assert summary.message.updating
        assert isinstance(summary.content.summary, Summary)
        assert summary.content.summary.latest.figures.distribution.counts[10] == 9

    await database.write(work)


async def test_a_closing_summary_is_another_message(database: Database) -> None:
    def work(connection: Connection) -> None:
        asked_ada(connection)
        now = NOON + 8 * DAY
        launching.close_due(connection, SURVEYS, now)
        last = claimed(connection, now)
        assert sorted(kinds(last)) == ["closing", "summary"]
        closing, running = only(last, CLOSING), only(last, SUMMARY)
        assert (closing.message.updating, running.message.updating) == (False, True)
        assert isinstance(running.content.summary, Summary)
        assert running.content == closing.content
        assert running.content.summary.latest.wave.state == "closed", (
            "it says no more that it is open"
        )
        assert (closing.destination, running.destination) == (
            TeamChannel("#nps-summary"),
            TeamChannel("C1"),
        )

    await database.write(work)


async def test_a_report_pressed_twice_is_shared_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        sharing = ReportShare("UPRIYA", "C7", None, "pressed")
        for _ in range(2):
            enqueue_shared_report(connection, "customer", sharing, NOON)
        (delivery,) = claimed(connection)
        assert isinstance(delivery.content, SharedReportContent)
        assert (delivery.content.share, delivery.destination) == (sharing, TeamChannel("C7"))

    await database.write(work)


async def test_outsiders_get_nothing_and_each_owner_is_told_once(database: Database) -> None:
    owners = {"customer": replace(SURVEYS["customer"], owners=("UPRIYA", "tom@lumen.example"))}
    reason = "Nothing was posted in #nps-alerts: outsiders read it."

    def work(connection: Connection) -> None:
        invitations = ask(connection, ADA, TOM)
        for invitation in invitations.values():
            click(connection, invitation, 3)
        alerts = claimed(connection, surveys=owners, least=Priority.URGENT)
        assert kinds(alerts) == ["alert", "alert"]
        for alert in alerts:
            refuse_outsiders(connection, owners, alert.message, "C7", reason, NOON)
        for invitation in invitations.values():
            refused = message(connection, alert_key(invitation))
            assert (refused.status, refused.reason) == ("failed", reason)
        notices = claimed(connection, surveys=owners, least=Priority.URGENT)
        told = [notice.content for notice in notices]
        assert all(isinstance(one, Notice) and one.text == reason for one in told)
        assert {one.destination for one in notices} == {
            DirectMessage("UPRIYA", None),
            DirectMessage("tom@lumen.example", None),
        }
        assert len(notices) == 2

    await database.write(work)


# --- what is looked for -----------------------------------------------------------------------


async def test_every_message_is_looked_for_where_it_went(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        click(connection, invitation, 3)
        notice = Notice("k", "UPRIYA", "Hm.")
        enqueue_notice(connection, "customer", notice, NOON)
        sharing = ReportShare("UPRIYA", "C7", None, "pressed")
        enqueue_shared_report(connection, "customer", sharing, NOON)
        claimed(connection)  # by a process that dies
        later = NOON + LEASE
        assert claimed(connection, later) == []
        searches = claim_lookups(connection, KINDS, SURVEYS, limit=8, lease_now=later)
        assert {search.message.kind: search.destination for search in searches} == {
            "alert": TeamChannel("#nps-alerts"),
            "summary": TeamChannel("#nps-summary"),
            "notice": DirectMessage("UPRIYA", None),
            "shared_report": TeamChannel("C7"),
        }

    await database.write(work)


async def test_nobody_knows_where_a_message_of_a_removed_survey_went(database: Database) -> None:
    def work(connection: Connection) -> None:
        ask(connection, ADA)
        claimed(connection)
        claimed(connection, NOON + LEASE)
        searches = claim_lookups(connection, KINDS, {}, limit=8, lease_now=NOON + LEASE)
        assert {search.message.kind: search.destination for search in searches} == {
            "summary": None,
            "prompt": DirectMessage("UADA", None),
        }

    await database.write(work)


async def test_what_a_forgotten_person_got_is_removed_wherever_it_stands(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = asked_ada(connection)
        click(connection, invitation, 3)
        carry(connection, NOON + UPDATE_DELAY)
        forgetting.forget(connection, "UADA", NOON + HOUR)
        deliveries = claimed(connection, NOON + HOUR, surveys={})
        prompt, alert = only(deliveries, PROMPT), only(deliveries, ALERT)
        assert (prompt.content, prompt.destination) == (Remove(), ExistingMessage("C1"))
        assert alert.destination == ExistingMessage("C1")
        assert settle_removed(connection, prompt.message, NOON + HOUR)
        assert message(connection, prompt_key(invitation)).ts is None
        assert "prompt" not in kinds(claimed(connection, NOON + DAY))

    await database.write(work)
