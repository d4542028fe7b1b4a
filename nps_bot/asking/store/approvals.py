"""Large waves somebody wants to start: asked for, decided once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from nps_bot.asking.rules.approval import Approval, State
from nps_bot.base.ids import new_id
from nps_bot.storage.tables import ApprovalRequest
from nps_bot.storage.upsert import insert_or


@dataclass(frozen=True, slots=True)
class NewApproval:
    """What somebody asks for: a wave by hand of so many people."""

    survey_key: str
    nominal: str
    people: int
    asked_by: str
    recipients: Sequence[str]


_COLUMNS = tuple(getattr(ApprovalRequest, name) for name in Approval.__dataclass_fields__)
_APPROVALS: Select[Any] = select(*_COLUMNS)


def add(connection: Connection, new: NewApproval, now: datetime, expires_at: datetime) -> bool:
    """Ask; False where this was asked before, or the survey has an open request."""
    added = connection.scalar(
        insert_or(connection, ApprovalRequest)
        .values(
            id=new_id(),
            survey_key=new.survey_key,
            nominal=new.nominal,
            people=new.people,
            asked_by=new.asked_by,
            asked_at=now,
            expires_at=expires_at,
            recipients=list(new.recipients),
            state=State.OPEN,
        )
        .on_conflict_do_nothing()
        .returning(ApprovalRequest.id)
    )
    return added is not None


def of_preview(connection: Connection, new: NewApproval) -> Approval | None:
    """Return what this very person asked for with this very preview, however it ended."""
    return _first(
        connection,
        _APPROVALS.where(
            ApprovalRequest.survey_key == new.survey_key,
            ApprovalRequest.nominal == new.nominal,
            ApprovalRequest.asked_by == new.asked_by,
        ),
    )


def open_of(connection: Connection, survey_key: str) -> Approval | None:
    """Return the open request of a survey; there is one at most."""
    return _first(
        connection,
        _APPROVALS.where(
            ApprovalRequest.survey_key == survey_key, ApprovalRequest.state == State.OPEN
        ),
    )


def find(connection: Connection, approval_id: str, *, lock: bool = False) -> Approval | None:
    """Return a request; with ``lock``, kept from others until the end."""
    found = _APPROVALS.where(ApprovalRequest.id == approval_id)
    return _first(connection, found.with_for_update() if lock else found)


def overdue(connection: Connection, now: datetime) -> list[Approval]:
    """Return the open requests whose time is up, locked; those somebody decides now are left."""
    found = (
        _APPROVALS.where(ApprovalRequest.state == State.OPEN, ApprovalRequest.expires_at <= now)
        .order_by(ApprovalRequest.id)
        .with_for_update(skip_locked=True)
    )
    return [_approval(row) for row in connection.execute(found)]


def decide(
    connection: Connection, approval_id: str, state: State, by: str | None, now: datetime
) -> None:
    """Record how a request ended, and who ended it."""
    connection.execute(
        update(ApprovalRequest)
        .where(ApprovalRequest.id == approval_id)
        .values(state=state, decided_by=by, decided_at=now)
    )


def forget_person(connection: Connection, person_id: str, now: datetime) -> None:
    """Forget who asked and who decided; what is still open ends."""
    theirs = update(ApprovalRequest).where(ApprovalRequest.asked_by == person_id)
    ended = {"state": State.EXPIRED, "decided_at": now}
    connection.execute(theirs.where(ApprovalRequest.state == State.OPEN).values(ended))
    # Its own id stands for nobody, and keeps the requests of several forgotten people apart.
    connection.execute(theirs.values(asked_by=ApprovalRequest.id))
    decided = update(ApprovalRequest).where(ApprovalRequest.decided_by == person_id)
    connection.execute(decided.values(decided_by=None))


def _first(connection: Connection, found: Select[Any]) -> Approval | None:
    row = connection.execute(found).first()
    return None if row is None else _approval(row)


def _approval(row: Row[Any]) -> Approval:
    values = dict(zip(Approval.__dataclass_fields__, row, strict=True))
    shapes = {"recipients": tuple(values["recipients"]), "state": State(values["state"])}
    return Approval(**(values | shapes))
