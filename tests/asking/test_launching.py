"""Waves: who is asked, when, and once; ``now`` is told, the databases are real."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Connection, func, select, update

from nps_bot.app.wiring import open_database
from nps_bot.asking import launching
from nps_bot.asking.launching import BATCH, ByHand, Page
from nps_bot.asking.outgoing import prompt_key
from nps_bot.asking.rules.budget import Rule
from nps_bot.asking.store import waves
from nps_bot.asking.store.waves import WaveRow
from nps_bot.figures.outgoing import summary_key
from nps_bot.people import store as people
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox, Person, Wave
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.cadence import Cadence, Cron, Every, Unit
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import Audience, Survey
from tests.factories import PLAIN_WORDING, survey
from tests.helpers import asking

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

CUSTOMER = survey()
"""Asks every three months on the 6th at ten, for a week, and not from 18:00 to 9:00."""
NOMINAL = "2026-04-06T10:00"
FIRST_CLOCK = datetime(2026, 4, 5, 20, tzinfo=UTC)
"""When it is ten o'clock on 6 April on the first clock on Earth."""
LONG_BEFORE = datetime(2026, 2, 1, tzinfo=UTC)

ADA = Member("UADA", "Ada", "Europe/London")
KENJI = Member("UKENJI", "Kenji", "Asia/Tokyo")
GRACE = Member("UGRACE", "Grace", "America/New_York")


def at(day: int, hour: int, minute: int = 0, *, month: int = 4) -> datetime:
    """Return a moment of 2026 in UTC, of April unless told."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def see(connection: Connection, now: datetime, asking: Survey = CUSTOMER) -> None:
    launching.see_surveys(connection, {asking.key: asking}, now)


def opened(connection: Connection, now: datetime, asking: Survey = CUSTOMER) -> list[int]:
    return launching.open_due(connection, {asking.key: asking}, now)


def read_page(
    connection: Connection,
    wave_id: int,
    now: datetime,
    *members: Member,
    cursor: str | None = None,
    following: str | None = None,
    asking: Survey = CUSTOMER,
) -> bool:
    page = Page(cursor, members, following)
    return launching.add_page(connection, asking, wave_id, page, now)


def launch(
    connection: Connection,
    *members: Member,
    now: datetime = FIRST_CLOCK,
    asking: Survey = CUSTOMER,
    seen: datetime = LONG_BEFORE,
) -> int:
    """Open the wave that is due and invite ``members``; returns its id."""
    see(connection, seen, asking)
    (wave_id,) = opened(connection, now, asking)
    assert read_page(connection, wave_id, now, *members, asking=asking)
    return wave_id


def due(connection: Connection) -> dict[str, datetime]:
    """Return when everybody who is invited is due."""
    rows = connection.execute(select(Invitation.person_id, Invitation.due_at))
    return {row.person_id or "": row.due_at for row in rows}


def prompts(connection: Connection) -> dict[str, tuple[str, datetime]]:
    """Return how everybody's prompt stands and when it is due."""
    rows = connection.execute(
        select(Outbox.person_id, Outbox.status, Outbox.due_at).where(Outbox.kind == "prompt")
    )
    return {row.person_id or "": (row.status, row.due_at) for row in rows}


def the_wave(connection: Connection) -> WaveRow:
    (row,) = connection.execute(
        select(*(getattr(Wave, name) for name in WaveRow.__dataclass_fields__))
    )
    return WaveRow(*row)


def claimed(connection: Connection, now: datetime) -> list[str]:
    """Return the kinds of messages that leave."""
    left = asking.claimed(connection, now, surveys={"customer": CUSTOMER})
    return [one.message.kind for one in left]


def summaries(connection: Connection) -> dict[str, tuple[str, int, datetime]]:
    """Return status, version and due time of the summaries, by kind."""
    rows = connection.execute(
        select(Outbox.kind, Outbox.status, Outbox.version, Outbox.due_at).where(
            Outbox.kind.in_(("summary", "closing"))
        )
    )
    return {row.kind: (row.status, row.version, row.due_at) for row in rows}


