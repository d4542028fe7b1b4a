"""A large wave that somebody wants to start who is no owner: asked for, and decided once.

The owners are asked by direct messages, which show what became of it from then on; who asked gets
one then. Who may decide what is in :mod:`nps_bot.asking.rules.approval`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from nps_bot.asking import launching
from nps_bot.asking.launching import ByHand
from nps_bot.asking.outgoing import ApprovalMessage, enqueue_approvals
from nps_bot.asking.rules.approval import VALID_FOR, Approval, Decision, State, outcome
from nps_bot.asking.store import approvals
from nps_bot.asking.store.approvals import NewApproval
from nps_bot.delivery.store import outbox
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Survey


class NotYours(StrEnum):
    """Why a click on a request changed nothing."""

    GONE = "gone"
    """There is no such request."""
    OWN = "own"
    """A second person has to confirm it."""
    PAUSED = "paused"
    """The survey asks nobody now; the request stays open."""


@dataclass(frozen=True, slots=True)
class ApprovalResult:
    """A request as it stands, and whether this very click made it."""

    approval: Approval
    new: bool


def ask(
    connection: Connection, survey: Survey, nominal: str, people: int, by: str, now: datetime
) -> ApprovalResult:
    """Ask the owners whether a wave may start; what is asked already is not asked again.

    Args:
        connection: an open transaction.
        survey: whose wave.
        nominal: the minute of the preview: two clicks on it are one request.
        people: how many it would ask.
        by: who wants it.
        now: the current moment.
    """
    expire(connection, now)
    wish = NewApproval(survey.key, nominal, people, by, survey.owners)
    while True:
        new = approvals.add(connection, wish, now, now + VALID_FOR)
        found = approvals.of_preview(connection, wish) or approvals.open_of(connection, survey.key)
        if found is not None:  # else what hindered it was decided between the two statements
            break
    if new:
        asking = [ApprovalMessage(found.id, recipient) for recipient in found.recipients]
        enqueue_approvals(connection, survey.key, asking, now)
    return ApprovalResult(found, new)


def open_request(connection: Connection, survey_key: str, now: datetime) -> Approval | None:
    """Return the request about a survey that waits for a decision; None where none does."""
    found = approvals.open_of(connection, survey_key)
    return found if found is not None and now < found.expires_at else None


def decide(
    connection: Connection, survey: Survey, approval_id: str, decision: Decision, now: datetime
) -> Approval | NotYours:
    """Decide on a request; returns how it stands now, whoever decided, or why nothing changed.

    The wave is created in the same transaction: several owners at once, or one twice, start one.
    """
    found = approvals.find(connection, approval_id, lock=True)
    if found is None or found.survey_key != survey.key:
        return NotYours.GONE
    if found.state != State.OPEN:
        return found
    match outcome(found, decision, now):
        case State.OPEN:
            return NotYours.OWN
        case State.SENT if survey_store.is_paused(connection, survey.key):
            return NotYours.PAUSED
        case State.SENT:
            # Of this minute, not of the preview's: the wave stands for when it goes.
            nominal = launching.free_minute(connection, survey, now)
            launching.start_by_hand(connection, survey, ByHand(nominal), now)
            return _end(connection, found, State.SENT, decision.by, now)
        case state:
            by = decision.by if state is State.DECLINED else None
            return _end(connection, found, state, by, now)


def start(
    connection: Connection, survey: Survey, how: ByHand, starter: Decision | None, now: datetime
) -> int | None:
    """Start a wave by hand; returns its id, or None where it was started already.

    An open request for a wave of the survey is granted by it where its starter could have said yes:
    both would ask twice.

    Args:
        connection: an open transaction.
        survey: whose wave.
        how: which wave, and for whom.
        starter: who may start it without asking; None from the command line.
        now: the current moment.
    """
    if how.only_person is not None:
        return launching.start_by_hand(connection, survey, how, now)
    found = approvals.open_of(connection, survey.key)
    # Before the wave is created: who says yes meanwhile waits, or has started one.
    request = approvals.find(connection, found.id, lock=True) if found else None
    if request is not None and request.state == State.SENT:
        return None
    started = launching.start_by_hand(connection, survey, how, now)
    if started is not None and request is not None and _grants(starter, request, now):
        _end(connection, request, State.SENT, starter.by if starter else None, now)
    return started


def _grants(starter: Decision | None, request: Approval, now: datetime) -> bool:
    """Return whether who starts a wave may say yes to a request for one."""
    is_open = request.state == State.OPEN
    return is_open and (starter is None or outcome(request, starter, now) is State.SENT)


def expire(connection: Connection, now: datetime) -> int:
    """End the requests nobody decided in time; returns how many."""
    late = approvals.overdue(connection, now)
    for one in late:
        _end(connection, one, State.EXPIRED, None, now)
    return len(late)


def _end(
    connection: Connection, approval: Approval, state: State, by: str | None, now: datetime
) -> Approval:
    """Record the end of a request; whoever was asked sees it, and whoever asked is told."""
    approvals.decide(connection, approval.id, state, by, now)
    asked = [ApprovalMessage(approval.id, recipient) for recipient in approval.recipients]
    outbox.request_update(connection, [one.key for one in asked], now)
    if by != approval.asked_by:
        asker = ApprovalMessage(approval.id, approval.asked_by, outcome=True)
        enqueue_approvals(connection, approval.survey_key, [asker], now)
    return replace(approval, state=state, decided_by=by, decided_at=now)
