"""The bot in a sandbox Slack of its own, to try it; and that Slack alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path

import click

from nps_bot.app import Bot, running
from nps_bot.cli.importing import match
from nps_bot.cli.sandboxed import open_sandbox, page_address
from nps_bot.cli.serving import for_ever
from nps_bot.clock import SystemClock
from nps_bot.domain.survey import Survey
from nps_bot.errors import PeopleFileError
from nps_bot.people_file import parse_people_file
from nps_bot.sandbox import parse_chance
from nps_bot.sandbox.api import NAMES
from nps_bot.services import launching
from nps_bot.services.launching import NOMINAL, ByHand
from nps_bot.settings import Settings
from nps_bot.slack.inviting import invite_everybody
from nps_bot.storage import people, waves

log = logging.getLogger(__name__)

PEOPLE = "people.csv"
"""Beside the folder of the surveys: the sandbox's people, and an example for `people import`."""


async def in_sandbox(settings: Settings, surveys: Mapping[str, Survey]) -> None:
    """Run the whole bot in the sandbox; it asks the people there at once."""
    async with (
        open_sandbox(settings) as (sandbox, inside),
        running(inside, surveys, SystemClock()) as bot,
    ):
        if await _is_new(bot, surveys):
            await _introduce(bot, settings.surveys.parent / PEOPLE)
        await _ask_at_once(bot, surveys)
        click.echo(f"Your sandbox Slack is open at {page_address(sandbox)}. Ctrl-C stops it.")
        await for_ever()


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
