"""What each database is told before it may keep our data.

The limits below serve one promise: a person who clicked reads within Slack's three seconds whether
the click was saved. So the database gives up before the caller does, and the caller after
``patience`` seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from nps_bot.base.errors import SettingsError
from nps_bot.base.events import OPTION, Reactions

if TYPE_CHECKING:
    import psycopg

READ_PATIENCE = 10.0
"""Seconds a read may take: nobody reads inside Slack's three seconds, and reports may be long."""

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",  # as hosting platforms spell it
}

_LOCK_SHARE = 0.75
"""The part of the patience spent on waiting for one lock: longer than the second after which
PostgreSQL looks for a deadlock, and short enough to run the job again."""

_FROZEN_AFTER = 10.0
"""Seconds after which PostgreSQL takes the locks from a process that stopped inside a write."""

_MIGRATION_PATIENCE = 30.0
"""Seconds a migration waits for the network, and on SQLite for another migration to finish."""


def engine_url(url: str) -> URL:
    """Return ``url`` with the driver this project uses.

    Raises:
        SettingsError: it is no address of a SQLite file or a PostgreSQL database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "DATABASE_URL is not the address of a database; "
            "write sqlite:///var/nps.db or postgresql://user:password@host/name."
        ) from None
    backend = parsed.get_backend_name()
    if backend not in _DRIVERS:
        raise SettingsError(
            f"DATABASE_URL names the database '{backend}'; sqlite and postgresql are supported."
        )
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise SettingsError("DATABASE_URL names no SQLite file; write sqlite:///var/nps.db.")
    return parsed.set(drivername=_DRIVERS[backend])


def sqlite_path(url: URL) -> Path:
    """Return the path of the SQLite file ``url`` names, its folder made where it is missing.

    Raises:
        SettingsError: the folder cannot be made.
    """
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"DATABASE_URL: the folder {path.parent} cannot be made ({error.strerror})."
        ) from error
    return path


def writer_engine(url: URL, patience: float, reactions: Reactions | None = None) -> Engine:
    """Return the engine of the one writer, which keeps its connection itself.

    Args:
        url: as returned by ``engine_url``.
        patience: seconds after which no statement may still be running.
        reactions: what follows from the events that are recorded; without any, none may be.
    """
    if url.get_backend_name() == "sqlite":
        engine = _sqlite(url, _LOCK_SHARE * patience, "BEGIN IMMEDIATE", "foreign_keys = ON")
    else:
        limits = _network_limits(url, patience)
        engine = create_engine(url, poolclass=NullPool, connect_args=limits)
        _limit_statements(engine, patience)
    engine.update_execution_options(**{OPTION: reactions})
    return engine


def reader_engine(url: URL, size: int) -> Engine:
    """Return an engine whose ``size`` connections cannot write, and read one state of the data."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, READ_PATIENCE, "BEGIN", "query_only = ON", size=size)
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        isolation_level="REPEATABLE READ",
        connect_args=_network_limits(url, READ_PATIENCE),
    )
    _limit_statements(engine, READ_PATIENCE)

    @event.listens_for(engine, "connect")
    def only_read(connection: Any, _record: object) -> None:
        connection.read_only = True

    return engine


async def open_listener(url: str) -> psycopg.AsyncConnection[Any]:
    """Return a connection to a PostgreSQL database on which to hear notifications."""
    import psycopg  # noqa: PLC0415  # megabytes that SQLite does not need

    parsed = engine_url(url)
    address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    limits = _network_limits(parsed, READ_PATIENCE)
    return await psycopg.AsyncConnection.connect(address, autocommit=True, **limits)


def migration_engine(url: URL) -> Engine:
    """Return an engine whose statements may take any time, with foreign keys off on SQLite.

    SQLite changes a table by copying and dropping it, which with foreign keys on would delete the
    rows that point to it (https://www.sqlite.org/lang_altertable.html#otheralter).
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, _MIGRATION_PATIENCE, "BEGIN IMMEDIATE", "foreign_keys = OFF")
    limits = _network_limits(url, _MIGRATION_PATIENCE)
    return create_engine(url, poolclass=NullPool, connect_args=limits)


def _sqlite(url: URL, busy: float, begin: str, pragma: str, *, size: int = 0) -> Engine:
    """Return an engine on a SQLite file that keeps every committed row through a power cut.

    The driver must not manage transactions: with its defaults a rolled-back group leaves rows
    behind. ``busy`` is how many seconds to wait for another process's write.
    """
    sqlite_path(url)
    pool: dict[str, Any] = (
        {"poolclass": QueuePool, "pool_size": size, "max_overflow": 0}
        if size
        else {"poolclass": NullPool}
    )
    arguments = {"timeout": busy, "isolation_level": None, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, **pool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # What is deleted is overwritten: anonymous answers, and the words of who is forgotten.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _network_limits(url: URL, patience: float) -> dict[str, Any]:
    """Return libpq's settings for noticing a dead network; what the address says goes first.

    Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    (``connect_timeout`` in seconds, at least 2; ``tcp_user_timeout`` in milliseconds).
    """
    limits = {
        "application_name": "nps-bot",
        "connect_timeout": max(2, round(patience)),
        "keepalives_idle": 1,
        "keepalives_interval": 1,
        "tcp_user_timeout": round(patience * 1000),
    }
    return {name: value for name, value in limits.items() if name not in url.query}


def _limit_statements(engine: Engine, patience: float) -> None:
    """Let PostgreSQL give up on a lock or a statement before ``patience`` seconds are over."""

    @event.listens_for(engine, "connect")
    def limit(connection: Any, _record: object) -> None:
        connection.autocommit = True  # what is SET inside a transaction goes with its rollback
        connection.execute(
            f"SET lock_timeout = {round(_LOCK_SHARE * patience * 1000)};"
            f"SET statement_timeout = {round(patience * 1000)};"
            f"SET idle_in_transaction_session_timeout = {round(_FROZEN_AFTER * 1000)}"
        )
        connection.autocommit = False