# --- when a wave opens ------------------------------------------------------------------------


async def test_a_wave_opens_when_the_first_clock_on_earth_shows_its_time(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        assert opened(connection, FIRST_CLOCK - timedelta(seconds=1)) == []
        (wave_id,) = opened(connection, FIRST_CLOCK)
        wave = the_wave(connection)
        assert (wave.id, wave.nominal, wave.state) == (wave_id, NOMINAL, "resolving")
        assert (wave.opens_at, wave.closes_at) == (FIRST_CLOCK, FIRST_CLOCK + 7 * DAY)
        assert opened(connection, FIRST_CLOCK) == opened(connection, FIRST_CLOCK + DAY) == []

    await database.write(work)


async def test_a_wave_that_is_there_costs_reading_only(database: Database) -> None:
    """Every tick asks again: on a connection that cannot write, it still can."""
    await database.write(launch, ADA)
    assert await database.read(opened, FIRST_CLOCK) == []


async def test_a_wave_in_one_zone_opens_there(database: Database) -> None:
    berlin = replace(CUSTOMER, time_zone="Europe/Berlin")

    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE, berlin)
        assert opened(connection, at(6, 7, 59), berlin) == []
        (wave_id,) = opened(connection, at(6, 8), berlin)
        read_page(connection, wave_id, at(6, 8), ADA, KENJI, GRACE, asking=berlin)
        assert set(due(connection).values()) == {at(6, 8)}

    await database.write(work)


async def test_fifty_processes_open_a_due_wave_once(database: Database) -> None:
    await database.write(see, LONG_BEFORE)
    attempts = await asyncio.gather(*(database.write(opened, FIRST_CLOCK) for _ in range(50)))
    assert sorted(map(len, attempts)) == [0] * 49 + [1]


async def test_processes_of_several_surveys_open_each_wave_once(
    postgresql_database_url: str,
) -> None:
    surveys = {key: survey(key) for key in ("customer", "employee", "partner")}
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(5)
        ]
        await processes[0].write(launching.see_surveys, surveys, LONG_BEFORE)
        attempts = await asyncio.gather(
            *(
                processes[attempt % 5].write(launching.open_due, surveys, FIRST_CLOCK)
                for attempt in range(50)
            )
        )
    assert len([wave for attempt in attempts for wave in attempt]) == 3


async def test_a_survey_first_seen_today_missed_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        see(connection, at(8, 12))
        assert opened(connection, at(8, 12)) == []
        see(connection, at(9, 12))  # a restart
        assert opened(connection, at(5, 20, month=7)) != []

    await database.write(work)


@pytest.mark.parametrize(
    "changed",
    [
        replace(CUSTOMER, cadence=Every(3, Unit.MONTH, time(10), date(2026, 1, 7))),
        replace(CUSTOMER, time_zone="Europe/Berlin"),
    ],
    ids=["another day", "another zone"],
)
async def test_a_changed_cadence_missed_nothing_either(database: Database, changed: Survey) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        see(connection, at(9, 12), changed)
        assert opened(connection, at(9, 12), changed) == []
        see(connection, at(9, 13))  # and changed back
        assert opened(connection, at(9, 13)) == []

    await database.write(work)


async def test_a_survey_without_a_file_opens_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        assert launching.open_due(connection, {}, FIRST_CLOCK) == []

    await database.write(work)


# --- an hour moved in the file ----------------------------------------------------------------


@pytest.mark.parametrize("hour", [9, 11, 15])
async def test_an_hour_moved_on_the_day_of_a_wave_asks_nobody_twice(
    database: Database, hour: int
) -> None:
    moved = replace(CUSTOMER, cadence=Every(3, Unit.MONTH, time(hour), date(2026, 1, 6)))

    def work(connection: Connection) -> None:
        launch(connection, ADA)
        see(connection, at(6, 5), moved)
        for now in (at(6, 5), at(6, 20), at(7, 12), at(20, 12)):
            assert opened(connection, now, moved) == []
        see(connection, at(21, 12))  # and moved back
        assert opened(connection, at(21, 12)) == []
        see(connection, at(21, 13), moved)
        (later,) = opened(connection, at(6, 12, month=7), moved)
        assert waves.lock(connection, later).nominal == f"2026-07-06T{hour:02}:00"

    await database.write(work)


