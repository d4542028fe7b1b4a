"""What each event owes to Slack: the keys and kinds of messages, in one place.

A key names a message for good: owing it twice owes it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from nps_bot.asking.store.invitations import InvitationState
from nps_bot.delivery.rules import MessageKind, priority_of
from nps_bot.delivery.store import outbox
from nps_bot.delivery.store.outbox import Touched
from nps_bot.shared_channels import store as channel_posts
from nps_bot.slack_ids import is_person_id

PROMPT_KINDS = (MessageKind.PROMPT, MessageKind.REPROMPT, MessageKind.REMINDER)
"""What asks for a score: eleven buttons, and rewritten once they were answered."""
NUDGE_KINDS = (MessageKind.REMINDER, MessageKind.CHASER)
"""What may follow a prompt; at most one of these."""
RESPONDENT_KINDS = (*PROMPT_KINDS, MessageKind.CHASER, MessageKind.CHANNEL_QUESTION)
"""All that respondents are sent: none of it while a survey is paused, or once its wave was stopped
or has closed."""
FURTHER_KINDS = (MessageKind.REPROMPT, *NUDGE_KINDS)
"""Messages that belong to a question somebody has got: silence counts from the last one of them."""

STOPPED = "the wave was stopped"
"""Why that was not sent."""

SETTLING = timedelta(seconds=3)
"""How long a message in Slack waits before it is rewritten: several answers become one update of
the summary, and a clicked prompt, which is rewritten directly, is touched only if that failed."""


def prompt_key(invitation_id: str) -> str:
    """Return the key of an invitation's prompt."""
    return f"prompt:{invitation_id}"


def reprompt_key(invitation_id: str) -> str:
    """Return the key of the one prompt that follows a snooze."""
    return f"reprompt:{invitation_id}"


def reminder_key(invitation_id: str) -> str:
    """Return the key of the one reminder to an unanswered prompt."""
    return f"reminder:{invitation_id}"


def chaser_key(invitation_id: str) -> str:
    """Return the key of the one message that asks for a reason after a bare score."""
    return f"chaser:{invitation_id}"


def alert_key(invitation_id: str) -> str:
    """Return the key of the alert about an invitation's response."""
    return f"alert:{invitation_id}"


def summary_key(wave_id: int) -> str:
    """Return the key of a wave's running summary."""
    return f"summary:{wave_id}"


def closing_key(wave_id: int) -> str:
    """Return the key of a wave's closing summary."""
    return f"closing:{wave_id}"


def prompt(
    invitation_id: str, person_id: str, survey_key: str, wave_id: int, due_at: datetime
) -> outbox.NewMessage:
    """Return the prompt of an invitation, due at the person's own moment."""
    return outbox.NewMessage(
        dedupe_key=prompt_key(invitation_id),
        kind=MessageKind.PROMPT,
        priority=priority_of(MessageKind.PROMPT),
        due_at=due_at,
        survey_key=survey_key,
        wave_id=wave_id,
        invitation_id=invitation_id,
        person_id=person_id,
    )


def reprompt(
    invitation_id: str, person_id: str, survey_key: str, wave_id: int, due_at: datetime
) -> outbox.NewMessage:
    """Return the one further prompt that follows a snooze."""
    first = prompt(invitation_id, person_id, survey_key, wave_id, due_at)
    return replace(first, dedupe_key=reprompt_key(invitation_id), kind=MessageKind.REPROMPT)


def nudge(kind: MessageKind, invitation: InvitationState, due_at: datetime) -> outbox.NewMessage:
    """Return the one message (``REMINDER`` or ``CHASER``) that may follow a prompt."""
    key = reminder_key if kind is MessageKind.REMINDER else chaser_key
    return outbox.NewMessage(
        dedupe_key=key(invitation.id),
        kind=kind,
        priority=priority_of(kind),
        due_at=due_at,
        survey_key=invitation.survey_key,
        wave_id=invitation.wave_id,
        invitation_id=invitation.id,
        person_id=invitation.person_id,
    )


