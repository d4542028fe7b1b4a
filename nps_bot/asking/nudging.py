"""Reminders and chasers: owed when their time has come, looked at again when they leave.

Safe to run from any number of processes: what is decided on is locked, and a reminder and a chaser
of one invitation have one key each. What became due while the bot was down is owed by the first
tick after it, once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.outgoing import new_nudge
from nps_bot.asking.rules.nudges import Due, NudgeKind, NudgeSituation, decide
from nps_bot.asking.store import invitations, nudges
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.asking.store.nudges import OpenWave
from nps_bot.base.time_zones import zone_of
from nps_bot.delivery.store import outbox
from nps_bot.people import store as people
from nps_bot.surveys.rules.survey import Survey

BATCH = 500
"""Invitations decided on in one transaction at most: everybody waits behind it."""


@dataclass(frozen=True, slots=True)
class NudgeFacts:
    """What has become of several invitations besides their scores, read for all of them at once.

    Attributes:
        opt_outs: the survey keys people opted out of, by person.
        replied: the invitations to which something was written.
        reminded: those of which a reminder was, or may have been, sent.
        chased: those of which a chaser was, or may have been, sent.
    """

    opt_outs: Mapping[str, AbstractSet[str]]
    replied: AbstractSet[str] = frozenset()
    reminded: AbstractSet[str] = frozenset()
    chased: AbstractSet[str] = frozenset()

    def stopped(self, invitation: InvitationState) -> str | None:
        """Return the survey key its person opted out of; None while they take part."""
        out_of = self.opt_outs.get(invitation.person_id or "", frozenset())
        return min(out_of & {people.ALL_SURVEYS, invitation.survey_key}, default=None)


def look_up(
    connection: Connection, opt_outs: Mapping[str, AbstractSet[str]], ids: Collection[str]
) -> NudgeFacts:
    """Return what :func:`leaves` needs to know of these invitations."""
    if not ids:
        return NudgeFacts(opt_outs)
    return NudgeFacts(
        opt_outs=opt_outs,
        replied=nudges.replied(connection, ids),
        reminded=nudges.sent(connection, ids, NudgeKind.REMINDER),
        chased=nudges.sent(connection, ids, NudgeKind.CHASER),
    )


def leaves(
    kind: NudgeKind,
    invitation: InvitationState,
    survey: Survey,
    nudge_facts: NudgeFacts,
    now: datetime,
) -> datetime | str:
    """Return from when on a reminder or a chaser may leave, or why it must not.

    Args:
        kind: ``REMINDER`` or ``CHASER``.
        standing: the invitation it is about, read now.
        survey: as its file stands.
        further: what :func:`look_up` said of the invitation.
        now: the current moment.
    """
    given = invitation.response
    if kind is NudgeKind.REMINDER and invitation.answered:
        return "the person has answered"
    if kind is NudgeKind.CHASER and given is None:
        return "the answer was deleted"
    asked = NudgeSituation(
        asked_at=invitation.asked_at,
        closes_at=invitation.closes_at,
        closed=invitation.closed(now),
        forgotten=invitation.person_id is None,
        opted_out=nudge_facts.stopped(invitation) is not None,
        withdrawn=invitation.dismissed_at is not None,
        snoozed=invitation.snoozed_at is not None,
        answered_at=None if given is None else given.answered_at,
        no_contact=given is not None and given.no_contact_at is not None,
        replied=invitation.id in nudge_facts.replied,
        reminded=invitation.id in nudge_facts.reminded,
        chased=invitation.id in nudge_facts.chased,
    )
    zone = zone_of(survey.time_zone or invitation.time_zone)
    decided = decide(asked, survey, zone, now)
    return decided.at if isinstance(decided, Due) else decided


def enqueue_due(connection: Connection, surveys: Mapping[str, Survey], now: datetime) -> bool:
    """Enqueue a batch of the reminders and chasers that are due; True while more may be."""
    more = False
    for wave in nudges.open_waves(connection, now):
        if (survey := surveys.get(wave.survey_key)) is not None:
            reminders = _owe_reminders(connection, survey, wave, now)
            chasers = _owe_chasers(connection, survey, wave, now)
            more = more or BATCH in (reminders, chasers)
    return more


def _owe_reminders(connection: Connection, survey: Survey, wave: OpenWave, now: datetime) -> int:
    """Decide on the reminders whose time has come; returns on how many."""
    if survey.reminder is None:
        return 0
    until = now - survey.reminder.after
    ids = nudges.undecided_reminders(connection, wave, until, BATCH)
    if ids:
        _enqueue(connection, NudgeKind.REMINDER, survey, ids, now)
        nudges.mark_reminders_decided(connection, ids, now)
    return len(ids)


def _owe_chasers(connection: Connection, survey: Survey, wave: OpenWave, now: datetime) -> int:
    """Decide on the chasers whose time has come; returns on how many."""
    if survey.chaser is None:
        return 0
    until = now - survey.chaser.after
    ids = nudges.undecided_chasers(connection, wave, until, BATCH)
    if ids:
        _enqueue(connection, NudgeKind.CHASER, survey, ids, now)
        nudges.mark_chasers_decided(connection, ids, now)
    return len(ids)


def _enqueue(
    connection: Connection, kind: NudgeKind, survey: Survey, ids: Collection[str], now: datetime
) -> None:
    invitation_states = invitations.find_many(connection, ids).values()
    persons = {one.person_id for one in invitation_states if one.person_id is not None}
    opt_outs = people.opt_outs_among(connection, persons)
    nudge_facts = look_up(connection, opt_outs, ids)
    decided = [(one, leaves(kind, one, survey, nudge_facts, now)) for one in invitation_states]
    new = [new_nudge(kind, one, at) for one, at in decided if isinstance(at, datetime)]
    outbox.add(connection, new)
