"""All kinds of message: each says all of itself, and no two are one."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, update

from nps_bot.app.kinds import KINDS
from nps_bot.delivery.claim import claim, claim_lookups
from nps_bot.delivery.destinations import DirectMessage, SharedChannel, TeamChannel
from nps_bot.delivery.kinds import Kinds, MessageKind
from nps_bot.delivery.rules import Priority
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.claims import Waiting
from nps_bot.delivery.store.outbox import new_message
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Outbox
from tests.factories import NOON
from tests.helpers.asking import SURVEYS

ALL = [pytest.param(kind, id=kind.type.name) for kind in KINDS]


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_is_called_by_a_name_and_a_label(kind: MessageKind[object, object]) -> None:
    assert KINDS.of(kind.type.name) is kind
    assert KINDS.labels()[kind.type.name] == kind.type.label
    assert kind.type.label[0].isupper()


def test_labels_tell_kinds_apart() -> None:
    labels = KINDS.labels()
    assert len(set(labels.values())) == len(labels) == 12


def test_two_kinds_of_one_name_are_refused() -> None:
    first, *_ = KINDS
    with pytest.raises(ValueError, match=first.type.name):
        Kinds([first, first])


def test_what_somebody_waits_for_overtakes_summaries_and_these_what_asks() -> None:
    by_priority: dict[Priority, set[str]] = {}
    for kind in KINDS:
        by_priority.setdefault(kind.type.priority, set()).add(kind.type.name)
    assert sorted(by_priority) == [Priority.URGENT, Priority.SOON, Priority.RESPONDENT]
    assert by_priority[Priority.URGENT] == {
        "alert",
        "notice",
        "shared_report",
        "approval",
        "channel_approval",
    }
    assert by_priority[Priority.SOON] == {"summary", "closing"}


@pytest.mark.parametrize("kind", ALL)
async def test_a_row_that_cannot_be_read_fails_alone(
    database: Database, kind: MessageKind[object, object]
) -> None:
    """Whatever kind a broken row is of, the notice behind it leaves."""

    def work(connection: Connection) -> None:
        broken = new_message(kind.type, "broken", NOON, survey_key="customer", payload={"a": 1})
        notice = {"key": "k", "recipient": "UPRIYA", "text": "Hello."}
        behind = new_message(
            KINDS.of("notice").type, "behind", NOON, survey_key="customer", payload=notice
        )
        outbox.add(connection, [broken, behind])
        wanted = [Waiting(9, Priority.RESPONDENT)]
        left = claim(connection, KINDS, SURVEYS, wanted, NOON).deliveries
        assert "Hello." in [getattr(one.content, "text", "") for one in left]
        for one in left:
            assert isinstance(one.destination, DirectMessage | TeamChannel | SharedChannel)

    await database.write(work)


async def test_a_kind_of_another_version_fails_alone(database: Database) -> None:
    def work(connection: Connection) -> None:
        message = new_message(KINDS.of("notice").type, "new", NOON)
        outbox.add(connection, [message])
        connection.execute(update(Outbox).values(kind="invented_later"))
        batch = claim(connection, KINDS, SURVEYS, [Waiting(9, Priority.RESPONDENT)], NOON)
        assert (batch.taken, batch.deliveries) == (1, [])
        assert connection.execute(Outbox.__table__.select()).one().status == "failed"
        connection.execute(update(Outbox).values(status="unknown", lease_until=NOON))
        (lookup,) = claim_lookups(connection, KINDS, SURVEYS, limit=8, lease_now=NOON)
        assert lookup.destination is None

    await database.write(work)