async def test_times_of_one_cadence_may_be_as_near_as_it_has_them(database: Database) -> None:
    """Mondays and Tuesdays: a day apart is less than half of the six days that follow."""
    cadence: Cadence = Cron("0 10 * * 1,2")
    twice_a_week = replace(CUSTOMER, cadence=cadence, time_zone="UTC")

    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE, twice_a_week)
        days = {day: opened(connection, at(day, 10), twice_a_week) for day in (6, 7, 8, 13, 14)}
        assert [day for day, waves_ in days.items() if waves_] == [6, 7, 13, 14]

    await database.write(work)


# --- when a person is due ---------------------------------------------------------------------


async def test_everybody_is_due_at_the_surveys_hour_in_their_own_zone(
    database: Database,
) -> None:
    nowhere = Member("UNOWHERE", "Nobody knows", "Middle/Earth")

    def work(connection: Connection) -> None:
        launch(connection, ADA, KENJI, GRACE, nowhere)
        expected = {
            "UKENJI": at(6, 1),
            "UADA": at(6, 9),
            "UNOWHERE": at(6, 10),
            "UGRACE": at(6, 14),
        }
        assert due(connection) == expected
        assert prompts(connection) == {who: ("pending", when) for who, when in expected.items()}
        wave = the_wave(connection)
        assert (wave.state, wave.opens_at, wave.closes_at) == ("ready", at(6, 1), at(13, 1))
        assert summaries(connection) == {"summary": ("pending", 1, at(6, 1))}

    await database.write(work)


BERLIN = Member("UTOM", "Tom", "Europe/Berlin")


