"""Facts learnt from the workspace that survive a restart."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select

from nps_bot.storage.tables import Remembered
from nps_bot.storage.upsert import insert_or


def recall(connection: Connection, key: str) -> Any:
    """Return the JSON value stored under ``key``, or None."""
    return connection.scalar(select(Remembered.value).where(Remembered.key == key))


def remember(connection: Connection, key: str, value: Any) -> None:
    """Store a JSON value under ``key``; the last one wins."""
    statement = insert_or(connection, Remembered).values(key=key, value=value)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[Remembered.key], set_={"value": statement.excluded.value}
        )
    )


def forget(connection: Connection, key: str) -> None:
    """Store nothing under ``key`` any more."""
    connection.execute(delete(Remembered).where(Remembered.key == key))
