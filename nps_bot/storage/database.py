"""The one commit site: jobs go in, and come back when the database has kept them.

A job is a plain function over a SQLAlchemy Core connection. Writes queue for one thread, which runs
all that wait in one transaction, commits once and then answers all: what makes a commit slow (the
disk) is paid once for many. Reads go to a few threads of their own, on connections that cannot
write.

What a job may rely on, and what it must allow:

- It runs inside a transaction it neither begins nor commits. It sees what the jobs of its group
  before it did; on PostgreSQL (READ COMMITTED) other processes may commit between its statements.
- It may run **more than once**: when another job of its group fails, when the commit fails, after a
  deadlock, and when the connection broke during a commit that had succeeded after all. So it must
  do its work through the connection only, and be harmless the second time (a unique constraint, a
  comparison of ``action_ts``).
- It builds no statement that every click or prompt runs: these are constants of the storage
  modules, with parameters, because building one costs up to nine times what running it costs.
- Where many calls of it wait, they may be done together: see :func:`in_bulk`.
- It is short: everybody waits behind it. Refusals are better returned than raised, because an
  exception costs its whole group a second run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, TypeVarTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from nps_bot.base.errors import StorageUnavailableError
from nps_bot.base.events import Reactions
from nps_bot.base.ids import new_id
from nps_bot.storage.engines import READ_PATIENCE, engine_url, reader_engine, writer_engine
from nps_bot.storage.failures import away, is_away, is_conflict
from nps_bot.storage.scrubbing import scrub
from nps_bot.storage.tables import Moment

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

log = logging.getLogger(__name__)

_IN_BULK: dict[Callable[..., Any], Callable[..., Any]] = {}
"""What does many calls of a job together, by job."""


def in_bulk(
    many: Callable[[Connection, Sequence[tuple[*Ts]]], Sequence[T]],
) -> Callable[[Callable[[Connection, *Ts], T]], Callable[[Connection, *Ts], T]]:
    """Mark a job of which ``many`` does all calls that wait, in fewer statements.

    ``many(connection, calls)`` gets the arguments of each call in the order they came, and returns
    the results in the same order. They and what is written must be what the job itself would have
    made of the calls, one after the other.
    """

    def mark(job: Callable[[Connection, *Ts], T]) -> Callable[[Connection, *Ts], T]:
        _IN_BULK[job] = many
        return job

    return mark


PATIENCE = 2.0
"""Seconds after which a write is answered with "the database is away"; Slack waits three."""

GROUP = 32
"""The most jobs in one transaction: beyond it the commit's share of the cost no longer counts, and
of a burst one part is decoded and answered while the other is written."""

READERS = 4


class Database:
    """The bot's database: ``await write(job, ...)``, ``await read(job, ...)``.

    It connects when first asked, so it can be made while the database is away, and connects again
    after the database was away. Use it as an asynchronous context manager, or call ``close``.
    """

    def __init__(
        self, url: str, *, reactions: Reactions | None = None, patience: float = PATIENCE
    ) -> None:
        """Prepare the connections and start the writer.

        Args:
            url: the address of a SQLite file or a PostgreSQL database.
            reactions: what follows from the events that writes record. The bot's own are given by
                :func:`nps_bot.app.wiring.open_database`; without any, no event may be recorded.
            patience: seconds after which a ``write`` gives up. One-shot commands that import
                thousands of rows in one job, and for whom nobody waits, take longer.

        Raises:
            SettingsError: ``url`` cannot be used.
        """
        parsed = engine_url(url)
        self._url = parsed
        self.dialect = parsed.get_backend_name()
        self.name = new_id()
        """Tells this process from others that serve the same database."""
        self._patience = patience
        self._writer = _Writer(writer_engine(parsed, patience, reactions))
        self._reading = reader_engine(parsed, READERS)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="nps-reader")
        self._closed = False

    @property
    def shared(self) -> bool:
        """Whether other processes may serve the same database: SQLite is served by one."""
        return self.dialect != "sqlite"

    @property
    def commits(self) -> int:
        """How many transactions the writer committed: fewer than writes, when many come at once."""
        return self._writer.commits

    async def write(
        self, job: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``job(connection, *args, **kwargs)`` and return its result once it is committed.

        A caller that is cancelled takes the job back, unless its commit has begun.

        Raises:
            StorageUnavailableError: it was not committed within the patience. Only where the time
                ran out, or the connection broke, in the middle of the commit may it be saved all
                the same; doing it again is right and harmless.
            Exception: whatever the job raised; nothing of the job was saved.
        """
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._writer.queue.put(_Job(job, args, kwargs, future, loop))
        timer = loop.call_later(self._patience, _give_up, future, self._patience)
        try:
            return await future
        finally:
            timer.cancel()

    async def read(
        self, job: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``job(connection, *args, **kwargs)`` on a connection that cannot write.

        All statements of the job see the same state of the data.

        Raises:
            StorageUnavailableError: the database did not answer within ``READ_PATIENCE`` seconds.
            Exception: whatever the job raised.
        """
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        limit = asyncio.timeout(READ_PATIENCE)
        try:
            async with limit:
                return await loop.run_in_executor(
                    self._readers, self._read, lambda connection: job(connection, *args, **kwargs)
                )
        except TimeoutError:
            if limit.expired():
                raise _too_slow(READ_PATIENCE) from None
            raise

    async def ping(self) -> None:
        """Return when the database takes writes.

        Raises:
            StorageUnavailableError: it does not.
        """
        await self.write(_nothing)

    async def moment(self) -> datetime:
        """Return what the database's clock shows.

        Raises:
            StorageUnavailableError: it did not answer.
        """
        return await self.read(_moment)

    async def scrub(self) -> bool:
        """Remove what was deleted from the database's files; False where it must be tried again."""
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, scrub, self._url)

    async def close(self) -> None:
        """Finish what is queued and let the connections go; whoever comes later is refused."""
        if self._closed:
            return
        self._closed = True
        self._writer.queue.put(None)
        await asyncio.get_running_loop().run_in_executor(self._readers, self._writer.thread.join)
        self._readers.shutdown()
        self._reading.dispose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StorageUnavailableError("The database is closed: the bot is stopping.")

    def _read(self, job: Callable[[Connection], T]) -> T:
        """Run the job, again where a connection of the pool had died since its last use."""
        tries = 0
        while True:
            tries += 1
            try:
                with self._reading.connect() as connection, connection.begin():
                    return job(connection)
            except DBAPIError as error:
                if error.connection_invalidated and tries == 1:
                    continue  # the pool has dropped all connections of that age
                if is_away(error):
                    raise away(error) from error
                raise


