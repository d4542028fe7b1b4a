"""What becomes of the summaries of waves when something happens elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.anonymous.events import TurnoutRose
from nps_bot.answering.events import (
    ContactDeclined,
    OptedIn,
    OptedOut,
    ResponseDeleted,
    ResponseRecorded,
    ScoreCorrected,
    Snoozed,
)
from nps_bot.asking.events import PeopleAsked, WaveClosed, WaveOpened, WaveStopped
from nps_bot.asking.store.waves import WaveRow
from nps_bot.delivery.rules import UPDATE_DELAY, MessageType
from nps_bot.delivery.store import outbox
from nps_bot.figures.outgoing import CLOSING, SUMMARY, enqueue_summary, summary_key
from nps_bot.shared_channels.events import QuestionPosted


def show_scores(
    connection: Connection, events: Sequence[ResponseRecorded | ScoreCorrected], _: datetime
) -> None:
    """Have the running summaries show new scores, several of them with one update."""
    keys = {summary_key(one.invitation.wave_id) for one in events}
    outbox.request_update(connection, keys, events[0].shown_at)


def show_turnout(connection: Connection, events: Sequence[TurnoutRose], _: datetime) -> None:
    """Have the running summaries show how many take part in anonymous waves."""
    for one in events:
        outbox.request_update(connection, (summary_key(one.wave_id),), one.shown_at)


def update_summaries(
    connection: Connection,
    events: Sequence[ContactDeclined | ResponseDeleted | Snoozed | OptedOut | OptedIn],
    now: datetime,
) -> None:
    """Have the running summaries show what is new, at once."""
    keys = {summary_key(one.invitation.wave_id) for one in events}
    outbox.request_update(connection, keys, now)


def show_posted(connection: Connection, events: Sequence[QuestionPosted], now: datetime) -> None:
    """Have the running summaries show that a question was posted, at once."""
    outbox.request_update(connection, {summary_key(one.wave_id) for one in events}, now)


def begin_summary(connection: Connection, events: Sequence[WaveOpened], _: datetime) -> None:
    """Enqueue the running summaries; one answer is no score: the alert tells of it."""
    for one in events:
        if one.wave.only_person is None:
            _owe(connection, SUMMARY, one.wave, one.opens_at)


def show_stopped(connection: Connection, events: Sequence[WaveStopped], now: datetime) -> None:
    """Have the running summaries say so; a wave that was still read had none yet."""
    for one in events:
        if one.wave.only_person is None:
            _owe(connection, SUMMARY, one.wave, now)
            outbox.request_update(connection, (summary_key(one.wave.id),), now)


def close_summary(connection: Connection, events: Sequence[WaveClosed], now: datetime) -> None:
    """Enqueue the closing summaries, and have the running ones show that it is over."""
    for one in events:
        if one.wave.state == "ready" and not one.orphaned and one.wave.only_person is None:
            _owe(connection, CLOSING, one.wave, now)
            outbox.request_update(connection, (summary_key(one.wave.id),), now)


def _owe(connection: Connection, type_: MessageType, wave: WaveRow, due_at: datetime) -> None:
    enqueue_summary(connection, type_, wave.survey_key, wave.id, due_at)


def count_asked(connection: Connection, events: Sequence[PeopleAsked], now: datetime) -> None:
    """Have the running summaries count who was asked, with what else comes meanwhile."""
    keys = {summary_key(wave_id) for one in events for wave_id in one.wave_ids}
    outbox.request_update(connection, keys, now + UPDATE_DELAY)