def owe_summary(
    connection: Connection,
    kind: MessageKind,
    survey_key: str,
    wave_id: int,
    due_at: datetime,
) -> None:
    """Owe a wave's running (``SUMMARY``) or last (``CLOSING``) summary."""
    key = summary_key if kind is MessageKind.SUMMARY else closing_key
    outbox.add(
        connection,
        [
            outbox.NewMessage(
                dedupe_key=key(wave_id),
                kind=kind,
                priority=priority_of(kind),
                due_at=due_at,
                survey_key=survey_key,
                wave_id=wave_id,
            )
        ],
    )


def owe_alerts(
    connection: Connection, detractors: Iterable[InvitationState], now: datetime
) -> None:
    """Owe the alerts about detractors, before everything else."""
    outbox.add(
        connection,
        [
            outbox.NewMessage(
                dedupe_key=alert_key(invitation.id),
                kind=MessageKind.ALERT,
                priority=priority_of(MessageKind.ALERT),
                due_at=now,
                survey_key=invitation.survey_key,
                wave_id=invitation.wave_id,
                invitation_id=invitation.id,
            )
            for invitation in detractors
        ],
    )


def touch(connection: Connection, invitation_ids: Iterable[str], due_at: datetime) -> Touched:
    """Have the messages that people of invitations got show what is new at ``due_at``."""
    keys = [key for one in invitation_ids for key in showing(one)]
    return outbox.touch(connection, keys, due_at)


def showing(invitation_id: str) -> tuple[str, ...]:
    """Return the keys of the messages that show a score to the person who gave it."""
    return *prompt_keys(invitation_id), chaser_key(invitation_id)


def prompt_keys(invitation_id: str) -> tuple[str, ...]:
    """Return the keys of the messages that ask with an invitation, one for each prompt kind."""
    return prompt_key(invitation_id), reprompt_key(invitation_id), reminder_key(invitation_id)


def touch_prompts(connection: Connection, invitation_id: str, due_at: datetime) -> Touched:
    """Have the messages that ask with an invitation show what is new at ``due_at``."""
    return outbox.touch(connection, prompt_keys(invitation_id), due_at)


def touch_summary(connection: Connection, wave_id: int, due_at: datetime) -> None:
    """Have the running summary, if there is one, show what is new at ``due_at``."""
    outbox.touch(connection, (summary_key(wave_id),), due_at)


def touch_chaser(connection: Connection, invitation_id: str, now: datetime) -> None:
    """Have the chaser, if there is one, show what is new, at once."""
    outbox.touch(connection, (chaser_key(invitation_id),), now)


def touch_alert(connection: Connection, invitation_id: str, now: datetime) -> None:
    """Have the alert, if there is one, show what is new, at once."""
    outbox.touch(connection, (alert_key(invitation_id),), now)


def owe_shared_report(
    connection: Connection, survey_key: str, sharing: ReportShare, now: datetime
) -> None:
    """Owe a report shared into a channel; pressing *Share* twice shares it once."""
    outbox.add(
        connection,
        [
            outbox.NewMessage(
                dedupe_key=f"share:{sharing.channel}:{sharing.pressed}",
                kind=MessageKind.SHARED_REPORT,
                priority=priority_of(MessageKind.SHARED_REPORT),
                due_at=now,
                survey_key=survey_key,
                person_id=sharing.person_id,
                payload=asdict(sharing),
            )
        ],
    )


