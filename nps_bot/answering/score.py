"""A click on a score is recorded: the first one or a change, one click or a group of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.answering import store
from nps_bot.answering.events import ResponseRecorded, ScoreCorrected
from nps_bot.answering.follow_ups import written
from nps_bot.answering.rules import Accepted, Click, Refusal, accept
from nps_bot.asking import delivery_proof
from nps_bot.asking.outgoing import keys_showing, request_update
from nps_bot.asking.store import invitations
from nps_bot.asking.store.invitations import InvitationState, StoredResponse
from nps_bot.base.events import record
from nps_bot.base.ids import new_id
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.nps.bands import Band, band_of
from nps_bot.storage.database import in_bulk
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class Recorded:
    """What stands after a click or a reply.

    Attributes:
        score: what the person last said.
        official: the score that counts.
        changed: whether a score was changed; a repeated or older click changes nothing.
        urgent: whether somebody must learn of it at once: an alert is owed, or a message changes.
        replies: what was written so far, by question key.
        versions: of the messages to rewrite, by key.
    """

    invitation_id: str
    wording_id: int
    score: int
    official: int
    changed: bool
    urgent: bool
    no_contact: bool
    replies: Mapping[str, str]
    versions: Mapping[str, int]

    @property
    def band(self) -> Band:
        """The band of what the person last said: its follow-ups are asked."""
        return band_of(self.score)


def _record_all(
    connection: Connection, calls: Sequence[tuple[Mapping[str, Survey], Click, datetime]]
) -> list[Recorded | Refusal]:
    """Record clicks that came at the same time.

    First scores, which nearly all of them are, take a handful of statements together. The others
    (changes, repetitions, further clicks on the same prompt) follow one by one.
    """
    asked = {click.invitation_id for _, click, _ in calls}
    invitation_states = invitations.find_many(connection, asked, lock=True)
    firsts = []
    for surveys, click, now in calls:
        accepted = accept(invitation_states.pop(click.invitation_id, None), surveys, click, now)
        if isinstance(accepted, Accepted) and click.in_prompt:
            firsts.append(accepted)
    recorded = _first_scores(connection, firsts)
    return [
        recorded.pop(click.invitation_id)
        if click.invitation_id in recorded
        else record_score(connection, surveys, click, now)
        for surveys, click, now in calls
    ]


@in_bulk(_record_all)
def record_score(
    connection: Connection,
    surveys: Mapping[str, Survey],
    click: Click,
    now: datetime,
) -> Recorded | Refusal:
    """Record a click on a score, the first one or a change.

    The newest click by Slack's own time wins, whatever order they arrive in. Within the time for
    corrections the official score follows; after it, the change is kept as recovery.
    """
    invitation = invitations.find(connection, click.invitation_id, lock=True)
    accepted = accept(invitation, surveys, click, now)
    if isinstance(accepted, Refusal):
        return accepted
    if first := _first_scores(connection, [accepted]):
        return first[click.invitation_id]
    # While this waited for the lock another process may have committed, which the statement that
    # waited does not see on PostgreSQL (READ COMMITTED): what is compared must be read again.
    latest = invitations.find(connection, click.invitation_id)
    if latest is None or latest.response is None:
        return Refusal.GONE
    return _later_score(connection, latest, latest.response, click, now)


def _first_scores(connection: Connection, accepted: Sequence[Accepted]) -> dict[str, Recorded]:
    """Store first scores and what follows; returns what stands by invitation.

    Each is on another invitation, and all are clicks in prompts, or there is one. Invitations that
    were answered before, if only a moment ago by another process, are left out.
    """
    new = {one.invitation.id: _first(one) for one in accepted if one.invitation.response is None}
    stored = store.add(connection, new.values())
    kept = [
        one for one in accepted if one.invitation.id in new and new[one.invitation.id].id in stored
    ]
    if not kept:
        return {}
    now = kept[0].now
    due_at = _rewritten_at(kept[0].click, now)
    touched = request_update(connection, [one.invitation.id for one in kept], due_at)
    happened = [
        ResponseRecorded(one.invitation, new[one.invitation.id].id, one.click.score, due_at)
        for one in kept
    ]
    record(connection, happened, now)
    if touched.nowhere:
        for one in kept:
            posted = one.click.posted
            delivery_proof.by_click(connection, one.invitation, touched.nowhere, posted, due_at)
    return {one.invitation.id: _recorded(one, touched.versions) for one in kept}


def _first(accepted: Accepted) -> store.NewResponse:
    return store.NewResponse(
        id=new_id(),
        invitation_id=accepted.invitation.id,
        score=accepted.click.score,
        action_ts=accepted.click.action_ts,
        answered_at=accepted.now,
        correctable_until=accepted.now + accepted.survey.correctable_for,
    )


def _recorded(accepted: Accepted, versions: Mapping[str, int]) -> Recorded:
    invitation, score = accepted.invitation, accepted.click.score
    return Recorded(
        invitation_id=invitation.id,
        wording_id=invitation.wording_id,
        score=score,
        official=score,
        changed=True,
        urgent=band_of(score) is Band.DETRACTOR or not accepted.click.in_prompt,
        no_contact=False,
        replies={},
        versions={key: versions[key] for key in keys_showing(invitation.id) if key in versions},
    )


def _later_score(
    connection: Connection,
    invitation: InvitationState,
    given: StoredResponse,
    click: Click,
    now: datetime,
) -> Recorded:
    if click.action_ts <= given.action_ts:
        return _as_it_stands(invitation, given)
    if click.score == given.latest_score:
        store.touch_click(connection, given.id, click.action_ts)
        return _as_it_stands(invitation, given)
    counted = now < given.correctable_until
    change = store.Change(
        response_id=given.id,
        from_score=given.latest_score,
        to_score=click.score,
        action_ts=click.action_ts,
        counted=counted,
    )
    store.change(connection, change, now)
    due_at = _rewritten_at(click, now)
    touched = request_update(connection, [invitation.id], due_at)
    corrected = ScoreCorrected(invitation, given.id, click.score, counted, due_at)
    record(connection, [corrected], now)
    delivery_proof.by_click(connection, invitation, touched.nowhere, click.posted, due_at)
    return replace(
        _as_it_stands(invitation, given),
        score=click.score,
        official=click.score if counted else given.score,
        changed=True,
        urgent=True,
        replies=written(connection, given.id),
        versions=touched.versions,
    )


def _rewritten_at(click: Click, now: datetime) -> datetime:
    return now + UPDATE_DELAY if click.in_prompt else now


def _as_it_stands(invitation: InvitationState, given: StoredResponse) -> Recorded:
    return Recorded(
        invitation_id=invitation.id,
        wording_id=invitation.wording_id,
        score=given.latest_score,
        official=given.score,
        changed=False,
        urgent=False,
        no_contact=given.no_contact_at is not None,
        replies={},
        versions={},
    )
