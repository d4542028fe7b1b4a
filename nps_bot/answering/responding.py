"""What a respondent does: score, reply, snooze, stop, ask not to be contacted, delete.

Each function is one transaction. It either does what was asked and returns what now stands, or
changes nothing and returns a :class:`Refusal`; whatever arrives twice, late or forged is harmless.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from nps_bot.answering import store
from nps_bot.asking.store import invitations
from nps_bot.asking.store.invitations import InvitationState, StoredResponse
from nps_bot.cases import store as cases
from nps_bot.delivery import enqueue, resolve
from nps_bot.delivery.resolve import Posted
from nps_bot.delivery.store import outbox
from nps_bot.ids import new_id
from nps_bot.nps.bands import Band, band_of
from nps_bot.people import store as people
from nps_bot.storage.database import in_bulk
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.local_time import next_allowed
from nps_bot.surveys.rules.survey import Survey, Wording
from nps_bot.time_zones import zone_of

SNOOZE = timedelta(days=3)
TYPED = 3_000
"""Characters of one reply that are kept: as many as Slack lets a person type."""


class Refusal(StrEnum):
    """Why nothing was changed."""

    GONE = "gone"
    """No such invitation: forged, or its person was forgotten. Or a click from before the answer
    was deleted, delivered once more."""
    SOMEBODY_ELSE = "somebody_else"
    CLOSED = "closed"
    UNANSWERED = "unanswered"
    """There is no score yet that this could belong to."""
    ANSWERED = "answered"
    """There is a score already, so there is nothing to put off."""
    SNOOZED = "snoozed"
    """The person has put the question off once already."""
    CLOSES_BEFORE = "closes_before"
    """The wave closes before the question could come again."""
    STOPPED = "stopped"
    """The wave was stopped, so the question would not come again."""
    VOTED = "voted"
    """The survey is anonymous, and the first answer is final."""
    UNFINDABLE = "unfindable"
    """The survey is anonymous: nobody can find the answer again to change or delete it."""
    SENT = "sent"
    """The one time to add words to an anonymous answer was used."""


@dataclass(frozen=True, slots=True)
class Click:
    """A click on a score, as Slack reported it.

    Attributes:
        action_ts: Slack's time of the click in microseconds: it alone orders clicks.
        in_prompt: whether it was the prompt itself that was clicked, which is then rewritten
            directly; after a click in a modal the courier does it at once.
        posted: where the clicked prompt stands.
    """

    invitation_id: str
    person_id: str
    score: int
    action_ts: int
    in_prompt: bool = True
    posted: Posted | None = None


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


def _open_invitation(
    connection: Connection, invitation_id: str, person_id: str
) -> InvitationState | Refusal:
    """Return the locked invitation if this person may still act on it."""
    return _theirs(invitations.find(connection, invitation_id, lock=True), person_id)


def _theirs(invitation: InvitationState | None, person_id: str) -> InvitationState | Refusal:
    if invitation is None or invitation.person_id is None:
        return Refusal.GONE
    if invitation.person_id != person_id:
        return Refusal.SOMEBODY_ELSE
    return invitation


@dataclass(frozen=True, slots=True)
class Accepted:
    """A click that may be recorded, and on what."""

    invitation: InvitationState
    survey: Survey
    click: Click
    now: datetime


def accept(
    invitation: InvitationState | None,
    surveys: Mapping[str, Survey],
    click: Click,
    now: datetime,
    *,
    anonymous: bool = False,
) -> Accepted | Refusal:
    """Return the click if it may be recorded, or why not.

    ``anonymous`` says which buttons were clicked. Those of a named survey never make a response of
    an anonymous invitation, nor the other way round, whatever is forged.
    """
    mine = _theirs(invitation, click.person_id)
    if isinstance(mine, Refusal):
        return mine
    if anonymous is not (mine.anonymity is not None):
        return Refusal.GONE
    survey = surveys.get(mine.survey_key)
    if survey is None or mine.closed(now):
        return Refusal.CLOSED
    if _dismissed_since(mine, click):
        return Refusal.GONE
    return Accepted(mine, survey, click, now)


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


def _dismissed_since(invitation: InvitationState, click: Click) -> bool:
    """Return whether the person withdrew (deleted, stopped) after they had clicked."""
    withdrew = invitation.dismissed_at
    return withdrew is not None and click.action_ts <= withdrew.timestamp() * 1_000_000


def _first_scores(connection: Connection, accepted: Sequence[Accepted]) -> dict[str, Recorded]:
    """Store first scores and what they owe; returns what stands by invitation.

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
    detractors = [one for one in kept if band_of(one.click.score) is Band.DETRACTOR]
    now = kept[0].now
    cases.open_cases(connection, [new[one.invitation.id].id for one in detractors], now)
    enqueue.owe_alerts(connection, [one.invitation for one in detractors], now)
    due_at = _rewritten_at(kept[0].click, now)
    touched = enqueue.touch_all(connection, [one.invitation for one in kept], due_at)
    if touched.nowhere:
        for one in kept:
            posted = one.click.posted
            resolve.by_click(connection, one.invitation, touched.nowhere, posted, due_at)
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
        versions={
            key: versions[key]
            for key in enqueue.showing(invitation.id, invitation.wave_id)
            if key in versions
        },
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
    _follow_band(connection, invitation, given, click.score, counted=counted, now=now)
    due_at = _rewritten_at(click, now)
    touched = enqueue.touch(connection, invitation.id, invitation.wave_id, due_at)
    resolve.by_click(connection, invitation, touched.nowhere, click.posted, due_at)
    return replace(
        _as_it_stands(invitation, given),
        score=click.score,
        official=click.score if counted else given.score,
        changed=True,
        urgent=True,
        replies=_written(connection, given.id),
        versions=touched.versions,
    )


