"""What is promised of a write: kept once it was answered, together with others where it can be."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from nps_bot.base.errors import StorageUnavailableError
from nps_bot.storage.database import GROUP, Database
from nps_bot.storage.engines import engine_url
from nps_bot.storage.tables import Remembered, ScoreChange
from tests.helpers.postgres import PostgresDatabases, text_of
from tests.helpers.processes import running

IMPATIENT = 0.4
"""Seconds: enough for any of these writes, and short enough to wait for."""

AT_ALL = 5.0
"""Seconds: much longer than that, and much shorter than a driver left alone would wait."""


class RefusedError(Exception):
    """What a job raises of its own."""


def remember(connection: Connection, key: str) -> str:
    connection.execute(insert(Remembered).values(key=key, value=0))
    return key


def raise_to(connection: Connection, key: str, value: int) -> None:
    connection.execute(update(Remembered).where(Remembered.key == key).values(value=value))


def refuse(connection: Connection, key: str) -> None:
    remember(connection, key)
    raise RefusedError(key)


def keys(connection: Connection) -> list[str]:
    return list(connection.scalars(select(Remembered.key).order_by(Remembered.key)))


def counted(connection: Connection) -> int | None:
    return connection.scalar(select(func.count()).select_from(Remembered))


@asynccontextmanager
async def held_back(database: Database) -> AsyncIterator[None]:
    """Let the writer wait, so that all writes of the block stand in one group."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        begun.set()
        go_on.wait()

    waiting = asyncio.create_task(database.write(wait))
    await asyncio.to_thread(begun.wait)
    try:
        yield
    finally:
        go_on.set()
        await waiting


