"""A request to start a large wave: made once, decided once, told to everybody concerned."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import Connection, func, select, text

from nps_bot.app.wiring import open_database
from nps_bot.asking import approving, launching
from nps_bot.asking.approving import NotYours
from nps_bot.asking.launching import ByHand
from nps_bot.asking.messages.approvals import ApprovalContent
from nps_bot.asking.rules.approval import VALID_FOR, Approval, Decision, State
from nps_bot.asking.store import approvals
from nps_bot.delivery.destinations import DirectMessage
from nps_bot.people import forgetting
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Wave
from tests.factories import NOON, survey
from tests.helpers.asking import carry

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CUSTOMER = replace(survey(), owners=("UPRIYA", "tom@lumen.example"), admins_manage=True)
SURVEYS = {"customer": CUSTOMER}
NOMINAL = "2026-11-24T12:00"


def ask(connection: Connection, nominal: str = NOMINAL, by: str = "UMEI") -> Approval:
    """Ask as an admin who is no owner."""
    return approving.ask(connection, CUSTOMER, nominal, 80, by, NOON).approval


def decide(
    connection: Connection,
    approval: Approval,
    by: str,
    *,
    yes: bool = True,
    after: timedelta = HOUR,
) -> Approval | NotYours:
    decision = Decision(by, owner=by in ("UPRIYA", "UTOM"), yes=yes)
    return approving.decide(connection, CUSTOMER, approval.id, decision, NOON + after)


def waves_of(connection: Connection) -> list[str]:
    return list(connection.scalars(select(Wave.nominal)))


def told(connection: Connection, after: timedelta = HOUR) -> dict[str, State]:
    """Carry what is due; return what each recipient reads now."""
    shown = {}
    for one in carry(connection, NOON + after, surveys=SURVEYS):
        assert isinstance(one.content, ApprovalContent)
        assert isinstance(one.destination, DirectMessage)
        shown[(one.message.payload or {})["recipient"]] = one.content.approval.state
    return shown


OWNERS_ASKED = {"UPRIYA": State.OPEN, "tom@lumen.example": State.OPEN}


async def test_each_owner_is_asked_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        first = approving.ask(connection, CUSTOMER, NOMINAL, 80, "UMEI", NOON)
        again = approving.ask(connection, CUSTOMER, NOMINAL, 80, "UMEI", NOON + MINUTE)
        assert (first.new, again.new) == (True, False)
        assert again.approval == first.approval
        another = approving.ask(connection, CUSTOMER, "2026-11-24T12:05", 81, "USAM", NOON)
        assert (another.new, another.approval.id) == (False, first.approval.id)
        assert told(connection, MINUTE) == OWNERS_ASKED
        assert told(connection) == {}

    await database.write(work)


async def test_a_yes_starts_one_wave_and_everybody_reads_it(database: Database) -> None:
    def work(connection: Connection) -> None:
        asked = ask(connection)
        told(connection, MINUTE)
        decided = decide(connection, asked, "UTOM")
        assert isinstance(decided, Approval)
        assert (decided.state, decided.decided_by) == (State.SENT, "UTOM")
        assert decide(connection, asked, "UTOM") == decided
        assert decide(connection, asked, "UPRIYA", yes=False) == decided
        assert waves_of(connection) == ["2026-11-24T13:00"]  # when it goes, not when it was asked
        assert told(connection) == dict.fromkeys(
            ("UPRIYA", "tom@lumen.example", "UMEI"), State.SENT
        )
        assert approving.open_request(connection, "customer", NOON) is None

    await database.write(work)


async def test_a_no_starts_none_and_the_old_preview_does_not_ask_again(database: Database) -> None:
    def work(connection: Connection) -> None:
        asked = ask(connection)
        told(connection, MINUTE)
        decided = decide(connection, asked, "UPRIYA", yes=False)
        assert isinstance(decided, Approval)
        assert decide(connection, asked, "UTOM") == decided
        assert waves_of(connection) == []
        assert told(connection)["UMEI"] is State.DECLINED
        assert ask(connection).state is State.DECLINED
        assert told(connection) == {}
        assert ask(connection, "2026-11-24T14:00").state is State.OPEN

    await database.write(work)


async def test_nobody_says_yes_to_their_own_request_but_may_take_it_back(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        asked = ask(connection)
        assert decide(connection, asked, "UMEI") is NotYours.OWN
        assert waves_of(connection) == []
        withdrawn = decide(connection, asked, "UMEI", yes=False)
        assert isinstance(withdrawn, Approval)
        assert withdrawn.state is State.DECLINED
        assert told(connection) == {}  # it was never posted, and who asked knows

    await database.write(work)


async def test_another_manager_may_say_yes(database: Database) -> None:
    def work(connection: Connection) -> None:
        decided = decide(connection, ask(connection), "USAM")
        assert isinstance(decided, Approval)
        assert decided.state is State.SENT

    await database.write(work)


async def test_while_the_survey_is_paused_nothing_is_decided_for_good(database: Database) -> None:
    def work(connection: Connection) -> None:
        launching.see_surveys(connection, SURVEYS, NOON)
        asked = ask(connection)
        launching.pause(connection, "customer", "UPRIYA", NOON)
        assert decide(connection, asked, "UTOM") is NotYours.PAUSED
        launching.resume(connection, "customer")
        decided = decide(connection, asked, "UTOM")
        assert isinstance(decided, Approval)
        assert decided.state is State.SENT

    await database.write(work)


@pytest.mark.parametrize("by_scheduler", [True, False])
async def test_after_a_day_it_is_over(database: Database, by_scheduler: bool) -> None:
    def work(connection: Connection) -> None:
        asked = ask(connection)
        told(connection, MINUTE)
        assert approving.expire(connection, NOON + VALID_FOR - MINUTE) == 0
        if by_scheduler:
            assert approving.expire(connection, NOON + VALID_FOR) == 1
        decided = decide(connection, asked, "UPRIYA", after=VALID_FOR)
        assert isinstance(decided, Approval)
        assert (decided.state, decided.decided_by) == (State.EXPIRED, None)
        assert approving.expire(connection, NOON + VALID_FOR) == 0
        assert waves_of(connection) == []
        assert set(told(connection, VALID_FOR).values()) == {State.EXPIRED}
        assert ask(connection, "2026-11-25T12:00").state is State.OPEN

    await database.write(work)


async def test_an_owner_who_starts_it_grants_the_request(database: Database) -> None:
    def work(connection: Connection) -> None:
        asked = ask(connection)
        told(connection, MINUTE)
        one = ByHand("2026-11-24T12:30", only_person="UADA")
        priya = Decision("UPRIYA", owner=True, yes=True)
        assert approving.start(connection, CUSTOMER, one, priya, NOON)
        found = approvals.find(connection, asked.id)
        assert found is not None
        assert found.state is State.OPEN  # one person is not what was asked for
        assert approving.start(connection, CUSTOMER, ByHand("2026-11-24T12:31"), priya, NOON)
        assert told(connection)["UMEI"] is State.SENT
        assert isinstance(decide(connection, asked, "UTOM"), Approval)
        assert len(waves_of(connection)) == 2

    await database.write(work)


@pytest.mark.parametrize(
    ("starter", "state"),
    [
        (Decision("UMEI", owner=False, yes=True), State.OPEN),
        (Decision("UMEI", owner=True, yes=True), State.SENT),
        (Decision("USAM", owner=False, yes=True), State.SENT),
        (None, State.SENT),
    ],
)
async def test_a_small_wave_of_who_asked_is_no_second_persons_word(
    database: Database, starter: Decision | None, state: State
) -> None:
    def work(connection: Connection) -> None:
        asked = ask(connection)
        assert approving.start(connection, CUSTOMER, ByHand(NOMINAL), starter, NOON)
        found = approvals.find(connection, asked.id)
        assert found is not None
        assert found.state is state

    await database.write(work)


async def test_a_request_is_of_one_survey(database: Database) -> None:
    def work(connection: Connection) -> None:
        asked = ask(connection)
        yes = Decision("UPRIYA", owner=True, yes=True)
        other = survey("employee")
        assert approving.decide(connection, other, asked.id, yes, NOON) is NotYours.GONE
        assert approving.decide(connection, CUSTOMER, "0" * 32, yes, NOON) is NotYours.GONE

    await database.write(work)


async def test_who_asked_and_was_forgotten_is_named_nowhere(database: Database) -> None:
    def work(connection: Connection) -> None:
        first = ask(connection)
        forgetting.forget(connection, "UMEI", NOON)
        second = ask(connection, by="UMEI")  # the same minute: the two stay apart
        forgetting.forget(connection, "UMEI", NOON)
        for asked in (first, second):
            found = approvals.find(connection, asked.id)
            assert found is not None
            assert (found.state, found.asked_by) == (State.EXPIRED, found.id)
        third = ask(connection, "2026-11-24T15:00", by="USAM")
        decide(connection, third, "UTOM")
        forgetting.forget(connection, "UTOM", NOON)
        found = approvals.find(connection, third.id)
        assert found is not None
        assert (found.state, found.decided_by) == (State.SENT, None)

    await database.write(work)


async def test_of_many_at_once_in_five_processes_one_decides(postgresql_database_url: str) -> None:
    def number_of_waves(connection: Connection) -> int | None:
        return connection.scalar(select(func.count()).select_from(Wave))

    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(5)
        ]
        asked = await asyncio.gather(*(processes[n % 5].write(ask) for n in range(20)))
        assert len({one.id for one in asked}) == 1

        def press(connection: Connection, number: int) -> Approval | NotYours:
            by = ("UPRIYA", "UTOM")[number % 2]
            return decide(connection, asked[0], by, yes=number % 3 > 0)

        decided = await asyncio.gather(*(processes[n % 5].write(press, n) for n in range(20)))
        assert len(set(map(str, decided))) == 1
        (ended,) = {one.state for one in decided if isinstance(one, Approval)}
        assert await processes[0].read(number_of_waves) == (ended is State.SENT)


async def test_who_starts_one_while_an_owner_says_yes_starts_no_second(
    postgresql_database_url: str,
) -> None:
    decided = Event()

    def say_yes(connection: Connection, asked: Approval, other: asyncio.Task[int | None]) -> None:
        decide(connection, asked, "UPRIYA")
        decided.set()
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not connection.scalar(waiting) and not other.done():
            pass

    def start(connection: Connection) -> int | None:
        assert decided.wait(5)
        tom = Decision("UTOM", owner=True, yes=True)
        return approving.start(connection, CUSTOMER, ByHand(NOMINAL), tom, NOON)

    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(open_database(postgresql_database_url, patience=20))
            for _ in range(2)
        ]
        asked = await one.write(ask)
        starting = asyncio.create_task(other.write(start))
        await one.write(say_yes, asked, starting)
        assert await starting is None
        assert await one.read(waves_of) == ["2026-11-24T13:00"]
