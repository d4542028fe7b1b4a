"""Forgetting a person: their words, profile and messages go; the sums stay true."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from nps_bot.base.events import record
from nps_bot.people import store
from nps_bot.people.events import Forgotten, PersonForgotten


def forget(connection: Connection, person_id: str, now: datetime) -> Forgotten:
    """Remove a person's answers, profile and messages; scores stay, belonging to nobody.

    One thing is kept: their Slack id on the list of those who are not asked, because forgetting
    somebody must not mean asking them again. Forgetting twice is forgetting once.
    """
    forgotten = PersonForgotten(person_id, store.dm_channel(connection, person_id))
    record(connection, [forgotten], now)
    store.forget_owner(connection, person_id)
    store.erase(connection, person_id)
    store.add_opt_out(connection, person_id, store.ALL_SURVEYS, now)
    return forgotten.touched