@pytest.mark.parametrize(
    ("day", "quiet", "expected"),
    [
        (date(2026, 3, 29), (22, 1), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (date(2026, 3, 29), (3, 4), datetime(2026, 3, 29, 2, tzinfo=UTC)),
        (date(2026, 10, 25), (22, 1), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
    ids=["skipped", "skipped, into quiet hours", "shown twice"],
)
async def test_an_hour_that_is_skipped_or_shown_twice_asks_once(
    database: Database, day: date, quiet: tuple[int, int], expected: datetime
) -> None:
    """Berlin skips 2:30 in spring: three o'clock. In autumn it shows it twice: the first time."""
    start, end = quiet
    nightly = replace(
        CUSTOMER,
        cadence=Every(1, Unit.MONTH, time(2, 30), day),
        quiet_hours=QuietHours(time(start), time(end)),
    )

    def work(connection: Connection) -> None:
        now = expected - DAY / 2
        launch(connection, BERLIN, now=now, seen=now - DAY, asking=nightly)
        assert due(connection) == {"UTOM": expected}

    await database.write(work)


# --- after an outage --------------------------------------------------------------------------


async def test_a_missed_wave_goes_out_at_the_next_such_hour_once(database: Database) -> None:
    """Ten days late, although the wave would long be closed: it opens late and as long as any."""

    def work(connection: Connection) -> None:
        now = at(16, 12)
        wave_id = launch(connection, ADA, KENJI, GRACE, now=now)
        assert launching.close_due(connection, {"customer": CUSTOMER}, now) == []
        assert due(connection) == {
            "UGRACE": at(16, 14),
            "UKENJI": at(17, 1),
            "UADA": at(17, 9),
        }
        wave = the_wave(connection)
        assert (wave.nominal, wave.opens_at, wave.closes_at) == (NOMINAL, at(16, 14), at(23, 14))
        assert opened(connection, now + HOUR) == opened(connection, now + 3 * DAY) == []
        assert launching.close_due(connection, {"customer": CUSTOMER}, at(23, 14)) == [wave_id]

    await database.write(work)


async def test_a_missed_wave_is_open_while_its_audience_is_read(database: Database) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        opened(connection, at(16, 12))
        assert launching.close_due(connection, {"customer": CUSTOMER}, at(16, 13)) == []
        assert the_wave(connection).closes_at == at(23, 12)

    await database.write(work)


async def test_a_missed_wave_is_given_up_when_half_the_cadence_has_passed(
    database: Database,
) -> None:
    half = (datetime(2026, 7, 6) - datetime(2026, 4, 6)) / 2  # noqa: DTZ001  # nominal times

    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        assert opened(connection, FIRST_CLOCK + half + timedelta(seconds=1)) == []
        assert opened(connection, FIRST_CLOCK + half) != []

    await database.write(work)


# --- reading the audience ---------------------------------------------------------------------


async def test_an_audience_is_read_page_by_page_and_gone_on_with(database: Database) -> None:
    """Each page is one transaction; whoever goes on begins where the cursor stands."""

    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        (wave_id,) = opened(connection, FIRST_CLOCK)
        now = FIRST_CLOCK
        assert read_page(connection, wave_id, now, ADA, following="second")
        (stored,) = launching.resolving(connection)
        assert (stored.state, stored.cursor) == ("resolving", "second")
        assert summaries(connection) == {}
        assert not read_page(connection, wave_id, now, GRACE, following="second")
        assert not read_page(connection, wave_id, now, GRACE, cursor="third")
        assert read_page(connection, wave_id, now, KENJI, ADA, cursor="second", following="third")
        assert read_page(connection, wave_id, now, KENJI, cursor="third")
        assert set(due(connection)) == {"UADA", "UKENJI"}
        assert (the_wave(connection).state, the_wave(connection).cursor) == ("ready", None)
        assert launching.resolving(connection) == []
        assert not read_page(connection, wave_id, now, GRACE)
        assert len(due(connection)) == len(prompts(connection)) == 2

    await database.write(work)


async def test_readers_at_the_same_time_add_nobody_twice(database: Database) -> None:
    await database.write(see, LONG_BEFORE)
    (wave_id,) = await database.write(opened, FIRST_CLOCK)

    async def read() -> list[bool]:
        return [
            await database.write(read_page, wave_id, FIRST_CLOCK, ADA, KENJI, following="second"),
            await database.write(read_page, wave_id, FIRST_CLOCK, ADA, GRACE, cursor="second"),
        ]

    added = await asyncio.gather(*(read() for _ in range(10)))
    assert [sum(page) for page in zip(*added, strict=True)] == [1, 1]
    assert set(await database.read(due)) == {"UADA", "UKENJI", "UGRACE"}


async def test_reading_processes_add_nobody_twice(postgresql_database_url: str) -> None:
    crowd = [Member(f"U{number}", f"Member {number}") for number in range(60)]
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(open_database(postgresql_database_url))
            for _ in range(4)
        ]
        await processes[0].write(see, LONG_BEFORE)
        (wave_id,) = await processes[0].write(opened, FIRST_CLOCK)
        added = await asyncio.gather(
            *(
                process.write(read_page, wave_id, FIRST_CLOCK, *order)
                for process, order in zip(processes, (crowd, crowd[::-1]) * 2, strict=True)
            )
        )
        assert sum(added) == 1
        assert len(await processes[0].read(due)) == 60


async def test_only_people_of_the_audience_are_invited_and_stored(database: Database) -> None:
    """Nothing is kept of anybody else, least of all of those who asked to be forgotten."""
    left_out = [
        Member("USLACKBOT", "Slackbot"),
        Member("UBOT", "Polly", is_bot=True),
        Member("UGONE", "Rowan", is_deleted=True),
        Member("UINVITED", "Wendy", is_invited=True),
        Member("UGUEST", "Guest", is_guest=True),
        Member("UOUT", "Helena", is_outsider=True),
        Member("USTOPPED", "Stopped this"),
        Member("UFORGOTTEN", "Stopped all"),
    ]

    def work(connection: Connection) -> None:
        people.add_opt_out(connection, "USTOPPED", "customer", LONG_BEFORE)
        people.add_opt_out(connection, "UFORGOTTEN", people.ALL_SURVEYS, LONG_BEFORE)
        people.add_opt_out(connection, "UADA", "employee", LONG_BEFORE)
        launch(connection, *left_out, ADA)
        assert set(due(connection)) == {"UADA"}
        assert list(connection.scalars(select(Person.id))) == ["UADA"]

    await database.write(work)


async def test_guests_alone_are_asked_where_a_survey_says_so(database: Database) -> None:
    guests = replace(CUSTOMER, audience=Audience(channels=("C1",), members=False, guests=True))

    def work(connection: Connection) -> None:
        guest = Member("UGUEST", "Guest", is_guest=True)
        launch(connection, ADA, guest, asking=guests)
        assert set(due(connection)) == {"UGUEST"}

    await database.write(work)


async def test_a_wave_without_anybody_is_ready_at_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        launch(connection)
        wave = the_wave(connection)
        assert (wave.state, wave.opens_at) == ("ready", FIRST_CLOCK)

    await database.write(work)


# --- pausing ----------------------------------------------------------------------------------


async def test_a_paused_survey_opens_nothing_until_it_goes_on(database: Database) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        assert launching.pause(connection, "customer", "UPRIYA", LONG_BEFORE)
        assert not launching.pause(connection, "customer", "UPRIYA", LONG_BEFORE)
        assert opened(connection, FIRST_CLOCK) == []
        assert launching.resume(connection, "customer")
        assert not launching.resume(connection, "customer")
        assert len(opened(connection, FIRST_CLOCK + HOUR)) == 1

    await database.write(work)


async def test_who_is_invited_during_a_pause_waits_for_its_end(database: Database) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        (wave_id,) = opened(connection, FIRST_CLOCK)
        read_page(connection, wave_id, FIRST_CLOCK, ADA, following="second")
        launching.pause(connection, "customer", "UPRIYA", FIRST_CLOCK)
        read_page(connection, wave_id, FIRST_CLOCK, KENJI, cursor="second")
        assert claimed(connection, at(6, 8, 59)) == ["summary"]
        launching.resume(connection, "customer")
        assert claimed(connection, at(6, 8, 59)) == ["prompt"]  # Ada's is not due yet
        assert claimed(connection, at(6, 9)) == ["prompt"]

    await database.write(work)


async def test_who_was_due_in_a_pause_is_asked_at_a_civil_hour(database: Database) -> None:
    def work(connection: Connection) -> None:
        launch(connection, ADA)
        launching.pause(connection, "customer", "UPRIYA", FIRST_CLOCK)
        assert claimed(connection, at(6, 12)) == ["summary"]
        launching.resume(connection, "customer")
        assert claimed(connection, at(6, 20)) == []
        assert prompts(connection) == {"UADA": ("pending", at(7, 8))}
        assert claimed(connection, at(7, 8)) == ["prompt"]

    await database.write(work)


async def test_a_wave_that_closes_during_a_pause_asks_nobody_any_more(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave_id = launch(connection, ADA)
        launching.pause(connection, "customer", "UPRIYA", FIRST_CLOCK)
        assert launching.close_due(connection, ONE_SURVEY, at(20, 12)) == [wave_id]
        launching.resume(connection, "customer")
        assert "prompt" not in claimed(connection, at(20, 12))
        assert prompts(connection)["UADA"][0] == "cancelled"

    await database.write(work)


async def test_nobody_is_asked_between_a_wave_s_end_and_its_closing(database: Database) -> None:
    def work(connection: Connection) -> None:
        launch(connection, ADA)
        launching.pause(connection, "customer", "UPRIYA", FIRST_CLOCK)
        assert "prompt" not in claimed(connection, at(20, 12))
        launching.resume(connection, "customer")
        assert "prompt" not in claimed(connection, at(20, 12))
        assert prompts(connection)["UADA"][0] == "cancelled"

    await database.write(work)


# --- closing ----------------------------------------------------------------------------------

ONE_SURVEY = {"customer": CUSTOMER}


async def test_a_wave_closes_on_time_and_posts_its_last_summary(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave_id = launch(connection, ADA, KENJI)
        close = the_wave(connection).closes_at
        sent = (Outbox.kind == "summary") | (Outbox.person_id == "UADA")
        connection.execute(update(Outbox).where(sent).values(status="sent", ts="1.0"))
        assert launching.close_due(connection, ONE_SURVEY, close - timedelta(seconds=1)) == []
        assert launching.close_due(connection, ONE_SURVEY, close) == [wave_id]
        assert launching.close_due(connection, ONE_SURVEY, close + DAY) == []
        assert {who: status for who, (status, _) in prompts(connection).items()} == {
            "UADA": "sent",
            "UKENJI": "cancelled",
        }
        assert summaries(connection) == {
            "summary": ("pending", 2, close),
            "closing": ("pending", 1, close),
        }
        assert the_wave(connection).state == "closed"

    await database.write(work)


async def test_a_large_wave_is_closed_a_batch_at_a_time(database: Database) -> None:
    crowd = [Member(f"U{number}", "Somebody") for number in range(BATCH + 5)]

    def work(connection: Connection) -> None:
        wave_id = launch(connection, *crowd)
        assert launching.cancel_unsent(connection, wave_id)
        left = [who for who, (status, _) in prompts(connection).items() if status == "pending"]
        assert len(left) == 5
        assert launching.cancel_unsent(connection, wave_id)
        assert not launching.cancel_unsent(connection, wave_id)
        assert {status for status, _ in prompts(connection).values()} == {"cancelled"}

    await database.write(work)


async def test_the_waves_of_a_survey_without_a_file_close(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave_id = launch(connection, ADA)
        assert launching.close_due(connection, {}, FIRST_CLOCK) == [wave_id]
        assert prompts(connection)["UADA"][0] == "cancelled"
        assert "closing" not in summaries(connection)

    await database.write(work)


async def test_nobody_is_invited_into_a_closed_wave(database: Database) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        (wave_id,) = opened(connection, FIRST_CLOCK)
        read_page(connection, wave_id, FIRST_CLOCK, ADA, following="second")
        close = the_wave(connection).closes_at
        assert launching.close_due(connection, ONE_SURVEY, close) == [wave_id]
        assert not read_page(connection, wave_id, close, KENJI, cursor="second")
        assert set(due(connection)) == {"UADA"}
        assert summaries(connection) == {}

    await database.write(work)


# --- by hand ----------------------------------------------------------------------------------

NIGHT = at(20, 22)
MINUTE = "2026-04-20T22:00"


def start(connection: Connection, how: ByHand, now: datetime = NIGHT) -> int | None:
    return launching.start_by_hand(connection, CUSTOMER, how, now)


async def test_confirming_twice_starts_a_wave_once(database: Database) -> None:
    started = await asyncio.gather(*(database.write(start, ByHand(MINUTE)) for _ in range(20)))
    assert len([one for one in started if one is not None]) == 1


async def test_a_wave_by_hand_asks_as_soon_as_quiet_hours_allow(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave_id = start(connection, ByHand(MINUTE)) or 0
        read_page(connection, wave_id, NIGHT, ADA, KENJI, GRACE)
        assert due(connection) == {
            "UADA": at(21, 8),
            "UKENJI": at(21, 0),
            "UGRACE": at(21, 13),
        }

    await database.write(work)


async def test_a_wave_may_ask_everybody_at_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave_id = start(connection, ByHand(MINUTE, at_once=True)) or 0
        read_page(connection, wave_id, NIGHT, ADA, KENJI)
        assert due(connection) == {"UADA": NIGHT, "UKENJI": NIGHT}

    await database.write(work)


async def test_a_wave_for_one_person_asks_nobody_else(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave_id = start(connection, ByHand(MINUTE, only_person="UKENJI")) or 0
        read_page(connection, wave_id, NIGHT, ADA, KENJI)
        assert set(due(connection)) == {"UKENJI"}

    await database.write(work)


async def test_several_waves_may_start_in_one_minute(database: Database) -> None:
    def work(connection: Connection) -> None:
        ada, kenji = ByHand(MINUTE, only_person="UADA"), ByHand(MINUTE, only_person="UKENJI")
        waves_ = [start(connection, how) for how in (ada, kenji, ByHand(MINUTE))]
        assert None not in waves_
        assert [start(connection, how) for how in (ada, kenji, ByHand(MINUTE))] == [None] * 3
        nominal = [waves.lock(connection, wave or 0).nominal for wave in waves_]
        assert nominal == [f"2026-04-20T22:0{minute}" for minute in range(3)]

    await database.write(work)


async def test_a_wave_by_hand_in_the_minute_of_a_scheduled_one_is_another(
    database: Database,
) -> None:
    def work(connection: Connection) -> None:
        launch(connection, ADA)
        by_hand = start(connection, ByHand(NOMINAL), at(6, 10))
        assert by_hand is not None
        assert start(connection, ByHand(NOMINAL), at(6, 10)) is None
        assert waves.lock(connection, by_hand).by_hand

    await database.write(work)


async def test_a_wave_by_hand_does_not_replace_the_scheduled_one(database: Database) -> None:
    def work(connection: Connection) -> None:
        see(connection, LONG_BEFORE)
        assert start(connection, ByHand("2026-04-05T19:00"), at(5, 19)) is not None
        assert len(opened(connection, FIRST_CLOCK)) == 1

    await database.write(work)


async def test_a_plan_says_who_would_be_asked_and_changes_nothing(database: Database) -> None:
    def work(connection: Connection) -> None:
        people.add_opt_out(connection, "UADA", "customer", LONG_BEFORE)
        bots = [Member(f"UBOT{number}", "Bot", is_bot=True) for number in range(2)]
        members = [ADA, GRACE, *bots, KENJI, KENJI]
        plan = launching.plan(connection, CUSTOMER, members, NIGHT)
        assert plan.due == ((KENJI, at(21, 0)), (GRACE, at(21, 13)))
        assert plan.left_out == {Exclusion.BOT: 2, Rule.OPTED_OUT: 1}
        for table in (Wave, Invitation, Outbox, Person):
            assert connection.scalar(select(func.count()).select_from(table)) == 0

    await database.write(work)


async def test_a_plan_knows_the_waves_that_are_still_open(database: Database) -> None:
    def work(connection: Connection) -> None:
        launch(connection, ADA)
        end = the_wave(connection).closes_at
        before = launching.plan(connection, CUSTOMER, [ADA], end - HOUR)
        assert [(str(one.day), one.closes_at) for one in before.still_open] == [("2026-04-06", end)]
        assert launching.plan(connection, CUSTOMER, [ADA], end).still_open == ()
        other = replace(CUSTOMER, key="employee")
        assert launching.plan(connection, other, [ADA], end - HOUR).still_open == ()

    await database.write(work)


# --- wording ----------------------------------------------------------------------------------


async def test_a_changed_file_changes_new_waves_only(database: Database) -> None:
    changed = replace(CUSTOMER, wording=replace(PLAIN_WORDING, question="Would you recommend us?"))

    def work(connection: Connection) -> None:
        first = launch(connection, ADA)
        see(connection, at(7, 12), changed)
        assert opened(connection, at(7, 12), changed) == []
        (second,) = opened(connection, at(6, 12, month=7), changed)
        questions = [
            survey_store.load_wording(connection, waves.lock(connection, wave).wording_id).question
            for wave in (first, second)
        ]
        assert questions == [PLAIN_WORDING.question, "Would you recommend us?"]

    await database.write(work)


async def test_a_prompt_is_owed_under_a_key_of_its_own(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave_id = launch(connection, ADA)
        (invitation,) = connection.scalars(select(Invitation.id))
        found = select(Outbox.dedupe_key, Outbox.invitation_id, Outbox.wave_id, Outbox.survey_key)
        rows = {row[0]: tuple(row[1:]) for row in connection.execute(found)}
        assert rows == {
            prompt_key(invitation): (invitation, wave_id, "customer"),
            summary_key(wave_id): (None, wave_id, "customer"),
        }

    await database.write(work)
