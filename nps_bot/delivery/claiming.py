"""What the courier carries: claimed, looked at as the database stands now, and settled.

Nothing of a message is stored but what it is about. What it says is read here, right before it
leaves, so that a prompt to somebody who has answered meanwhile is not sent and the last state of a
summary wins.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.anonymous.report import AnonymousReport
from nps_bot.asking import eligibility, nudging
from nps_bot.asking.nudging import Further
from nps_bot.asking.outgoing import (
    FOLLOWING_KINDS,
    NUDGE_KINDS,
    WAVE_STOPPED,
    ApprovalMessage,
    prompt_keys,
    reprompt_key,
)
from nps_bot.asking.rules.approval import Approval
from nps_bot.asking.rules.budget import DAY, Held, Rule
from nps_bot.asking.rules.nudges import NudgeKind
from nps_bot.asking.store import approvals, contacts, invitations
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.cases import alert as alerting
from nps_bot.delivery.notices import Notice, enqueue_notice
from nps_bot.delivery.rules import LEASE, UPDATE_DELAY, MessageKind, Settlement, Status
from nps_bot.delivery.store import claims, outbox
from nps_bot.delivery.store.claims import Claimed, Sent, Waiting
from nps_bot.figures import report as reporting
from nps_bot.figures import summary as summarising
from nps_bot.figures.outgoing import ReportShare, summary_key
from nps_bot.figures.periods import parse_period
from nps_bot.people import store as people
from nps_bot.shared_channels import posting
from nps_bot.shared_channels import store as channel_posts
from nps_bot.shared_channels.outgoing import ChannelMessage, update_channel_approvals
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.local_time import next_allowed
from nps_bot.surveys.rules.survey import Survey
from nps_bot.time_zones import zone_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drop:
    """The message is not sent: it has lost its reason, or nobody can tell what it says (failed).

    ``rule`` is that of the contact budget which holds its person back, where one does.
    """

    reason: str
    rule: Rule | None = None
    status: Status = Status.CANCELLED


@dataclass(frozen=True, slots=True)
class Defer:
    """The message is sent later, at a civil hour."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Remove:
    """The message stands in Slack and must go: its person asked to be forgotten."""


@dataclass(frozen=True, slots=True)
class PromptContent:
    """A prompt as it should stand: asking, answered, put off or stopped.

    Attributes:
        survey: None where it has no file any more; then nobody is asked.
        stopped: the survey key the person opted out of, ``*`` for all; None while they take part.
        asks_again: when the question comes again after *Ask me in 3 days*.
        reminding: whether this is the reminder of it.
    """

    invitation: InvitationState
    survey: Survey | None
    stopped: str | None
    asks_again: datetime | None
    reminding: bool = False


@dataclass(frozen=True, slots=True)
class AlertContent:
    """An alert as it should stand; None once the answer it was about is deleted."""

    alert: alerting.Alert | None


@dataclass(frozen=True, slots=True)
class SharedReportContent:
    """A report somebody shares into a channel."""

    sharing: ReportShare
    report: reporting.Report | AnonymousReport


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """A sentence an owner must read."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class ApprovalContent:
    """A request to start a large wave of ``survey`` as it stands."""

    approval: Approval
    survey: Survey


UNREACHABLE = "Slack does not let the bot write to this person: no channel is shared with them"
"""Why somebody of another workspace was not written to: that is no fault, and not tried again."""
_NO_FILE = "its survey has no file any more"

Content = (
    PromptContent
    | nudging.Chaser
    | AlertContent
    | summarising.Summary
    | summarising.AnonymousSummary
    | SharedReportContent
    | NoticeContent
    | ApprovalContent
    | posting.Question
    | posting.Request
)
Prepared = Content | Drop | Defer | Remove


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """The direct messages with one person.

    Attributes:
        ref: Slack id or e-mail address.
        channel: the DM's id, once it was opened.
    """

    ref: str
    channel: str | None


@dataclass(frozen=True, slots=True)
class TeamChannel:
    """A channel of the team, by ``#name`` or id; outsiders must not read there."""

    ref: str


@dataclass(frozen=True, slots=True)
class SharedChannel:
    """A channel that is shared with a customer, by id; outsiders are meant to read there."""

    channel: str


@dataclass(frozen=True, slots=True)
class ExistingMessage:
    """The channel in which a message stands that is taken away or says less from now on.

    Whoever reads there: it is all the better then.
    """

    channel: str


