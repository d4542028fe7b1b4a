"""``/nps why`` tells what the waves then do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import Connection, select

from nps_bot.asking import explain, launching
from nps_bot.asking.launching import Page
from nps_bot.asking.rules.budget import BudgetBlock, Rule
from nps_bot.asking.store import contacts, invitations
from nps_bot.people import store as people
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.cadence import Every, Unit
from nps_bot.surveys.rules.limits import Limits
from tests.factories import World, survey

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
WEEKLY = replace(
    survey(),
    cadence=Every(1, Unit.WEEK, time(10), date(2026, 1, 6)),
    closes_after=timedelta(days=5),
    budget=Limits(20 * DAY, 45 * DAY, 25 * DAY, 50 * DAY, share=40),
)
ZONES = ("Europe/London", "Asia/Tokyo", "America/New_York", "Australia/Sydney", "UTC")


def told(connection: Connection, member: Member, now: datetime) -> explain.Outlook:
    (found,) = explain.why(connection, [WEEKLY], member, ["customer"], "UPRIYA", now).outlooks
    return found


@pytest.mark.parametrize("seed", range(2))
async def test_people_are_asked_when_it_was_told(database: Database, seed: int) -> None:
    """Everybody has another past and lives elsewhere; week after week the wave reads them all."""
    random = Random(seed)  # noqa: S311  # only to have many cases
    crowd = [Member(f"U{one}", f"{one}", random.choice(ZONES)) for one in range(40)]

    def begin(connection: Connection) -> None:
        launching.see_surveys(connection, {"customer": WEEKLY}, NOW)
        world = World(connection)
        for member in crowd:
            at = NOW - random.randrange(24 * 60) * timedelta(hours=1)
            if random.random() < 0.8:
                world.wave(at, {member.id: random.choice([None, 9])}, survey_key=f"s{member.id}")
            contacts.see(connection, [member.id], random.choice([None, at]))

    def step(connection: Connection, left: list[Member], now: datetime) -> dict[str, datetime]:
        """Open what is due; return whom it asks and when."""
        asked: dict[str, datetime] = {}
        for wave_id in launching.open_due(connection, {"customer": WEEKLY}, now):
            assert launching.add_page(connection, WEEKLY, wave_id, Page(None, left, None), now)
            rows = connection.execute(
                select(Invitation.person_id, Invitation.due_at).where(Invitation.wave_id == wave_id)
            )
            asked |= {row.person_id or "": row.due_at for row in rows}
        return asked

    await database.write(begin)
    expected = {one.id: await database.read(told, one, NOW) for one in crowd}
    assert {one.held.rule for one in expected.values() if one.held} == {
        Rule.AFTER_ANSWER,
        Rule.AFTER_SILENCE,
        Rule.NEWCOMER,
        Rule.SHARE,
    }
    now, asked = NOW, dict[str, datetime]()
    while len(asked) < len(crowd):
        left = [one for one in crowd if one.id not in asked]
        asked |= await database.write(step, left, now)
        now += DAY / 6
    assert asked == {who: one.asked_next for who, one in expected.items()}


async def test_what_was_promised_already_is_told(database: Database) -> None:
    ada = Member("UADA", "Ada")

    def work(connection: Connection) -> None:
        asking = replace(WEEKLY, budget=Limits())
        launching.see_surveys(connection, {"customer": asking}, NOW)
        opens = datetime(2026, 3, 9, 20, tzinfo=UTC)
        (wave_id,) = launching.open_due(connection, {"customer": asking}, opens)
        launching.add_page(connection, asking, wave_id, Page(None, [ada], None), opens)
        found = explain.why(connection, [asking], ada, ["customer"], "UPRIYA", opens)
        (one,) = found.outlooks
        assert (one.held, one.asked_next) == (None, datetime(2026, 3, 10, 10, tzinfo=UTC))
        assert [each.planned for each in found.contacts] == [True]

    await database.write(work)


async def test_whom_no_wave_asks_reads_why(database: Database) -> None:
    def work(connection: Connection) -> None:
        launching.see_surveys(connection, {"customer": WEEKLY}, NOW)
        guest = Member("UGUEST", "Guest", is_guest=True)
        assert told(connection, guest, NOW).excluded is Exclusion.GUEST
        assert told(connection, guest, NOW).asked_next is None

        tom = Member("UTOM", "Tom")
        (elsewhere,) = explain.why(connection, [WEEKLY], tom, [], "UPRIYA", NOW).outlooks
        assert (elsewhere.outside, elsewhere.held, elsewhere.asked_next) == (True, None, None)

        people.add_opt_out(connection, "UTOM", "customer", NOW)
        (out,) = explain.why(connection, [WEEKLY], tom, [], "UPRIYA", NOW).outlooks
        assert (out.held, out.asked_next) == (BudgetBlock(Rule.OPTED_OUT, None), None)

        survey_store.set_paused(connection, "customer", "UPRIYA", NOW)
        assert told(connection, Member("UADA", "Ada"), NOW).paused

    await database.write(work)


async def test_the_latest_contacts_come_first(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        for number in range(12):
            wave = world.wave(NOW - (number + 1) * 30 * DAY, {"UADA": None})
            invitations.mark_following(connection, [f"{wave}-UADA"], NOW)
        found = explain.why(connection, [], Member("UADA", "Ada"), [], "UPRIYA", NOW)
        assert found.total == 12
        assert [one.asked_at for one in found.contacts] == [
            NOW - (number + 1) * 30 * DAY for number in range(explain.CONTACTS)
        ]

    await database.write(work)
