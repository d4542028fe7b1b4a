"""Forgetting a person: their words, profile and messages go; the sums stay true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.store import approvals, invitations, waves
from nps_bot.delivery.store import outbox
from nps_bot.people import store
from nps_bot.shared_channels import store as channel_posts


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What forgetting a person touched."""

    invitations: int
    messages: int
    """Messages standing in Slack that are deleted or rewritten without the person."""


def forget(connection: Connection, person_id: str, now: datetime) -> Forgotten:
    """Remove a person's answers, profile and messages; scores stay, belonging to nobody.

    One thing is kept: their Slack id on the list of those who are not asked, because forgetting
    somebody must not mean asking them again. Forgetting twice is forgetting once.
    """
    theirs = invitations.unlink_person(connection, person_id)
    dm_channel = store.dm_channel(connection, person_id)
    messages = outbox.forget_person(connection, person_id, theirs, dm_channel, now)
    waves.forget_only_person(connection, person_id, now)
    waves.forget_stopper(connection, person_id)
    approvals.forget_person(connection, person_id, now)
    channel_posts.forget_person(connection, person_id)
    store.erase(connection, person_id)
    store.add_opt_out(connection, person_id, store.ALL_SURVEYS, now)
    return Forgotten(len(theirs), messages)
