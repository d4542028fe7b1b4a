"""INSERT ... ON CONFLICT, which SQLAlchemy offers per dialect only."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from nps_bot.storage.tables import Base


def insert_or(connection: Connection, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into ``table`` with ``on_conflict_*``, for the connection's database."""
    return _insert(connection.dialect.name, table)


def insert_or_skip(connection: Connection, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into ``table`` that skips rows which exist; its values are parameters.

    It is built once: building a statement costs several times what running it costs.
    """
    return _insert_or_skip(connection.dialect.name, table)


@cache
def _insert_or_skip(dialect: str, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


def _insert(dialect: str, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
