"""Who may serve: one process on SQLite, as many as you like on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from nps_bot.base.errors import AlreadyServingError
from nps_bot.storage.engines import engine_url, sqlite_path

if TYPE_CHECKING:
    from filelock import FileLock


class ServingLock:
    """A context manager that holds the right to serve a database.

    On SQLite it is a lock on a file beside the database, which the system frees when the process
    ends, however it ends. Two serving processes would deliver from one outbox and wait for each
    other's commits. One-shot commands do not take it.
    """

    def __init__(self, url: str) -> None:
        """Prepare the lock.

        Args:
            url: the address of the database.

        Raises:
            SettingsError: ``url`` cannot be used.
        """
        parsed = engine_url(url)
        self._lock: FileLock | None = None
        if parsed.get_backend_name() == "sqlite":
            from filelock import FileLock  # noqa: PLC0415  # PostgreSQL needs none

            self._path = sqlite_path(parsed)
            self._lock = FileLock(f"{self._path}.serving", timeout=0, thread_local=False)

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            AlreadyServingError: another process holds it.
        """
        if self._lock is not None:
            try:
                self._lock.acquire()
            except TimeoutError:
                raise AlreadyServingError(
                    f"Another process already serves {self._path}: stop that one first, "
                    "or use PostgreSQL, which several processes may share."
                ) from None
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.release()
