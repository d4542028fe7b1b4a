"""One message, a real outbox and a Slack that knows what was posted: at most once, never forgotten.

Two processes claim, call, settle, look and give back, each on a connection of its own. Any of them
may die, or sleep between any two steps and go on with what it then holds no more. The machine plays
Slack as well: what was really posted, and from when on the history shows it.

The invariant, exactly: a post is **in time** if it leaves before its lease ends (whoever checks
the lease may still sleep for ``CALL_TIMEOUT``) and if the history shows it ``LOOKUP_AFTER`` later.
However many processes try, whatever they and Slack do otherwise, **at most one post is in time**.
So a message stands twice only where a post was not: a process was stopped for more than eight
seconds between its last look at the lease and the request, or Slack hid a message for more than a
minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, Engine, Row, delete, event, insert, select

from nps_bot.app.reactions import REACTIONS
from nps_bot.base.ids import new_id
from nps_bot.delivery.rules import (
    LEASE,
    LOOKUP_AFTER,
    Settlement,
    Status,
    after_lookup,
    look_from,
    may_call,
    settle,
)
from nps_bot.delivery.store import claims, outbox
from nps_bot.delivery.store.claims import Claimed, Sent, Waiting
from nps_bot.delivery.store.outbox import NewMessage
from nps_bot.slack.calls import (
    CALL_TIMEOUT,
    LOOK_AGAIN,
    Accepted,
    Finding,
    Found,
    LookLater,
    NotSent,
    NotThere,
    Outcome,
    RateLimited,
    Refused,
    Unknown,
    Unreadable,
)
from nps_bot.storage.engines import engine_url, writer_engine
from nps_bot.storage.tables import Invitation, Outbox, StoredWording, Wave

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DM = "D1"
POSTS = Waiting(limit=10, least=2)
REWRITINGS = replace(POSTS, updating=True)

WAITS = st.sampled_from([1, 2, 9, 11, 21, 29, 31, 61, 91]).map(lambda number: number * SECOND)
PAUSES = st.sampled_from([timedelta(), 3 * SECOND, CALL_TIMEOUT])
"""How long a process may sleep after it looked at its lease, and how long a call may take."""
TOO_LONG = st.sampled_from([40 * SECOND, 300 * SECOND])
SHOWS_AFTER = st.sampled_from([timedelta(), LOOKUP_AFTER, LOOKUP_AFTER])
NOTHING_DONE: st.SearchStrategy[Outcome] = st.sampled_from(
    [RateLimited(7), NotSent("no route"), Refused("the channel is archived"), Unknown("a reset")]
)
AT = st.integers(0, 1)


@dataclass
class Post:
    """A message in Slack.

    Attributes:
        ts: its name there.
        version: the state it shows.
        shows_at: from when on the history has it.
        in_time: whether it kept to what the bot may rely on.
        deleted: whether it was taken away.
    """

    ts: str
    version: int
    shows_at: datetime
    posted_at: datetime
    in_time: bool
    deleted: bool = False


@dataclass
class Process:
    """A process: its connection and what it believes to hold.

    Attributes:
        to_call: claimed, and not yet called for.
        to_settle: called for; what is still to be written.
        to_find: claimed to be looked for, and when.
    """

    connection: Connection
    to_call: list[Claimed] = field(default_factory=list)
    to_settle: list[tuple[Claimed, Settlement]] = field(default_factory=list)
    to_find: list[tuple[Claimed, datetime]] = field(default_factory=list)


class OneMessageInTheOutbox(RuleBasedStateMachine):
    """See the module."""

    def __init__(self, engine: Engine, wave: int) -> None:
        super().__init__()
        self.engine = engine
        self.now = NOON
        self.posts: list[Post] = []
        self.forgotten = self.refused = self.unreadable = False
        self.late = False
        """Whether Slack or a process ever was slower than the bot may rely on."""
        self.invitation = new_id()
        self.key = f"prompt:{self.invitation}"
        invited = {"id": self.invitation, "wave_id": wave, "person_id": "U1", "due_at": NOON}
        prompt = NewMessage(self.key, "prompt", 2, NOON, "customer", wave, self.invitation, "U1")
        with engine.begin() as connection:
            connection.execute(insert(Invitation).values(invited))
            outbox.add(connection, [prompt])
            self.id = connection.scalars(select(Outbox.id)).one()
        self.processes = [Process(engine.connect()), Process(engine.connect())]

    # --- what both sides know ---------------------------------------------------------------

    def write(self, process: Process, job: Callable[[Connection], None]) -> None:
        with process.connection.begin():
            job(process.connection)

    def row(self) -> Row[str, datetime, datetime | None, int, str | None, str | None]:
        with self.processes[0].connection.begin():
            return (
                self.processes[0]
                .connection.execute(
                    select(
                        Outbox.status,
                        Outbox.due_at,
                        Outbox.lease_until,
                        Outbox.version,
                        Outbox.ts,
                        Outbox.reason,
                    ).where(Outbox.id == self.id)
                )
                .one()
            )

    def shown(self, claimed_at: datetime) -> Finding:
        since = look_from(claimed_at)
        for post in self.posts:
            if post.shows_at <= self.now and post.posted_at >= since and not post.deleted:
                return Found(DM, post.ts)
        return NotThere()

    # --- time -------------------------------------------------------------------------------

    @rule(wait=WAITS)
    def time_passes(self, wait: timedelta) -> None:
        self.now += wait

    # --- claiming, calling, settling --------------------------------------------------------

    @rule(at=AT, when_due=st.sampled_from([True, True, False]))
    def take_in_hand(self, at: int, when_due: bool) -> None:
        """What a dispatcher does each second: expire, claim, claim what is to be looked for."""
        process = self.processes[at]
        if when_due:
            row = self.row()
            self.now = max(self.now, row.lease_until or row.due_at)

        def job(connection: Connection) -> None:
            claims.expire_leases(connection, self.now)
            lease_until = self.now + LEASE
            claimed = claims.claim(connection, POSTS, self.now, lease_until)
            claimed += claims.claim(connection, REWRITINGS, self.now, lease_until)
            for message in claimed:
                if self.forgotten and not message.updating:  # as services.delivering drops it
                    self._unsent(connection, message, Settlement(Status.CANCELLED))
                else:
                    process.to_call.append(message)
            found = claims.claim_lookups(connection, self.now, self.now + LEASE, 10)
            process.to_find += [(message, self.now) for message in found]

        self.write(process, job)

    def _unsent(self, connection: Connection, message: Claimed, settlement: Settlement) -> None:
        claims.settle_unsent(
            connection,
            message,
            status=settlement.status,
            due_at=settlement.due_at,
            reason=settlement.reason,
            now=self.now,
        )

    def one_with(self, held: str, at: int) -> Process:
        """Return process ``at``, or the other one where only that holds something of the kind."""
        one, other = self.processes[at], self.processes[1 - at]
        return one if getattr(one, held) else other

    def begin(self, process: Process, pause: timedelta, *, at_last: bool = False) -> Claimed | None:
        """Look at the lease, maybe in its last second; then, after a pause, begin a call.

        None where the lease is over.
        """
        message = process.to_call.pop(0)
        if at_last:
            self.now = max(self.now, message.lease_until - CALL_TIMEOUT - SECOND)
        if not may_call(message.lease_until, self.now):
            self.write(process, lambda connection: claims.release(connection, [message], self.now))
            return None
        self.now += pause
        return message

    def end(self, process: Process, message: Claimed, outcome: Outcome, *, sleeps: bool) -> None:
        """Settle what came of a call, or sleep before that."""
        settlement = settle(
            outcome, updating=message.updating, attempts=message.attempts, now=self.now
        )
        process.to_settle.append((message, settlement))
        if not sleeps:
            self.write_down(process)

    def act(self, message: Claimed, shows_after: timedelta) -> Accepted:
        """Let Slack do what it is asked: post, or rewrite, or delete, in place."""
        if message.ts is None:
            shows_at = self.now + shows_after
            in_time = self.now <= message.lease_until and shows_after <= LOOKUP_AFTER
            self.late |= not in_time
            post = Post(
                f"{len(self.posts)}.0", message.version, shows_at, self.now, in_time=in_time
            )
            self.posts.append(post)
            return Accepted(DM, post.ts)
        self.late |= self.now > message.lease_until
        post = next(one for one in self.posts if one.ts == message.ts)
        post.version = message.version
        post.deleted |= self.forgotten
        return Accepted(DM, message.ts)

    @precondition(lambda self: any(one.to_call for one in self.processes))
    @rule(
        at=AT,
        when=st.tuples(st.booleans(), PAUSES),
        shows_after=SHOWS_AFTER,
        answered=st.booleans(),
        sleeps=st.booleans(),
    )
    def call(
        self,
        at: int,
        when: tuple[bool, timedelta],
        shows_after: timedelta,
        answered: bool,
        sleeps: bool,
    ) -> None:
        """Slack does it; the answer may get lost."""
        process = self.one_with("to_call", at)
        at_last, pause = when
        if message := self.begin(process, pause, at_last=at_last):
            accepted = self.act(message, shows_after)
            if not answered:
                self.now += CALL_TIMEOUT
            outcome = accepted if answered else Unknown("no answer")
            self.end(process, message, outcome, sleeps=sleeps)

    @precondition(lambda self: any(one.to_call for one in self.processes))
    @rule(at=AT, pause=PAUSES, outcome=NOTHING_DONE, sleeps=st.booleans())
    def call_in_vain(self, at: int, pause: timedelta, outcome: Outcome, sleeps: bool) -> None:
        process = self.one_with("to_call", at)
        if message := self.begin(process, pause):
            self.refused |= isinstance(outcome, Refused)
            self.end(process, message, outcome, sleeps=sleeps)

    @precondition(lambda self: any(one.to_settle for one in self.processes))
    @rule(at=AT)
    def settle(self, at: int) -> None:
        """Write what came of calls, however long ago they ended."""
        self.write_down(self.one_with("to_settle", at))

    def write_down(self, process: Process) -> None:
        ended, process.to_settle = process.to_settle, []
        self.write(process, lambda connection: self._settle(connection, ended))

    def _settle(self, connection: Connection, ended: list[tuple[Claimed, Settlement]]) -> None:
        for message, settlement in ended:
            if settlement.status is not Status.SENT:
                self._unsent(connection, message, settlement)
            elif self.forgotten and any(
                post.deleted and post.ts == settlement.ts for post in self.posts
            ):
                claims.settle_removed(connection, message, "forgotten", self.now)
            else:
                sent = Sent(message, settlement.channel or "", settlement.ts or "", self.now)
                claims.settle_sent(connection, [sent], self.now)

    @precondition(lambda self: any(one.to_call for one in self.processes))
    @rule(at=AT)
    def give_back(self, at: int) -> None:
        process = self.one_with("to_call", at)
        held, process.to_call = process.to_call, []
        self.write(process, lambda connection: claims.release(connection, held, self.now))

    @precondition(lambda self: any(one.to_call or one.to_settle for one in self.processes))
    @rule(at=AT)
    def die(self, at: int) -> None:
        """SIGKILL: what it held is gone; what it wrote stands."""
        process = self.processes[at]
        process.to_call, process.to_settle, process.to_find = [], [], []

    # --- looking ----------------------------------------------------------------------------

    @precondition(lambda self: any(one.to_find for one in self.processes))
    @rule(
        at=AT,
        trouble=st.sampled_from(
            [None] * 6 + [LookLater(LOOK_AGAIN, "a 429"), Unreadable("the scope is missing")]
        ),
        sleeps=st.booleans(),
    )
    def look(self, at: int, trouble: Finding | None, sleeps: bool) -> None:
        """Read the history; settle what it says, or sleep before that."""
        process = self.one_with("to_find", at)
        self.unreadable |= isinstance(trouble, Unreadable)
        for message, since in process.to_find:
            finding = trouble or self.shown(message.claimed_at)
            settlement = after_lookup(finding, claimed_at=message.claimed_at, now=since)
            process.to_settle.append((message, settlement))
        process.to_find = []
        if not sleeps:
            self.write_down(process)

    # --- what people do meanwhile -----------------------------------------------------------

    @rule(at=AT)
    def touch(self, at: int) -> None:
        """Somebody answers: what stands in Slack is to be rewritten."""
        with self.processes[at].connection.begin():
            outbox.request_update(self.processes[at].connection, [self.key], self.now)

    @precondition(lambda self: not self.forgotten)
    @rule(at=AT)
    def forget(self, at: int) -> None:
        self.forgotten = True

        def job(connection: Connection) -> None:
            outbox.forget_person(connection, "U1", [self.invitation], DM, self.now)

        self.write(self.processes[at], job)
        with self.processes[at].connection.begin():
            connection = self.processes[at].connection
            self.key = connection.scalars(select(Outbox.dedupe_key)).one()

    # --- what must hold ---------------------------------------------------------------------

    @invariant()
    def at_most_one_post_is_in_time(self) -> None:
        assert sum(post.in_time for post in self.posts) <= 1
        assert self.late or len(self.posts) <= 1

    @invariant()
    def what_the_row_says_is_true(self) -> None:
        row = self.row()
        assert row.status != "claimed" or row.lease_until is not None
        parked_without_a_word = row.status == "unknown" and not (row.lease_until or row.reason)
        assert not parked_without_a_word
        assert row.status != "sent" or row.ts in [post.ts for post in self.posts]
        may_be_posted_again = row.status == "pending" and row.ts is None
        assert self.late or not (self.posts and may_be_posted_again)

    def teardown(self) -> None:
        """Whatever happened: once all is calm again the message gets where it belongs."""
        try:
            self.calm_down()
        finally:
            for process in self.processes:
                process.connection.close()
            with self.engine.begin() as connection:
                connection.execute(delete(Outbox))
                connection.execute(delete(Invitation))

    def calm_down(self) -> None:
        for process in self.processes:
            process.to_call, process.to_settle, process.to_find = [], [], []
        for _ in range(12):
            if self.row().status in ("sent", "failed", "cancelled"):
                break
            self.now += 301 * SECOND  # longer than any lease, wait and backoff
            self.take_in_hand(0, when_due=False)
            self.look(0, None, sleeps=False)
            if self.processes[0].to_call:
                self.call(0, (False, timedelta()), timedelta(), answered=True, sleeps=False)
        row = self.row()
        match row.status:
            case "sent":
                (post,) = [one for one in self.posts if one.ts == row.ts]
                assert self.late or post.version == row.version, "the last state wins"
            case "failed":
                assert self.refused
            case "unknown":
                assert self.unreadable
                assert row.lease_until is None, "parked"
            case _:
                assert row.status == "cancelled"
                assert self.forgotten
                assert self.late or all(post.deleted for post in self.posts)
        self.at_most_one_post_is_in_time()


class WithLatePosts(OneMessageInTheOutbox):
    """The same, with what nobody can rule out."""

    @precondition(lambda self: any(one.to_call for one in self.processes))
    @rule(at=AT, pause=TOO_LONG, hidden=TOO_LONG)
    def call_too_late(self, at: int, pause: timedelta, hidden: timedelta) -> None:
        """Stopped right before the request, or hidden by Slack: what nobody can rule out."""
        process = self.one_with("to_call", at)
        if message := self.begin(process, pause):
            self.end(process, message, self.act(message, hidden), sleeps=False)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = writer_engine(engine_url(database_url), 10, REACTIONS)
    if opened.dialect.name == "sqlite":

        @event.listens_for(opened, "connect")
        def hurry(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA synchronous = OFF")  # no power is cut here

    yield opened
    opened.dispose()


def a_wave(engine: Engine) -> int:
    wording = {"survey_key": "customer", "digest": "0" * 64, "document": {}}
    wordings = insert(StoredWording).values(wording).returning(StoredWording.id)
    with engine.begin() as connection:
        wave = {
            "survey_key": "customer",
            "nominal": "2026-11-24T12:00",
            "wording_id": connection.scalar(wordings),
            "kind": "relationship",
            "by_hand": False,
            "at_once": False,
            "state": "ready",
            "opens_at": NOON,
            "closes_at": NOON,
            "created_at": NOON,
        }
        created = insert(Wave).values(wave).returning(Wave.id)
        number: int = connection.execute(created).scalar_one()
        return number


@pytest.mark.parametrize("machine", [OneMessageInTheOutbox, WithLatePosts])
def test_no_legal_path_leads_to_a_second_post_and_none_forgets(
    engine: Engine, machine: type[OneMessageInTheOutbox]
) -> None:
    wave = a_wave(engine)

    class Machine(machine):  # type: ignore[valid-type,misc]  # one with its engine
        def __init__(self) -> None:
            super().__init__(engine, wave)

    examples = 100 if engine.dialect.name == "sqlite" else 15  # the rules are the same on both
    run_state_machine_as_test(
        Machine,
        settings=settings(max_examples=examples, stateful_step_count=30, deadline=None),
    )


@pytest.fixture
def message(engine: Engine) -> Iterator[OneMessageInTheOutbox]:
    """Return the machine, to be driven along a path that chance seldom takes."""
    driven = OneMessageInTheOutbox(engine, a_wave(engine))
    yield driven
    driven.teardown()


def look_until_claimed(message: OneMessageInTheOutbox, at: int) -> None:
    for _ in range(6):
        message.take_in_hand(at, when_due=True)
        if not message.processes[at].to_find:
            return
        message.look(at, None, sleeps=False)


def test_a_call_in_the_leases_last_second_is_waited_for(message: OneMessageInTheOutbox) -> None:
    """It leaves as the lease ends, its answer is lost, and the history shows it a minute later."""
    message.take_in_hand(0, when_due=True)
    message.call(0, (True, CALL_TIMEOUT), LOOKUP_AFTER, answered=False, sleeps=False)
    look_until_claimed(message, 1)
    assert message.row().status == "sent"
    assert len(message.posts) == 1


def test_who_wakes_up_settles_nothing_that_it_holds_no_more(
    message: OneMessageInTheOutbox,
) -> None:
    """It slept with "this never left" in hand, while another looked, claimed and posts just now."""
    message.take_in_hand(0, when_due=True)
    message.call_in_vain(0, timedelta(), NotSent("no route"), sleeps=True)
    look_until_claimed(message, 1)
    message.call(1, (False, timedelta()), timedelta(), answered=True, sleeps=True)
    message.settle(0)
    assert message.row().status == "claimed"
    message.settle(1)
    assert message.row().status == "sent"
