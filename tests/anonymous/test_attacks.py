"""Somebody who wants to know who answered what in an anonymous wave, and what they find: nothing.

They read every channel, every direct message, Home, the terminal and the metrics after each ballot;
they know their own answer; they own the workspace; they have a copy of the database after closing.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, inspect, make_url, select, text

from nps_bot.cli.terminal import BotTerminal
from nps_bot.figures.terminal import print_report
from nps_bot.storage.tables import AnonymousAnswer, AnonymousComment, Ballot, Base, FollowUpToken
from nps_bot.surveys.rules.survey import Anonymity
from slack_sandbox import Message, Person
from tests.anonymous.attacker import BANDS, compositions
from tests.helpers.attack_helpers import BOTH, quiet, read
from tests.helpers.messages import ON_SQLITE, crowd, nps, opened_home, settled, words
from tests.helpers.voting import close, make_anonymous, thanked
from tests.helpers.world import World

K = 5
CUSTOMERS = ("ada", "kenji", "grace", "oscar")
_MOMENT = re.compile(r"<!date\^[^>]*>|\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)?")
_COUNTERS = ("nps_requests", "nps_slack_calls", "nps_pace")
"""What moves with every click, vote or not, named or not."""


async def ask_people(world: World, number: int, **anonymity: Any) -> list[str]:
    """Ask so many people anonymously; returns whom."""
    make_anonymous(world, Anonymity(K, **anonymity))
    people = [*CUSTOMERS, *crowd(world, number - len(CUSTOMERS))]
    await world.ask()
    for one in people:
        await world.prompt_of(one)
    await quiet(world)
    return people


async def vote(world: World, handle: str, score: int, reason: str | None = None) -> None:
    """Answer, and write something or nothing."""
    person, prompt = world.sandbox.person(handle), await world.prompt_of(handle)
    await person.click(prompt, f"ballot_{score}")
    await world.modal_of(person, "anonymous_followup")
    if reason is not None:
        await person.submit(None, {"reason": reason})
    await thanked(world, person, prompt)


async def closed(world: World) -> None:
    """Close the wave and let everything come to rest."""
    await close(world)
    await at_rest(world)


async def at_rest(world: World) -> None:
    """Let everything come to rest, summaries too, which settle for seconds."""
    await quiet(world)
    world.clock.ahead += timedelta(seconds=10)
    await settled(world)


# --- what can be seen -------------------------------------------------------------------------


async def seen(world: World, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return all that can be read anywhere but in direct messages, moments left out."""
    await at_rest(world)
    shown = {
        f"#{channel.name}": "\n".join(words(one) for one in world.messages(channel.name))
        for channel in world.sandbox.workspace.channels.values()
        if channel.name and not channel.name.startswith("U")
    }
    for word in ("report customer", "report customer 90d", "status customer", "why @kenji"):
        typed = word.replace("@kenji", f"<@{world.sandbox.person('kenji').id}>")
        shown[f"/nps {word}"] = words(await nps(world, "priya", typed))
    shown["home"] = words(await opened_home(world, "priya"))
    terminal = BotTerminal(lambda: world.settings)
    for as_json in (False, True):
        for period in (None, "90d"):
            capsys.readouterr()
            await print_report(terminal, "customer", period, as_json=as_json)
            shown[f"report {period} {as_json}"] = capsys.readouterr().out
    shown["metrics"] = await measured(world)
    return {place: _MOMENT.sub("", said) for place, said in shown.items()}


async def measured(world: World) -> str:
    """Return what ``/metrics`` tells of surveys, without what counts clicks and calls."""
    if world.bot.port is None:
        return ""
    url = f"http://127.0.0.1:{world.bot.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        families = text_string_to_metric_families(await answer.text())
    kept = [one for one in families if not one.name.startswith(_COUNTERS)]
    return repr([sample for family in kept for sample in family.samples])


def exported(world: World, handle: str) -> str:
    """Return a person's direct messages as an owner exports them: all of them, whole."""
    person = world.sandbox.person(handle)
    return json.dumps([_dump(person, one) for one in person.inbox], sort_keys=True)


