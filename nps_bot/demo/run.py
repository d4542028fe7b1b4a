"""The bot in a sandbox Slack of its own, to try it; and that Slack alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import click

from nps_bot.app.wiring import Bot, connected, running
from nps_bot.asking import launching
from nps_bot.asking.inviting import invite_everybody
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.asking.store import waves
from nps_bot.base.clock import MovableClock, SystemClock
from nps_bot.base.errors import PeopleFileError, SettingsError
from nps_bot.base.settings import Settings
from nps_bot.demo.crowd import Crowd
from nps_bot.demo.history import Past
from nps_bot.demo.schedule import NINE_MONTHS, as_before, from_the_day, past_nominals
from nps_bot.demo.state import Visit, open_sandbox, page_address
from nps_bot.demo.time_travel import Moving
from nps_bot.demo.tour import Guide
from nps_bot.interaction.context import BotContext
from nps_bot.people import store as people
from nps_bot.people.matching import match
from nps_bot.people.people_file import parse_people_file
from nps_bot.surveys.rules.survey import Survey
from slack_sandbox import FaultError, Limits, Sandbox, parse_chance
from slack_sandbox.api import NAMES

log = logging.getLogger(__name__)

PEOPLE = "people.csv"
"""Beside the folder of the surveys: the sandbox's people, and an example for `people import`."""
DAYS_IN_SECONDS = Limits().scaled(20)
"""Where days pass in seconds, so do the calls that Slack takes in them."""


@dataclass(frozen=True, slots=True)
class Visited:
    """A sandbox with a bot in it, and what moves the time of both."""

    sandbox: Sandbox
    bot: Bot
    control: Moving


async def in_sandbox(
    settings: Settings, surveys: Mapping[str, Survey], *, empty: bool = False
) -> None:
    """Run the whole bot in the sandbox; it asks the people there at once.

    ``empty`` says that there is to be no past at the first start.
    """
    async with visited(settings, surveys, empty=empty) as visit:
        address = page_address(visit.sandbox)
        click.echo(f"Your sandbox Slack is open at {address}. Ctrl-C stops it.")
        await asyncio.Event().wait()  # a signal cancels it


@asynccontextmanager
async def visited(
    settings: Settings, surveys: Mapping[str, Survey], *, empty: bool = False
) -> AsyncIterator[Visited]:
    """Give the sandbox of this folder with the bot in it, as they were left the last time."""
    visit = Visit.recall(SystemClock().now())
    clock = MovableClock(visit.ahead)
    asked = from_the_day(surveys, visit.founded)
    async with open_sandbox(settings, DAYS_IN_SECONDS) as (sandbox, inside):
        await _begin(sandbox, inside, surveys, visit, empty=empty)
        _show(sandbox, clock)
        async with running(inside, asked, clock, lease_clock=clock.real) as bot:
            await _ask_at_once(bot, asked, visit)
            control = _control(bot, sandbox, clock, visit)
            sandbox.controlled_by(control)
            yield Visited(sandbox, bot, control)


def _show(sandbox: Sandbox, clock: MovableClock) -> None:
    """Have a clock tell the sandbox's time."""
    sandbox.workspace.tell_time = lambda: int(clock.now().timestamp() * 1_000_000)


async def _begin(
    sandbox: Sandbox,
    settings: Settings,
    surveys: Mapping[str, Survey],
    visit: Visit,
    *,
    empty: bool,
) -> None:
    """Seed the demo history on the first start only."""
    if visit.asked:
        return
    clock = MovableClock(-2 * NINE_MONTHS)
    before = as_before(surveys, visit.founded)
    async with connected(
        settings, before, clock, wake=asyncio.Event(), lease_clock=clock.real
    ) as context:
        if await _has_asked(context, surveys):
            visit.asked = not visit.kept  # by a sandbox that knew no visits yet
            return
        visit.keep()
        await _introduce(context, settings.surveys.parent / PEOPLE)
        if empty:
            return
        _show(sandbox, clock)
        nominals = {key: [*past_nominals(one, visit.founded)] for key, one in surveys.items()}
        await Past(context, sandbox.workspace, clock).live_through(nominals)


def _control(bot: Bot, sandbox: Sandbox, clock: MovableClock, visit: Visit) -> Moving:
    """Return what the page moves time and leads its visitors with."""

    def keep_ahead(ahead: timedelta) -> None:
        visit.ahead = ahead
        visit.keep()

    def keep_done(done: Collection[str]) -> None:
        visit.done = tuple(done)
        visit.keep()

    crowd = Crowd(sandbox.workspace, sandbox.person, lambda: sandbox.played)
    guide = Guide(f"{visit.founded.timestamp():.6f}", visit.done, keep_done)
    return Moving(bot, sandbox, clock, crowd, guide, keep_ahead)


async def only_sandbox(
    settings: Settings, faults: Sequence[str] = (), seed: int | None = None
) -> None:
    """Serve the sandbox Slack alone, with what is to go wrong in it.

    Raises:
        SettingsError: what is to go wrong was said wrongly.
    """
    try:
        chances = [parse_chance(text, NAMES) for text in faults]
    except FaultError as error:
        raise SettingsError(str(error)) from error
    async with open_sandbox(settings) as (sandbox, inside):
        sandbox.faults.sow(seed)
        sandbox.faults.share(chances)
        if faults:
            click.echo(f"Calls that go wrong: {', '.join(faults)} (--seed {sandbox.faults.seed})")
        click.echo(
            f"Your sandbox Slack is open at {page_address(sandbox)}. A bot reaches it with:\n"
            f"SLACK_API_URL={inside.slack_api_url}\n"
            f"SLACK_BOT_TOKEN={inside.slack_bot_token}\n"
            f"SLACK_APP_TOKEN={inside.slack_app_token}"
        )
        await asyncio.Event().wait()  # a signal cancels it


async def _has_asked(context: BotContext, surveys: Mapping[str, Survey]) -> bool:
    """Return whether anybody was ever asked."""
    return any([await context.database.read(waves.any_of, key) for key in surveys])


async def _introduce(context: BotContext, file: Path) -> None:
    """Say which accounts the sandbox's customers belong to, as `people import` would."""
    try:
        accounts = await match(context, file, parse_people_file(file))
    except PeopleFileError as error:
        log.info("The sandbox does without accounts: %s", error)
        return
    await context.database.write(people.save_accounts, accounts, context.clock.now())


async def _ask_at_once(bot: Bot, surveys: Mapping[str, Survey], visit: Visit) -> None:
    """Start the visit's first wave of every survey, at whatever hour it is there."""
    context = bot.context
    for survey in surveys.values():
        if visit.asked and await context.database.read(waves.any_of, survey.key):
            continue
        now = context.clock.now()
        how = ByHand(now.astimezone(UTC).strftime(NOMINAL), at_once=True)
        await context.database.write(launching.start_by_hand, survey, how, now)
    await invite_everybody(context)
    visit.asked = True
    visit.keep()
