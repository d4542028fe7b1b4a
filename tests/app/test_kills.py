"""The bot as a real process that is killed, or told to stop, while people click."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from sqlalchemy import select

from nps_bot.app.wiring import open_database
from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.storage.tables import Invitation, LaneLease, Outbox, Response
from slack_sandbox import Fault, Kind, Message, NotAcknowledgedError, Person, Reply
from tests.helpers.attack_helpers import BOTH, eventually, quiet, read
from tests.helpers.messages import ON_POSTGRES
from tests.helpers.processes import ROOT
from tests.helpers.world import SURVEYS, World

CUSTOMERS = ("ada", "kenji", "grace", "oscar")
BOT = str(ROOT / "bot.py")
TO_STOP = 10.0
"""Seconds that hosting platforms wait for a process before they kill it."""


class Process:
    """``python bot.py`` and the lines it has written."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.lines.append(line.decode())

    def line_with(self, words: str) -> str | None:
        """Return the first line with these words; fail where the process has ended without it."""
        assert self._process.returncode is None, self.lines
        return next((line for line in self.lines if words in line), None)

    @property
    def port(self) -> int | None:
        """Where it serves HTTP, once it is ready."""
        found = re.search(r"on port (\d+)", self.line_with("Ready") or "")
        return int(found[1]) if found else None

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        code = await self._process.wait()
        await self._reading
        return code


@asynccontextmanager
async def process(
    world: World, folder: Path, *command: str, surveys: Path = SURVEYS
) -> AsyncIterator[Process]:
    """Run the bot in a process of its own, ready to be clicked at; kill it at the end.

    Args:
        world: where the bot lives.
        folder: where it is started.
        command: behind ``python``; all of the bot by default.
        surveys: the folder of its surveys.
    """
    settings = world.settings
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": settings.database_url,
        "NPS_SURVEYS": str(surveys),
        "PORT": "0",
        "SLACK_API_URL": settings.slack_api_url,
        "SLACK_BOT_TOKEN": settings.slack_bot_token or "",
        "SLACK_APP_TOKEN": settings.slack_app_token or "",
        "SLACK_SIGNING_SECRET": settings.slack_signing_secret or "",
    }
    started = Process(
        await asyncio.create_subprocess_exec(
            sys.executable,
            *(command or (BOT,)),
            cwd=folder,
            env=environment,
            stderr=asyncio.subprocess.PIPE,
        )
    )
    try:
        await world.sandbox.until(lambda: started.line_with("Ready"), timeout=30)
        if settings.slack_app_token is None and started.port is not None:
            world.sandbox.deliver_to(f"http://127.0.0.1:{started.port}/slack/events")
        yield started
    finally:
        await started.end(signal.SIGKILL)


async def to_ask(world: World, *handles: str) -> None:
    """Have the next bot that runs ask these people at once."""
    now = world.clock.now()
    async with open_database(world.settings.database_url) as database:
        for number, handle in enumerate(handles):
            nominal = now.replace(minute=number).strftime(NOMINAL)
            how = ByHand(nominal, only_person=world.sandbox.person(handle).id, at_once=True)
            await database.write(launching.start_by_hand, world.surveys["customer"], how, now)


async def prompted(world: World, handle: str) -> tuple[Person, Message]:
    """Return a person with their prompt, once it is there and the bot knows that it is."""
    person = world.sandbox.person(handle)
    await world.sandbox.until(lambda: person.inbox)
    sent = select(Outbox.id).where(Outbox.ts == person.inbox[-1].ts)
    async with open_database(world.settings.database_url) as database:
        await eventually(world.sandbox, lambda: read(database, sent))
    return person, person.inbox[-1]


async def healed(world: World) -> None:
    """Start the bot again; check that the answer stands and that everything came exactly once."""
    async with world.running():
        rows = await quiet(world)
        assert [row[2:4] for row in rows["responses"]] == [(3, 3)]
        statuses = select(Outbox.kind, Outbox.status).where(Outbox.kind != "summary")
        sent = await read(world.bot.context.database, statuses)
        assert sorted(sent) == [("alert", "sent"), ("prompt", "sent")]
    (alert,) = world.messages("nps-alerts")
    assert "answered 3" in alert.text
    (prompt,) = world.sandbox.person("ada").inbox
    assert prompt.text.startswith("You answered 3.")


async def test_an_answered_click_survives_kill_9(quiet_world: World, tmp_path: Path) -> None:
    world = quiet_world
    await to_ask(world, "ada")
    async with process(world, tmp_path) as bot:
        ada, prompt = await prompted(world, "ada")
        await ada.click(prompt, "score_3")
        assert await bot.end(signal.SIGKILL) == -signal.SIGKILL
    async with open_database(world.settings.database_url) as database:
        assert await read(database, select(Response.score)) == [(3,)]
    await healed(world)