@dataclass(slots=True, eq=False)
class _Job:
    """A queued write and whom to answer; its future belongs to ``loop`` and is only looked at."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


@dataclass(slots=True, eq=False)
class _Outcome:
    job: _Job
    result: Any = None
    error: BaseException | None = None


class _TakenBackError(Exception):
    """Somebody gave up before the commit."""


class _Writer:
    """The thread that writes, and its connection.

    The connection is kept between groups and never tested: when it turns out to be broken, the
    group has failed, and its jobs run alone on a new one.
    """

    def __init__(self, engine: Engine) -> None:
        self.queue: SimpleQueue[_Job | None] = SimpleQueue()
        self.commits = 0
        self._engine = engine
        self._connection: Connection | None = None
        self.thread = Thread(target=self._run, name="nps-writer", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        """Serve group after group, until None is found in the queue."""
        open_ = True
        while open_:
            first = self.queue.get()
            group = [first]
            with suppress(Empty):
                while group[-1] is not None and len(group) < GROUP:
                    group.append(self.queue.get_nowait())
            open_ = group[-1] is not None
            self._serve(_waiting(job for job in group if job is not None))
        self._drop_connection()

    def _serve(self, jobs: list[_Job]) -> None:
        """Run the jobs together, or where that fails one by one, and answer each of them."""
        while len(jobs) > 1:
            try:
                results = self._commit(jobs)
            except _TakenBackError:
                jobs = _waiting(jobs)
            except BaseException as error:  # noqa: BLE001  each job will raise its own again
                log.debug("A group of %d writes failed, each runs alone: %r", len(jobs), error)
                break
            else:
                _answer([_Outcome(job, result) for job, result in zip(jobs, results, strict=True)])
                return
        for job in jobs:
            if not job.future.done():
                _answer([self._alone(job)])

    def _alone(self, job: _Job) -> _Outcome:
        """Run one job in its own transaction, again where that can help; say what came of it."""
        tries = 0
        while True:
            tries += 1
            try:
                return _Outcome(job, self._commit([job])[0])
            except BaseException as error:  # noqa: BLE001  the caller gets it
                if tries >= _tries_allowed(error) or job.future.done():
                    return _Outcome(job, error=_translated(error))

    def _commit(self, jobs: list[_Job]) -> list[Any]:
        """Run the jobs in one transaction, commit it and return their results."""
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        try:
            with connection.begin():
                results = _results(jobs, connection)
        except BaseException as error:
            # After a failed COMMIT, SQLAlchemy and SQLite disagree whether a transaction is open.
            if isinstance(error, DBAPIError) or connection.in_transaction():
                self._drop_connection()
            raise
        self.commits += 1
        return results

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _waiting(jobs: Iterable[_Job]) -> list[_Job]:
    """Return the jobs whose callers still wait."""
    return [job for job in jobs if not job.future.done()]


def _results(jobs: list[_Job], connection: Connection) -> list[Any]:
    """Return the jobs' results, if everybody still waits: who read "not saved" must be right."""
    results: dict[_Job, Any] = {}
    for job in jobs:
        if job in results:
            continue
        many = _IN_BULK.get(job.work)
        alike = [one for one in jobs if one.work is job.work] if many else []
        if many and len(alike) > 1:
            done = many(connection, [one.args for one in alike])
            results.update(zip(alike, done, strict=True))
        else:
            results[job] = job.work(connection, *job.args, **job.kwargs)
    if len(_waiting(jobs)) < len(jobs):
        raise _TakenBackError
    return [results[job] for job in jobs]


