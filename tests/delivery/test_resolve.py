"""What a click proves and what an operator says, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from nps_bot.answering.rules import Click
from nps_bot.answering.score import Recorded, record_score
from nps_bot.answering.snooze import snooze
from nps_bot.app.kinds import KINDS
from nps_bot.asking import delivery_proof
from nps_bot.asking.outgoing import chaser_key, new_nudge, prompt_key, reprompt_key
from nps_bot.asking.rules.nudges import NudgeKind
from nps_bot.asking.store import invitations
from nps_bot.delivery import resolve
from nps_bot.delivery.resolve import Verdict
from nps_bot.delivery.rules import LEASE, LOOKUP_AFTER, Status
from nps_bot.delivery.store import outbox, unsettled
from nps_bot.slack.calls import Posted
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox
from tests.factories import NOON
from tests.helpers.asking import ADA, KENJI, SURVEYS, ask, carry, claimed, message

MINUTE = timedelta(minutes=1)
HERE = Posted("D1", "1795521600.000100")
CERTAIN = LEASE + LOOKUP_AFTER


def lose(connection: Connection, key: str, *, status: str = "unknown", park: bool = True) -> str:
    """Let a message be one of which nobody knows where it stands; returns its id."""
    lost = update(Outbox).where(Outbox.dedupe_key == key)
    connection.execute(
        lost.values(
            status=status,
            channel=None,
            ts=None,
            claimed_by=None,
            claimed_at=NOON,
            lease_until=None if park else NOON + MINUTE,
        )
    )
    return connection.execute(select(Outbox.id).where(Outbox.dedupe_key == key)).scalar_one()


def click(connection: Connection, invitation: str, person: str, posted: Posted | None) -> None:
    one = Click(invitation, person, 8, int(NOON.timestamp() * 1e6), posted=posted)
    result = record_score(connection, SURVEYS, one, NOON)
    assert isinstance(result, Recorded)


@pytest.mark.parametrize("status", ["unknown", "sent"])
@pytest.mark.parametrize("park", [True, False])
async def test_a_score_tells_where_the_prompt_stands(
    database: Database, status: str, park: bool
) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        key = prompt_key(invitation)
        lose(connection, key, status=status, park=park)
        click(connection, invitation, "UADA", HERE)
        found = message(connection, key)
        assert (found.status, found.channel, found.ts) == ("pending", HERE.channel, HERE.ts)
        asked = connection.scalar(select(Invitation.asked_at))
        assert asked == datetime.fromtimestamp(1795521600.0001, UTC)

    await database.write(work)


async def test_a_click_elsewhere_proves_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        key = prompt_key(invitation)
        lose(connection, key)
        click(connection, invitation, "UADA", None)  # in a modal
        assert message(connection, key).status == "unknown"

    await database.write(work)


async def test_a_click_on_one_prompt_says_nothing_of_the_other(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        carry(connection)
        later = NOON + timedelta(days=3)
        assert isinstance(snooze(connection, SURVEYS, invitation, "UADA", NOON), datetime)
        first, second = prompt_key(invitation), reprompt_key(invitation)
        carry(connection, later)
        stored = message(connection, first)
        lose(connection, second)
        assert stored.channel is not None
        assert stored.ts is not None
        click(connection, invitation, "UADA", Posted(stored.channel, stored.ts))
        assert message(connection, second).status == "unknown"

    await database.write(work)


async def test_where_two_are_lost_a_click_does_not_guess(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        carry(connection)
        snooze(connection, SURVEYS, invitation, "UADA", NOON)
        keys = (prompt_key(invitation), reprompt_key(invitation))
        for key in keys:
            lose(connection, key)
        click(connection, invitation, "UADA", HERE)
        assert {message(connection, key).status for key in keys} == {"unknown"}

    await database.write(work)


async def test_somebody_elses_click_proves_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA, KENJI)["UADA"]
        lose(connection, prompt_key(invitation))
        delivery_proof.note_seen(connection, invitation, "UKENJI", HERE, NOON)
        assert message(connection, prompt_key(invitation)).status == "unknown"

    await database.write(work)


async def test_what_was_found_by_hand_is_not_posted_again_whatever_touches_it(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        key = prompt_key(invitation)
        lost = lose(connection, key)
        assert resolve.by_hand(connection, KINDS, lost, Verdict.SENT, NOON) is None
        assert connection.scalar(select(Invitation.asked_at)) == NOON
        touched = outbox.request_update(connection, [key], NOON)
        assert touched.nowhere == [key]
        assert message(connection, key).status == "sent"
        assert lost not in {each.message.id for each in claimed(connection, NOON + MINUTE)}

    await database.write(work)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("verdict", list(Verdict))
async def test_only_what_is_unknown_or_failed_is_settled(
    database: Database, status: Status, verdict: Verdict
) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        lost = lose(connection, prompt_key(invitation), status=status)
        refusal = resolve.by_hand(connection, KINDS, lost, verdict, NOON + CERTAIN)
        after = message(connection, prompt_key(invitation)).status
        if status in (Status.UNKNOWN, Status.FAILED):
            assert refusal is None
            assert after == ("sent" if verdict is Verdict.SENT else "pending")
        else:
            assert refusal is not None
            assert refusal.endswith(".")
            assert after == status

    await database.write(work)


async def test_nothing_is_sent_again_before_the_history_would_show_it(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        lost = lose(connection, prompt_key(invitation), park=False)
        just_before = NOON + CERTAIN - timedelta(seconds=1)
        refusal = resolve.by_hand(connection, KINDS, lost, Verdict.AGAIN, just_before)
        assert refusal == "Slack may still be about to show it: try again in 1 s."
        moment_before = NOON + CERTAIN - timedelta(milliseconds=1)
        assert resolve.by_hand(connection, KINDS, lost, Verdict.AGAIN, moment_before) == refusal
        assert resolve.by_hand(connection, KINDS, lost, Verdict.AGAIN, NOON + CERTAIN) is None
        (again,) = (one for one in claimed(connection, NOON + CERTAIN) if one.message.id == lost)
        assert again.message.attempts == 1

    await database.write(work)


async def test_an_id_is_found_by_its_beginning(database: Database) -> None:
    def work(connection: Connection) -> None:
        ids = {"UADA": "ab" + "0" * 30, "UKENJI": "abff" + "f" * 28}
        for person, invitation in ask(connection, ADA, KENJI).items():
            key = prompt_key(invitation)
            named = update(Outbox).where(Outbox.dedupe_key == key).values(id=ids[person])
            connection.execute(named)

        def found(beginning: str) -> set[str]:
            return {one.id for one in unsettled.beginning_with(connection, beginning, 9)}

        assert found("ab") >= set(ids.values())
        assert found("ab0") == {ids["UADA"]}
        assert found("abfff") == found(ids["UKENJI"]) == {ids["UKENJI"]}
        assert found("ab1") == set()

    await database.write(work)


@pytest.mark.parametrize("by", ["click", "hand"])
async def test_a_further_message_that_proves_to_be_there_counts_as_one(
    database: Database, by: str
) -> None:
    """Silence counts from it; the question itself came when it came."""

    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        carry(connection)
        snooze(connection, SURVEYS, invitation, "UADA", NOON)
        lost = lose(connection, reprompt_key(invitation))
        if by == "click":
            click(connection, invitation, "UADA", HERE)
        else:
            assert resolve.by_hand(connection, KINDS, lost, Verdict.SENT, HERE.at) is None
        asked = connection.execute(select(Invitation.asked_at, Invitation.further_at)).one()
        assert asked == (NOON, HERE.at)

    await database.write(work)


async def test_a_chaser_found_by_hand_counts_as_a_further_message(database: Database) -> None:
    def work(connection: Connection) -> None:
        invitation = ask(connection, ADA)["UADA"]
        carry(connection)
        stored = invitations.find(connection, invitation)
        assert stored is not None
        outbox.add(connection, [new_nudge(NudgeKind.CHASER, stored, NOON)])
        lost = lose(connection, chaser_key(invitation))
        assert resolve.by_hand(connection, KINDS, lost, Verdict.SENT, NOON + MINUTE) is None
        assert connection.scalar(select(Invitation.further_at)) == NOON + MINUTE

    await database.write(work)
