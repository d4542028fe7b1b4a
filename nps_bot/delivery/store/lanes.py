"""The one lane to Slack, which processes that share a database hold in turn, under a lease.

So the pace needs no shared counter, and travels with the lane.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete

from nps_bot.storage import key_value
from nps_bot.storage.tables import LaneLease
from nps_bot.storage.upsert import insert_or

LANE = "slack"
"""One workspace, one lane; the name leaves room for more."""
PACE = "pace"
"""Under which name the learnt pace is remembered: for each method its rate in calls per second,
and its last pause."""
POSTING = "chat.postMessage"
"""The method whose pace is that of a wave."""
TENURE = timedelta(seconds=15)
"""For how long the lane is held without being renewed. A dead holder's lane moves after that."""


def take(connection: Connection, holder: str, now: datetime) -> bool:
    """Take the lane, or hold it for longer; False where another holds it."""
    statement = insert_or(connection, LaneLease).values(
        name=LANE, holder=holder, until=now + TENURE
    )
    offered = statement.excluded
    taken = statement.on_conflict_do_update(
        index_elements=[LaneLease.name],
        set_={"holder": offered.holder, "until": offered.until},
        where=(LaneLease.holder == offered.holder) | (LaneLease.until <= now),
    ).returning(LaneLease.name)
    return connection.scalar(taken) is not None


def give_back(connection: Connection, holder: str) -> bool:
    """Let the lane go; False where it was another's already."""
    mine = (LaneLease.name == LANE) & (LaneLease.holder == holder)
    return connection.execute(delete(LaneLease).where(mine)).rowcount == 1


def pace(connection: Connection) -> Any:
    """Return what was learnt of Slack's pace, by whoever held the lane; None at first."""
    return key_value.recall(connection, PACE)


def remember_pace(connection: Connection, learnt: Any) -> None:
    """Keep what was learnt of Slack's pace for whoever holds the lane next."""
    key_value.remember(connection, PACE, learnt)
