"""What the dispatcher takes from the outbox: claimed, and looked at as the database stands now."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from nps_bot.delivery.destinations import Destination, ExistingMessage
from nps_bot.delivery.kinds import Defer, Drop, Kinds, LookUp, MessageKind, Remove, Situation
from nps_bot.delivery.rules import LEASE, Status
from nps_bot.delivery.store import claims
from nps_bot.delivery.store.claims import Claimed, Waiting
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed message with its kind, where it goes and what it should say."""

    message: Claimed
    kind: MessageKind[Any, Any]
    destination: Destination
    content: Any


@dataclass(frozen=True, slots=True)
class Lookup:
    """A claimed message of unknown outcome with where to look for it.

    ``destination`` is None where nobody can tell any more: the person was forgotten, or the
    survey's file is gone.
    """

    message: Claimed
    destination: Destination | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What was claimed: what is to be delivered, and how many messages it was found among."""

    deliveries: Sequence[Delivery] = ()
    taken: int = 0


def claim(
    connection: Connection,
    kinds: Kinds,
    surveys: Mapping[str, Survey],
    wanted: Sequence[Waiting],
    now: datetime,
    lease_now: datetime | None = None,
) -> Batch:
    """Claim due messages, the most urgent first; those that need no call are settled here.

    Args:
        connection: an open transaction.
        kinds: all kinds of message.
        surveys: as their files stand.
        wanted: which messages, and how many of them.
        now: the current moment.
        lease_now: the same by the clock of leases; ``now`` by default.
    """
    leased_at = lease_now or now
    claims.expire_leases(connection, leased_at)
    paused = survey_store.paused(connection)
    claimed: list[Claimed] = []
    for which in wanted:
        claimed += claims.claim(
            connection, which, now, leased_at + LEASE, paused, claimed_at=leased_at
        )
    if not claimed:
        return Batch()
    situation = Situation(connection, surveys, now)
    facts = kinds.facts_of(situation, claimed)
    found = [_prepared(situation, kinds, facts, message) for message in claimed]
    return Batch([one for one in found if one is not None], len(claimed))


def _prepared(
    situation: Situation, kinds: Kinds, facts: Mapping[LookUp[Any], Any], message: Claimed
) -> Delivery | None:
    """Return a message as it leaves now; settle it here where it does not."""
    match _ready(situation, kinds, facts, message):
        case Drop(reason, status):
            claims.settle_unsent(
                situation.connection,
                message,
                status=status,
                due_at=None,
                reason=reason,
                now=situation.now,
            )
        case Defer(until):
            claims.release(situation.connection, [message], until)
        case delivery:
            return delivery
    return None


_UNREADABLE = (KeyError, TypeError, ValueError)
"""What reading a row raises that is not as this version writes them."""


def _ready(
    situation: Situation, kinds: Kinds, facts: Mapping[LookUp[Any], Any], message: Claimed
) -> Delivery | Drop | Defer:
    """Return a message as it leaves now, or why it does not.

    One that cannot be read fails alone: raised from here it would be claimed again and again, and
    nothing would ever leave behind it.
    """
    destination: Destination | None = None
    try:
        kind = kinds.of(message.kind)
        known = facts[kind.look_up]
        content = kind.prepare(situation, known, message)
        if isinstance(content, Drop | Defer):
            return content
        if not (isinstance(content, Remove) or kind.reveals_less(content)):
            destination = kind.destination(situation, known, message)
    except _UNREADABLE:
        log.exception("A message cannot be read", extra={"delivery": message.id})
        return Drop("its row cannot be read; the log says why", Status.FAILED)
    return Delivery(message, kind, destination or ExistingMessage(message.channel or ""), content)


def claim_lookups(
    connection: Connection,
    kinds: Kinds,
    surveys: Mapping[str, Survey],
    *,
    limit: int,
    lease_now: datetime,
) -> list[Lookup]:
    """Claim messages of unknown outcome whose time to be looked for has come."""
    claimed = claims.claim_lookups(connection, lease_now, lease_now + LEASE, limit)
    situation = Situation(connection, surveys, lease_now)
    facts = kinds.facts_of(situation, claimed)
    return [Lookup(message, _went(situation, kinds, facts, message)) for message in claimed]


def _went(
    situation: Situation, kinds: Kinds, facts: Mapping[LookUp[Any], Any], message: Claimed
) -> Destination | None:
    """Return where a message went; None where its row cannot be read, which stops no other."""
    try:
        kind = kinds.of(message.kind)
        return kind.destination(situation, facts[kind.look_up], message)
    except _UNREADABLE:
        log.exception("A message cannot be read", extra={"delivery": message.id})
        return None
