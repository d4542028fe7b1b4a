"""INSERT ... ON CONFLICT, which SQLAlchemy offers per dialect only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from nps_bot.storage.tables import Base


def insert_or(connection: Connection, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into ``table`` with ``on_conflict_*``, for the connection's database."""
    return insert_into(connection.dialect.name, table)


def insert_into(dialect: str, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """Return the same for a dialect, for statements that are built once and kept."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_rows(
    dialect: str, table: type[Base], columns: Iterable[str]
) -> sqlite.Insert | postgresql.Insert:
    """Return the same for any number of rows, to be executed with :func:`rows_of`.

    On PostgreSQL it takes one parameter for each column: the statement stays the same, however many
    rows there are (see :mod:`nps_bot.storage.any_of`).
    """
    if dialect == "sqlite":
        return sqlite.insert(table)
    chosen = [table.__table__.columns[name] for name in columns]
    values = (bindparam(column.name, type_=ARRAY(column.type)) for column in chosen)
    return postgresql.insert(table).from_select(chosen, select(*map(func.unnest, values)))


Rows = Sequence[Mapping[str, Any]]


def rows_of(dialect: str, rows: Rows) -> Rows | Mapping[str, list[Any]]:
    """Return what :func:`insert_rows` is executed with: ``rows``, at least one, or its columns."""
    if dialect == "sqlite":
        return rows
    return {name: [row[name] for row in rows] for name in rows[0]}
