"""INSERT ... ON CONFLICT, which SQLAlchemy offers per dialect only."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from nps_bot.storage.tables import Base


def insert_or(connection: Connection, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into ``table`` with ``on_conflict_*``, for the connection's database."""
    return insert_into(connection.dialect.name, table)


def insert_into(dialect: str, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return the same for a dialect, for statements that are built once and kept."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
