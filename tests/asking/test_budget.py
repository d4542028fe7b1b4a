"""The contact budget's rules, one by one and for any history."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice, pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_bot.asking.rules.budget import (
    BudgetBlock,
    Capacity,
    Contact,
    History,
    Rule,
    blocked_by,
    first_free_moment,
    waves_until_turn,
)
from nps_bot.surveys.rules.limits import Limits

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LIMITS = Limits()


def contact_of(days: float, **more: datetime | bool | None) -> Contact:
    """Return a contact of so many days ago."""
    return Contact("customer", NOW - days * DAY, **more)  # type: ignore[arg-type]


def rule_of(*contacts: Contact, limits: Limits = LIMITS) -> tuple[Rule, datetime | None] | None:
    found = blocked_by(History(contacts), limits, NOW)
    return None if found is None else (found.rule, found.until)


# --- one by one -------------------------------------------------------------------------------


def test_who_never_got_anything_may_be_asked() -> None:
    assert blocked_by(History(), LIMITS, NOW) is None


def test_silence_and_an_answer_have_clocks_of_their_own() -> None:
    assert rule_of(contact_of(10)) == (Rule.AFTER_SILENCE, NOW + 20 * DAY)
    assert rule_of(contact_of(31)) is None
    answered = contact_of(31, answered_at=NOW - 30 * DAY)
    assert rule_of(answered) == (Rule.AFTER_ANSWER, NOW + 60 * DAY)
    assert rule_of(contact_of(95, answered_at=NOW - 90 * DAY)) is None


def test_silence_counts_from_the_further_message() -> None:
    assert rule_of(contact_of(31, further_at=NOW - 28 * DAY)) == (Rule.AFTER_SILENCE, NOW + 2 * DAY)


def test_an_anonymous_question_has_one_clock_for_everybody() -> None:
    once, reminded = (
        contact_of(10, anonymous=True),
        contact_of(10, anonymous=True, further_at=NOW - DAY),
    )
    assert rule_of(once) == (Rule.AFTER_ANONYMOUS, NOW + 80 * DAY)
    assert rule_of(reminded) == rule_of(once)
    silent = replace(LIMITS, after_silence=200 * DAY)
    assert rule_of(once, limits=silent) == (Rule.AFTER_ANONYMOUS, NOW + 190 * DAY)
    assert rule_of(contact_of(90, anonymous=True)) is None
    coming = contact_of(-1, anonymous=True, planned=True)
    assert rule_of(coming) == (Rule.EVERY, NOW + 31 * DAY)


def test_a_question_on_its_way_counts_from_when_it_is_due() -> None:
    coming = contact_of(-1, planned=True, open_until=NOW + 8 * DAY)
    assert rule_of(coming) == (Rule.EVERY, NOW + 31 * DAY)


def test_an_open_question_holds_until_it_closes() -> None:
    still_open = contact_of(40, open_until=NOW + DAY)
    assert rule_of(still_open) == (Rule.OPEN, NOW + DAY)
    assert rule_of(still_open, limits=replace(LIMITS, every=timedelta())) is None


def test_newcomers_wait_and_those_who_were_there_before_do_not() -> None:
    new = History(first_seen=NOW - 10 * DAY)
    assert blocked_by(new, LIMITS, NOW) == BudgetBlock(Rule.NEWCOMER, NOW + 20 * DAY)
    assert blocked_by(new, LIMITS, NOW + 20 * DAY) is None


def test_who_opted_out_is_held_back_for_good_whatever_else_holds() -> None:
    history = History((contact_of(1),), NOW, opted_out=True)
    assert blocked_by(history, LIMITS, NOW) == BudgetBlock(Rule.OPTED_OUT, None)
    assert blocked_by(history, Limits.none(), NOW + 9_999 * DAY) == BudgetBlock(
        Rule.OPTED_OUT, None
    )


def test_the_rule_that_holds_longest_is_told_with_its_cause() -> None:
    answered = contact_of(80, answered_at=NOW - 79 * DAY)
    silent = contact_of(5)
    found = blocked_by(History((silent, answered), NOW - DAY), LIMITS, NOW)
    assert found == BudgetBlock(Rule.NEWCOMER, NOW + 29 * DAY)
    assert blocked_by(History((answered, silent)), LIMITS, NOW) == BudgetBlock(
        Rule.AFTER_SILENCE, NOW + 25 * DAY, silent
    )


def test_every_rule_has_its_words() -> None:
    assert len({rule.words for rule in Rule}) == len(Rule)


# --- for any history --------------------------------------------------------------------------

spans = st.integers(0, 120).map(lambda hours: hours * DAY / 2)
limits_ = st.builds(Limits, spans, spans, spans, spans)
moments = st.integers(-400, 400).map(lambda hours: NOW + hours * 6 * HOUR)


@st.composite
def contacts(draw: st.DrawFn) -> Contact:
    at = draw(moments)
    later = st.none() | st.integers(0, 40).map(lambda hours: at + hours * 6 * HOUR)
    anonymous = draw(st.booleans())
    answered = None if anonymous else draw(later)
    return Contact(
        draw(st.sampled_from(["customer", "employee"])),
        at,
        further_at=draw(later),
        answered_at=answered,
        open_until=draw(later) if answered is None else None,
        planned=answered is None and draw(st.booleans()),
        anonymous=anonymous,
    )


histories = st.builds(
    History, st.lists(contacts(), max_size=5).map(tuple), st.none() | moments, st.just(value=False)
)


@given(histories, limits_, moments, spans)
def test_time_only_frees(history: History, limits: Limits, now: datetime, more: timedelta) -> None:
    """Who may be asked now may be asked later; who is held back may be from the told moment on."""
    found = blocked_by(history, limits, now)
    if found is None:
        assert blocked_by(history, limits, now + more) is None
    else:
        assert found.until is not None
        assert found.until > now
        assert blocked_by(history, limits, found.until) is None
        assert blocked_by(history, limits, found.until - timedelta(microseconds=1)) is not None


@given(histories, contacts(), limits_, moments)
def test_a_further_contact_never_frees(
    history: History, contact: Contact, limits: Limits, now: datetime
) -> None:
    before = blocked_by(history, limits, now)
    after = blocked_by(replace(history, contacts=(*history.contacts, contact)), limits, now)
    if before is not None and before.until is not None:
        assert after is not None
        assert after.until is not None
        assert after.until >= before.until


@given(contacts(), limits_, moments, moments)
def test_of_an_anonymous_question_only_when_it_came_matters(
    contact: Contact, limits: Limits, further: datetime, now: datetime
) -> None:
    """Reminded or not: whoever knows the rest learns nothing of who had answered by then."""
    contact = replace(contact, anonymous=True, answered_at=None)
    found, other = (
        blocked_by(History((one,)), limits, now)
        for one in (contact, replace(contact, further_at=further))
    )
    assert (found and (found.rule, found.until)) == (other and (other.rule, other.until))


@given(histories, limits_, st.sampled_from(fields(Limits)[:4]), spans, moments)
def test_a_longer_limit_never_frees(
    history: History, limits: Limits, which: object, more: timedelta, now: datetime
) -> None:
    name = getattr(which, "name")  # noqa: B009  # a dataclass field, whatever its type
    longer = replace(limits, **{name: getattr(limits, name) + more})
    before, after = blocked_by(history, limits, now), blocked_by(history, longer, now)
    if before is not None and before.until is not None:
        assert after is not None
        assert after.until is not None
        assert after.until >= before.until


@given(histories, limits_, moments)
def test_what_is_far_enough_back_does_not_matter(
    history: History, limits: Limits, now: datetime
) -> None:
    """What the storage leaves out could hold nobody back."""
    newest = tuple(
        one
        for one in history.contacts
        if max(filter(None, (one.asked_at, one.further_at, one.answered_at, one.open_until)))
        > now - limits.longest
    )
    assert blocked_by(history, limits, now) == blocked_by(
        replace(history, contacts=newest), limits, now
    )


steps = st.lists(
    st.tuples(st.integers(1, 40), st.booleans(), st.integers(0, 20), st.integers(0, 5)),
    min_size=1,
    max_size=40,
)


@given(steps, limits_)
def test_no_two_sequences_are_closer_than_the_limits_and_nobody_starves(
    tries: list[tuple[int, bool, int, int]], limits: Limits
) -> None:
    """Somebody is tried again and again, answers or does not, and gets a further message or not."""
    now, begun = NOW, list[Contact]()
    for wait, answers, after, further in tries:
        now += wait * DAY
        found = blocked_by(History(tuple(begun)), limits, now)
        if found is not None:
            assert found.until is not None
            assert found.until <= now + limits.longest  # nobody waits for ever
            continue
        answered = now + min(after, wait) * HOUR if answers else None
        begun.append(Contact("customer", now, now + further * HOUR, answered))
    for first, second in pairwise(begun):
        assert second.asked_at - first.asked_at >= limits.every
        if first.answered_at is not None:
            assert second.asked_at - first.answered_at >= limits.after_answer
        else:
            assert first.further_at is not None
            assert second.asked_at - first.further_at >= limits.after_silence


# --- steady quotas ----------------------------------------------------------------------------

people = st.lists(st.text("ABCDEF0123456789", min_size=1), unique=True, min_size=1, max_size=60)


@given(people, st.integers(1, 100), st.integers(0, 1_000))
def test_a_rotation_is_complete_and_asks_nobody_twice(
    everybody: list[str], share: int, first: int
) -> None:
    def asked_in(waves: int) -> Counter[str]:
        return Counter(
            person
            for person in everybody
            for wave in range(first, first + waves)
            if waves_until_turn("customer", person, share, wave) == 0
        )

    assert set(asked_in(ceil(100 / share))) == set(everybody)
    assert all(times == 1 for times in asked_in(100 // share).values())


@given(st.text(min_size=1), st.integers(1, 100), st.integers(0, 500))
def test_the_told_wave_is_the_next_turn(person: str, share: int, number: int) -> None:
    waits = waves_until_turn("customer", person, share, number)
    turns = [waves_until_turn("customer", person, share, number + more) for more in range(waits)]
    assert 0 not in turns
    assert waves_until_turn("customer", person, share, number + waits) == 0


@pytest.mark.parametrize("share", [10, 25, 33, 60])
def test_each_wave_asks_about_its_share(share: int) -> None:
    for wave in range(12):
        turns = [waves_until_turn("x", f"U{one}", share, wave) == 0 for one in range(4_000)]
        assert sum(turns) == pytest.approx(40 * share, rel=0.2)


@given(
    st.integers(1, 30),
    st.integers(1, 5),
    st.integers(0, 10),
    st.lists(st.none() | st.integers(1, 300), min_size=30, max_size=30),
)
def test_no_day_has_more_than_its_number_and_all_have_their_own_hour(
    number: int, daily: int, length: int, holds: list[int | None]
) -> None:
    """Everybody is placed as early as the days before them and what holds them back allow."""
    end = NOW + length * DAY
    taken: Counter[date] = Counter()
    for person in range(number):
        first = NOW + person * HOUR
        wait = holds[person]
        hold = BudgetBlock(Rule.EVERY, NOW + wait * HOUR) if wait else None
        if hold and hold.until and hold.until <= first:
            hold = None
        own = [first + day * DAY for day in range(400)]
        found = first_free_moment(iter(own), hold, Capacity(end, daily, taken))
        good = [
            moment
            for moment in own
            if taken[moment.date()] < daily
            and (hold is None or hold.until is None or moment >= hold.until)
            and (moment == first or moment <= end - DAY)
        ]
        assert found == (good[0] if good else None)
        if found is not None:
            taken[found.date()] += 1
    assert all(times <= daily for times in taken.values())


def test_who_opted_out_has_no_place() -> None:
    ever = (NOW + day * DAY for day in count())
    assert (
        first_free_moment(
            islice(ever, 3), BudgetBlock(Rule.OPTED_OUT, None), Capacity(NOW + DAY, None, {})
        )
        is None
    )
