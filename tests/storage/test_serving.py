"""SQLite is served by one process; whoever comes second is told."""

from __future__ import annotations

import pytest

from nps_bot.base.errors import AlreadyServingError
from nps_bot.storage.serving import ServingLock
from tests.helpers.processes import running

SERVE = """
    import sys
    from nps_bot.storage.serving import ServingLock

    with ServingLock(sys.argv[1]):
        print("serving", flush=True)
        input()
"""


def test_sqlite_refuses_a_second_serving_process(sqlite_database_url: str) -> None:
    refused = pytest.raises(AlreadyServingError, match=r"already serves .*nps\.sqlite3")
    with running(SERVE, sqlite_database_url), refused, ServingLock(sqlite_database_url):
        pass


def test_kill_9_frees_the_lock(sqlite_database_url: str) -> None:
    with running(SERVE, sqlite_database_url):
        pass
    with ServingLock(sqlite_database_url):
        pass


def test_the_lock_can_be_taken_again_after_it_was_given_back(sqlite_database_url: str) -> None:
    for _ in range(2):
        with ServingLock(sqlite_database_url), running("print('a moment')"):
            pass


def test_postgresql_is_served_by_several_processes(postgresql_database_url: str) -> None:
    with running(SERVE, postgresql_database_url), ServingLock(postgresql_database_url):
        pass
