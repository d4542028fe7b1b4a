"""Posting once: what becomes of a message, decided after each call and each look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nps_bot.delivery.rules import (
    CLOCK_SKEW,
    FIRST_LOOK,
    LEASE,
    LOOKUP_AFTER,
    Settlement,
    Status,
    after_lookup,
    backoff,
    look_from,
    may_call,
    settle,
)
from nps_bot.slack.calls import (
    CALL_TIMEOUT,
    LOOK_AGAIN,
    Accepted,
    Finding,
    Found,
    LookLater,
    NotSent,
    NotThere,
    Outcome,
    RateLimited,
    Refused,
    Unknown,
    Unreadable,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


class TestSettle:
    @pytest.mark.parametrize("updating", [False, True])
    def test_what_slack_accepted_is_sent(self, updating: bool) -> None:
        settled = settle(Accepted("D1", "1.000100"), updating=updating, attempts=1, now=NOON)
        assert settled == Settlement(Status.SENT, channel="D1", ts="1.000100")

    @pytest.mark.parametrize("updating", [False, True])
    def test_a_429_waits_as_told(self, updating: bool) -> None:
        settled = settle(RateLimited(17), updating=updating, attempts=9, now=NOON)
        assert settled == Settlement(Status.PENDING, NOON + seconds(17), "Slack asked to wait 17 s")

    @pytest.mark.parametrize("updating", [False, True])
    def test_what_never_left_is_tried_again(self, updating: bool) -> None:
        settled = settle(NotSent("no route"), updating=updating, attempts=3, now=NOON)
        assert settled == Settlement(Status.PENDING, NOON + seconds(8), "no route")

    def test_an_unknown_post_is_looked_up_and_not_repeated(self) -> None:
        settled = settle(Unknown("no answer"), updating=False, attempts=1, now=NOON)
        assert settled == Settlement(Status.UNKNOWN, NOON + FIRST_LOOK, "no answer")

    def test_an_unknown_update_is_simply_repeated(self) -> None:
        settled = settle(Unknown("no answer"), updating=True, attempts=2, now=NOON)
        assert settled == Settlement(Status.PENDING, NOON + seconds(4), "no answer")

    @pytest.mark.parametrize("updating", [False, True])
    def test_what_slack_refuses_has_failed_visibly(self, updating: bool) -> None:
        refused = Refused("the channel is archived", "is_archived")
        settled = settle(refused, updating=updating, attempts=1, now=NOON)
        assert settled == Settlement(Status.FAILED, reason="the channel is archived")


class TestAfterLookup:
    CERTAIN = NOON + LEASE + LOOKUP_AFTER

    def decide(self, finding: Finding, now: datetime) -> Settlement:
        return after_lookup(finding, claimed_at=NOON, now=now)

    def test_a_message_in_the_history_was_sent(self) -> None:
        settled = self.decide(Found("D1", "1.000100"), NOON + FIRST_LOOK)
        assert settled == Settlement(Status.SENT, channel="D1", ts="1.000100")

    def test_not_there_yet_is_no_reason_to_post(self) -> None:
        settled = self.decide(NotThere(), self.CERTAIN - seconds(0.001))
        assert settled.status is Status.UNKNOWN
        assert settled.due_at == self.CERTAIN

    def test_not_there_when_it_would_have_to_be_was_never_posted(self) -> None:
        settled = self.decide(NotThere(), self.CERTAIN)
        assert settled.status is Status.PENDING
        assert settled.due_at == self.CERTAIN

    def test_a_passing_trouble_looks_again_however_late_it_is(self) -> None:
        settled = self.decide(LookLater(LOOK_AGAIN, "no answer"), self.CERTAIN)
        assert settled == Settlement(Status.UNKNOWN, self.CERTAIN + LOOK_AGAIN, "no answer")

    def test_a_history_that_cannot_be_read_parks_the_message(self) -> None:
        settled = self.decide(Unreadable("the app lacks the scope im:history"), self.CERTAIN)
        assert settled.status is Status.UNKNOWN
        assert settled.due_at is None
        assert settled.reason is not None
        assert "im:history" in settled.reason

    def test_history_is_read_far_enough_back_for_a_clock_that_is_wrong(self) -> None:
        assert look_from(NOON) == NOON - CLOCK_SKEW


class TestWaiting:
    def test_backoff_doubles_up_to_five_minutes(self) -> None:
        waits = [backoff(attempts).total_seconds() for attempts in (1, 2, 3, 8, 9, 10_000)]
        assert waits == [2, 4, 8, 256, 300, 300]

    def test_a_call_begins_only_if_it_can_end_within_the_lease(self) -> None:
        assert may_call(NOON + LEASE, NOON + LEASE - CALL_TIMEOUT - seconds(0.001))
        assert not may_call(NOON + LEASE, NOON + LEASE - CALL_TIMEOUT)


SHOWS_AFTER = st.sampled_from([0, 1, LOOKUP_AFTER.total_seconds()])

WAITS = st.sampled_from([0, 2, 11, 20, 31, 40, 61, 91])


class OneMessage(RuleBasedStateMachine):
    """One message, carried by processes that die, over a network that loses answers.

    The machine plays both sides: what the bot knows (``status``, ``due_at``, ``claimed_at``) and
    what it does not (the posts Slack has, and when each begins to show in the history).
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.status = Status.PENDING
        self.due_at: datetime | None = NOON
        self.claimed_at = NOON
        self.attempts = 0
        self.shows_at: list[datetime] = []

    def apply(self, settlement: Settlement) -> None:
        self.status, self.due_at = settlement.status, settlement.due_at

    def post(self, delay: float) -> None:
        self.shows_at.append(self.now + seconds(delay))

    def may_still_call(self) -> bool:
        return may_call(self.claimed_at + LEASE, self.now)

    def is_due(self, wait: float) -> bool:
        self.now += seconds(wait)
        return self.due_at is not None and self.due_at <= self.now

    @precondition(lambda self: self.status is Status.PENDING)
    @rule(wait=WAITS)
    def claim(self, wait: float) -> None:
        if self.is_due(wait):
            self.status, self.claimed_at = Status.CLAIMED, self.now
            self.attempts += 1

    @precondition(lambda self: self.status is Status.CLAIMED)
    @rule(
        wait=WAITS,
        outcome=st.sampled_from(
            [RateLimited(1), NotSent("dns"), Refused("archived"), Accepted("D1", "1")]
        ),
    )
    def call(self, wait: float, outcome: Outcome) -> None:
        self.now += seconds(wait)
        if self.may_still_call():
            if isinstance(outcome, Accepted):
                self.post(0)
            self.apply(settle(outcome, updating=False, attempts=self.attempts, now=self.now))

    @precondition(lambda self: self.status is Status.CLAIMED)
    @rule(
        wait=WAITS,
        posted=st.booleans(),
        shows_after=SHOWS_AFTER,
        took=st.sampled_from([0, CALL_TIMEOUT.total_seconds()]),
    )
    def call_without_answer(
        self, wait: float, posted: bool, shows_after: float, took: float
    ) -> None:
        self.now += seconds(wait)
        if self.may_still_call():
            if posted:
                self.post(shows_after)
            self.now += seconds(took)
            unknown = Unknown("no answer")
            self.apply(settle(unknown, updating=False, attempts=self.attempts, now=self.now))

    @precondition(lambda self: self.status is Status.CLAIMED)
    @rule(wait=WAITS, posted=st.booleans(), shows_after=SHOWS_AFTER)
    def the_process_dies(self, wait: float, posted: bool, shows_after: float) -> None:
        self.now += seconds(wait)
        if posted and self.may_still_call():
            self.post(shows_after)
        self.now = max(self.now, self.claimed_at + LEASE)
        died = Unknown("the process stopped")
        self.apply(settle(died, updating=False, attempts=self.attempts, now=self.now))

    @precondition(lambda self: self.status is Status.UNKNOWN)
    @rule(wait=WAITS)
    def look(self, wait: float) -> None:
        if self.is_due(wait):
            there = any(shows <= self.now for shows in self.shows_at)
            finding = Found("D1", "1") if there else NotThere()
            self.apply(after_lookup(finding, claimed_at=self.claimed_at, now=self.now))

    @precondition(lambda self: self.status is Status.UNKNOWN)
    @rule(
        wait=WAITS,
        finding=st.sampled_from([LookLater(LOOK_AGAIN, "429"), Unreadable("no scope")]),
    )
    def look_in_vain(self, wait: float, finding: Finding) -> None:
        if self.is_due(wait):
            self.apply(after_lookup(finding, claimed_at=self.claimed_at, now=self.now))

    @precondition(lambda self: self.status in (Status.SENT, Status.FAILED))
    @rule()
    def nothing_more_happens(self) -> None:
        """What is settled for good is never claimed again."""

    @invariant()
    def posted_at_most_once(self) -> None:
        assert len(self.shows_at) <= 1

    @invariant()
    def never_to_be_posted_once_it_may_have_been(self) -> None:
        assert not (self.shows_at and self.status in (Status.PENDING, Status.FAILED))

    @invariant()
    def said_to_be_sent_only_if_it_was(self) -> None:
        assert self.status is not Status.SENT or self.shows_at

    @invariant()
    def never_silently_missed(self) -> None:
        """Whatever waits knows until when, unless it is parked, which people are shown."""
        assert self.status is not Status.PENDING or self.due_at is not None


OneMessage.TestCase.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)
TestOneMessage = OneMessage.TestCase
