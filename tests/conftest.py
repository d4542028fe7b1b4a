"""The databases of the tests: real ones, built by migrating, a fresh one for every test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings
from sqlalchemy import URL

from nps_bot.app.wiring import open_database
from nps_bot.storage.database import Database
from nps_bot.storage.migrate import migrate
from tests.helpers.postgres import PostgresDatabases, postgres_server, text_of

# How long an example takes says how busy the machine is; speed is measured in benchmarks/.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


pytest_plugins = ["tests.helpers.world"]


SLOW_PLACES = {
    "app",
    "browser",
    "campaign",
    "cli",
    "documents",
    "recording",
    "test_model.py",
    "test_time_travel.py",
}
"""Where a test runs the whole bot, a browser, a model of the outbox, or what documents say."""
SLOW_FIXTURES = {"postgres_url", "postgresql_database_url", "sandbox", "quiet_world", "browser"}
SLOW_MODULES = {"subprocess", "multiprocessing", "tests.helpers.processes"}
"""What a file of tests imports that starts processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a server, a browser, further processes, or the bot in a sandbox."""
    for item in items:
        if isinstance(item, pytest.Function) and is_slow(item):
            item.add_marker("slow")


def is_slow(test: pytest.Function) -> bool:
    """Return whether ``make quick`` leaves a test out, by what it uses and where it is."""
    parameters = test.callspec.params if hasattr(test, "callspec") else {}
    imported = {
        value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        for value in vars(test.module).values()
    }
    property_of_a_database = hasattr(test.obj, "hypothesis") and not {
        "sqlite_template",
        "sqlite_database_url",
        "database_url",
    }.isdisjoint(test.fixturenames)
    return (
        property_of_a_database
        or "postgresql" in parameters.values()
        or not SLOW_FIXTURES.isdisjoint(test.fixturenames)
        or not SLOW_MODULES.isdisjoint(imported)
        or not SLOW_PLACES.isdisjoint(test.path.relative_to(Path(__file__).parent).parts)
    )


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the address of a PostgreSQL server's own database."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Iterator[PostgresDatabases]:
    """Return what makes databases on the PostgreSQL server."""
    databases = PostgresDatabases(postgres_url)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_databases: PostgresDatabases) -> Iterator[URL]:
    """Return a migrated PostgreSQL database, to be copied."""
    url = postgres_databases.create()
    migrate(text_of(url))
    yield url
    postgres_databases.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "nps.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of a migrated SQLite database of the test's own."""
    path = tmp_path / "nps.sqlite3"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_database_url(
    postgres_databases: PostgresDatabases, postgres_template: URL
) -> Iterator[str]:
    """Return the address of a migrated PostgreSQL database of the test's own."""
    url = postgres_databases.create(postgres_template)
    yield text_of(url)
    postgres_databases.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a migrated database: the test runs on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_database_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return the open database, closed after the test."""
    async with open_database(database_url, patience=60) as opened:  # however busy the machine is
        yield opened
