"""Asking people through the services themselves, with a Slack that accepts everything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import count

from sqlalchemy import Connection, Row, select

from nps_bot.app.kinds import KINDS
from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand, Page
from nps_bot.delivery.claim import Delivery, claim
from nps_bot.delivery.rules import Priority, Settlement
from nps_bot.delivery.rules import settle as decide
from nps_bot.delivery.settle import settle_all
from nps_bot.delivery.store.claims import Claimed, Waiting
from nps_bot.slack.calls import Accepted, Outcome
from nps_bot.slack.profiles import Member
from nps_bot.storage.tables import Invitation, Outbox
from nps_bot.surveys.rules.survey import Survey
from tests.factories import NOON, survey

SURVEYS: Mapping[str, Survey] = {"customer": survey(), "employee": survey("employee")}

ADA = Member("UADA", "Ada", "Europe/London")
KENJI = Member("UKENJI", "Kenji", "Asia/Tokyo")
TOM = Member("UTOM", "Tom", "Europe/Berlin")

_STAMPS = count(1)


def ask(
    connection: Connection,
    *members: Member,
    now: datetime = NOON,
    key: str = "customer",
    at_once: bool = False,
    only_person: str | None = None,
    surveys: Mapping[str, Survey] = SURVEYS,
) -> dict[str, str]:
    """Start a wave by hand that asks ``members``; returns their invitations by person."""
    asking = surveys[key]
    how = ByHand(now.strftime(NOMINAL), only_person=only_person, at_once=at_once)
    launching.see_surveys(connection, surveys, now)
    wave_id = launching.start_by_hand(connection, asking, how, now)
    assert wave_id is not None
    assert launching.add_page(connection, asking, wave_id, Page(None, members, None), now)
    return invitations_of(connection, wave_id)


def invitations_of(connection: Connection, wave_id: int) -> dict[str, str]:
    """Return the invitations of a wave by person."""
    rows = connection.execute(
        select(Invitation.person_id, Invitation.id).where(Invitation.wave_id == wave_id)
    )
    return {row.person_id or "": row.id for row in rows}


def claimed(
    connection: Connection,
    now: datetime = NOON,
    *,
    surveys: Mapping[str, Survey] = SURVEYS,
    least: Priority = Priority.RESPONDENT,
) -> list[Delivery]:
    """Claim everything that is due."""
    wanted = [Waiting(500, least), Waiting(500, least, updating=True)]
    return [*claim(connection, KINDS, surveys, wanted, now).deliveries]


def settled(connection: Connection, delivery: Delivery, outcome: Outcome, now: datetime) -> bool:
    """Settle a delivery by how its call ended."""
    message = delivery.message
    settlement = decide(outcome, updating=message.updating, attempts=message.attempts, now=now)
    return settle(connection, message, settlement, now)


def settle(connection: Connection, message: Claimed, settlement: Settlement, now: datetime) -> bool:
    """Settle one message; False where its lease was lost."""
    return settle_all(connection, KINDS, [(message, settlement)], now) == [True]


def carry(
    connection: Connection,
    now: datetime = NOON,
    *,
    surveys: Mapping[str, Survey] = SURVEYS,
) -> list[Delivery]:
    """Claim everything that is due and have Slack accept it; messages keep where they stand."""
    deliveries = claimed(connection, now, surveys=surveys)
    for delivery in deliveries:
        invitation = delivery.message
        accepted = Accepted(invitation.channel or "C1", invitation.ts or f"{next(_STAMPS)}.0")
        assert settled(connection, delivery, accepted, now)
    return deliveries


def message(connection: Connection, key: str) -> Row[str, str | None, str | None, str | None]:
    """Return status, reason, channel and ts of the message with this key."""
    return connection.execute(
        select(Outbox.status, Outbox.reason, Outbox.channel, Outbox.ts).where(
            Outbox.dedupe_key == key
        )
    ).one()
