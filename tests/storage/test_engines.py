"""Addresses of databases, and what SQLite is told about durability."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from nps_bot.base.errors import SettingsError
from nps_bot.storage.database import Database
from nps_bot.storage.engines import engine_url, sqlite_path


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///var/nps.db", "sqlite+pysqlite:///var/nps.db"),
        ("postgres://ada:secret@host/nps", "postgresql+psycopg://ada:secret@host/nps"),
        ("postgresql://host/nps", "postgresql+psycopg://host/nps"),
        ("postgresql+psycopg://host/nps", "postgresql+psycopg://host/nps"),
    ],
)
def test_each_spelling_gets_our_driver(given: str, used: str) -> None:
    assert engine_url(given).render_as_string(hide_password=False) == used


@pytest.mark.parametrize(
    "url", ["", "nps.db", "mysql://host/nps", "sqlite://", "sqlite:///:memory:"]
)
def test_what_cannot_be_used_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        engine_url(url)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="file/deep"):
        sqlite_path(engine_url(f"sqlite:///{tmp_path}/file/deep/nps.db"))


async def test_sqlite_keeps_what_it_committed_through_a_power_cut(tmp_path: Path) -> None:
    def ask(connection: Connection, name: str) -> object:
        return connection.scalar(text(f"PRAGMA {name}"))

    async with Database(f"sqlite:///{tmp_path}/new/folder/nps.db") as database:
        assert await database.write(ask, "journal_mode") == "wal"
        assert await database.write(ask, "synchronous") == 2, "FULL: every commit reaches the disk"
        assert await database.write(ask, "foreign_keys") == 1
        assert await database.read(ask, "query_only") == 1
