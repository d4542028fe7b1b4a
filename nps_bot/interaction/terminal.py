"""What one-shot commands reach: the database, Slack, a survey, a person, and a yes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

import click

from nps_bot import app
from nps_bot.clock import MovableClock, SettableClock, SystemClock
from nps_bot.errors import NpsBotError, nearest
from nps_bot.interaction.context import BotContext
from nps_bot.settings import Mode, Settings
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.migrate import ensure_migrated
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.survey import Survey

LONG = 60.0
"""Seconds a one-shot command waits for the database: nobody else waits behind it."""


class CommandError(NpsBotError):
    """A command that cannot be carried out; the text says what can."""


def clock_of(settings: Settings) -> SettableClock:
    """Return the clock of the bot: in the sandbox, time may have been moved on."""
    if settings.mode is not Mode.SANDBOX:
        return SystemClock()
    from nps_bot.demo import state as sandboxed  # noqa: PLC0415  # as in cli.serving

    clock = MovableClock()
    clock.ahead = sandboxed.Visit.recall(clock.now()).ahead
    return clock


def surveys_of(settings: Settings) -> Mapping[str, Survey]:
    """Return the surveys as the bot asks them: the sandbox counts their waves from its first day.

    Raises:
        SurveyError: a file is wrong.
    """
    surveys = load_surveys(settings.surveys)
    if settings.mode is not Mode.SANDBOX:
        return surveys
    from nps_bot.demo import schedule  # noqa: PLC0415  # as in cli.serving
    from nps_bot.demo import state as sandboxed  # noqa: PLC0415

    visit = sandboxed.Visit.recall(SystemClock().now())
    return schedule.from_the_day(surveys, visit.founded) if visit.kept else surveys


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Reach the database alone, migrated."""
    await asyncio.to_thread(ensure_migrated, settings.database_url)
    async with app.open_database(settings.database_url, patience=LONG) as database:
        yield database


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[BotContext]:
    """Reach the database and Slack; without credentials, the sandbox of a running bot.

    Raises:
        NpsBotError: one of them cannot be reached, or refuses.
    """
    surveys, clock = surveys_of(settings), clock_of(settings)
    if settings.mode is Mode.SANDBOX:
        from nps_bot.demo import state as sandboxed  # noqa: PLC0415  # as in cli.serving

        settings = sandboxed.settings_of_running_sandbox(settings)
    nobody_waits = asyncio.Event()
    async with app.connected(settings, surveys, clock, wake=nobody_waits, patient=False) as context:
        yield context


def survey_named(surveys: Mapping[str, Survey], key: str) -> Survey:
    """Return the survey with this key, typed in any case.

    Raises:
        CommandError: there is none; names the nearest.
    """
    if key.lower() not in surveys:
        raise CommandError(
            f"There is no survey '{key}'.{nearest(key, surveys)} There are: {', '.join(surveys)}."
        )
    return surveys[key.lower()]


async def find_person(context: BotContext, ref: str) -> Member | None:
    """Find one person in Slack, waiting as Slack asks; None where there is nobody of that name."""
    while True:
        try:
            return await context.directory.person(ref)
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)


def confirmed(question: str) -> bool:
    """Ask somebody at the terminal.

    Raises:
        CommandError: nobody is there to answer.
    """
    with _somebody_there():
        return click.confirm(question)


def typed(question: str, number: int) -> bool:
    """Ask somebody at the terminal to type this number; anything else is a no.

    Raises:
        CommandError: nobody is there to answer.
    """
    with _somebody_there():
        answer: str = click.prompt(question, default="", show_default=False)
    return answer.strip() == str(number)


@contextmanager
def _somebody_there() -> Iterator[None]:
    try:
        yield
    except click.Abort:
        click.echo()  # the question stands on this line
        raise CommandError(
            "Nobody confirmed it, so nothing was done; --yes does it without asking."
        ) from None
