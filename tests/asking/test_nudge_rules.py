"""Who gets one message more, which, when, and why everybody else does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.asking.rules.nudges import Due, NudgeKind, NudgeSituation, SkipReason, decide
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import Nudge, Survey
from tests.factories import survey
from tests.helpers.zones import moments_in, utc, zone_names

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONDON = ZoneInfo("Europe/London")
SURVEY = replace(survey(), reminder=Nudge(3 * DAY), chaser=Nudge(DAY))
TUESDAY = utc("2026-11-24 12:00")
ASKED = NudgeSituation(asked_at=TUESDAY, closes_at=TUESDAY + 7 * DAY)
BARE = replace(ASKED, answered_at=TUESDAY + HOUR)


def decided(asked: NudgeSituation, after: timedelta, survey: Survey = SURVEY) -> Due | SkipReason:
    return decide(asked, survey, LONDON, TUESDAY + after)


def test_who_did_not_answer_is_reminded_after_three_days() -> None:
    assert decided(ASKED, 3 * DAY) == Due(NudgeKind.REMINDER, TUESDAY + 3 * DAY)


def test_who_gave_a_bare_score_is_asked_for_words_after_a_day() -> None:
    assert decided(BARE, 2 * DAY) == Due(NudgeKind.CHASER, TUESDAY + 2 * DAY)


def test_nobody_is_reminded_at_night() -> None:
    found = decided(ASKED, 3 * DAY + 8 * HOUR)
    assert found == Due(NudgeKind.REMINDER, utc("2026-11-28 09:00"))


def test_before_its_time_it_is_told_when_it_comes() -> None:
    assert decided(ASKED, DAY) == Due(NudgeKind.REMINDER, TUESDAY + 3 * DAY)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"asked_at": None}, SkipReason.NOT_ASKED),
        ({"snoozed": True}, SkipReason.SNOOZED),
        ({"chased": True}, SkipReason.CHASED),
        ({"opted_out": True}, SkipReason.OPTED_OUT),
        ({"withdrawn": True}, SkipReason.WITHDRAWN),
        ({"forgotten": True}, SkipReason.FORGOTTEN),
        ({"closed": True}, SkipReason.CLOSED),
        ({"closes_at": TUESDAY + 2 * DAY}, SkipReason.CLOSED),
    ],
)
def test_who_is_not_reminded(changes: dict[str, object], reason: SkipReason) -> None:
    assert decided(replace(ASKED, **changes), 3 * DAY) is reason  # type: ignore[arg-type]


def test_nobody_is_reminded_where_the_wave_closes_in_the_night() -> None:
    closing = replace(ASKED, closes_at=TUESDAY + 3 * DAY + 20 * HOUR)
    assert decided(closing, 3 * DAY + 8 * HOUR) is SkipReason.CLOSES_BEFORE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"no_contact": True}, SkipReason.NO_CONTACT),
        ({"snoozed": True}, SkipReason.SNOOZED),
        ({"replied": True}, SkipReason.REPLIED),
        ({"reminded": True}, SkipReason.REMINDED),
        ({"opted_out": True}, SkipReason.OPTED_OUT),
        ({"forgotten": True}, SkipReason.FORGOTTEN),
        ({"closed": True}, SkipReason.CLOSED),
    ],
)
def test_who_is_not_asked_for_words(changes: dict[str, object], reason: SkipReason) -> None:
    assert decided(replace(BARE, **changes), 2 * DAY) is reason  # type: ignore[arg-type]


def test_a_survey_may_send_neither() -> None:
    neither = replace(SURVEY, reminder=None, chaser=None)
    assert decided(ASKED, 3 * DAY, neither) is SkipReason.NO_REMINDERS
    assert decided(BARE, 2 * DAY, neither) is SkipReason.NO_CHASERS


# --- whatever happened, wherever, at any time ---------------------------------------------------

flags = st.booleans()
spans = st.integers(0, 20 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
hours = st.integers(0, 23).map(time)


@st.composite
def cases(draw: st.DrawFn) -> tuple[NudgeSituation, Survey, ZoneInfo, datetime]:
    """Draw an invitation, a survey, where its person lives and a moment."""
    name = draw(zone_names)
    asked_at = draw(moments_in(name))
    asked = NudgeSituation(
        asked_at=draw(st.sampled_from([asked_at, asked_at, asked_at, None])),
        closes_at=asked_at + draw(spans),
        answered_at=asked_at + draw(spans) if draw(flags) else None,
        **{
            flag: draw(st.sampled_from([False, False, False, True]))
            for flag in (
                "closed",
                "forgotten",
                "opted_out",
                "withdrawn",
                "snoozed",
                "no_contact",
                "replied",
                "reminded",
                "chased",
            )
        },
    )
    steering = replace(
        SURVEY,
        quiet_hours=QuietHours(draw(hours), draw(hours)),
        reminder=draw(st.none() | spans.map(Nudge)),
        chaser=draw(st.none() | spans.map(Nudge)),
    )
    return asked, steering, ZoneInfo(name), asked_at + draw(spans)


@settings(deadline=None, max_examples=400)
@given(cases())
def test_what_is_due_may_be_sent(case: tuple[NudgeSituation, Survey, ZoneInfo, datetime]) -> None:
    asked, steering, zone, now = case
    found = decide(asked, steering, zone, now)
    if isinstance(found, SkipReason):
        return
    assert True not in (asked.closed, asked.forgotten, asked.opted_out)
    assert now <= found.at < asked.closes_at
    assert not steering.quiet_hours.covers(found.at.astimezone(zone).time())
    if found.kind is NudgeKind.REMINDER:
        assert asked.answered_at is None
        assert True not in (asked.snoozed, asked.withdrawn, asked.chased)
        assert asked.asked_at is not None
        assert steering.reminder is not None
        assert found.at >= asked.asked_at + steering.reminder.after
    else:
        assert asked.answered_at is not None
        assert True not in (asked.replied, asked.no_contact, asked.reminded)
        assert steering.chaser is not None
        assert found.at >= asked.answered_at + steering.chaser.after


@settings(deadline=None, max_examples=200)
@given(cases())
def test_what_is_due_is_still_due_when_it_leaves(
    case: tuple[NudgeSituation, Survey, ZoneInfo, datetime],
) -> None:
    """Where nothing happens meanwhile, the second look agrees with the first."""
    asked, steering, zone, now = case
    found = decide(asked, steering, zone, now)
    if isinstance(found, Due):
        assert decide(asked, steering, zone, found.at) == found
    elif found is not SkipReason.CLOSES_BEFORE:
        assert decide(asked, steering, zone, now + HOUR) in {found, SkipReason.CLOSED}


@settings(deadline=None, max_examples=200)
@given(cases(), spans)
def test_an_outage_delays_and_loses_nothing(
    case: tuple[NudgeSituation, Survey, ZoneInfo, datetime], outage: timedelta
) -> None:
    """Looked at later, it goes out at the next hour outside quiet hours, or the wave closed."""
    asked, steering, zone, now = case
    before, after = (decide(asked, steering, zone, moment) for moment in (now, now + outage))
    if isinstance(before, Due) and isinstance(after, Due):
        assert after.kind is before.kind
        assert after.at >= before.at
    elif isinstance(before, Due):
        assert after in {SkipReason.CLOSED, SkipReason.CLOSES_BEFORE}
