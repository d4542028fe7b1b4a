"""Runs migrations: one transaction for all of them, one process at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text

from nps_bot.base.settings import load_settings
from nps_bot.storage.engines import engine_url, migration_engine
from nps_bot.storage.tables import Base, Moment

MIGRATION_LOCK = 0x6E70735F
"""Any number, as long as every process takes the same."""


def plain_types(kind: str, thing: object, _context: Any) -> str | Literal[False]:
    """Write our own types as what they are in the database: migrations do not import the tables."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, Moment) else False


def run(connection: Connection) -> None:
    """Bring the database to the wanted revision, or leave it as it was.

    The write lock of SQLite (BEGIN IMMEDIATE) or the advisory lock of PostgreSQL is taken before
    the stored revision is read: a second process waits, and then finds nothing to do.
    """
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=plain_types,
        transactional_ddl=True,  # SQLite can, once its driver leaves transactions to us
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        context.run_migrations()


def main() -> None:
    """Migrate the database that the caller named, or else the one of the settings."""
    url = context.config.attributes.get("url")
    if url is None:
        url = load_settings(os.environ, Path(".env")).database_url
    with migration_engine(engine_url(url)).connect() as connection:
        run(connection)


main()
