"""Questions to channels shared with customers: noted with the wave, decided on, posted.

The owner of each account decides by a direct message, which shows what became of it from then on.
Where nobody looks after an account, the survey's owners are asked, and the first word counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from nps_bot.asking import launching
from nps_bot.asking.store import waves
from nps_bot.base.events import record
from nps_bot.base.time_zones import zone_of
from nps_bot.delivery.rules import NO_FILE, WAVE_STOPPED
from nps_bot.delivery.store import outbox
from nps_bot.shared_channels import store
from nps_bot.shared_channels.events import QuestionPosted
from nps_bot.shared_channels.outgoing import (
    ChannelMessage,
    enqueue_channel_message,
    update_channel_approvals,
)
from nps_bot.shared_channels.rules import Choice, PostState, decided
from nps_bot.shared_channels.store import NewPost, Post
from nps_bot.surveys.rules.local_time import next_allowed
from nps_bot.surveys.rules.survey import Survey


class Skipped(StrEnum):
    """Why a wave does not ask in a channel of an account."""

    REFUSED = "it is not to be asked there, as was decided"
    LATELY = "it was asked there lately"


@dataclass(frozen=True, slots=True)
class Found:
    """A channel of an account as Slack describes it.

    Attributes:
        obstacle: why nothing can be asked there; None where something can.
    """

    channel: str
    account: str
    owner: str | None
    teams: tuple[str, ...]
    obstacle: str | None = None


def would_ask(
    connection: Connection, survey: Survey, found: Iterable[Found], now: datetime
) -> list[Found]:
    """Return the same channels, with what keeps a wave started now from asking there."""
    refused = store.refused(connection, survey.key)
    lately = store.asked_since(connection, now - survey.budget.every)
    return [replace(one, obstacle=_reason(one, refused, lately)) for one in found]


def _reason(found: Found, refused: set[str], lately: set[str]) -> str | None:
    if found.obstacle is not None:
        return found.obstacle
    if found.channel in refused:
        return Skipped.REFUSED
    return Skipped.LATELY if found.channel in lately else None


def noted(connection: Connection, wave_id: int) -> set[str]:
    """Return the channels of which a wave knows already whether it asks there."""
    return {post.channel for post in store.of_waves(connection, [wave_id])}


def note(connection: Connection, survey: Survey, wave_id: int, found: Found, now: datetime) -> None:
    """Note whether a wave asks in a channel, while it is being prepared; once for each."""
    if waves.lock(connection, wave_id).state == "resolving":
        (one,) = would_ask(connection, survey, [found], now)
        post = NewPost(one.channel, one.account, one.owner, one.teams, one.obstacle)
        store.add(connection, wave_id, post)


def begin(connection: Connection, survey: Survey, wave_id: int, now: datetime) -> None:
    """Open a wave all of whose channels were noted: ask those who decide. Twice changes nothing."""
    wave = waves.lock(connection, wave_id)
    if wave.state != "resolving":
        return
    launching.make_ready(connection, survey, wave, now)
    for post in store.of_waves(connection, [wave_id]):
        if post.state is PostState.ASKED:
            for recipient in recipients(post.owner, survey):
                asking = ChannelMessage(post.id, recipient)
                enqueue_channel_message(connection, survey.key, wave_id, asking, now)


def recipients(owner: str | None, survey: Survey) -> tuple[str, ...]:
    """Return who decides, as people are written down: an account's owner, or the survey's."""
    return survey.owners if owner is None else (owner,)


def decide(
    connection: Connection, survey: Survey, post_id: str, choice: Choice, by: str, now: datetime
) -> Post | None:
    """Decide whether a question is posted; returns how it stands now, whoever decided.

    None where there is no such question. The post is owed in the same transaction, for the next
    hour outside quiet hours: several owners at once, or one twice, post one.
    """
    post = store.find(connection, post_id, lock=True)
    if post is None or post.survey_key != survey.key:
        return None
    state = decided(post.state, choice)
    too_late = post.closed(now) or post.stopped_at is not None
    if state is post.state or (post.state is PostState.ASKED and too_late):
        return post
    store.decide(connection, post_id, state, by, now)
    if state is PostState.APPROVED:
        civil = next_allowed(now, zone_of(survey.time_zone), survey.quiet_hours)
        about = ChannelMessage(post_id)
        enqueue_channel_message(connection, survey.key, post.wave_id, about, civil)
    update_channel_approvals(connection, post_id, post.wave_id, now)
    return replace(post, state=state, decided_by=by, decided_at=now)


def accepted(connection: Connection, posting: ChannelMessage, wave_id: int, now: datetime) -> None:
    """Take note that Slack has a question; the messages to those who decided on it show so."""
    store.mark_posted(connection, posting.post_id, now)
    update_channel_approvals(connection, posting.post_id, wave_id, now)
    record(connection, [QuestionPosted(wave_id)], now)


@dataclass(frozen=True, slots=True)
class Question:
    """A question in a shared channel as it should stand."""

    post: Post
    survey: Survey | None
    closed: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What whoever decides on a question reads.

    Attributes:
        post: the question as it stands.
        survey: whose it is.
        failure: why it could not be posted; None where it could, or was not tried yet.
        due_at: when it will be posted; None where it does not wait.
        over: whether nothing can be decided any more.
    """

    post: Post
    survey: Survey
    failure: str | None
    due_at: datetime | None
    over: bool


def request(connection: Connection, survey: Survey, post: Post, now: datetime) -> Request:
    """Return what whoever decides on ``post`` reads now."""
    key = ChannelMessage(post.id).key
    return Request(
        post=post,
        survey=survey,
        failure=outbox.failure_of(connection, key) if post.posted_at is None else None,
        due_at=outbox.due_of(connection, key),
        over=post.closed(now) or post.stopped_at is not None,
    )


_GONE = "its wave is gone"


def request_content(
    connection: Connection, survey: Survey | None, post_id: str, now: datetime, *, updating: bool
) -> Request | str:
    """Return what whoever decides on a question reads now, or why they are not asked."""
    post = store.find(connection, post_id)
    if post is None:
        return _GONE
    if survey is None:
        return NO_FILE
    if not updating and (post.state is not PostState.ASKED or post.closed(now)):
        return "it was decided"
    return request(connection, survey, post, now)


def question_content(
    connection: Connection, survey: Survey | None, post_id: str, now: datetime, *, updating: bool
) -> Question | str | datetime:
    """Return the question as it stands, why it is not posted, or when it may be."""
    post = store.find(connection, post_id)
    if post is None:
        return _GONE
    if updating:
        return Question(post, survey, post.closed(now))
    if survey is None or post.closed(now):
        return "the wave closed"
    if post.stopped_at is not None:
        return WAVE_STOPPED
    civil = next_allowed(now, zone_of(survey.time_zone), survey.quiet_hours)
    return civil if civil > now else Question(post, survey, closed=False)
