"""The sums behind reports and status, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, update

from nps_bot.answering import store as responses
from nps_bot.asking.rules.progress import Batch
from nps_bot.asking.store import wave_heads
from nps_bot.asking.store.backlog import backlog
from nps_bot.asking.store.wave_heads import Scope, Tally
from nps_bot.cases import store as cases
from nps_bot.delivery.store import troubles
from nps_bot.figures import store as reports
from nps_bot.figures.store import Recovery
from nps_bot.shared_channels import store as shared_channels
from nps_bot.shared_channels.store import NewPost
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Answer, Invitation
from nps_bot.surveys.rules.survey import Kind
from tests.factories import NOON, World

DAY = timedelta(days=1)


def period(start_days_ago: float, end_days_ago: float = 0) -> Scope:
    return Scope(
        "customer",
        "relationship",
        start=NOON - start_days_ago * DAY,
        end=NOON - end_days_ago * DAY,
    )


async def test_a_wave_counts_who_was_asked_and_how_they_answered(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON, {"U1": 9, "U2": 9, "U3": 0, "U4": None})
        other = world.wave(NOON + DAY, {"U1": 5}, survey_key="employee")
        waiting = world.wave(NOON + 2 * DAY, {"U1": None, "U2": None}, asked=False)
        assert wave_heads.wave_tallies(connection, [wave, other, waiting]) == {
            wave: Tally(4, {9: 2, 0: 1}),
            other: Tally(1, {5: 1}),
            waiting: Tally(0, {}),
        }

    await database.write(work)


async def test_who_answered_was_asked_even_before_the_receipt_came(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave = World(connection).wave(NOON, {"U1": 9, "U2": None}, asked=False)
        assert wave_heads.wave_tallies(connection, [wave]) == {wave: Tally(1, {9: 1})}

    await database.write(work)


async def test_a_period_takes_the_latest_response_of_each_person(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 200 * DAY, {"U1": 0, "U2": 0})
        world.wave(NOON - 80 * DAY, {"U1": 3, "U2": 7, "U3": None, "U4": 10})
        world.wave(NOON - 10 * DAY, {"U1": 9, "U2": None, "U3": None, "U5": 8})
        assert reports.period_tally(connection, period(90)) == Tally(5, {9: 1, 7: 1, 10: 1, 8: 1})
        assert reports.period_tally(connection, period(300, 90)) == Tally(2, {0: 2})
        assert reports.period_tally(connection, period(5)) == Tally(0, {})
        everything = Scope("customer", "relationship")
        assert reports.period_tally(connection, everything) == Tally(5, {9: 1, 7: 1, 10: 1, 8: 1})

    await database.write(work)


async def test_a_period_takes_its_start_and_leaves_its_end(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON - 30 * DAY, {"U1": None, "U2": None})
        world.answer(wave, "U1", 9, NOON - 10 * DAY)
        world.answer(wave, "U2", 3, NOON)
        assert reports.period_tally(connection, period(10)).scores == {9: 1}
        assert reports.period_tally(connection, period(20, 10)).scores == {}

    await database.write(work)


async def test_who_answers_later_than_asked_counts_as_asked_in_both(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON - 12 * DAY, {"U1": None, "U2": None})
        world.answer(wave, "U1", 9, NOON - 8 * DAY)
        assert reports.period_tally(connection, period(10)) == Tally(1, {9: 1})
        assert reports.period_tally(connection, period(20, 10)) == Tally(2, {})

    await database.write(work)


async def test_who_answered_twice_is_found_in_both(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        old = world.wave(NOON - 100 * DAY, {"U1": 3, "U2": 7, "U3": 9, "U4": 9, "U5": None})
        new = world.wave(NOON - DAY, {"U1": 9, "U2": 7, "U4": None, "U5": 9, "U6": 9, "U7": 7})
        connection.execute(
            update(Invitation).where(Invitation.person_id == "U2").values(person_id=None)
        )
        waves = [Scope("customer", "relationship", wave_id=wave) for wave in (new, old)]
        assert reports.in_both(connection, *waves) == {(9, 3): 1}
        assert reports.in_both(connection, period(90), period(180, 90)) == {(9, 3): 1}
        assert reports.in_both(connection, period(5), period(4)) == {(9, 9): 3, (7, 7): 2}

    await database.write(work)


async def test_a_wave_that_asked_nobody_but_a_channel_has_asked(database: Database) -> None:
    """One whose question has not been posted has not."""

    def work(connection: Connection) -> None:
        world = World(connection)
        posted, unposted = world.wave(NOON, {}), world.wave(NOON + DAY, {})
        for wave, moment in ((posted, NOON), (unposted, None)):
            shared_channels.add(connection, wave, NewPost("C1", "Harbor", None, ()))
            [post] = shared_channels.of_waves(connection, [wave])
            if moment is not None:
                shared_channels.mark_posted(connection, post.id, moment)
        assert [wave.id for wave in wave_heads.asked_waves(connection, "customer", 9)] == [posted]

    await database.write(work)


async def test_kinds_and_surveys_are_never_pooled(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        world.wave(NOON - 3 * DAY, {"U1": 9})
        world.wave(NOON - 2 * DAY, {"U2": 0}, kind=Kind.TRANSACTIONAL)
        world.wave(NOON - DAY, {"U3": 0}, survey_key="other")
        assert reports.period_tally(connection, period(90)) == Tally(1, {9: 1})

    await database.write(work)


async def test_forgotten_people_stay_in_the_sums_without_their_words(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        for person in ("U1", "U2"):
            world.person(person)
        wave = world.wave(NOON - 3 * DAY, {"U1": 3, "U2": 10})
        world.reply(wave, "U1", "kept")
        world.reply(wave, "U2", "gone")
        connection.execute(
            update(Invitation).where(Invitation.person_id == "U2").values(person_id=None)
        )
        scope = Scope("customer", "relationship", wave_id=wave)
        assert wave_heads.wave_tallies(connection, [wave])[wave] == Tally(2, {3: 1, 10: 1})
        assert reports.period_tally(connection, period(90)) == Tally(2, {3: 1, 10: 1})
        assert [each.text for each in reports.comments(connection, scope, 10)] == ["kept"]
        assert reports.number_of_comments(connection, scope) == 1

    await database.write(work)


async def test_comments_come_newest_first_and_are_counted(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        world.person("U1", "Ada", "Harbor")
        wave = world.wave(NOON - 3 * DAY, {"U1": 3, "U2": 9})
        for number in range(7):
            world.reply(wave, "U1", f"text {number}", NOON + number * DAY)
        scope = Scope("customer", "relationship", wave_id=wave)
        first, *rest = reports.comments(connection, scope, 3)
        assert (first.text, first.person_name, first.account, first.score) == (
            "text 6",
            "Ada",
            "Harbor",
            3,
        )
        assert [each.text for each in rest] == ["text 5", "text 4"]
        assert reports.number_of_comments(connection, scope) == 7
        connection.execute(delete(Answer))
        assert reports.comments(connection, scope, 3) == []

    await database.write(work)


async def test_recovery_counts_changes_after_the_score_was_fixed(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON - 3 * DAY, dict.fromkeys(["U1", "U2", "U3", "U4"]))
        world.answer(wave, "U1", 3, NOON - DAY, latest=9)
        world.answer(wave, "U2", 3, NOON - DAY, latest=4)
        world.answer(wave, "U3", 9, NOON - DAY, latest=0)
        world.answer(wave, "U4", 9, NOON - DAY)
        for scope in (Scope("customer", "relationship", wave_id=wave), period(90)):
            assert reports.recovery(connection, scope) == Recovery(up=2, down=1)
        assert reports.recovery(connection, period(200, 90)) == Recovery(0, 0)

    await database.write(work)


async def test_waves_are_found_newest_first(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        old = world.wave(NOON - 90 * DAY, {"U1": 9})
        new = world.wave(NOON - DAY, {"U1": 9})
        same_time = world.wave(NOON - DAY + timedelta(minutes=1), {"U1": None})
        world.wave(NOON, {"U1": 9}, only_person="U1")
        world.wave(NOON + DAY, {"U1": None}, asked=False)
        world.wave(NOON + DAY, {"U1": 9}, survey_key="other")
        found = wave_heads.asked_waves(connection, "customer", 10)
        assert [wave.id for wave in found] == [same_time, new, old]
        assert [each.id for each in wave_heads.asked_waves(connection, "customer", 1)] == [
            same_time
        ]
        before = wave_heads.asked_waves(connection, "customer", 10, before=found[1])
        assert [wave.id for wave in before] == [old]
        within = wave_heads.asked_waves(
            connection, "customer", 10, start=NOON - 90 * DAY, end=NOON - DAY
        )
        assert [wave.id for wave in within] == [old]
        assert wave_heads.head(connection, old) == found[2]
        assert wave_heads.head(connection, 999) is None

    await database.write(work)


async def test_earlier_and_first_scores(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        for days, score in ((300, 8), (200, 9)):
            world.wave(NOON - days * DAY, {"U1": score, "U2": 0})
        wave = world.wave(NOON - 100 * DAY, {"U1": 3, "U2": 0})
        world.wave(NOON - 250 * DAY, {"U1": 1}, survey_key="other")
        answered = NOON - 100 * DAY + timedelta(hours=1)
        found = responses.earlier_scores(connection, "customer", "U1", answered, 5)
        assert [each.score for each in found] == [9, 8]
        assert responses.first_score(connection, f"r-{wave}-U1") is None

    await database.write(work)


async def test_what_waits_and_what_went_wrong(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON, {"U1": None}, state="ready")
        world.message("prompt", "pending", wave, due_at=NOON + DAY)
        world.message("prompt", "pending", wave)
        world.message("prompt", "sent", wave, ts="1.1")
        world.message("prompt", "pending", wave, ts="1.2")
        world.message("reprompt", "pending", wave)
        world.message("prompt", "failed", wave, settled_at=NOON, reason="because", person_id="U1")
        world.message("prompt", "failed", wave, settled_at=NOON - 30 * DAY)
        world.message("alert", "unknown", wave, settled_at=NOON - 30 * DAY, channel="C1")
        world.message("prompt", "failed", wave, settled_at=NOON, survey_key="other")
        lost = NOON - timedelta(hours=1)
        world.message("prompt", "unknown", wave, settled_at=lost, lease_until=NOON)
        closed = world.wave(NOON - DAY, {"U1": None})
        world.message("prompt", "pending", closed)
        waiting = backlog(connection)
        assert sorted(waiting) == [Batch(NOON, wave, 1), Batch(NOON + DAY, wave, 1)]
        first, total = troubles.troubles(connection, ["customer"], NOON - DAY, 3)
        assert total == 3
        assert [(each.status, each.reason, each.looked_for) for each in first] == [
            ("unknown", None, False),  # parked: somebody must look, however long ago it was
            ("failed", "because", False),
            ("unknown", None, True),
        ]

    await database.write(work)


async def test_unclaimed_cases_wait_in_order(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        world.person("U1", "Ada", "Harbor")
        people = [f"U{number}" for number in range(1, 7)]
        wave = world.wave(NOON - 9 * DAY, dict.fromkeys(people, 3))
        world.case(wave, "U1", NOON - DAY)
        world.case(wave, "U2", NOON - 2 * DAY)
        world.case(wave, "U3", NOON, claimed_at=NOON, claimed_by="UTOM")
        world.case(wave, "U4", NOON, contacted_at=NOON, contacted_by="UTOM")
        world.case(wave, "U5", NOON, withdrawn_at=NOON)
        world.case(wave, "U6", NOON - 3 * DAY)
        connection.execute(
            update(Invitation).where(Invitation.person_id == "U6").values(person_id=None)
        )
        alert = {"invitation_id": f"{wave}-U1", "channel": "C1", "ts": "5.6"}
        world.message("alert", "sent", wave, **alert)
        world.message("prompt", "sent", wave, invitation_id=f"{wave}-U1", channel="D1", ts="1.2")
        found, total = cases.unclaimed_cases(connection, ["customer"], "alert", 10)
        assert total == 2
        assert [(case.person_id, case.person_name, case.channel, case.ts) for case in found] == [
            ("U2", None, None, None),
            ("U1", "Ada", "C1", "5.6"),
        ]
        assert cases.unclaimed_cases(connection, ["other"], "alert", 10) == ([], 0)

    await database.write(work)
