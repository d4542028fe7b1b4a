"""Stopping waves while they run: what was not sent is not sent; what was sent may be answered.

Stopping is one committed mark on the wave, and everything else follows from it: no further page of
the audience is added, what waits is cancelled in batches, what is in hand is dropped right before
its call, and whatever comes back from a failed call is dropped when its turn comes again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.events import WaveStopped
from nps_bot.asking.launching import BATCH
from nps_bot.asking.outgoing import prompt_key
from nps_bot.asking.rules.message_types import REPROMPT
from nps_bot.asking.store import invitations, wave_heads, waves
from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.base.events import record
from nps_bot.delivery.checks import Halted
from nps_bot.delivery.rules import WAVE_STOPPED
from nps_bot.delivery.store import outbox
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class Extent:
    """How far an open wave has got.

    Attributes:
        wave: which one; it may be stopped already.
        asked: people who were asked.
        unasked: people who are invited and were not asked. More may follow while ``wave.state`` is
            "resolving".
    """

    wave: WaveHead
    asked: int
    unasked: int


def extents(connection: Connection, survey_key: str) -> tuple[Extent, ...]:
    """Return how far the open waves of a survey have got, the oldest first."""
    return _extents(connection, wave_heads.open_waves(connection, [survey_key]))


def extents_of(
    connection: Connection, survey_key: str, wave_ids: Collection[int]
) -> tuple[Extent, ...]:
    """Return how far these waves of a survey have got, be they closed meanwhile."""
    heads = [wave_heads.head(connection, wave_id) for wave_id in wave_ids]
    return _extents(connection, [one for one in heads if one and one.survey_key == survey_key])


def _extents(connection: Connection, heads: Sequence[WaveHead]) -> tuple[Extent, ...]:
    ids = [head.id for head in heads]
    tallies = wave_heads.wave_tallies(connection, ids)
    unasked = invitations.unasked(connection, ids)
    return tuple(Extent(head, tallies[head.id].asked, unasked[head.id]) for head in heads)


def stop(
    connection: Connection,
    survey: Survey,
    wave_ids: Collection[int],
    by: str | None,
    now: datetime,
) -> list[int]:
    """Stop waves of a survey that are open and not stopped yet; returns their ids.

    Args:
        connection: an open transaction.
        survey: whose waves.
        wave_ids: those that somebody saw and wants stopped; others go on.
        by: who stops them; None from the command line.
        now: the current moment.
    """
    done = []
    open_waves = {head.id for head in wave_heads.open_waves(connection, [survey.key])}
    for wave_id in sorted(open_waves & set(wave_ids)):
        wave = waves.lock(connection, wave_id)
        if wave.state == "closed" or wave.stopped_at is not None:
            continue
        waves.stop(connection, wave_id, by, now)
        done.append(wave)
    record(connection, [WaveStopped(wave) for wave in done], now)
    return [wave.id for wave in done]


def cancel_unsent(connection: Connection, wave_id: int, now: datetime) -> bool:
    """Cancel what a stopped wave has not sent, a batch of it; returns whether there may be more.

    Who had put the question off gets it back: it does not come again by itself. What a dispatcher
    has claimed meanwhile is left to it: it drops that, or the next tick finds it
    (:func:`unfinished`).
    """
    put_off = outbox.unsent_of(connection, (REPROMPT.name,), wave_id=wave_id, limit=BATCH)
    cancelled = outbox.cancel_wave(connection, WAVE_STOPPED, wave_id=wave_id, limit=BATCH)
    outbox.request_update(connection, [prompt_key(one) for one in put_off], now)
    return cancelled > 0


def unfinished(connection: Connection) -> list[int]:
    """Return the stopped waves of which something waits: it was in hand when they were stopped, or
    the process that cancelled them died.
    """
    return outbox.waves_with_unsent(connection, waves.stopped(connection))


def halted(connection: Connection) -> Halted:
    """Return which waves are stopped and which surveys are paused."""
    return Halted(waves.stopped(connection), survey_store.paused(connection))