@BOTH
async def test_an_alert_posted_right_before_kill_9_is_not_posted_again(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    await to_ask(world, "ada")
    async with process(world, tmp_path) as bot:
        ada, prompt = await prompted(world, "ada")
        world.sandbox.faults.add("chat.postMessage", Fault(acted=True, delay=60))
        await ada.click(prompt, "score_3")
        await world.sandbox.until(lambda: world.messages("nps-alerts"))
        await bot.end(signal.SIGKILL)
    await healed(world)


@BOTH
async def test_an_alert_that_nobody_knows_of_is_posted_after_kill_9(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    await to_ask(world, "ada")
    unknown = select(Outbox.id).where(Outbox.kind == "alert", Outbox.status == "unknown")
    async with process(world, tmp_path) as bot:
        ada, prompt = await prompted(world, "ada")
        world.sandbox.faults.add("chat.postMessage", Fault(drop=True))
        await ada.click(prompt, "score_3")
        async with open_database(world.settings.database_url) as database:
            await eventually(world.sandbox, lambda: read(database, unknown))
        await bot.end(signal.SIGKILL)
    assert world.messages("nps-alerts") == []
    await healed(world)


@BOTH
async def test_sigterm_finishes_what_was_begun(quiet_world: World, tmp_path: Path) -> None:
    world = quiet_world
    await to_ask(world, *CUSTOMERS)
    async with process(world, tmp_path) as bot:
        asked = [await prompted(world, handle) for handle in CUSTOMERS]
        clicks = [
            person.action(prompt, f"score_{score}")
            for score in range(11)
            for person, prompt in asked
        ]
        deliveries = [
            asyncio.create_task(world.sandbox.deliver(Kind.INTERACTIVE, click)) for click in clicks
        ]
        await asyncio.wait(deliveries, return_when=asyncio.FIRST_COMPLETED)
        told = monotonic()
        assert await bot.end(signal.SIGTERM) == 0
        assert monotonic() - told < TO_STOP
        answers = await asyncio.gather(*deliveries, return_exceptions=True)
        assert [line for line in bot.lines if " ERROR " in line] == []

    assert {type(answer) for answer in answers} <= {Reply, NotAcknowledgedError}
    answered: dict[str, int] = {}
    for click, answer in zip(clicks, answers, strict=True):
        if isinstance(answer, Reply):
            seconds, micros = click["actions"][0]["action_ts"].split(".")
            answered[click["user"]["id"]] = int(seconds) * 1_000_000 + int(micros)
    assert answered, "somebody was answered before it stopped"
    newest = select(Invitation.person_id, Response.action_ts).join(
        Response, Response.invitation_id == Invitation.id
    )
    async with open_database(world.settings.database_url) as database:
        kept = dict(await read(database, newest))
        claimed = select(Outbox.id).where(Outbox.status == "claimed")
        assert await read(database, claimed) == []
    for person_id, action_ts in answered.items():
        assert kept[person_id] >= action_ts, "what was answered is kept"


@BOTH
async def test_sigterm_waits_for_the_calls_under_way(quiet_world: World, tmp_path: Path) -> None:
    world = quiet_world
    await to_ask(world, "ada")
    async with process(world, tmp_path) as bot:
        ada, prompt = await prompted(world, "ada")
        for method in ("views.open", "response_url", "chat.postMessage"):
            world.sandbox.faults.add(method, Fault(acted=True, delay=1))
        await ada.click(prompt, "score_3")
        await world.sandbox.until(lambda: world.messages("nps-alerts"))
        assert await bot.end(signal.SIGTERM) == 0
    statuses = select(Outbox.kind, Outbox.status)
    async with open_database(world.settings.database_url) as database:
        assert sorted(await read(database, statuses)) == [("alert", "sent"), ("prompt", "sent")]
    await healed(world)


@ON_POSTGRES
async def test_sigterm_waits_for_a_slack_that_hangs_no_longer_than_platforms_do(
    quiet_world: World, tmp_path: Path
) -> None:
    world = quiet_world
    await to_ask(world, "ada")
    async with process(world, tmp_path) as bot:
        ada, prompt = await prompted(world, "ada")
        for method in ("views.open", "response_url", "chat.postMessage"):
            world.sandbox.faults.add(method, Fault(acted=True, delay=60))
        await ada.click(prompt, "score_3")
        await world.sandbox.until(lambda: world.messages("nps-alerts"))
        told = monotonic()
        assert await bot.end(signal.SIGTERM) == 0
        assert monotonic() - told < TO_STOP
    async with open_database(world.settings.database_url) as database:
        alert = select(Outbox.status).where(Outbox.kind == "alert")
        assert await read(database, alert) == [("unknown",)]
        leased = select(Outbox.kind).where(Outbox.claimed_by.is_not(None))
        assert await read(database, leased) == []
        assert await read(database, select(LaneLease.holder)) == []
