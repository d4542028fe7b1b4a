"""`stop`: waves that run are ended; what was not sent is not sent."""

from __future__ import annotations

from collections.abc import Iterable

import click

from nps_bot.asking import stopping
from nps_bot.asking.stopping import Extent
from nps_bot.interaction.terminal import Terminal, confirmed, run, survey_named, without_asking
from nps_bot.slack.block_kit import count
from nps_bot.slack.numbers import calendar_day
from nps_bot.surveys import load_surveys


@click.command("stop", short_help="End the waves of a survey that run.")
@click.argument("survey")
@without_asking
@click.pass_obj
def stop(terminal: Terminal, survey: str, yes: bool) -> None:
    """Stop the open waves of SURVEY: show how many were asked and how many would not be, and wait
    for your word.

    What was not sent is not sent any more; what was sent can be answered until the wave closes.
    """
    run(_stop(terminal, survey, yes=yes))


async def _stop(terminal: Terminal, key: str, *, yes: bool) -> None:
    survey = survey_named(load_surveys(terminal.settings.surveys), key)
    async with terminal.database() as database:
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
        now = terminal.clock().now()
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
