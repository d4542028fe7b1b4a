"""What becomes of anonymous waves when something happens elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from nps_bot.anonymous import closing, disclosing
from nps_bot.asking.events import Ticked, WaveClosed


def disclose(connection: Connection, events: Sequence[WaveClosed], _: datetime) -> None:
    """Make, once and for all, what is shown of anonymous waves."""
    for one in events:
        if one.wave.anonymity is not None:
            disclosing.freeze(connection, one.wave.id)


def unlink(connection: Connection, events: Sequence[WaveClosed], now: datetime) -> None:
    """Take from anonymous waves what could tell whose answer is whose; their figures are made."""
    for one in events:
        if one.wave.anonymity is not None:
            closing.unlink(connection, one.wave, now)


def unlink_late(connection: Connection, _: Sequence[Ticked], now: datetime) -> None:
    """Take the same from what was on its way to Slack when its wave closed."""
    closing.even_out_late(connection, now)
