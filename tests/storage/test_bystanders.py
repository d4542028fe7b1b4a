"""No function of a store does, or finds, more than it is asked for.

Every function that writes is called in a database with several of everything: exactly the rows it
is about may differ afterwards. Every function that reads is called in that database, and in one
which holds nothing but what it is about: it must return the same. A new function of a store is one
line in ``WRITING`` or ``READING``.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from importlib import import_module
from inspect import getmembers, isfunction, signature
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, update

import nps_bot
from nps_bot.anonymous.rules import privacy
from nps_bot.anonymous.rules.disclosure import TooFew
from nps_bot.anonymous.rules.privacy import Ballots, Sealed
from nps_bot.anonymous.store import ballots, disclosures
from nps_bot.answering import store as answers
from nps_bot.asking.rules.approval import State
from nps_bot.asking.store import approvals, contacts, invitations, nudges, wave_heads, waves
from nps_bot.cases import store as cases
from nps_bot.delivery.store import outbox, unsettled
from nps_bot.figures import store as figures
from nps_bot.people import store as people
from nps_bot.shared_channels import store as posts
from nps_bot.shared_channels.rules import PostState
from nps_bot.slack.profiles import Member
from nps_bot.storage import key_value
from nps_bot.storage.tables import Outbox, Wave
from nps_bot.surveys import store as surveys
from tests.storage.bystanders import EARLIER, LATER, NOMINAL, NOON, WORDING, Picture, digest, fill

MEMBER = Member("UA", "Ada", "Europe/London")
NEWCOMER = Member("UC", "Cleo", "Europe/London")
WAVE = nudges.OpenWave(12, "alpha", EARLIER)
CHANGE = answers.Change("r11-UA", 2, 4, 99, counted=True)
PROMPT, ALERT = "prompt:12-UA", "alert:11-UA"


@dataclass(frozen=True)
class Called:
    """A function of a store, and what it is called with."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]

    def __call__(self, connection: Connection) -> Any:
        """Call it."""
        return self.function(connection, *self.arguments, **self.keywords)

    def __str__(self) -> str:
        """Return the name of a test."""
        return name_of(self.function)


def name_of(function: Callable[..., Any]) -> str:
    """Return the module and name of a function, as they are spoken of."""
    return f"{function.__module__.removeprefix('nps_bot.')}.{function.__name__}"