def _answer(outcomes: list[_Outcome]) -> None:
    """Hand the outcomes to their event loops, waking each of them once."""
    loops = {outcome.job.loop for outcome in outcomes}
    for loop in loops:
        mine = [outcome for outcome in outcomes if outcome.job.loop is loop]
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, mine)


def _settle(outcomes: Iterable[_Outcome]) -> None:
    """Give everybody who still waits their result or their error."""
    for outcome in outcomes:
        future = outcome.job.future
        if future.done():
            continue
        if isinstance(outcome.error, StopIteration):  # futures do not take it
            future.set_exception(RuntimeError("the job raised StopIteration"))
        elif outcome.error is not None:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.result)


def _give_up(future: asyncio.Future[Any], patience: float) -> None:
    if not future.done():
        future.set_exception(_too_slow(patience))


def _too_slow(patience: float) -> StorageUnavailableError:
    return StorageUnavailableError(f"The database did not answer within {patience:g} seconds.")


def _nothing(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


def _moment(connection: Connection) -> datetime:
    moment: datetime = connection.execute(_CLOCK).scalar_one()
    return moment


_CLOCK = text("SELECT clock_timestamp() AS moment").columns(moment=Moment)
"""The time now; ``now()`` is when the transaction began."""


def _tries_allowed(error: BaseException) -> int:
    """Return how often a job may fail with ``error`` before its caller hears of it."""
    if is_conflict(error):
        return 5
    return 2 if is_away(error) else 1


def _translated(error: BaseException) -> BaseException:
    """Return the error a caller gets: the job's own, or that the database is away."""
    if not is_away(error):
        return error
    unavailable = away(error)
    unavailable.__cause__ = error
    return unavailable