async def together(database: Database, *jobs: Callable[[Connection], object]) -> list[object]:
    """Write the jobs in one group and return what came of each: a result or an error."""
    async with held_back(database):
        tasks = [asyncio.create_task(database.write(job)) for job in jobs]
        await asyncio.sleep(0)  # they queue, in this order
    return list(await asyncio.gather(*tasks, return_exceptions=True))


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the lock that a write to Remembered needs, from another connection."""
    parsed = engine_url(url)
    with ExitStack() as stack:
        if parsed.get_backend_name() == "sqlite":
            other = sqlite3.connect(str(parsed.database), isolation_level=None)
            stack.callback(other.close)
            other.execute("BEGIN IMMEDIATE")
        else:
            address = text_of(parsed.set(drivername="postgresql"))
            stack.enter_context(psycopg.connect(address)).execute("LOCK TABLE remembered")
        yield


async def test_a_write_returns_what_the_job_returns_and_is_there(database: Database) -> None:
    assert await database.write(remember, key="a") == "a"
    assert await database.read(keys) == ["a"]


async def test_a_job_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(RefusedError, match="a"):
        await database.write(refuse, "a")
    assert await database.read(keys) == []


async def test_a_constraint_is_the_jobs_own_error(database: Database) -> None:
    await database.write(remember, "a")
    with pytest.raises(IntegrityError):
        await database.write(remember, "a")
    await database.write(remember, "b")


async def test_foreign_keys_are_on(database: Database) -> None:
    orphan = {"response_id": "nobody", "from_score": 1, "to_score": 2, "action_ts": 3}
    moment = func.current_timestamp()
    with pytest.raises(IntegrityError):
        await database.write(
            lambda connection: connection.execute(
                insert(ScoreChange).values(**orphan, counted=True, changed_at=moment)
            )
        )


async def test_an_exception_that_futures_do_not_take_reaches_its_caller(database: Database) -> None:
    def exhausted(_: Connection) -> object:
        return next(iter(()))

    results = await together(database, exhausted, lambda c: remember(c, "a"))
    assert isinstance(results[0], RuntimeError)
    assert results[1] == "a"


async def test_many_writes_share_few_commits(database: Database) -> None:
    before = database.commits
    await asyncio.gather(*(database.write(remember, f"{number:03}") for number in range(500)))
    assert await database.read(counted) == 500
    assert database.commits - before <= 20


async def test_a_group_runs_in_order_and_is_committed_once(database: Database) -> None:
    order: list[int] = []
    before = database.commits
    await together(
        database, *(lambda _, number=number: order.append(number) for number in range(9))
    )
    assert order == list(range(9))
    assert database.commits - before == 2, "the one that held the writer back, and the group"


async def test_more_than_a_group_is_written_too(database: Database) -> None:
    jobs = [lambda c, number=number: remember(c, f"{number:03}") for number in range(GROUP + 1)]
    before = database.commits
    assert len(await together(database, *jobs)) == GROUP + 1
    assert await database.read(counted) == GROUP + 1
    assert database.commits - before == 3


async def test_a_failed_group_is_rolled_back_and_each_runs_alone(database: Database) -> None:
    seen: list[list[str]] = []

    def look_and_remember(connection: Connection, key: str) -> str:
        seen.append(keys(connection))
        return remember(connection, key)

    results = await together(
        database,
        lambda c: look_and_remember(c, "a"),
        lambda c: refuse(c, "b"),
        lambda c: look_and_remember(c, "c"),
    )
    assert results[0] == "a"
    assert isinstance(results[1], RefusedError)
    assert results[2] == "c"
    assert seen == [[], [], ["a"]], "the second run of the first found nothing of the group"
    assert await database.read(keys) == ["a", "c"]


def _need_each_other(connection: Connection) -> None:
    """Make tables whose foreign key is checked by the commit."""
    connection.execute(text("CREATE TABLE parents (id INTEGER PRIMARY KEY)"))
    connection.execute(
        text(
            "CREATE TABLE children (parent INTEGER NOT NULL "
            "REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
        )
    )


def _orphan(connection: Connection) -> None:
    connection.execute(text("INSERT INTO children VALUES (1)"))


async def test_a_commit_that_fails_costs_only_the_job_at_fault(database: Database) -> None:
    await database.write(_need_each_other)
    results = await together(database, lambda c: remember(c, "a"), _orphan)
    assert results[0] == "a"
    assert isinstance(results[1], IntegrityError)
    assert await database.read(keys) == ["a"]
    with pytest.raises(IntegrityError):
        await database.write(_orphan)
    assert await database.write(remember, "b") == "b"


async def test_a_commit_that_fails_once_is_not_noticed(database: Database) -> None:
    await database.write(_need_each_other)
    runs = 0

    def stumble(connection: Connection) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            _orphan(connection)

    assert await together(database, stumble, lambda c: remember(c, "a")) == [None, "a"]
    assert runs == 2


async def test_a_job_cannot_commit(database: Database) -> None:
    def meddle(connection: Connection) -> None:
        remember(connection, "a")
        connection.commit()
        remember(connection, "b")

    with pytest.raises(Exception, match="transaction"):
        await database.write(meddle)
    assert await database.write(remember, "c") == "c"


async def test_who_is_cancelled_in_the_queue_takes_the_job_back(database: Database) -> None:
    async with held_back(database):
        recalled = asyncio.create_task(database.write(remember, "a"))
        kept = asyncio.create_task(database.write(remember, "b"))
        await asyncio.sleep(0)
        recalled.cancel()
        await asyncio.sleep(0)
    assert await kept == "b"
    assert recalled.cancelled()
    assert await database.read(keys) == ["b"]


async def test_who_is_cancelled_while_the_job_runs_takes_it_back(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        go_on.wait()
        remember(connection, "a")

    async with held_back(database):
        task = asyncio.create_task(database.write(slow))
        others = [asyncio.create_task(database.write(remember, key)) for key in ("b", "c")]
        await asyncio.sleep(0)
    await asyncio.to_thread(begun.wait)
    before = database.commits
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await asyncio.gather(*others) == ["b", "c"]
    assert database.commits - before == 1, "the others stayed together"
    assert await database.read(keys) == ["b", "c"]


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises((DBAPIError, StorageUnavailableError)):
        await database.read(remember, "a")
    assert await database.read(keys) == []


async def test_a_read_sees_one_state(database: Database) -> None:
    looked, go_on = threading.Event(), threading.Event()

    def look_twice(connection: Connection) -> tuple[list[str], list[str]]:
        first = keys(connection)
        looked.set()
        go_on.wait()
        return first, keys(connection)

    reading = asyncio.create_task(database.read(look_twice))
    await asyncio.to_thread(looked.wait)
    await database.write(remember, "a")
    go_on.set()
    assert await reading == ([], [])


async def test_a_read_passes_the_jobs_own_errors_on(database: Database) -> None:
    def late(_: Connection) -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await database.read(late)


async def test_two_processes_write_to_one_database(database_url: str) -> None:
    async with Database(database_url) as one, Database(database_url) as other:
        await asyncio.gather(
            *(one.write(remember, f"one {number}") for number in range(50)),
            *(other.write(remember, f"other {number}") for number in range(50)),
        )
        assert await one.read(counted) == 100


async def test_deadlocks_are_run_again(postgresql_database_url: str) -> None:
    async with (
        Database(postgresql_database_url, patience=30) as one,
        Database(postgresql_database_url, patience=30) as other,
    ):
        await one.write(remember, "a")
        await one.write(remember, "b")
        both_hold_one = threading.Barrier(2)
        runs: list[str] = []

        def cross(connection: Connection, first: str, second: str, value: int) -> None:
            runs.append(first)
            raise_to(connection, first, value)
            if runs.count(first) == 1:
                both_hold_one.wait()
            raise_to(connection, second, value)

        await asyncio.gather(one.write(cross, "a", "b", 1), other.write(cross, "b", "a", 2))
        assert len(runs) == 3, "PostgreSQL undid one of them"
        values = await one.read(lambda c: set(c.scalars(select(Remembered.value))))
        assert len(values) == 1


async def test_a_lock_held_elsewhere_is_waited_for_and_then_reported(database_url: str) -> None:
    async with Database(database_url, patience=IMPATIENT) as database:
        await database.ping()
        with locked(database_url):
            async with asyncio.timeout(AT_ALL):
                with pytest.raises(StorageUnavailableError, match=r"^The database "):
                    await database.write(remember, "a")
                waiting = [database.write(remember, f"{number}") for number in range(200)]
                results = await asyncio.gather(*waiting, return_exceptions=True)
                assert {type(result) for result in results} == {StorageUnavailableError}
        assert await database.write(remember, "b") == "b"
        assert await database.read(keys) == ["b"]


async def test_a_lock_that_is_soon_freed_is_not_noticed(
    database: Database, database_url: str
) -> None:
    with locked(database_url):
        waiting = asyncio.create_task(database.write(remember, "a"))
        await database.read(lambda _: None)
        assert not waiting.done()
    assert await waiting == "a"


async def test_sqlite_reads_while_another_process_writes(sqlite_database_url: str) -> None:
    async with Database(sqlite_database_url) as database:
        await database.write(remember, "a")
        with locked(sqlite_database_url):
            assert await database.read(keys) == ["a"]


async def test_a_restarted_server_is_not_noticed(
    postgresql_database_url: str, postgres_databases: PostgresDatabases
) -> None:
    async with Database(postgresql_database_url) as database:
        await asyncio.gather(*(database.read(keys) for _ in range(20)))
        await database.write(remember, "a")
        await asyncio.to_thread(
            postgres_databases.disconnect_all, engine_url(postgresql_database_url)
        )
        assert await database.write(remember, "b") == "b"
        assert await database.read(keys) == ["a", "b"]


async def test_a_connection_lost_inside_a_job_is_not_noticed(
    postgresql_database_url: str, postgres_databases: PostgresDatabases
) -> None:
    url = engine_url(postgresql_database_url)
    runs = 0

    def lose_it_once(connection: Connection) -> str:
        nonlocal runs
        runs += 1
        remember(connection, "a")
        if runs == 1:
            postgres_databases.disconnect_all(url)
        return remember(connection, "b")

    async with Database(postgresql_database_url) as database:
        assert await database.write(lose_it_once) == "b"
        assert await database.read(keys) == ["a", "b"]


async def test_a_database_that_is_gone_says_so_and_comes_back(
    postgresql_database_url: str, postgres_databases: PostgresDatabases
) -> None:
    url = engine_url(postgresql_database_url)
    async with Database(postgresql_database_url) as database:
        await database.write(remember, "a")
        await database.read(keys)
        postgres_databases.refuse(url, refused=True)
        postgres_databases.disconnect_all(url)
        for attempt in (database.write(remember, "b"), database.read(keys), database.ping()):
            with pytest.raises(StorageUnavailableError, match="not available"):
                await attempt
        writes = await asyncio.gather(
            *(database.write(remember, f"{number}") for number in range(100)),
            return_exceptions=True,
        )
        assert {type(result) for result in writes} == {StorageUnavailableError}
        postgres_databases.refuse(url, refused=False)
        await database.ping()
        assert await database.write(remember, "c") == "c"
        assert await database.read(keys) == ["a", "c"]


async def test_a_silent_server_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it listens, and says nothing
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nps"
        async with Database(url, patience=IMPATIENT) as database:
            async with asyncio.timeout(AT_ALL):
                with pytest.raises(StorageUnavailableError, match=r"within 0\.4 seconds"):
                    await database.write(remember, "a")


async def test_a_file_that_cannot_be_opened_is_an_unavailable_database(tmp_path: Path) -> None:
    (tmp_path / "nps.sqlite3").mkdir()
    async with Database(f"sqlite:///{tmp_path}/nps.sqlite3") as database:
        with pytest.raises(StorageUnavailableError, match="unable to open"):
            await database.ping()
        with pytest.raises(StorageUnavailableError, match="unable to open"):
            await database.read(keys)


async def test_a_wrong_statement_is_not_an_unavailable_database(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.write(lambda c: c.execute(text("SELECT wrong FROM nowhere")))
    with pytest.raises(DBAPIError):
        await database.read(lambda c: c.execute(text("SELECT wrong FROM nowhere")))


async def test_closing_finishes_what_is_queued_and_refuses_the_rest(database: Database) -> None:
    async with held_back(database):
        queued = asyncio.create_task(database.write(remember, "a"))
        await asyncio.sleep(0)
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
    await closing
    assert await queued == "a"
    with pytest.raises(StorageUnavailableError, match="closed"):
        await database.write(remember, "b")
    with pytest.raises(StorageUnavailableError, match="closed"):
        await database.read(keys)


async def test_what_was_answered_survives_kill_9(database_url: str) -> None:
    lines = """
        import asyncio, sys
        from nps_bot.storage.database import Database
        from tests.storage.test_database import remember

        async def main():
            database = Database(sys.argv[1])
            print(await database.write(remember, "a"), flush=True)
            input()

        asyncio.run(main())
    """
    with running(lines, database_url):
        pass
    async with Database(database_url) as database:
        assert await database.read(keys) == ["a"]
        assert await database.write(remember, "b") == "b"