Destination = DirectMessage | TeamChannel | SharedChannel | ExistingMessage


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed message with where it goes and what it should say."""

    message: Claimed
    place: Destination
    content: Content | Remove


@dataclass(frozen=True, slots=True)
class Search:
    """A claimed message of unknown outcome with where to look for it.

    ``place`` is None where nobody can tell any more: the person was forgotten, or the survey's file
    is gone.
    """

    message: Claimed
    place: Destination | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What was claimed: what is to be delivered, and how many messages it was found among."""

    deliveries: Sequence[Delivery] = ()
    taken: int = 0


def claim(
    connection: Connection,
    surveys: Mapping[str, Survey],
    wanted: Sequence[Waiting],
    now: datetime,
    leases: datetime | None = None,
) -> Batch:
    """Claim due messages, the most urgent first; those that need no call are settled here.

    Args:
        connection: an open transaction.
        surveys: as their files stand.
        wanted: which messages, and how many of them.
        now: the current moment.
        leases: the same in the time that leases last for; ``now`` by default.
    """
    leased_at = leases or now
    claims.expire_leases(connection, leased_at)
    paused = survey_store.paused(connection)
    claimed: list[Claimed] = []
    for which in wanted:
        claimed += claims.claim(
            connection, which, now, leased_at + LEASE, paused, claimed_at=leased_at
        )
    if not claimed:
        return Batch()
    known = _with_budget(connection, surveys, _look_up(connection, claimed), claimed, now)
    deliveries = []
    for message in claimed:
        match _ready(connection, surveys, known, message, now):
            case Drop(reason, rule, status):
                claims.settle_unsent(
                    connection,
                    message,
                    status=status,
                    due_at=None,
                    reason=reason,
                    now=now,
                )
                if rule is not None:
                    contacts.count_excluded(connection, message.wave_id or 0, {rule: 1})
            case Defer(until):
                claims.release(connection, [message], until)
            case delivery:
                deliveries.append(delivery)
    return Batch(deliveries, len(claimed))


_UNREADABLE = (KeyError, TypeError, ValueError)
"""What reading a row raises that is not as this version writes them."""


def _ready(
    connection: Connection,
    surveys: Mapping[str, Survey],
    known: _Known,
    message: Claimed,
    now: datetime,
) -> Delivery | Drop | Defer:
    """Return a message as it leaves now, or why it does not.

    One that cannot be read fails alone: raised from here it would be claimed again and again, and
    nothing would ever leave behind it.
    """
    try:
        content = _prepare(connection, surveys, known, message, now)
        if isinstance(content, Drop | Defer):
            return content
        place = _place(surveys, known, message)
    except _UNREADABLE:
        log.exception("A message cannot be read", extra={"delivery": message.id})
        return Drop("its row cannot be read; the log says why", status=Status.FAILED)
    if _says_less(content) or place is None:
        place = ExistingMessage(message.channel or "")
    return Delivery(message, place, content)


def _says_less(content: Content | Remove) -> bool:
    """Return whether a message in Slack is taken away, or loses what it says of a person."""
    if isinstance(content, AlertContent):
        return content.alert is None or content.alert.person_id is None
    return isinstance(content, Remove)


