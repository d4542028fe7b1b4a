"""What was deleted goes from the database's own files too, not only from its tables."""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from nps_bot.base.ids import new_id
from nps_bot.storage import key_value
from nps_bot.storage.engines import migration_engine

_TABLES = ("ballots", "anonymous_answers", "anonymous_comments", "follow_up_tokens")
_PATIENCE = 1_000
"""Milliseconds it waits for others at most: they wait behind it."""

_UNSCRUBBED = "unscrubbed"
"""Remembered from when something was taken from the tables until the files are scrubbed."""

log = logging.getLogger(__name__)


def note_deleted(connection: Connection) -> None:
    """Record that something was taken from the tables that must go from the files, too."""
    key_value.remember(connection, _UNSCRUBBED, new_id())


def unscrubbed(connection: Connection) -> str | None:
    """Return what to tell :func:`mark_scrubbed` once the files are; None where they are."""
    found: str | None = key_value.recall(connection, _UNSCRUBBED)
    return found


def mark_scrubbed(connection: Connection, which: str) -> None:
    """Record that the files are scrubbed, unless something more was taken meanwhile."""
    if key_value.recall(connection, _UNSCRUBBED) == which:
        key_value.forget(connection, _UNSCRUBBED)


def scrub(url: URL) -> bool:
    """Remove what was deleted from the files of a database; False where it must be tried again.

    SQLite overwrites what is deleted (``secure_delete``), but its write-ahead log keeps older pages
    until it is truncated (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint). PostgreSQL
    keeps deleted rows in a table's file until it is written anew
    (https://www.postgresql.org/docs/current/sql-vacuum.html).

    Args:
        url: as ``engine_url`` returns it.
    """
    try:
        with migration_engine(url).connect() as connection:
            if connection.dialect.name == "sqlite":
                return _truncate_log(connection)
            _write_anew(connection)
    except (DBAPIError, sqlite3.OperationalError) as error:
        log.warning("The database's files could not be scrubbed yet: %s", error)
        return False
    return True


def _truncate_log(connection: Connection) -> bool:
    """Empty SQLite's write-ahead log; no transaction may be open, so the driver is asked itself."""
    driver = connection.connection.cursor()
    driver.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    busy, _, _ = driver.fetchone() or (1, 0, 0)
    return not busy


def _write_anew(connection: Connection) -> None:
    """Write PostgreSQL's tables of votes anew, each by itself."""
    alone = connection.execution_options(isolation_level="AUTOCOMMIT")
    alone.exec_driver_sql(f"SET lock_timeout = {_PATIENCE}")
    for table in _TABLES:
        alone.exec_driver_sql(f"VACUUM (FULL) {table}")
