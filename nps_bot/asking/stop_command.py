"""`stop`: waves that run are ended; what was not sent is not sent."""

from __future__ import annotations

from collections.abc import Iterable

import click

from nps_bot.asking import stopping
from nps_bot.asking.stopping import Extent
from nps_bot.figures.views.figures import calendar_day
from nps_bot.interaction.terminal import clock_of, confirmed, open_database, survey_named
from nps_bot.settings import Settings
from nps_bot.slack.block_kit import count
from nps_bot.surveys import load_surveys


async def stop(settings: Settings, key: str, *, yes: bool) -> None:
    """Stop the open waves of a survey, after showing how far they are.

    Args:
        settings: as the environment says.
        key: of the survey.
        yes: whether it goes without a confirmation.

    Raises:
        NpsBotError: there is no such survey, or the database cannot be reached.
    """
    survey = survey_named(load_surveys(settings.surveys), key)
    async with open_database(settings) as database:
        extents = await database.read(stopping.extents, survey.key)
        running = [one for one in extents if one.wave.stopped_at is None]
        if not running:
            click.echo(f"{survey.wording.title} has no open wave to stop.")
            return
        click.echo(f"{survey.wording.title}:")
        _show(running)
        if not yes and not confirmed("Stop it?"):
            click.echo("Nothing was stopped.")
            return
        now = clock_of(settings).now()
        ids = [one.wave.id for one in running]
        for wave in await database.write(stopping.stop, survey, ids, None, now):
            while await database.write(stopping.cancel_unsent, wave, now):
                pass
        done = await database.read(stopping.extents_of, survey.key, ids)
    click.echo("Stopped. Answers to what was sent count until the wave closes.")
    _show(done)


def _show(extents: Iterable[Extent]) -> None:
    """Print how far waves are, one a line."""
    for one in extents:
        asked = count(one.asked, "person", "people")
        reading = ", still reading whom to ask" if one.wave.state == "resolving" else ""
        click.echo(
            f"  wave of {calendar_day(one.wave.day)}: {asked} asked, {one.unasked:,} not{reading}"
        )
