"""Ten thousand broken payloads, correctly signed: no 500, no traceback, nothing changed."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from sqlalchemy import select

from nps_bot.asking.requests import SendRequest, StopRequest
from nps_bot.figures.share_request import ShareRequest
from nps_bot.storage.tables import Response
from slack_sandbox import Kind, Message, Person
from tests.helpers.attack_helpers import ask_one, logged, quiet, read
from tests.helpers.world import World

AT_ONCE = 16
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**70,
    1e308,
    float("nan"),
    "",
    "\x00",
    "\ud800",
    "٣",
    "'; DROP TABLE responses; --",
    "<!channel> &amp; <@U1>",
    "🙃" * 100,
    "x" * 5_000,
    "0" * 32,
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"id": ["U1"]},
    {"type": "block_actions"},
)
"""What a place in a payload is filled with. No text here is an address: the bot would call it."""

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Base:
    """A real payload, the places without which it must do nothing, and all others."""

    kind: Kind
    payload: dict[str, Any]
    needed: tuple[Path, ...]

    @cached_property
    def text(self) -> str:
        """The payload, to be read anew for every change."""
        return json.dumps(self.payload)

    @cached_property
    def others(self) -> list[Path]:
        """What may be broken besides; the address to answer at stays, the bot would call it."""
        kept = {*self.needed, ("response_url",)}
        return [path for path in paths(self.payload) if path not in kept]


@pytest.fixture
def transport() -> str:
    """Send signed HTTP requests: Socket Mode takes payloads from Slack alone."""
    return "http"


def clicked(person: Person, message: Message, action_id: str, value: str) -> dict[str, Any]:
    """Return a click of ``person`` on a button with this name and value."""
    (button, *_) = (
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    )
    payload = copy.deepcopy(person.action(message, button))
    payload["actions"][0] |= {"action_id": action_id, "value": value}
    return payload


BUTTONS = (
    *("score_0", "score_7", "score_10", "add_details", "change_score", "snooze", "stop"),
    *("no_contact", "home_change", "home_delete", "claim_case", "contacted_case"),
)


def bases(world: World, prompt: Message, invitation_id: str) -> list[Base]:
    """Return one payload of everything a person can do with an invitation, and with /nps."""
    ada = world.sandbox.person("ada")
    clicks = [clicked(ada, prompt, button, invitation_id) for button in BUTTONS]
    share = ShareRequest("customer", None, "2026-11-22T10:00:00+00:00").encoded()
    send = SendRequest("customer", "2026-11-22T10:00", 7).encoded()
    clicks += [
        clicked(ada, prompt, "share_report", share),
        clicked(ada, prompt, "send_confirm", send),
        clicked(ada, prompt, "send_cancel", send),
        clicked(ada, prompt, "wave_stop", StopRequest("customer", (1,)).encoded()),
        clicked(ada, prompt, "approval_send", invitation_id),
        clicked(ada, prompt, "home_resume", "customer"),
    ]
    found = [Base(Kind.INTERACTIVE, click, _needed(click)) for click in clicks]
    for callback_id, values in (
        ("followup", {"reason": {"reply": {"type": "plain_text_input", "value": "Slow"}}}),
        ("stop", {"which": {"which": {"selected_option": {"value": "all"}}}}),
    ):
        view = {
            "id": "V1",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": invitation_id,
            "state": {"values": values},
            "blocks": [],
        }
        payload = {**clicks[0], "type": "view_submission", "view": view}
        del payload["actions"], payload["response_url"]
        needed: tuple[Path, ...] = (
            ("user", "id"),
            ("view", "private_metadata"),
            ("view", "callback_id"),
            ("view", "state", "values", *values),
        )
        found.append(Base(Kind.INTERACTIVE, payload, needed))
    command = {
        "command": "/nps",
        "text": "send customer",
        "user_id": ada.id,
        "channel_id": prompt.channel,
        "trigger_id": "1",
        "response_url": clicks[0]["response_url"],
    }
    event = {
        "type": "event_callback",
        "event": {"type": "app_home_opened", "user": ada.id, "tab": "home", "channel": "D1"},
        "authorizations": [{"team_id": "T1", "user_id": "U1", "is_bot": True}],
    }
    found.append(Base(Kind.COMMAND, command, (("user_id",),)))
    found.append(Base(Kind.EVENT, event, (("event", "user"),)))
    return found


def _needed(click: dict[str, Any]) -> tuple[Path, ...]:
    places: tuple[Path, ...] = (
        ("user", "id"),
        ("actions", 0, "value"),
        ("actions", 0, "action_id"),
    )
    action_id: str = click["actions"][0]["action_id"]
    return (*places, ("actions", 0, "action_ts")) if action_id.startswith("score_") else places


def paths(node: object, at: Path = ()) -> Iterator[Path]:
    """Return the path of every value below a node."""
    steps: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(node, dict):
        steps = iter(node.items())
    elif isinstance(node, list):
        steps = iter(enumerate(node))
    for step, below in steps:
        yield (*at, step)
        yield from paths(below, (*at, step))


def change(payload: dict[str, Any], path: Path, rng: random.Random) -> None:
    """Take a value away, or put something else there; nothing where its place is gone."""
    node: Any = payload
    with suppress(LookupError, TypeError):
        for step in path[:-1]:
            node = node[step]
        if isinstance(node, dict) and rng.random() < 0.25:
            del node[path[-1]]
        else:
            node[path[-1]] = copy.deepcopy(rng.choice(JUNK))


def nested(rng: random.Random) -> object:
    """Return something nested as deep as Python can read, or nearly so."""
    found: object = "x"
    for _ in range(rng.choice((10, 200, 800))):
        found = [found] if rng.random() < 0.5 else {"a": found}
    return found


def mutant(base: Base, rng: random.Random) -> dict[str, Any]:
    """Return a copy that must do nothing: something it needs is broken, and perhaps more."""
    payload: dict[str, Any] = json.loads(base.text)
    change(payload, rng.choice(base.needed), rng)
    for path in rng.choices(base.others, k=rng.choice((0, 0, 1, 2, 5))):
        change(payload, path, rng)
    if rng.random() < 0.05:
        payload[rng.choice(("message", "state", "view", "event", "x"))] = nested(rng)
    return payload


def body_of(base: Base, payload: dict[str, Any], rng: random.Random) -> tuple[bytes, str]:
    """Return the body Slack would send, sometimes damaged on its way, and its content type."""
    if base.kind is Kind.EVENT:
        body, content_type = json.dumps(payload).encode(), "application/json"
    else:
        form = payload if base.kind is Kind.COMMAND else {"payload": json.dumps(payload)}
        text = urlencode(form, errors="surrogatepass")
        body, content_type = text.encode(), "application/x-www-form-urlencoded"
    match rng.choices(("none", "cut", "byte", "depth"), weights=(94, 2, 2, 2))[0]:
        case "cut":
            body = body[: rng.randrange(len(body))]
        case "byte":
            body = body.replace(b"%22", bytes([rng.randrange(256)]), 1)
        case "depth":
            body = b"payload=" + b"%5B" * rng.randrange(3_000)
    return body, content_type if rng.random() < 0.95 else rng.choice(("", "text/xml", "*"))


@pytest.mark.parametrize(
    ("database_url", "number"),
    [("sqlite", 3_000), ("postgresql", 7_000)],
    indirect=["database_url"],
)
async def test_garbage_changes_nothing_and_shows_nothing(world: World, number: int) -> None:
    seed = int(os.environ.get("GARBAGE_SEED") or time.time_ns())
    print(f"Again with GARBAGE_SEED={seed}")
    rng = random.Random(seed)  # noqa: S311  nothing is kept secret with it
    ada, prompt = await ask_one(world, "ada")
    invitation_id = ada.action(prompt, "score_5")["actions"][0]["value"]
    real = bases(world, prompt, invitation_id)
    before = await quiet(world)
    answers: Counter[int] = Counter()

    async def send(session: aiohttp.ClientSession, turn: asyncio.Semaphore) -> None:
        base = rng.choice(real)
        payload = mutant(base, rng)
        body, content_type = body_of(base, payload, rng)
        headers = {"Content-Type": content_type, **world.sandbox.sign(body, int(time.time()))}
        url = f"http://127.0.0.1:{world.bot.port}/slack/events"
        async with turn, session.post(url, data=body, headers=headers) as answer:
            answers[answer.status] += 1

    with logged(world.sandbox) as log:
        turn = asyncio.Semaphore(AT_ONCE)
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as sending:
            for _ in range(number):
                sending.create_task(send(session, turn))
        after = await quiet(world)
        assert log.tracebacks == []
        assert world.sandbox.bot_token not in log.text
    assert max(answers) < 500, answers
    assert sum(answers.values()) == number
    assert answers[200] > number / 2, "most of it got past the door"
    for table, rows in before.items():
        assert after[table] == rows, (seed, table)

    await ada.click(prompt, "score_9")
    assert await read(world.bot.context.database, select(Response.score)) == [(9,)]
