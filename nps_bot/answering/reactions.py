"""What becomes of responses when something happens elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering import store
from nps_bot.people.events import PersonForgotten


def forget(connection: Connection, events: Sequence[PersonForgotten], _: datetime) -> None:
    """Delete what people wrote, while it is known whose it is."""
    for one in events:
        store.forget_person(connection, one.person_id)
