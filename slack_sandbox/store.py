"""Where a workspace survives ``kill -9``: one SQLite row per object, written at once.

``synchronous`` is off: what SQLite handed to the operating system outlives the process; only a
power cut could lose it, and a sandbox may.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Store:
    """The objects of one sandbox, by kind and key.

    Arguments:
        path: the SQLite file; it and its folder are made where they are missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS objects"
            " (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )

    def put(self, kind: str, key: str, body: dict[str, Any]) -> None:
        """Write an object, replacing the one with this kind and key."""
        self._connection.execute(
            "INSERT INTO objects VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(body)),
        )

    def delete(self, kind: str, key: str) -> None:
        """Remove an object."""
        self._connection.execute("DELETE FROM objects WHERE kind = ? AND key = ?", (kind, key))

    def items(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield key and body of every object of a kind."""
        rows = self._connection.execute("SELECT key, body FROM objects WHERE kind = ?", (kind,))
        for key, body in rows.fetchall():
            yield key, json.loads(body)

    def read(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield every object of a kind."""
        return (body for _, body in self.items(kind))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
