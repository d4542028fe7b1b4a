"""The bot in a sandbox Slack of its own, to try it; and that Slack alone."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, timedelta
from pathlib import Path

import click

from nps_bot.app import Bot, running
from nps_bot.cli.guiding import Guide
from nps_bot.cli.importing import match
from nps_bot.cli.moving import Moving
from nps_bot.cli.sandboxed import Visit, open_sandbox, page_address
from nps_bot.cli.serving import for_ever
from nps_bot.clock import MovableClock, SystemClock
from nps_bot.domain.survey import Survey
from nps_bot.errors import PeopleFileError
from nps_bot.people_file import parse_people_file
from nps_bot.sandbox import Limits, Sandbox, parse_chance
from nps_bot.sandbox.api import NAMES
from nps_bot.sandbox.crowd import Crowd
from nps_bot.services import launching
from nps_bot.services.launching import NOMINAL, ByHand
from nps_bot.settings import Settings
from nps_bot.slack.inviting import invite_everybody
from nps_bot.storage import people, waves

log = logging.getLogger(__name__)

PEOPLE = "people.csv"
"""Beside the folder of the surveys: the sandbox's people, and an example for `people import`."""


DAYS_IN_SECONDS = Limits().scaled(20)
"""Where days pass in seconds, so do the calls that Slack takes in them."""


async def in_sandbox(settings: Settings, surveys: Mapping[str, Survey]) -> None:
    """Run the whole bot in the sandbox; it asks the people there at once."""
    visit = Visit.recall(SystemClock().now())
    clock = MovableClock(visit.ahead)
    async with open_sandbox(settings, DAYS_IN_SECONDS) as (sandbox, inside):
        sandbox.workspace.tell_time = lambda: int(clock.now().timestamp() * 1_000_000)
        visit.keep()
        async with running(inside, surveys, clock, leases=clock.real) as bot:
            if await _is_new(bot, surveys):
                await _introduce(bot, settings.surveys.parent / PEOPLE)
            await _ask_at_once(bot, surveys)
            sandbox.controlled_by(_control(bot, sandbox, clock, visit))
            click.echo(f"Your sandbox Slack is open at {page_address(sandbox)}. Ctrl-C stops it.")
            await for_ever()


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
        FaultError: what is to go wrong was said wrongly.
    """
    chances = [parse_chance(text, NAMES) for text in faults]
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
        await for_ever()


async def _is_new(bot: Bot, surveys: Mapping[str, Survey]) -> bool:
    """Return whether nobody was ever asked: later on, what was imported since must stay."""
    asked = [await bot.edge.database.read(waves.any_of, key) for key in surveys]
    return not any(asked)


async def _introduce(bot: Bot, file: Path) -> None:
    """Say which accounts the sandbox's customers belong to, as `people import` would."""
    try:
        accounts = await match(bot.edge, file, parse_people_file(file))
    except PeopleFileError as error:
        log.info("The sandbox does without accounts: %s", error)
        return
    await bot.edge.database.write(people.save_accounts, accounts, bot.edge.clock.now())


async def _ask_at_once(bot: Bot, surveys: Mapping[str, Survey]) -> None:
    """Start the sandbox's first wave of every survey, at whatever hour it is there."""
    edge = bot.edge
    for survey in surveys.values():
        if not await edge.database.read(waves.any_of, survey.key):
            now = edge.clock.now()
            nominal = now.astimezone(UTC).strftime(NOMINAL)
            await edge.database.write(
                launching.start_by_hand, survey, ByHand(nominal, at_once=True), now
            )
    await invite_everybody(edge)
