"""What becomes of questions in shared channels when something happens elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.asking.events import WaveClosed, WaveStopped
from nps_bot.people.events import PersonForgotten
from nps_bot.shared_channels import store
from nps_bot.shared_channels.outgoing import (
    CHANNEL_APPROVAL,
    CHANNEL_QUESTION,
    update_channel_messages,
)


def show_stopped(connection: Connection, events: Sequence[WaveStopped], now: datetime) -> None:
    """Have those who were asked whether to post see that nothing will be posted."""
    for one in events:
        update_channel_messages(connection, one.wave.id, [CHANNEL_APPROVAL], now)


def show_closed(connection: Connection, events: Sequence[WaveClosed], now: datetime) -> None:
    """Have questions, and those who were asked whether to post them, see that it is over."""
    both = (CHANNEL_APPROVAL, CHANNEL_QUESTION)
    for one in events:
        update_channel_messages(connection, one.wave.id, both, now)


def forget(connection: Connection, events: Sequence[PersonForgotten], _: datetime) -> None:
    """Forget who decided."""
    for one in events:
        store.forget_person(connection, one.person_id)
