"""What the contact budget is decided from, as the databases tell it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, Engine, event, insert, update

from nps_bot.asking import eligibility
from nps_bot.asking.store import contacts, invitations
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox
from nps_bot.surveys import store as survey_store
from tests.factories import NOON, World, survey

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def test_contacts_say_when_somebody_got_what(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        old = world.wave(NOON - 40 * DAY, {"U1": 9, "U2": None}, survey_key="employee")
        now = world.wave(NOON - DAY, {"U1": None, "U3": None}, state="ready")
        invitations.mark_following(connection, [f"{now}-U1"], NOON)
        invitations.mark_dismissed(connection, [f"{now}-U3"], NOON)
        found = contacts.of_people(connection, ["U1", "U2", "U3", "U4"], NOON - 90 * DAY)
        assert set(found) == {"U1", "U2", "U3"}
        first, second = (each.contact for each in found["U1"])
        asked_at = NOON - 40 * DAY
        assert (first.survey, first.asked_at, first.answered_at, first.open_until) == (
            "employee",
            asked_at,
            asked_at + HOUR,
            None,
        )
        assert (second.survey, second.asked_at, second.further_at, second.answered_at) == (
            "customer",
            NOON - DAY,
            NOON,
            None,
        )
        assert second.open_until == NOON + 6 * DAY
        assert not second.planned
        (closed,), (stopped,) = ([one.contact for one in found[who]] for who in ("U2", "U3"))
        assert (closed.open_until, stopped.open_until) == (None, None)
        assert [each.invitation_id for each in found["U1"]] == [f"{old}-U1", f"{now}-U1"]

    await database.write(work)


async def test_what_was_never_sent_is_a_contact_only_while_it_may_be(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON, {"U1": None}, state="ready", asked=False)
        connection.execute(update(Invitation).values(due_at=NOON + HOUR))
        assert contacts.of_people(connection, ["U1"], NOON) == {}
        world.message("prompt", "pending", wave, invitation_id=f"{wave}-U1", due_at=NOON + DAY)
        for status, planned in {
            "pending": True,
            "claimed": True,
            "unknown": True,
            "failed": False,
            "cancelled": False,
        }.items():
            connection.execute(update(Outbox).values(status=status))
            found = contacts.of_people(connection, ["U1"], NOON).get("U1", [])
            assert [each.contact.planned for each in found] == [True] * planned, status
            for each in found:
                assert each.contact.asked_at == NOON + DAY  # it was put off until then
                assert each.in_flight is (status != "pending")
                assert each.contact.lost is (status == "unknown")

    await database.write(work)


async def test_what_is_too_old_to_matter_is_left_out(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        for days in (500, 189, 10):
            world.wave(NOON - days * DAY, {"U1": 5})
        found = contacts.of_people(connection, ["U1"], NOON - 90 * DAY)
        assert [each.contact.asked_at for each in found["U1"]] == [
            NOON - 189 * DAY,
            NOON - 10 * DAY,
        ]

    await database.write(work)


async def test_the_first_sighting_is_kept(database: Database) -> None:
    def work(connection: Connection) -> None:
        assert contacts.see(connection, [], NOON) == {}
        assert contacts.see(connection, ["U1"], None) == {"U1": None}
        assert contacts.see(connection, {"U2", "U1"}, NOON) == {"U1": None, "U2": NOON}
        assert contacts.see(connection, ["U2"], NOON + DAY) == {"U2": NOON}
        assert contacts.first_seen(connection, ["U2", "U3"]) == {"U2": NOON}

    await database.write(work)


async def test_an_audience_was_read_when_it_was_the_first_time(database: Database) -> None:
    def work(connection: Connection) -> None:
        survey_store.see_survey(connection, "customer", "weekly", NOON)
        assert not contacts.was_read(connection, "customer")
        contacts.mark_read(connection, "customer", NOON)
        contacts.mark_read(connection, "customer", NOON + DAY)
        assert contacts.was_read(connection, "customer")
        assert not contacts.was_read(connection, "employee")

    await database.write(work)


async def test_reasons_add_up_by_wave(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        one, other = world.wave(NOON, {}), world.wave(NOON + DAY, {})
        contacts.count_excluded(connection, one, {})
        contacts.count_excluded(connection, one, {"bot": 1, "open": 2})
        contacts.count_excluded(connection, one, {"open": 3})
        contacts.count_excluded(connection, other, {"guest": 4})
        assert contacts.excluded(connection, [one, other]) == {
            one: {"bot": 1, "open": 5},
            other: {"guest": 4},
        }
        assert contacts.waves_before(connection, "customer", other) == 1
        assert contacts.waves_before(connection, "customer") == 2

    await database.write(work)


async def test_a_page_of_two_hundred_takes_as_many_statements_as_one_of_two(
    database: Database,
) -> None:
    asking = survey()

    def statements(connection: Connection, number: int) -> int:
        engine: Engine = connection.engine
        members = [Member(f"U{number}X{one}", "Somebody") for one in range(number)]
        run: list[str] = []

        def note(*arguments: object) -> None:
            run.append(str(arguments[2]))

        event.listen(engine, "before_cursor_execute", note)
        try:
            eligibility.notice(connection, asking, [one.id for one in members], NOON)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(run)

    few, many = [await database.write(statements, number) for number in (2, 200)]
    assert few == many
    assert many <= 7


async def test_who_was_forgotten_has_no_contacts(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave = World(connection).wave(NOON, {"U1": 3})
        connection.execute(insert(Outbox).values(_row(wave)))
        invitations.unlink_person(connection, "U1")
        assert contacts.of_people(connection, ["U1"], NOON) == {}

    await database.write(work)


def _row(wave: int) -> dict[str, object]:
    return {
        "id": "m",
        "dedupe_key": "m",
        "kind": "prompt",
        "wave_id": wave,
        "invitation_id": f"{wave}-U1",
        "priority": 1,
        "status": "sent",
        "due_at": NOON,
        "version": 1,
        "delivered_version": 1,
        "attempts": 0,
    }
