"""What an error of the driver means: the job is wrong, or the database is away, or try again."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError

from nps_bot.base.errors import StorageUnavailableError

_CONFLICTS = ("40P01", "40001")
"""PostgreSQL's deadlock and serialization failure.

Source: https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
"""

_SQLITE_ERROR = 1
"""SQLite's code for a wrong statement; its other operational errors are about the file or a lock.

Source: https://www.sqlite.org/rescode.html#error
"""


def is_conflict(error: BaseException) -> bool:
    """Whether the database undid a transaction because of another one, and asks for it again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _CONFLICTS


def is_away(error: BaseException) -> bool:
    """Whether the database, and not who used it, is the reason of ``error``."""
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlite_errorcode", None) != _SQLITE_ERROR
    return isinstance(error, DBAPIError) and error.connection_invalidated


def away(error: BaseException) -> StorageUnavailableError:
    """Return the one sentence for an error that ``is_away``."""
    reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
    return StorageUnavailableError(f"The database is not available: {reason.rstrip('.')}.")