def call(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Called:
    """Return a call of a function with a connection and these arguments."""
    return Called(function, arguments, keywords)


def _reply(key: str, text: str) -> answers.Reply:
    return answers.Reply(key, key, text, 1)


def _response(invitation: str) -> answers.NewResponse:
    return answers.NewResponse(f"r{invitation}", invitation, 5, 99, NOON, LATER)


def _message(key: str) -> outbox.NewMessage:
    return outbox.NewMessage(key, "prompt", 2, NOON)


ASKED = approvals.NewApproval("alpha", NOMINAL, 3, "UA", ())
NEW_WAVE = waves.NewWave("alpha", "2026-12-01T10:00", 10, "relationship", NOON, LATER)
POST = posts.NewPost("CNEW", "account", None, ())
INVITATION = invitations.NewInvitation("new", "UC", NOON)

WRITING: list[tuple[Called, str]] = [
    (call(answers.add, [_response("13-UA")]), "responses/r13-UA"),
    (call(answers.change, CHANGE, NOON), "responses/r11-UA score_changes/*"),
    (call(answers.touch_click, "r11-UA", 99), "responses/r11-UA"),
    (call(answers.end_corrections, "11-UA", NOON), "responses/r11-UA"),
    (call(answers.end_corrections, "11-UA", LATER + timedelta(days=1)), ""),
    (call(answers.set_no_contact, "r11-UA", NOON), "responses/r11-UA"),
    (call(answers.save_replies, "r11-UA", [_reply("wrong", "")], NOON), "answers/r11-UA/wrong"),
    (call(answers.save_replies, "r11-UA", [_reply("wrong", "!")], NOON), "answers/r11-UA/wrong"),
    (call(answers.forget_person, "UA"), "answers/r??-UA/* score_changes/r??-UA"),
    (call(ballots.cast, "13-UA"), "ballots/13-UA"),
    (call(ballots.add_answer, 11, None, 5), "anonymous_answers/*"),
    (call(ballots.add_comments, 11, ["text"]), "anonymous_comments/*"),
    (call(ballots.use_token, "t11-UA"), f"follow_up_tokens/{digest('t11-UA')}"),
    (call(disclosures.add, 14, TooFew(5, 9)), "disclosures/14"),
    (call(approvals.decide, "open-alpha", State.SENT, "UB", NOON), "approvals/open-alpha"),
    (call(contacts.see, ["UA", "UC"], NOON), "sightings/UC"),
    (call(contacts.mark_read, "alpha", NOON), "surveys/alpha"),
    (call(contacts.begin_look, "alpha", before=NOON, now=NOON), "surveys/alpha"),
    (call(contacts.count_excluded, 11, {"opted_out": 1}), "wave_exclusions/11/opted_out"),
    (call(invitations.add, 14, [INVITATION]), "invitations/new"),
    (call(invitations.mark_asked, ["13-UA"], NOON), "invitations/13-UA"),
    (call(invitations.mark_asked, ["11-UA"], LATER), ""),
    (call(invitations.mark_following, ["11-UA"], NOON), "invitations/11-UA"),
    (call(invitations.mark_snoozed, "11-UA", NOON), "invitations/11-UA"),
    (call(invitations.mark_dismissed, ["13-UA"], NOON), "invitations/13-UA"),
    (call(invitations.mark_dismissed, ["11-UA"], LATER), ""),
    (call(invitations.clear_dismissed, ["11-UA"]), "invitations/11-UA"),
    (call(invitations.flatten_timestamps, 11, LATER), "invitations/11-U?"),
    (call(invitations.unlink_person, "UA"), "invitations/??-UA"),
    (call(nudges.mark_reminders_decided, ["11-UA"], NOON), "invitations/11-UA"),
    (call(nudges.mark_chasers_decided, ["11-UA"], NOON), "responses/r11-UA"),
    (call(waves.create, NEW_WAVE, NOON), "waves/*"),
    (call(waves.save_cursor, 11, "next"), "waves/11"),
    (call(waves.mark_ready, 11, NOON, LATER), "waves/11"),
    (call(waves.close, 11, NOON), "waves/11"),
    (call(waves.stop, 12, "UA", NOON), "waves/12"),
    (call(waves.forget_stopper, "UA"), "waves/11"),
    (call(waves.forget_only_person, "UA", NOON), "waves/14"),
    (call(cases.open_cases, ["r13-UA"], NOON), "cases/r13-UA"),
    (call(cases.open_cases, ["r11-UA"], NOON), ""),
    (call(cases.withdraw, "r11-UA", NOON), "cases/r11-UA"),
    (call(cases.claim, "r11-UA", "UT", NOON), "cases/r11-UA"),
    (call(cases.mark_contacted, "r11-UA", "UT", NOON), "cases/r11-UA"),
    (call(cases.erase, ["r11-UA"]), "cases/r11-UA"),
    (call(people.save_members, [MEMBER], LATER), "people/UA"),
    (call(people.save_accounts, [people.AccountRow(MEMBER, "new", None, {})], NOON), "people/UA"),
    (call(people.save_channels, [people.ChannelRow("CUA", None, None, ())], NOON), "*els/CUA"),
    (call(people.save_channels, [people.ChannelRow("CUA", "new", None, ())], NOON), "*els/CUA"),
    (call(people.meet, NEWCOMER, "account", None, NOON), "people/UC"),
    (call(people.meet, MEMBER, "account", None, NOON), ""),
    (call(people.save_dm_channel, "UA", "DNEW"), "people/UA"),
    (call(people.add_opt_out, "UA", "*", NOON), "opt_outs/UA/[*]"),
    (call(people.remove_opt_out, "UA", "alpha"), "opt_outs/UA/alpha"),
    (call(people.erase, "UA"), "opt_outs/UA/* sightings/UA people/UA"),
    (call(people.forget_owner, "UA"), "account_channels/CUA"),
    (call(posts.add, 14, POST), "channel_posts/*"),
    (call(posts.decide, "p11", PostState.APPROVED, "UB", NOON), "channel_posts/p11"),
    (call(posts.mark_posted, "p13", NOON), "channel_posts/p13"),
    (call(posts.mark_posted, "p11", LATER), ""),
    (call(posts.forget_person, "UA"), "channel_posts/p??"),
    (call(outbox.add, [_message("new")]), "outbox/*"),
    (call(outbox.request_update, [ALERT], LATER), "outbox/alert11-UA"),
    (call(outbox.mark_delivered, [("prompt:11-UA", 1)], NOON), ""),
    (
        call(outbox.cancel_prompts, ["prompt"], "why", invitations=["13-UA", "11-UA"]),
        "outbox/prompt13-UA",
    ),
    (call(outbox.cancel_wave, "why", wave_id=13, limit=9), "outbox/prompt13-U?"),
    (call(outbox.flatten_timestamps, ["prompt"], 11, LATER), "outbox/prompt11-U?"),
    (call(outbox.forget_person, "UA", ["11-UA"], "DUA", NOON), "outbox/*-UA"),
    (call(unsettled.mark_sent, "alert11-UA", "why", NOON), "outbox/alert11-UA"),
    (call(unsettled.mark_waiting, "prompt11-UA", "why", NOON), "outbox/prompt11-UA"),
    (call(key_value.remember, "UA", "new"), "*/UA"),
    (call(key_value.forget, "UA"), "*/UA"),
    (call(surveys.see_survey, "alpha", "weekly", NOON), "surveys/alpha"),
    (call(surveys.set_paused, "alpha", "UA", NOON), "surveys/alpha"),
    (call(surveys.store_wording, "alpha", WORDING), "wordings/*"),
]
"""A call, and the names of the rows that it changes; each pattern stands for one at least."""

ALPHA, ADA = {"survey": "alpha"}, {"person": "UA"}
WAVE_11, WAVE_12 = {"wave": 11}, {"wave": 12}
ONE = {"invitation": "11-UA"}
WAVE_SCOPE = wave_heads.Scope("alpha", "relationship", wave_id=11)
SCOPE = wave_heads.Scope("alpha", "relationship", start=EARLIER, end=LATER)

READING: list[tuple[Called, Mapping[str, Any]]] = [
    (call(answers.replies, "r11-UA"), ONE),
    (call(ballots.follow_up, "t11-UA"), WAVE_11),
    (call(ballots.answered, 11), WAVE_11),
    (call(ballots.is_whole_step, 11, 2), WAVE_11),
    (call(ballots.tally, 11), WAVE_11),
    (call(invitations.taken_part, "UA", 9), ADA),
    (call(disclosures.of_waves, [11]), WAVE_11),
    (call(approvals.of_preview, ASKED), {"approval": "open-alpha"}),
    (call(approvals.of_preview, replace(ASKED, asked_by="UB")), {"approval": "sent-alpha"}),
    (call(approvals.open_of, "alpha"), {"approval": "open-alpha"}),
    (call(approvals.find, "open-alpha"), {"approval": "open-alpha"}),
    (call(contacts.of_people, ["UA"], NOON), ADA),
    (call(contacts.first_seen, ["UA"]), ADA),
    (call(contacts.waves_before, "alpha"), ALPHA),
    (call(contacts.due_moments, "alpha", EARLIER), ALPHA),
    (call(contacts.asked_since, "alpha", EARLIER, []), ALPHA),
    (call(contacts.waves_for_one, [11, 14]), {"wave": 14}),
    (call(contacts.excluded, [11]), WAVE_11),
    (call(invitations.find, "11-UA"), ONE),
    (call(invitations.find_many, ["11-UA"]), ONE),
    (call(invitations.of_person, "UA"), ADA),
    (call(invitations.already_invited, 11, ["UA"]), ONE),
    (call(invitations.unasked, [13]), {"wave": 13}),
    (call(nudges.undecided_reminders, WAVE, LATER, 9), WAVE_12),
    (call(nudges.undecided_chasers, WAVE, LATER, 9), WAVE_12),
    (call(nudges.replied, ["11-UA"]), ONE),
    (call(nudges.sent, ["11-UA", "13-UA"], "prompt"), ONE),
    (call(waves.of_nominal, "alpha", "2026-11-21T10:00"), WAVE_11),
    (call(waves.latest_scheduled, "alpha"), ALPHA),
    (call(waves.any_of, "alpha"), ALPHA),
    (call(waves.find, 11), WAVE_11),
    (call(waves.lock, 11), WAVE_11),
    (call(waves.earliest_due, 12), WAVE_12),
    (call(cases.find, "r11-UA"), ONE),
    (call(wave_heads.head, 11), WAVE_11),
    (call(wave_heads.asked_waves, "alpha", 9), ALPHA),
    (call(wave_heads.open_waves, ["alpha"]), ALPHA),
    (call(wave_heads.wave_tallies, [11]), WAVE_11),
    (call(figures.period_tally, SCOPE), ALPHA),
    (call(figures.in_both, SCOPE, WAVE_SCOPE), ALPHA),
    (call(figures.wordings_in, SCOPE), ALPHA),
    (call(figures.recovery, WAVE_SCOPE), WAVE_11),
    (call(figures.comments, WAVE_SCOPE, 99), WAVE_11),
    (call(figures.number_of_comments, SCOPE), ALPHA),
    (call(answers.earlier_scores, "alpha", "UA", LATER, 9), ALPHA | ADA),
    (call(answers.first_score, "r11-UA"), ONE),
    (call(cases.unclaimed_cases, ["alpha"], "alert", 9), ALPHA),
    (call(answers.own_responses, "UA", 9), ADA),
    (call(people.dm_channel, "UA"), ADA),
    (call(people.attribute, "UA", "team"), ADA),
    (call(people.opt_outs_of, "UA"), ADA),
    (call(people.opt_outs_among, ["UA"]), ADA),
    (call(people.find, "@UA"), ADA),
    (call(posts.find, "p11"), WAVE_11),
    (call(posts.of_waves, [11]), WAVE_11),
    (call(posts.refused, "alpha"), ALPHA),
    (call(posts.invitation_of, 11, "UA"), ONE),
    (call(posts.accounts_of, [11]), WAVE_11),
    (call(posts.accounts_in, SCOPE), ALPHA),
    (call(outbox.unsent_of, ["prompt"], wave_id=13, limit=9), {"wave": 13}),
    (call(outbox.waves_with_unsent, [13]), {"wave": 13}),
    (call(outbox.keys_of, "prompt", 11), WAVE_11),
    (call(outbox.due_of, "prompt:13-UA"), {"invitation": "13-UA"}),
    (call(outbox.latest_in, "DUA"), ADA),
    (call(unsettled.lock, "alert11-UA"), ONE),
    (call(unsettled.beginning_with, "alert11-U", 9), WAVE_11),
    (call(key_value.recall, "UA"), {"memory": "UA"}),
    (call(surveys.load_wording, 10), ALPHA),
]
"""A call, and what it is about: see the rows of tests/storage/bystanders.py."""

WHOLE = "is about the whole database"
LOCKS = "only locks, which SQLite does by itself"
LEASES = "goes by lease and token: tests/delivery/test_store.py, test_claim.py"
NONE_SUCH = "this database has none: the room's own tests have"
ELSEWHERE: dict[str, str] = {
    "anonymous.store.ballots.issue_token": "its row has a random name",
    "anonymous.store.ballots.unlink": "everything of a wave gets random names: see below",
    "answering.store.erase": "what refers to a response must be gone first: see below",
    "asking.store.approvals.add": "another open request stands: see below",
    "asking.store.approvals.forget_person": "writes one request twice: see below",
    "asking.store.approvals.overdue": WHOLE,
    "asking.store.backlog.backlog": WHOLE,
    "asking.store.contacts.lock_survey": LOCKS,
    "asking.store.contacts.was_read": "nothing was read yet: see below",
    "asking.store.nudges.open_waves": WHOLE,
    "asking.store.waves.anonymous_closed_since": WHOLE,
    "asking.store.waves.keep_open": LOCKS,
    "asking.store.waves.open_paused": WHOLE,
    "asking.store.waves.resolving": WHOLE,
    "asking.store.waves.stopped": WHOLE,
    "asking.store.waves.to_close": WHOLE,
    "cases.store.unclaimed_by_survey": WHOLE,
    "delivery.store.outbox.failure_of": NONE_SUCH,
    "delivery.store.troubles.troubles": NONE_SUCH,
    "delivery.store.unsettled.nowhere": NONE_SUCH,
    "delivery.store.unsettled.prove": NONE_SUCH,
    "delivery.store.unsettled.unsettled": WHOLE,
    "people.store.channels": WHOLE,
    "shared_channels.store.asked_since": WHOLE,
    "shared_channels.store.invite": "its row has a random name",
    "surveys.store.cadences_since": WHOLE,
    "surveys.store.is_paused": NONE_SUCH,
    "surveys.store.paused": WHOLE,
    "surveys.store.pauses": NONE_SUCH,
}
"""Functions of stores in neither table, and why."""
WHOLE_MODULES = {
    "delivery.store.backlog": WHOLE,
    "delivery.store.claims": LEASES,
    "delivery.store.lanes": LEASES,
}


@pytest.fixture(scope="module")
def engine(sqlite_template: Path) -> Iterator[Engine]:
    """Return an engine of an empty database, in which nothing is committed."""
    engine = create_engine(f"sqlite:///{sqlite_template}")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Return a connection to an empty database; what is written is rolled back."""
    with engine.connect() as opened:
        yield opened


@pytest.fixture(params=[False, True], ids=["", "backwards"])
def full(connection: Connection, request: pytest.FixtureRequest) -> Connection:
    """Return a connection to a database with several of everything, written in either order."""
    fill(connection, {}, backwards=request.param)
    return connection


def written(connection: Connection, called: Callable[[Connection], object]) -> set[str]:
    """Return the names of the rows that a call changes."""
    before = Picture.of(connection)
    called(connection)
    return before.changed(Picture.of(connection))


def shown(argument: object) -> str:
    """Return what a test is called after; what it expects is not."""
    return str(argument) if isinstance(argument, Called) else ""


@pytest.mark.parametrize(("called", "rows"), WRITING, ids=shown)
def test_exactly_what_is_meant_is_written(
    connection: Connection, called: Called, rows: str
) -> None:
    """Nothing of anybody else differs afterwards."""
    fill(connection, {})

    changed = written(connection, called)

    patterns = rows.split()
    assert {one for one in changed if not any(fnmatchcase(one, each) for each in patterns)} == set()
    assert [each for each in patterns if not any(fnmatchcase(one, each) for one in changed)] == []


@pytest.mark.parametrize(("called", "about"), READING, ids=shown)
def test_nothing_else_is_found(full: Connection, called: Called, about: Mapping[str, Any]) -> None:
    """What a function returns does not depend on what it is not about."""
    crowded = opened(called(full))
    full.rollback()
    fill(full, about)

    assert crowded
    assert crowded == opened(called(full))


def opened(value: Any) -> Any:
    """Return a result so that it can be compared, in whatever order its parts come."""
    if isinstance(value, Sealed):
        value = privacy._open(value)
    if isinstance(value, Ballots):
        value = [*value.scores, *value.comments]
    return sorted(value, key=repr) if isinstance(value, list) else value


def test_a_response_is_erased_alone(connection: Connection) -> None:
    """Its replies and changes go with it."""
    fill(connection, {})
    cases.erase(connection, ["r11-UA"])

    changed = written(connection, lambda open_: answers.erase(open_, "r11-UA"))

    assert changed == {
        "answers/r11-UA/wrong",
        "answers/r11-UA/happier",
        "score_changes/r11-UA",
        "responses/r11-UA",
    }


def test_one_wave_is_unlinked(connection: Connection) -> None:
    """The answers, replies and tokens of other waves stay under their names."""
    fill(connection, {})
    before = Picture.of(connection)

    changed = written(connection, lambda open_: ballots.unlink(open_, 11))

    assert {one for one in changed if one in before.rows} == {
        f"{table}/{letter}11-{person}"
        for table, letter in (("anonymous_answers", "a"), ("anonymous_comments", "c"))
        for person in ("UA", "UB")
    } | {f"follow_up_tokens/{digest(f't11-{person}')}" for person in ("UA", "UB")}
    assert len(changed - before.rows.keys()) == 4


def test_only_open_requests_end_when_somebody_is_forgotten(connection: Connection) -> None:
    """Those of others stay; a decided one keeps how it ended."""
    fill(connection, {})

    changed = written(connection, lambda open_: approvals.forget_person(open_, "UA", LATER))

    assert changed == {"approvals/open-alpha", "approvals/sent-beta", "approvals/sent-alpha"}
    ended = approvals.find(connection, "sent-beta")
    assert ended is not None
    assert (ended.state, ended.decided_by) == (State.SENT, "UB")
    decided = approvals.find(connection, "sent-alpha")
    assert decided is not None
    assert (decided.asked_by, decided.decided_by) == ("UB", None)


def test_a_second_open_request_is_refused(connection: Connection) -> None:
    """Another survey's changes nothing."""
    fill(connection, {})
    again = approvals.NewApproval("alpha", "2026-11-25T12:00", 3, "UA", ())
    assert written(connection, lambda open_: approvals.add(open_, again, NOON, LATER)) == set()


def test_a_person_has_taken_part_where_they_voted(connection: Connection) -> None:
    """An invitation alone is no part."""
    fill(connection, {})
    assert len(invitations.taken_part(connection, "UA", 9)) == 4


def test_what_is_on_its_way_counts_as_asked(connection: Connection) -> None:
    """The first question of this survey alone, and only once somebody delivers it."""
    fill(connection, {})
    asked = contacts.asked_since(connection, "alpha", EARLIER, [])
    claimed = update(Outbox).values(status="claimed", claimed_at=NOON)
    for message in ("prompt13-UA", "prompt23-UA", "alert12-UA"):
        connection.execute(claimed.where(Outbox.id == message))
    waiting = update(Outbox).where(Outbox.id == "prompt13-UB").values(claimed_at=NOON)
    connection.execute(waiting)
    assert contacts.asked_since(connection, "alpha", EARLIER, []) == asked + 1


def test_waves_that_closed_before_count_nobody(connection: Connection) -> None:
    """Whatever their invitations say."""
    fill(connection, {})
    assert contacts.asked_since(connection, "alpha", EARLIER, []) == 4
    closed = update(Wave).where(Wave.id == 11).values(closes_at=EARLIER)
    connection.execute(closed)
    assert contacts.asked_since(connection, "alpha", EARLIER, []) == 2


def test_only_this_surveys_audience_was_read(connection: Connection) -> None:
    """Whichever stands first."""
    fill(connection, {})
    contacts.mark_read(connection, "alpha", NOON)
    assert contacts.was_read(connection, "alpha")
    assert not contacts.was_read(connection, "beta")


def test_a_look_is_taken_once_and_again_later(connection: Connection) -> None:
    """The first one always, the next when the last is long enough ago."""
    fill(connection, {})
    hour = timedelta(hours=1)
    assert contacts.begin_look(connection, "alpha", before=NOON - hour, now=NOON)
    assert not contacts.begin_look(connection, "alpha", before=NOON - hour, now=NOON)
    assert contacts.begin_look(connection, "alpha", before=NOON, now=NOON + hour)


def test_every_function_of_a_store_is_in_a_table() -> None:
    """A new one is noticed."""
    listed = {name_of(called.function) for called, _ in (*WRITING, *READING)}
    there = set(_functions())

    assert there - listed - ELSEWHERE.keys() == set()
    assert (listed | ELSEWHERE.keys()) - there == set()
    assert listed & ELSEWHERE.keys() == set()


def _functions() -> Iterator[str]:
    """Yield the public functions of stores that take a connection."""
    for found in pkgutil.walk_packages(nps_bot.__path__, "nps_bot."):
        parts = found.name.split(".")
        short = ".".join(parts[1:])
        if ("store" not in parts and short != "storage.key_value") or short in WHOLE_MODULES:
            continue
        module = import_module(found.name)
        for name, function in getmembers(module, isfunction):
            mine = function.__module__ == module.__name__ and not name.startswith("_")
            if mine and next(iter(signature(function).parameters), "") == "connection":
                yield name_of(function)
