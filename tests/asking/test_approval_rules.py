from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nps_bot.asking.rules.approval import VALID_FOR, Approval, Decision, State, outcome

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPEN = Approval(
    "a",
    "customer",
    "2026-11-24T12:00",
    80,
    "UMEI",
    NOON,
    NOON + VALID_FOR,
    (),
    State.OPEN,
    None,
    None,
)
MINUTE = timedelta(minutes=1)


@given(
    by=st.sampled_from(["UMEI", "UTOM", "UPRIYA"]),
    owner=st.booleans(),
    yes=st.booleans(),
    after=st.timedeltas(timedelta(0), 2 * VALID_FOR),
)
def test_it_is_sent_only_by_an_owner_or_a_second_person_within_a_day(
    by: str, owner: bool, yes: bool, after: timedelta
) -> None:
    ended = outcome(OPEN, Decision(by, owner=owner, yes=yes), NOON + after)
    if after >= VALID_FOR:
        assert ended is State.EXPIRED
    elif not yes:
        assert ended is State.DECLINED
    elif by == OPEN.asked_by and not owner:
        assert ended is State.OPEN
    else:
        assert ended is State.SENT