def _dump(person: Person, message: Message) -> dict[str, Any]:
    own = {message.channel: "D", person.id: "U", message.ts: "T", message.edited_ts: "E"}
    whole = asdict(message)
    whole["metadata"] = sorted(message.metadata or {})  # an opaque id: its own for each message
    whole["blocks"] = [{**block, "block_id": None} for block in message.blocks]
    for key, value in whole.items():
        whole[key] = own.get(value, value) if isinstance(value, str) else value
    return whole


SIX = [10, 9, 8, 7, 3, 0, 10]
TWELVE = [10, 10, 10, 9, 9, 8, 8, 7, 6, 5, 3, 0]


# --- over time --------------------------------------------------------------------------------


@BOTH
async def test_what_is_seen_changes_in_steps_of_k_and_tells_no_score(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    people = await ask_people(world, 12)
    by_step: dict[int, dict[str, str]] = {0: await seen(world, capsys)}
    for number, (handle, score) in enumerate(zip(people, TWELVE, strict=True), 1):
        await vote(world, handle, score, f"Reason of {handle}")
        now = await seen(world, capsys)
        assert by_step.setdefault(number // K, now) == now
        everything = "\n".join(now.values())
        assert "Reason of" not in everything
        assert "NPS " not in everything
    told = [by_step[step]["#nps-summary"] for step in range(3)]
    assert "Fewer than 5 of 12 people have answered so far" in told[0]
    assert "At least 5 of 12 people have answered so far" in told[1]
    assert "At least 10 of 12 people have answered so far" in told[2]


@BOTH
async def test_the_last_answer_shows_in_nothing_until_the_wave_has_closed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the last person answers: what was seen before is what is seen after."""
    people = await ask_people(world, 8)
    for handle, score in zip(people[:6], SIX, strict=False):
        await vote(world, handle, score)
    before = await seen(world, capsys)
    await vote(world, people[6], 0, "I am the last")
    assert await seen(world, capsys) == before


@ON_SQLITE
async def test_nothing_changes_once_the_wave_has_closed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    people = await ask_people(world, 12)
    for handle, score in zip(people, TWELVE, strict=True):
        await vote(world, handle, score, f"Reason of {handle}")
    await closed(world)
    first = await seen(world, capsys)
    await quiet(world)
    assert await seen(world, capsys) == first, "not even the order of comments"
    assert "*10 of 12 comments*, in random order" in first["/nps report customer"]
    assert "Reason of" not in first["#nps-summary"]


# --- what is shown, and when ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database_url", "transport"),
    [("sqlite", "socket"), ("postgresql", "http")],
    indirect=["database_url"],
)
@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ([10, 9, 3, 0], ["fewer than 6 answered: no result is shown, now or later"]),
        ([10, 9, 8, 3, 0], ["fewer than 6 answered: no result is shown, now or later"]),
        ([10, 9, 8, 7, 3, 0], ["NPS 0", "6 of 40 people answered (15%)"]),
        ([10, 10, 9, 9, 9, 0], ["NPS above +30", "Nearly everybody agrees"]),
        (TWELVE, ["NPS +8", "12 of 40 people answered (30%)", "12 comments*, in random order"]),
        ([9] * 11 + [0], ["NPS above +60", "12 of 40 people answered (30%)"]),
        (TWELVE * 3 + [10] * 4, ["NPS +18", "40 of 40 people answered (100%)"]),
    ],
    ids=["4", "5", "6", "6 nearly agree", "12", "12 nearly agree", "40"],
)
async def test_a_wave_shows_exactly_what_the_rules_say(
    world: World, scores: Sequence[int], told: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    people = await ask_people(world, 40)
    for handle, score in zip(people, scores, strict=False):
        await vote(world, handle, score, f"Reason of {handle}")
    now = await seen(world, capsys)
    least = len(scores) // K * K
    said = f"At least {least} of 40" if least else "Fewer than 5 of 40"
    for place in ("#nps-summary", "/nps report customer", "home", "report None False"):
        assert f"{said} people have answered so far" in now[place]
    assert "Reason of" not in "\n".join(now.values())

    await closed(world)
    after = await seen(world, capsys)
    for place in ("#nps-summary", "/nps report customer", "home", "report None False"):
        shown = [one for one in told if "comments" not in one or place == "/nps report customer"]
        assert [one for one in shown if one not in after[place]] == []
    everything = "\n".join(after.values())
    assert ("Reason of" in everything) is (len(scores) >= 10)
    for place in ("#nps-summary", "home", "metrics"):
        assert "Reason of" not in after[place]
    assert ("NPS " in everything) is (len(scores) > K)
    for secret in ("romoters", "assives", "etractors", "95% interval +", "95% interval −"):
        assert secret not in everything
    pooled = json.loads(after["report 90d True"])["pooled"]
    assert (pooled is None) is (len(scores) <= K)


@ON_SQLITE
async def test_an_insider_cannot_work_out_the_others(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one who disagrees reads what is shown, and tries every wave that fits it."""
    people = await ask_people(world, 8)
    scores = [10, 10, 9, 9, 9, 0]
    for handle, score in zip(people, scores, strict=False):
        await vote(world, handle, score)
    await closed(world)
    shown = (await seen(world, capsys))["report None False"]
    bound = int(re.findall(r"NPS above \+(\d+)", shown)[0])
    fitting = [
        (promoters, passives, detractors - 1)
        for promoters, passives, detractors in compositions(len(scores))
        if detractors and 100 * (promoters - detractors) / len(scores) > bound
    ]
    assert (5, 0, 0) in fitting
    for place in range(len(BANDS)):
        assert len({others[place] for others in fitting}) > 1


@BOTH
async def test_groups_that_are_small_or_follow_from_others_are_hidden(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    people = await ask_people(world, 16, segment="team")
    sizes = {"Roasting": 8, "Sales": 6, "Legal": 2}
    teams = [team for team, size in sizes.items() for _ in range(size)]
    of = dict(zip(people, teams, strict=True))
    await world.bot.context.database.write(put_into_teams, world, of)
    for number, handle in enumerate(people):
        await vote(world, handle, (10, 0, 8, 3)[number % 4])
    await closed(world)
    shown = (await seen(world, capsys))["report None False"]
    assert "By team: Roasting NPS" in shown
    assert "Sales" not in shown, "without them Legal would follow"
    assert "Legal" not in shown


def put_into_teams(connection: Connection, world: World, teams: dict[str, str]) -> None:
    """Say which team each person belongs to, as importing a people file does."""
    people = Base.metadata.tables["people"]
    for handle, team in teams.items():
        person = people.c.id == world.sandbox.person(handle).id
        connection.execute(people.update().where(person).values(attributes={"team": team}))


# --- who owns the workspace -------------------------------------------------------------------


@BOTH
async def test_exported_direct_messages_are_the_same_whatever_was_answered(world: World) -> None:
    people = await ask_people(world, 8)
    answered = [(0, "Awful"), (10, None), (7, "Fine"), (9, None), (3, None), (10, "Great")]
    for handle, (score, reason) in zip(people, answered, strict=False):
        await vote(world, handle, score, reason)
    await quiet(world)
    voters = people[: len(answered)]
    assert len({exported(world, handle) for handle in voters}) == 1
    assert "Awful" not in exported(world, people[0])
    await closed(world)
    assert len({exported(world, handle) for handle in voters}) == 1


# --- who has a copy of the database -----------------------------------------------------------

_VOTES = {"anonymous_answers", "anonymous_comments", "ballots", "follow_up_tokens"}
_APART = {"lanes", "remembered", "waves", "disclosures"}
"""Tables that hold nothing of one person."""


def dumped(connection: Connection) -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Return every row of every table by its primary key."""
    tables = {}
    for name, table in Base.metadata.tables.items():
        key = [column.name for column in inspect(table).primary_key]
        rows = [row._asdict() for row in connection.execute(select(table))]
        tables[name] = {tuple(row[one] for one in key): row for row in rows}
    return tables


@BOTH
async def test_no_row_that_stood_before_tells_who_answered_when_or_what(world: World) -> None:
    """What answering and closing changed is the same in every row that changed."""
    people = await ask_people(world, 12)
    database = world.bot.context.database
    before = await database.read(dumped)
    for handle, score in zip(people, TWELVE, strict=True):
        await vote(world, handle, score, f"Reason of {handle}")
        await quiet(world)
    await closed(world)
    await world.tick()
    after = await database.read(dumped)

    news: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, rows in after.items():
        if name in _VOTES | _APART:
            continue
        for key, row in rows.items():
            if row.get("kind") in ("summary", "closing"):
                continue
            assert key in before[name], f"{name} has a new row: {row}"
            for column, value in row.items():
                if value != before[name][key][column]:
                    news[name, column].add(repr(value))
    assert {place: values for place, values in news.items() if len(values) > 1} == {}


@BOTH
async def test_ballots_and_answers_have_nothing_to_join_them_by(world: World) -> None:
    people = await ask_people(world, 12)
    for handle, score in zip(people, TWELVE, strict=True):
        await vote(world, handle, score, f"Reason of {handle}")
    await closed(world)
    tables = await world.bot.context.database.read(dumped)
    values = {name: _values(rows.values()) for name, rows in tables.items()}
    votes = values["anonymous_answers"] - _values(tables["waves"].values())
    replies = values["anonymous_comments"] - _values(tables["waves"].values())
    scores = {repr(score) for score in range(11)}
    for name in set(values) - {"anonymous_answers", "disclosures"}:
        assert not (votes - scores) & values[name] - {"None"}
    for name in set(values) - {"anonymous_comments", "disclosures", "wordings"}:
        assert not replies & values[name] - {"'reason'", "None"}
    assert len(tables["ballots"]) == len(tables["anonymous_answers"]) == len(people)
    assert tables["follow_up_tokens"] == {}


def _values(rows: Any) -> set[str]:
    return {repr(value) for row in rows for value in row.values()}


@ON_SQLITE
async def test_the_files_hold_no_id_and_no_token_of_before(world: World) -> None:
    """The database, its write-ahead log and its shared memory, byte by byte."""
    people = await ask_people(world, 12)
    for handle, score in zip(people, TWELVE, strict=True):
        await vote(world, handle, score, f"Reason of {handle}" if score > 8 else None)
    database = world.bot.context.database
    columns = (AnonymousAnswer.id, AnonymousComment.id, FollowUpToken.digest)
    old = [one for column in columns for (one,) in await read(database, select(column))]
    assert len(old) == 12 + 5 + 7
    path = Path(str(make_url(world.settings.database_url).database))
    files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]

    def held() -> list[str]:
        content = b"".join(file.read_bytes() for file in files if file.exists())
        return [one for one in old if one.encode() in content]

    assert held() == old, "they can be found while they are there"
    await closed(world)
    await world.tick()
    assert held() == []


@pytest.mark.parametrize(
    ("database_url", "transport"), [("postgresql", "http")], indirect=["database_url"]
)
async def test_the_places_of_rows_in_postgresql_tell_no_order(world: World) -> None:
    """Their numbers in the table's file (ctid), and the transactions that wrote them (xmin)."""
    people = await ask_people(world, 15)
    scores = [10, 0, 9, 1, 8, 2, 7, 3, 6, 4, 5, 10, 0, 9, 1]
    for handle, score in zip(people, scores, strict=True):
        await vote(world, handle, score)
    database = world.bot.context.database
    answers = text("SELECT score FROM anonymous_answers ORDER BY ctid")
    voters = text(
        "SELECT person_id FROM ballots JOIN invitations ON id = invitation_id ORDER BY ballots.ctid"
    )
    ids = [(world.sandbox.person(handle).id,) for handle in people]
    in_turn = [(score,) for score in scores]
    assert await read(database, answers) == in_turn, "while the wave is open the order is there"
    assert await read(database, voters) == ids
    await closed(world)
    await world.tick()
    assert sorted(await read(database, answers)) == sorted(in_turn)
    assert await read(database, answers) != in_turn
    assert await read(database, voters) != ids
    for table in (AnonymousAnswer, Ballot):
        born = text(f"SELECT DISTINCT xmin::text, xmax::text FROM {table.__tablename__}")  # noqa: S608  # our own name
        assert len(await read(database, born)) == 1
