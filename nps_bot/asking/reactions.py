"""What becomes of waves and invitations when something happens elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.store import approvals, invitations, waves
from nps_bot.delivery.store import outbox
from nps_bot.people.events import PersonForgotten


def forget(connection: Connection, events: Sequence[PersonForgotten], now: datetime) -> None:
    """Unlink invitations and their messages from people, and forget who started and stopped."""
    for one in events:
        person_id = one.person_id
        theirs = invitations.unlink_person(connection, person_id)
        messages = outbox.forget_person(connection, person_id, theirs, one.dm_channel, now)
        waves.forget_only_person(connection, person_id, now)
        waves.forget_stopper(connection, person_id)
        approvals.forget_person(connection, person_id, now)
        one.touched.invitations += len(theirs)
        one.touched.messages += messages