@dataclass(frozen=True, slots=True)
class ReportShare:
    """Who shares which period's report where.

    Attributes:
        channel: Slack's id of the channel.
        period: the period as typed; None for the latest wave.
        pressed: what identifies the report whose *Share* was pressed.
    """

    person_id: str
    channel: str
    period: str | None
    pressed: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence an owner must read.

    Attributes:
        key: what it is about; it is said once.
        recipient: who gets it, by Slack id or e-mail address.
    """

    key: str
    recipient: str
    text: str


def owe_notice(connection: Connection, survey_key: str, notice: Notice, now: datetime) -> None:
    """Owe a direct message to an owner; the same ``key`` and recipient get it once."""
    outbox.add(
        connection,
        [
            outbox.NewMessage(
                dedupe_key=f"notice:{notice.key}:{notice.recipient}",
                kind=MessageKind.NOTICE,
                priority=priority_of(MessageKind.NOTICE),
                due_at=now,
                survey_key=survey_key,
                person_id=notice.recipient if is_person_id(notice.recipient) else None,
                payload=asdict(notice),
            )
        ],
    )


@dataclass(frozen=True, slots=True)
class Approving:
    """One person's message about a large wave that somebody wants to start.

    Attributes:
        approval_id: the request.
        recipient: who gets it, by Slack id or e-mail address.
        outcome: whether it tells who asked what became of it, instead of asking an owner.
    """

    approval_id: str
    recipient: str
    outcome: bool = False

    @property
    def key(self) -> str:
        """The key of the message."""
        return f"approval:{self.approval_id}:{'outcome' if self.outcome else self.recipient}"


def owe_approvals(
    connection: Connection, survey_key: str, messages: Iterable[Approving], now: datetime
) -> None:
    """Owe direct messages about a request to start a large wave."""
    outbox.add(
        connection,
        [
            outbox.NewMessage(
                dedupe_key=one.key,
                kind=MessageKind.APPROVAL,
                priority=priority_of(MessageKind.APPROVAL),
                due_at=now,
                survey_key=survey_key,
                person_id=one.recipient if is_person_id(one.recipient) else None,
                payload=asdict(one),
            )
            for one in messages
        ],
    )


@dataclass(frozen=True, slots=True)
class Posting:
    """What a message about a question to a shared channel is about.

    Attributes:
        post_id: the question.
        recipient: who is asked whether to post it, by Slack id or e-mail address; None for the
            question itself.
    """

    post_id: str
    recipient: str | None = None

    @property
    def key(self) -> str:
        """The key of the message."""
        if self.recipient is None:
            return f"channel_question:{self.post_id}"
        return f"channel_approval:{self.post_id}:{self.recipient}"


def owe_posting(
    connection: Connection, survey_key: str, wave_id: int, posting: Posting, due_at: datetime
) -> None:
    """Owe the question to a shared channel, or the message that asks whether to post it."""
    to = posting.recipient
    kind = MessageKind.CHANNEL_QUESTION if to is None else MessageKind.CHANNEL_APPROVAL
    outbox.add(
        connection,
        [
            outbox.NewMessage(
                dedupe_key=posting.key,
                kind=kind,
                priority=priority_of(kind),
                due_at=due_at,
                survey_key=survey_key,
                wave_id=wave_id,
                person_id=to if to is not None and is_person_id(to) else None,
                payload=asdict(posting),
            )
        ],
    )


def touch_channels(
    connection: Connection, wave_id: int, kinds: Iterable[MessageKind], now: datetime
) -> None:
    """Have what a wave says in, or about, shared channels show what is new, at once."""
    if not channel_posts.of_waves(connection, [wave_id]):
        return  # nearly all waves ask by direct message, with thousands of messages to look at
    for kind in kinds:
        outbox.touch(connection, outbox.keys_of(connection, kind, wave_id), now)


def touch_approvals(connection: Connection, post_id: str, wave_id: int, now: datetime) -> None:
    """Have the messages that asked whether to post a question show what became of it."""
    asked = outbox.keys_of(connection, MessageKind.CHANNEL_APPROVAL, wave_id)
    about = [key for key in asked if key.startswith(Posting(post_id, "").key)]
    outbox.touch(connection, about, now)
