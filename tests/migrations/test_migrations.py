"""Migrations lead to exactly the tables the code expects, and back, on both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from nps_bot.base.errors import NpsBotError, StorageUnavailableError
from nps_bot.storage.engines import engine_url, migration_engine
from nps_bot.storage.migrate import SCHEMA_HEAD, ensure_migrated, migrate
from nps_bot.storage.tables import Base
from tests.helpers.postgres import PostgresDatabases, text_of
from tests.helpers.processes import ROOT, running

CONFIG = Config(ROOT / "alembic.ini")


@pytest.fixture
def sqlite_empty_url(tmp_path: Path) -> str:
    """Return the address of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path}/empty.sqlite3"


@pytest.fixture
def postgresql_empty_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """Return the address of an empty PostgreSQL database."""
    url = postgres_databases.create()
    yield text_of(url)
    postgres_databases.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_empty_url")
    return url


def engine_of(url: str) -> Engine:
    return migration_engine(engine_url(url))


def tables(url: str) -> set[str]:
    return set(inspect(engine_of(url)).get_table_names())


def described(url: str) -> dict[str, Any]:
    """Return everything the database knows about its tables, in an order of its own."""
    found = inspect(engine_of(url))
    aspects: dict[str, Mapping[Any, Any]] = {
        "columns": found.get_multi_columns(),
        "primary key": found.get_multi_pk_constraint(),
        "foreign keys": found.get_multi_foreign_keys(),
        "unique": found.get_multi_unique_constraints(),
        "checks": found.get_multi_check_constraints(),
        "indexes": found.get_multi_indexes(),
    }
    return {
        table: {aspect: texts(things[None, table]) for aspect, things in aspects.items()}
        for table in sorted(tables(url) - {"alembic_version"})
    }


def texts(things: Any) -> list[str]:
    """Return what was reflected as sorted texts: the order of constraints means nothing."""
    all_things = things if isinstance(things, list) else [things]
    return sorted(json.dumps(thing, default=str, sort_keys=True) for thing in all_things)


def stored_revision(url: str) -> str | None:
    with engine_of(url).connect() as connection:
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def test_there_is_one_head_and_the_code_knows_it() -> None:
    assert ScriptDirectory.from_config(CONFIG).get_heads() == [SCHEMA_HEAD]


def test_migrations_are_frozen_history() -> None:
    for path in (ROOT / "alembic" / "versions").glob("*.py"):
        assert "nps_bot" not in path.read_text(), f"{path.name} depends on code that will change"


def test_forwards_backwards_and_forwards_again(empty_url: str) -> None:
    migrate(empty_url)
    first = described(empty_url)
    assert set(first) == set(Base.metadata.tables)

    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = empty_url
    command.downgrade(config, "base")
    assert tables(empty_url) == {"alembic_version"}

    migrate(empty_url)
    assert described(empty_url) == first


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_migrations_make_what_the_models_say(kind: str, request: pytest.FixtureRequest) -> None:
    migrated = request.getfixturevalue(f"{kind}_database_url")
    made = request.getfixturevalue(f"{kind}_empty_url")
    with engine_of(made).begin() as connection:
        Base.metadata.create_all(connection)
    assert described(migrated) == described(made)


def test_autogenerate_finds_nothing_to_do(database_url: str) -> None:
    with engine_of(database_url).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    last = list(Base.metadata.tables)[-1]
    with engine_of(empty_url).begin() as connection:
        connection.execute(text(f"CREATE TABLE {last} (in_the_way INTEGER)"))
    with pytest.raises(DBAPIError, match="already exists"):
        migrate(empty_url)
    assert tables(empty_url) == {last}


def test_several_processes_migrate_at_the_same_time(empty_url: str) -> None:
    lines = "import sys; from nps_bot.storage.migrate import migrate; migrate(sys.argv[1])"

    def start(_: int) -> int:
        return subprocess.run(
            [sys.executable, "-c", lines, empty_url], cwd=ROOT, check=False
        ).returncode

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(start, range(3))) == [0, 0, 0]
    assert set(described(empty_url)) == set(Base.metadata.tables)


def test_an_empty_database_is_migrated(empty_url: str) -> None:
    ensure_migrated(empty_url)
    assert stored_revision(empty_url) == SCHEMA_HEAD


def test_a_database_that_is_up_to_date_does_not_cost_alembic(database_url: str) -> None:
    lines = """
        import sys
        from nps_bot.storage.migrate import ensure_migrated

        ensure_migrated(sys.argv[1])
        print("alembic.command" in sys.modules, flush=True)
    """
    with running(lines, database_url) as line:
        assert line == "False"


def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    with engine_of(database_url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NpsBotError, match=r"'9999'.*newer version"):
        ensure_migrated(database_url)


@pytest.mark.parametrize("migrating", [ensure_migrated, migrate])
def test_a_database_that_is_away_is_one_sentence(migrating: Any, tmp_path: Path) -> None:
    (tmp_path / "nps.sqlite3").mkdir()
    for url in (f"sqlite:///{tmp_path}/nps.sqlite3", f"postgresql:///nps?host={tmp_path}"):
        with pytest.raises(
            StorageUnavailableError, match=r"^The database is not available"
        ) as caught:
            migrating(url)
        assert "\n" not in str(caught.value)


def test_the_release_command_migrates_the_database_of_the_settings(
    empty_url: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "DATABASE_URL": empty_url}
    subprocess.run(
        [sys.executable, "-m", "alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head"],
        env=environment,
        cwd=tmp_path,
        check=True,
    )
    assert stored_revision(empty_url) == SCHEMA_HEAD
