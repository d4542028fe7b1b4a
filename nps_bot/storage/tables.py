"""All tables, in the words of the product, with the constraints that make things happen once.

Moments are stored in UTC. What Slack orders (``action_ts``) is stored as whole microseconds, so
that "newer" is a comparison of integers on every database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Moment(TypeDecorator[datetime]):
    """A timezone-aware moment, stored in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn ``value`` into UTC; SQLite, which has no zones, gets it without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored moment in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


OpaqueId = String(32)
"""A random uuid4 as 32 hexadecimal digits: says nothing, cannot be guessed."""
SlackId = String(32)


class Base(DeclarativeBase):
    """The declarative base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Person(Base):
    """Somebody in Slack whom a survey may ask."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(SlackId, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text)
    team_id: Mapped[str | None] = mapped_column(SlackId)
    is_guest: Mapped[bool]
    is_outsider: Mapped[bool]
    dm_channel: Mapped[str | None] = mapped_column(SlackId)
    account: Mapped[str | None] = mapped_column(Text, index=True)
    account_owner: Mapped[str | None] = mapped_column(SlackId)
    attributes: Mapped[dict[str, str]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class SurveyState(Base):
    """What must be remembered of a survey besides its file."""

    __tablename__ = "surveys"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    cadence: Mapped[str] = mapped_column(Text)
    cadence_since: Mapped[datetime] = mapped_column(Moment)
    """When this cadence was first seen: nothing before it was ever missed."""
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    paused_by: Mapped[str | None] = mapped_column(SlackId)
    first_read_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its whole audience had been read for the first time: who was there is no newcomer."""
    looked_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was looked last who is new in it."""


class StoredWording(Base):
    """A wording some wave used, kept as it was."""

    __tablename__ = "wordings"
    __table_args__ = (UniqueConstraint("survey_key", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_key: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class Wave(Base):
    """One round of a survey.

    ``nominal`` is the local date and time it stands for ("2026-11-24T10:00"); together with the
    survey it is the wave's identity, however many processes try to create it.
    """

    __tablename__ = "waves"
    __table_args__ = (
        UniqueConstraint("survey_key", "nominal"),
        CheckConstraint("state IN ('resolving', 'ready', 'closed')", name="state"),
        Index(
            "ix_waves_unclosed",
            "state",
            sqlite_where=text("state <> 'closed'"),
            postgresql_where=text("state <> 'closed'"),
        ),
        CheckConstraint(
            "threshold IS NULL OR (threshold >= 3 AND only_person IS NULL)", name="threshold"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_key: Mapped[str] = mapped_column(Text)
    nominal: Mapped[str] = mapped_column(String(16))
    wording_id: Mapped[int] = mapped_column(ForeignKey("wordings.id"))
    kind: Mapped[str] = mapped_column(Text)
    by_hand: Mapped[bool]
    """Started by a person: asks as soon as quiet hours allow, not at the survey's hour."""
    at_once: Mapped[bool]
    """Asks everybody immediately, quiet hours or not (the sandbox's first wave)."""
    only_person: Mapped[str | None] = mapped_column(SlackId)
    """Where set, the wave asks this one person and nobody else."""
    state: Mapped[str] = mapped_column(String(16))
    cursor: Mapped[str | None] = mapped_column(Text)
    """Where reading the audience goes on after an interruption, while ``resolving``."""
    opens_at: Mapped[datetime] = mapped_column(Moment)
    closes_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)
    """From when on nothing more is sent of it; answers count until it closes."""
    stopped_by: Mapped[str | None] = mapped_column(SlackId)
    """Who stopped it; None from the command line."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    threshold: Mapped[int | None] = mapped_column(SmallInteger)
    """k of an anonymous wave, set when it is created; None for a named one. It decides, whatever
    the survey's file says by then."""
    segment: Mapped[str | None] = mapped_column(Text)
    """The column of the people file that an anonymous wave's answers keep."""


class ApprovalRequest(Base):
    """A large wave somebody wants to start who is no owner: what the owners, or others, say to it.

    ``nominal`` is the minute of the preview, so that one click asks once however often it comes.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("survey_key", "nominal", "asked_by"),
        CheckConstraint("state IN ('open', 'sent', 'declined', 'expired')", name="state"),
        Index(
            "ux_approvals_open",
            "survey_key",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[str] = mapped_column(OpaqueId, primary_key=True)
    survey_key: Mapped[str] = mapped_column(Text)
    nominal: Mapped[str] = mapped_column(String(16))
    people: Mapped[int] = mapped_column(Integer)
    """How many the preview named."""
    asked_by: Mapped[str] = mapped_column(SlackId)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    recipients: Mapped[list[str]] = mapped_column(JSON)
    """Who was asked, as the survey's file names them: their messages are kept up to date."""
    state: Mapped[str] = mapped_column(String(16))
    decided_by: Mapped[str | None] = mapped_column(SlackId)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)


class Invitation(Base):
    """One person, asked in one wave."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("wave_id", "person_id"),
        Index(
            "ix_invitations_undecided",
            "wave_id",
            "asked_at",
            sqlite_where=text("reminder_decided_at IS NULL"),
            postgresql_where=text("reminder_decided_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(OpaqueId, primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id"))
    person_id: Mapped[str | None] = mapped_column(SlackId, index=True)
    """None once the person was forgotten."""
    due_at: Mapped[datetime] = mapped_column(Moment)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    """When Slack accepted the first prompt; None while nobody was asked."""
    snoozed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When *Ask me in 3 days* was pressed; it works once."""
    dismissed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the person stopped the survey instead of answering."""
    reminder_decided_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was decided whether to remind; once, when a reminder's time has come."""
    further_at: Mapped[datetime | None] = mapped_column(Moment)
    """When Slack accepted the latest message after the first prompt: silence counts from there."""


class AccountChannel(Base):
    """A channel that is shared with a customer company, as last imported."""

    __tablename__ = "account_channels"

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    """Its id."""
    account: Mapped[str] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(SlackId)
    teams: Mapped[list[str]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class ChannelPost(Base):
    """What a wave asks, or would ask, in a channel that is shared with a customer company."""

    __tablename__ = "channel_posts"
    __table_args__ = (
        UniqueConstraint("wave_id", "channel"),
        CheckConstraint(
            "state IN ('asked', 'approved', 'declined', 'never', 'skipped')", name="state"
        ),
    )

    id: Mapped[str] = mapped_column(OpaqueId, primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id"))
    channel: Mapped[str] = mapped_column(Text)
    """Its id; its ``#name`` where Slack shows the bot no such channel."""
    account: Mapped[str] = mapped_column(Text)
    owner: Mapped[str | None] = mapped_column(SlackId)
    """Who decides; None where nobody looks after the account: then the survey's owners do."""
    teams: Mapped[list[str]] = mapped_column(JSON)
    """The home workspaces of those whose answers count."""
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is ``skipped``, for people to read."""
    decided_by: Mapped[str | None] = mapped_column(SlackId)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    posted_at: Mapped[datetime | None] = mapped_column(Moment)
    """When Slack accepted the question."""


class ChannelInvitation(Base):
    """Which post an invitation was made at, by a click on it."""

    __tablename__ = "channel_invitations"

    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitations.id"), primary_key=True)
    post_id: Mapped[str] = mapped_column(ForeignKey("channel_posts.id"), index=True)


class Sighting(Base):
    """Somebody who stood in an audience that was read: whoever is new is not asked at once.

    Deciding whether to ask somebody locks their row, so that two waves that are read at the same
    moment do not both ask them.
    """

    __tablename__ = "sightings"

    person_id: Mapped[str] = mapped_column(SlackId, primary_key=True)
    first_seen_at: Mapped[datetime | None] = mapped_column(Moment)
    """None for whoever was there when an audience was read for the first time."""


class WaveExclusion(Base):
    """How many people of its audience a wave did not ask, for one reason."""

    __tablename__ = "wave_exclusions"

    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(32), primary_key=True)
    people: Mapped[int] = mapped_column(Integer)


class Response(Base):
    """The score a person gave to an invitation."""

    __tablename__ = "responses"
    __table_args__ = (
        CheckConstraint("score BETWEEN 0 AND 10", name="score"),
        CheckConstraint("latest_score BETWEEN 0 AND 10", name="latest_score"),
        Index(
            "ix_responses_undecided",
            "answered_at",
            sqlite_where=text("chaser_decided_at IS NULL"),
            postgresql_where=text("chaser_decided_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(OpaqueId, primary_key=True)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitations.id"), unique=True)
    score: Mapped[int] = mapped_column(SmallInteger)
    """The score that counts."""
    latest_score: Mapped[int] = mapped_column(SmallInteger)
    """What the person last said; differs from ``score`` after a recovery."""
    action_ts: Mapped[int] = mapped_column(BigInteger)
    """Slack's time of the newest click, in microseconds: older clicks change nothing."""
    answered_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime | None] = mapped_column(Moment)
    correctable_until: Mapped[datetime] = mapped_column(Moment)
    no_contact_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the person said *Please don't contact me*."""
    chaser_decided_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it was decided whether to ask for words; once, when a chaser's time has come."""


class ScoreChange(Base):
    """One change of a score; ``counted`` is false for recovery."""

    __tablename__ = "score_changes"
    __table_args__ = (UniqueConstraint("response_id", "action_ts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[str] = mapped_column(ForeignKey("responses.id"))
    from_score: Mapped[int] = mapped_column(SmallInteger)
    to_score: Mapped[int] = mapped_column(SmallInteger)
    action_ts: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Moment)
    counted: Mapped[bool]


class Answer(Base):
    """A reply to a follow-up, with the question as it was asked."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("response_id", "question_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    response_id: Mapped[str] = mapped_column(ForeignKey("responses.id"))
    question_key: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(SmallInteger)
    written_at: Mapped[datetime] = mapped_column(Moment)


class Case(Base):
    """The piece of work a detractor opens for the team."""

    __tablename__ = "cases"

    response_id: Mapped[str] = mapped_column(ForeignKey("responses.id"), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    claimed_by: Mapped[str | None] = mapped_column(SlackId)
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    contacted_by: Mapped[str | None] = mapped_column(SlackId)
    contacted_at: Mapped[datetime | None] = mapped_column(Moment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a corrected score took the reason for the case away."""


# What an anonymous wave keeps, in tables that cannot be joined: no column of one is in another.
# Without a row id SQLite has no column that would number rows in the order they came in.
_UNNUMBERED = {"sqlite_with_rowid": False}


class Ballot(Base):
    """That an invitation of an anonymous wave was answered: not when, not how."""

    __tablename__ = "ballots"
    __table_args__ = _UNNUMBERED

    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitations.id"), primary_key=True)


class AnonymousAnswer(Base):
    """One score of an anonymous wave: not whose, not when, in no order."""

    __tablename__ = "anonymous_answers"
    __table_args__ = (CheckConstraint("score BETWEEN 0 AND 10", name="score"), _UNNUMBERED)

    id: Mapped[str] = mapped_column(OpaqueId, primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id"), index=True)
    segment: Mapped[str | None] = mapped_column(Text)
    """What the wave's column of the people file held for whoever answered."""
    score: Mapped[int] = mapped_column(SmallInteger)


class AnonymousComment(Base):
    """One reply of an anonymous wave: linked to no person, no answer and no other reply.

    What it replies to is not kept: the questions differ by band.
    """

    __tablename__ = "anonymous_comments"
    __table_args__ = _UNNUMBERED

    id: Mapped[str] = mapped_column(OpaqueId, primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id"), index=True)
    text: Mapped[str] = mapped_column(Text)


class FollowUpToken(Base):
    """That somebody may reply to an anonymous wave's follow-ups, once: whoever shows the token.

    Only its SHA-256 is kept; the token itself is in the modal, and nowhere else.
    """

    __tablename__ = "follow_up_tokens"
    __table_args__ = _UNNUMBERED

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id"), index=True)
    band: Mapped[str] = mapped_column(String(16))
    """Whose questions were asked."""


class StoredDisclosure(Base):
    """What is shown of an anonymous wave from its closing on: made once, and never again."""

    __tablename__ = "disclosures"

    wave_id: Mapped[int] = mapped_column(ForeignKey("waves.id"), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class OptOut(Base):
    """A person's word not to be asked again; ``survey_key`` is ``*`` for all surveys."""

    __tablename__ = "opt_outs"

    person_id: Mapped[str] = mapped_column(SlackId, primary_key=True)
    survey_key: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Outbox(Base):
    """One message we owe to Slack, and keep up to date once it stands there.

    A row without ``ts`` is posted; a row with ``ts`` is updated in place. ``version`` counts the
    reasons to (re)write it, ``delivered_version`` is the one Slack has: the last state always wins.
    ``id`` travels as the message's metadata, so that an unknown outcome can be looked up.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'claimed', 'sent', 'failed', 'unknown', 'cancelled')",
            name="status",
        ),
        Index(
            "ix_outbox_waiting",
            "priority",
            "due_at",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_outbox_rewriting",
            "priority",
            "due_at",
            sqlite_where=text("status = 'pending' AND ts IS NOT NULL"),
            postgresql_where=text("status = 'pending' AND ts IS NOT NULL"),
        ),
        Index(
            "ix_outbox_leased",
            "lease_until",
            sqlite_where=text("status IN ('claimed', 'unknown')"),
            postgresql_where=text("status IN ('claimed', 'unknown')"),
        ),
        Index(
            "ix_outbox_failed",
            "settled_at",
            sqlite_where=text("status = 'failed'"),
            postgresql_where=text("status = 'failed'"),
        ),
    )

    id: Mapped[str] = mapped_column(OpaqueId, primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    survey_key: Mapped[str | None] = mapped_column(Text)
    wave_id: Mapped[int | None] = mapped_column(ForeignKey("waves.id"), index=True)
    invitation_id: Mapped[str | None] = mapped_column(ForeignKey("invitations.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(SlackId)
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    priority: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(Integer)
    delivered_version: Mapped[int] = mapped_column(Integer)
    attempts: Mapped[int] = mapped_column(Integer)
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    """Until when the claimant may act; for ``unknown``, when to look again (None: parked)."""
    channel: Mapped[str | None] = mapped_column(SlackId)
    ts: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why the last attempt ended as it did, for people to read."""
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


class Remembered(Base):
    """A fact learnt from the workspace that must survive a restart, such as its pace."""

    __tablename__ = "remembered"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class LaneLease(Base):
    """Who may post now: processes that share the database take turns at one lane to Slack."""

    __tablename__ = "lanes"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    holder: Mapped[str] = mapped_column(OpaqueId)
    until: Mapped[datetime] = mapped_column(Moment)