def _rewritten_at(click: Click, now: datetime) -> datetime:
    return now + enqueue.SETTLING if click.in_prompt else now


def _follow_band(
    connection: Connection,
    invitation: InvitationState,
    given: StoredResponse,
    score: int,
    *,
    counted: bool,
    now: datetime,
) -> None:
    """Open, keep or withdraw the case as the newest score asks, and correct the alert.

    A recovery withdraws nothing: the score that counts is still one to take care of.
    """
    if band_of(score) is Band.DETRACTOR:
        cases.open_cases(connection, [given.id], now)
        enqueue.owe_alerts(connection, [invitation], now)
    elif counted:
        cases.withdraw(connection, given.id, now)
    enqueue.touch_alert(connection, invitation.id, now)


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


def _unanswered(invitation: InvitationState) -> Refusal:
    return Refusal.UNFINDABLE if invitation.anonymity else Refusal.UNANSWERED


@dataclass(frozen=True, slots=True)
class Details:
    """What a person has said so far, to be shown in a modal."""

    invitation_id: str
    wording_id: int
    score: int
    correctable: bool
    """Whether a change of the score would still count."""
    replies: Mapping[str, str]

    @property
    def band(self) -> Band:
        """The band of what the person last said."""
        return band_of(self.score)


def details(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> Details | Refusal:
    """Return what a person has said, for *Add details* and *Change score*. Changes nothing."""
    invitation = invitations.find(connection, invitation_id)
    if invitation is None or invitation.person_id is None:
        return Refusal.GONE
    if invitation.person_id != person_id:
        return Refusal.SOMEBODY_ELSE
    given = invitation.response
    if given is None:
        return _unanswered(invitation)
    if invitation.closed(now):
        return Refusal.CLOSED
    return Details(
        invitation_id=invitation.id,
        wording_id=invitation.wording_id,
        score=given.latest_score,
        correctable=now < given.correctable_until,
        replies=_written(connection, given.id),
    )


def _written(connection: Connection, response_id: str) -> dict[str, str]:
    return {reply.question_key: reply.text for reply in store.replies(connection, response_id)}


def wording_of(connection: Connection, invitation_id: str, person_id: str) -> int | Refusal:
    """Return the id of the wording an invitation asks with, for its own person."""
    invitation = invitations.find(connection, invitation_id)
    if invitation is None or invitation.person_id is None:
        return Refusal.GONE
    return invitation.wording_id if invitation.person_id == person_id else Refusal.SOMEBODY_ELSE


def clean(typed: str) -> str:
    """Return what a person typed as every database can store it, without margins.

    PostgreSQL refuses NUL, and no encoding takes a lone surrogate.
    """
    stored = typed.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return stored.strip()[:TYPED]


def save_replies(
    connection: Connection,
    invitation_id: str,
    person_id: str,
    typed: Mapping[str, str],
    now: datetime,
) -> Recorded | Refusal:
    """Store replies with the questions they answer; sending again edits them.

    Args:
        connection: an open transaction.
        invitation_id: whose follow-ups they are.
        person_id: who typed them.
        typed: what was typed by question key; an empty text deletes an earlier reply. Keys the
            wave's wording does not know are left out.
        now: the current moment.
    """
    invitation = _open_invitation(connection, invitation_id, person_id)
    if isinstance(invitation, Refusal):
        return invitation
    given = invitation.response
    if given is None:
        return _unanswered(invitation)
    if invitation.closed(now):
        return Refusal.CLOSED
    wording = survey_store.load_wording(connection, invitation.wording_id)
    replies = replies_to(wording, band_of(given.latest_score), typed)
    store.save_replies(connection, given.id, replies, now)
    enqueue.touch_alert(connection, invitation.id, now)
    enqueue.touch_chaser(connection, invitation.id, now)
    return _as_it_stands(invitation, given)


def replies_to(wording: Wording, band: Band, typed: Mapping[str, str]) -> list[store.Reply]:
    """Match what was typed to its questions.

    The band's own come first; those of the others follow, because a score may have changed bands
    while its modal was open.
    """
    bands = (band, *(other for other in Band if other is not band))
    known: dict[str, store.Reply] = {}
    for each in bands:
        for position, question in enumerate(wording.questions(each)):
            if question.key in typed and question.key not in known:
                text = clean(typed[question.key])
                known[question.key] = store.Reply(question.key, question.question, text, position)
    return list(known.values())


def snooze(
    connection: Connection,
    surveys: Mapping[str, Survey],
    invitation_id: str,
    person_id: str,
    now: datetime,
    posted: Posted | None = None,
) -> datetime | Refusal:
    """Ask once more in three days, outside quiet hours, if the wave is still open then.

    ``posted`` is where the prompt stands that was clicked. Returns when, or why not.
    """
    invitation = _open_invitation(connection, invitation_id, person_id)
    if isinstance(invitation, Refusal):
        return invitation
    survey = surveys.get(invitation.survey_key)
    if survey is None or invitation.closed(now):
        return Refusal.CLOSED
    if invitation.answered:
        return Refusal.ANSWERED
    if invitation.snoozed_at is not None:
        return Refusal.SNOOZED
    if invitation.stopped_at is not None:
        return Refusal.STOPPED
    zone = zone_of(survey.time_zone or invitation.time_zone)
    until = next_allowed(now + SNOOZE, zone, survey.quiet_hours)
    if until >= invitation.closes_at:
        return Refusal.CLOSES_BEFORE
    invitations.mark_snoozed(connection, invitation.id, now)
    message = enqueue.reprompt(
        invitation.id, person_id, invitation.survey_key, invitation.wave_id, until
    )
    outbox.add(connection, [message])
    touched = enqueue.touch(connection, invitation.id, invitation.wave_id, now)
    resolve.by_click(connection, invitation, touched.nowhere, posted, now)
    return until


class Scope(StrEnum):
    """Which surveys a person stops."""

    THIS = "this"
    ALL = "all"


def stop(
    connection: Connection, invitation_id: str, person_id: str, scope: Scope, now: datetime
) -> str | Refusal:
    """Opt a person out, for good: of this survey or of all. A given answer stays.

    Returns the survey key opted out of, ``*`` for all.
    """
    invitation = _open_invitation(connection, invitation_id, person_id)
    if isinstance(invitation, Refusal):
        return invitation
    key = people.ALL_SURVEYS if scope is Scope.ALL else invitation.survey_key
    people.add_opt_out(connection, person_id, key, now)
    theirs = [
        one
        for one in invitations.of_person(connection, person_id)
        if key in (people.ALL_SURVEYS, one.survey_key) and one.wave_state != "closed"
    ]
    _withdraw_prompts(connection, theirs, now)
    return key


def _withdraw_prompts(
    connection: Connection, theirs: Collection[InvitationState], now: datetime
) -> None:
    """Send no further prompt of these invitations and have the posted ones say so."""
    unanswered = [one.id for one in theirs if not one.answered]
    invitations.mark_dismissed(connection, unanswered, now)
    outbox.cancel_prompts(
        connection, enqueue.PROMPT_KINDS, "the person opted out", invitations=unanswered
    )
    for one in theirs:
        enqueue.touch(connection, one.id, one.wave_id, now)


def resume(connection: Connection, person_id: str, survey_key: str, now: datetime) -> None:
    """Undo an opt-out: open questions can be answered again, and the next wave asks again."""
    people.remove_opt_out(connection, person_id, survey_key)
    stopped = [
        one
        for one in invitations.of_person(connection, person_id)
        if one.dismissed_at is not None or not one.closed(now)
    ]
    invitations.clear_dismissed(connection, [one.id for one in stopped if not one.closed(now)])
    for one in stopped:
        enqueue.touch(connection, one.id, one.wave_id, now)


def ask_no_contact(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> Recorded | Refusal:
    """Record *Please don't contact me* and show it in the alert."""
    invitation = _open_invitation(connection, invitation_id, person_id)
    if isinstance(invitation, Refusal):
        return invitation
    given = invitation.response
    if given is None:
        return _unanswered(invitation)
    store.set_no_contact(connection, given.id, now)
    enqueue.touch(connection, invitation.id, invitation.wave_id, now)
    enqueue.touch_alert(connection, invitation.id, now)
    return replace(_as_it_stands(invitation, given), no_contact=True)


def delete_answer(
    connection: Connection, invitation_id: str, person_id: str, now: datetime
) -> Recorded | Refusal:
    """Delete a person's own answer with all they wrote; returns what was deleted."""
    invitation = _open_invitation(connection, invitation_id, person_id)
    if isinstance(invitation, Refusal):
        return invitation
    given = invitation.response
    if given is None:
        return _unanswered(invitation)
    store.erase(connection, given.id)
    invitations.mark_dismissed(connection, [invitation.id], now)
    enqueue.touch(connection, invitation.id, invitation.wave_id, now)
    enqueue.touch_alert(connection, invitation.id, now)
    return _as_it_stands(invitation, given)