def _place(surveys: Mapping[str, Survey], known: _Known, message: Claimed) -> Destination | None:
    """Return where a message goes, or stands: a file may name another channel by now."""
    survey = surveys.get(message.survey_key or "")
    channel: str | None
    match MessageKind(message.kind):
        case MessageKind.PROMPT | MessageKind.REPROMPT | MessageKind.REMINDER | MessageKind.CHASER:
            invitation = known.invitation_states.get(message.invitation_id or "")
            if message.channel is not None:
                return DirectMessage("", message.channel)
            if invitation is None or invitation.person_id is None:
                return None
            return DirectMessage(invitation.person_id, invitation.dm_channel)
        case MessageKind.NOTICE | MessageKind.APPROVAL | MessageKind.CHANNEL_APPROVAL:
            return DirectMessage((message.payload or {})["recipient"], message.channel)
        case MessageKind.CHANNEL_QUESTION:
            channel = message.channel or known.channels.get(_posting(message).post_id)
            return None if channel is None else SharedChannel(channel)
        case MessageKind.ALERT:
            channel = survey.alerts_channel if survey else None
        case MessageKind.SUMMARY | MessageKind.CLOSING:
            channel = survey.summary_channel if survey else None
        case MessageKind.SHARED_REPORT:
            channel = ReportShare(**(message.payload or {})).channel
    channel = message.channel or channel
    return None if channel is None else TeamChannel(channel)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a batch of messages is about, read in a few queries for all of them."""

    invitation_states: Mapping[str, InvitationState]
    opt_outs: Mapping[str, set[str]]
    further: Further
    held: Mapping[str, Held] = field(default_factory=dict)
    """What holds back prompts that are about to leave, by invitation."""
    today: eligibility.Today | None = None
    """How many of these may still leave today."""
    channels: Mapping[str, str] = field(default_factory=dict)
    """The channels of questions to shared ones, by post."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom a prompt asks, which surveys they opted out of, and what else holds it back.

    ``today`` is given where it is the first prompt, which takes one of the day's places.
    """

    invitation: InvitationState
    out_of: set[str]
    held: Held | None
    today: eligibility.Today | None


def _look_up(connection: Connection, claimed: Sequence[Claimed]) -> _Known:
    asking = {one.wave_id or 0 for one in claimed if one.kind == MessageKind.CHANNEL_QUESTION}
    posts = channel_posts.of_waves(connection, asking) if asking else ()
    channels = {post.id: post.channel for post in posts}
    ids = {message.invitation_id for message in claimed if message.invitation_id is not None}
    if not ids:
        return _Known({}, {}, Further({}), channels=channels)
    invitation_states = invitations.find_many(connection, ids)
    asked = {one.person_id for one in invitation_states.values() if one.person_id is not None}
    opt_outs = people.opt_outs_among(connection, asked)
    nudged = {one.invitation_id or "" for one in claimed if one.kind in NUDGE_KINDS}
    further = nudging.look_up(connection, opt_outs, nudged)
    return _Known(invitation_states, opt_outs, further, channels=channels)


def _with_budget(
    connection: Connection,
    surveys: Mapping[str, Survey],
    known: _Known,
    claimed: Sequence[Claimed],
    now: datetime,
) -> _Known:
    """Look up what came up since people were invited and keeps their first prompts from leaving."""
    leaving = [
        known.invitation_states[message.invitation_id or ""]
        for message in claimed
        if message.kind == MessageKind.PROMPT and not message.updating
    ]
    limits = {key: survey.budget for key, survey in surveys.items()}
    return replace(
        known,
        held=eligibility.held_at_the_door(connection, limits, leaving, now),
        today=eligibility.room_today(connection, limits, leaving, now),
    )


def _prepare(
    connection: Connection,
    surveys: Mapping[str, Survey],
    known: _Known,
    message: Claimed,
    now: datetime,
) -> Prepared:
    survey = surveys.get(message.survey_key or "")
    if _is_stopped(known, message):
        return Drop(WAVE_STOPPED)
    if message.kind in NUDGE_KINDS and not message.updating:
        hindered = _hindered(survey, known, message, now)
        if hindered is not None:
            return hindered
    match MessageKind(message.kind):
        case MessageKind.CHASER:
            return _chaser(known, message)
        case MessageKind.PROMPT | MessageKind.REPROMPT | MessageKind.REMINDER:
            invitation = known.invitation_states[message.invitation_id or ""]
            out_of = known.opt_outs.get(invitation.person_id or "", set())
            today = known.today if message.kind == MessageKind.PROMPT else None
            asked = _Asked(invitation, out_of, known.held.get(invitation.id), today)
            return _prompt(connection, survey, message, asked, now)
        case MessageKind.ALERT:
            return _alert(connection, survey, message)
        case MessageKind.CHANNEL_APPROVAL | MessageKind.CHANNEL_QUESTION:
            return _of_channel(connection, survey, message, now)
        case kind if survey is not None:
            return _of_survey(connection, survey, kind, message, now)
        case _:
            return Drop(_NO_FILE)


def _of_channel(
    connection: Connection, survey: Survey | None, message: Claimed, now: datetime
) -> Prepared:
    """Return a question to a shared channel, or what is asked about it, as it stands."""
    kind = MessageKind(message.kind)
    found = posting.content(
        connection, survey, kind, _posting(message), now, updating=message.updating
    )
    match found:
        case str():
            return Drop(found)
        case datetime():
            return Defer(found)
        case _:
            return found


def _posting(message: Claimed) -> ChannelMessage:
    return ChannelMessage(**(message.payload or {}))


def _is_stopped(known: _Known, message: Claimed) -> bool:
    """Return whether a message would newly ask somebody in a stopped wave."""
    invitation = known.invitation_states.get(message.invitation_id or "")
    return invitation is not None and invitation.stopped_at is not None and message.asks


def _approval(connection: Connection, survey: Survey, message: Claimed) -> Prepared:
    """Return a request as it stands; what is decided asks nobody any more."""
    about = ApprovalMessage(**(message.payload or {}))
    found = approvals.find(connection, about.approval_id)
    if found is None:
        return Drop("the request is gone")
    if found.decided_at is not None and not message.updating and not about.outcome:
        return Drop("the request was decided")
    return ApprovalContent(found, survey)


def _of_survey(
    connection: Connection, survey: Survey, kind: MessageKind, message: Claimed, now: datetime
) -> Prepared:
    match kind:
        case MessageKind.SHARED_REPORT:
            sharing = ReportShare(**(message.payload or {}))
            period = parse_period(sharing.period, now) if sharing.period else None
            report = reporting.report(connection, survey, period, now)
            return SharedReportContent(sharing, report)
        case MessageKind.NOTICE:
            return NoticeContent(Notice(**(message.payload or {})))
        case MessageKind.APPROVAL:
            return _approval(connection, survey, message)
        case _:
            summary = summarising.summary(connection, message.wave_id or 0)
            return Drop("its wave is gone") if summary is None else summary


def _alert(connection: Connection, survey: Survey | None, message: Claimed) -> Prepared:
    """Return the alert; what stands in Slack is corrected even where the survey is gone."""
    alert = alerting.alert(connection, message.invitation_id or "")
    if not message.updating and alert is None:
        return Drop("the answer was deleted")
    if not message.updating and survey is None:
        return Drop(_NO_FILE)
    return AlertContent(alert)


def _prompt(
    connection: Connection,
    survey: Survey | None,
    message: Claimed,
    asked: _Asked,
    now: datetime,
) -> Prepared:
    invitation = asked.invitation
    if invitation.person_id is None:
        return Remove() if message.updating else Drop("the person asked to be forgotten")
    stopped = min(asked.out_of & {people.ALL_SURVEYS, invitation.survey_key}, default=None)
    if not message.updating:
        if survey is None:
            return Drop(_NO_FILE)
        reason = _no_reason_to_ask(invitation, stopped, now)
        if reason is not None:
            return Drop(reason)
        later = _held_back(invitation, survey, asked.held, now)
        if later is None and asked.today is not None:
            later = _held_back(invitation, survey, asked.today.take(invitation), now)
        if later is not None:
            return later
    asks_again = (
        outbox.due_of(connection, reprompt_key(invitation.id)) if invitation.snoozed_at else None
    )
    reminding = message.kind == MessageKind.REMINDER
    return PromptContent(invitation, survey, stopped, asks_again, reminding)


def _held_back(
    invitation: InvitationState, survey: Survey, held: Held | None, now: datetime
) -> Drop | Defer | None:
    """Return why a prompt does not leave now; None at a civil hour if nothing holds it back."""
    free = held.until if held and held.until else now
    if held is not None and free > invitation.closes_at - DAY:
        return Drop(f"the person {held.rule.words}", held.rule)
    zone = zone_of(survey.time_zone or invitation.time_zone)
    civil = next_allowed(free, zone, survey.quiet_hours)
    return Defer(civil) if civil > now and not invitation.at_once else None


def _hindered(
    survey: Survey | None, known: _Known, message: Claimed, now: datetime
) -> Drop | Defer | None:
    """Return why a reminder or a chaser does not leave now; None where nothing hinders it."""
    if survey is None:
        return Drop(_NO_FILE)
    kind, invitation = (
        NudgeKind(message.kind),
        known.invitation_states[message.invitation_id or ""],
    )
    at = nudging.leaves(kind, invitation, survey, known.further, now)
    if isinstance(at, datetime):
        return Defer(at) if at > now else None
    return Drop(at)


def _chaser(known: _Known, message: Claimed) -> nudging.Chaser | Remove:
    invitation = known.invitation_states[message.invitation_id or ""]
    if invitation.person_id is None:
        return Remove()
    replied = invitation.id in known.further.replied
    return nudging.Chaser(invitation, known.further.stopped(invitation), replied)


def _no_reason_to_ask(
    invitation: InvitationState, stopped: str | None, now: datetime
) -> str | None:
    if invitation.closed(now):
        return "the wave closed"
    if invitation.answered:
        return "the person has answered"
    if stopped is not None:
        return "the person opted out"
    if invitation.dismissed_at is not None:
        return "the person deleted their answer"
    return None


def claim_lookups(
    connection: Connection, surveys: Mapping[str, Survey], *, limit: int, now: datetime
) -> list[Search]:
    """Claim messages of unknown outcome whose time to be looked for has come.

    ``now`` is in the time that leases last for.
    """
    claimed = claims.claim_lookups(connection, now, now + LEASE, limit)
    known = _look_up(connection, claimed)
    return [Search(message, _went(surveys, known, message)) for message in claimed]


def _went(surveys: Mapping[str, Survey], known: _Known, message: Claimed) -> Destination | None:
    """Return where a message went; None where its row cannot be read, which stops no other."""
    try:
        return _place(surveys, known, message)
    except _UNREADABLE:
        log.exception("A message cannot be read", extra={"delivery": message.id})
        return None


def settle_all(
    connection: Connection, ended: Sequence[tuple[Claimed, Settlement]], now: datetime
) -> list[bool]:
    """Record what became of messages; False for each whose lease was lost to another claim."""
    sent = [_sent(*one, now) for one in ended if one[1].status is Status.SENT]
    held = claims.settle_sent(connection, sent, now)
    _count_asked(connection, [one.message for one in sent if one.message.id in held], now)
    _tell_deciders(connection, ended, held, now)
    return [
        message.id in held
        if settlement.status is Status.SENT
        else _settle_unsent(connection, message, settlement, now)
        for message, settlement in ended
    ]


def _settle_unsent(
    connection: Connection, message: Claimed, settlement: Settlement, now: datetime
) -> bool:
    held = claims.settle_unsent(
        connection,
        message,
        status=settlement.status,
        due_at=settlement.due_at,
        reason=settlement.reason,
        now=now,
    )
    if held and settlement.reason == UNREACHABLE and message.kind == MessageKind.PROMPT:
        contacts.count_excluded(connection, message.wave_id or 0, {str(Exclusion.UNREACHABLE): 1})
    return held


def _sent(message: Claimed, settlement: Settlement, now: datetime) -> Sent:
    """Return a sent message; a summary is not rewritten again at once while prompts leave."""
    again_at = now + UPDATE_DELAY if message.kind == MessageKind.SUMMARY else now
    return Sent(message, settlement.channel or "", settlement.ts or "", again_at)


def _count_asked(connection: Connection, sent: Sequence[Claimed], now: datetime) -> None:
    """Note whom the sent messages asked or wrote to again; the summaries count those asked."""
    posted = [one for one in sent if not one.updating]
    further = [one.invitation_id or "" for one in posted if one.kind in FOLLOWING_KINDS]
    if further:
        invitations.mark_further(connection, further, now)
    prompts = [one for one in posted if one.kind == MessageKind.PROMPT]
    if prompts:
        invitations.mark_asked(connection, [one.invitation_id or "" for one in prompts], now)
        summaries = {summary_key(one.wave_id or 0) for one in prompts}
        outbox.touch(connection, summaries, now + UPDATE_DELAY)


def _tell_deciders(
    connection: Connection,
    ended: Sequence[tuple[Claimed, Settlement]],
    held: Collection[str],
    now: datetime,
) -> None:
    """Have who decided on questions to shared channels see what became of them."""
    for message, settlement in ended:
        if message.kind != MessageKind.CHANNEL_QUESTION or message.updating:
            continue
        if settlement.status is Status.SENT and message.id in held:
            posting.accepted(connection, _posting(message), message.wave_id or 0, now)
        elif settlement.status is Status.FAILED:
            post_id = _posting(message).post_id
            update_channel_approvals(connection, post_id, message.wave_id or 0, now)


def refuse_outsiders(
    connection: Connection,
    surveys: Mapping[str, Survey],
    message: Claimed,
    channel: str,
    reason: str,
    now: datetime,
) -> None:
    """Fail a message that outsiders would have read, and tell the survey's owners.

    They are told once a channel, however many messages are refused there, and once more only if it
    is shared again after something could be posted there in between.
    """
    claims.settle_unsent(
        connection, message, status=Status.FAILED, due_at=None, reason=reason, now=now
    )
    survey = surveys.get(message.survey_key or "")
    since = outbox.latest_in(connection, channel) or ""
    for owner in survey.owners if survey else ():
        notice = Notice(f"outsiders:{channel}:{since}", owner, reason)
        enqueue_notice(connection, message.survey_key or "", notice, now)


def settle_removed(connection: Connection, message: Claimed, now: datetime) -> bool:
    """Record that a message was deleted from Slack."""
    return claims.settle_removed(connection, message, "the person asked to be forgotten", now)


Rewritten = tuple[Mapping[str, int], str]
"""The versions of what shows a prompt, as :class:`~nps_bot.answering.score.Recorded` gave
them,
and the prompt's invitation."""


def mark_rewritten(connection: Connection, rewritten: Sequence[Rewritten], now: datetime) -> None:
    """Record that clicked prompts were rewritten directly, so that the courier need not."""
    written = []
    for versions, invitation_id in rewritten:
        keys = [key for key in prompt_keys(invitation_id) if key in versions]
        # Where there are two prompts, only the clicked one was rewritten: the courier sees to both.
        written += [(key, versions[key]) for key in keys if len(keys) == 1]
    outbox.mark_delivered(connection, written, now)
