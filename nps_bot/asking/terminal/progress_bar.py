"""How far a wave is that the running bot sends: a bar where a terminal is, else a sentence."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

import click

from nps_bot.asking.progress import Progress, progress
from nps_bot.interaction.context import BotContext
from nps_bot.slack.block_kit import count, time_left

LOOK_EVERY = 0.5
"""Seconds between two looks at the database."""
_STATUS = "`/nps status` shows how far it is."


async def tell_progress(context: BotContext, survey_key: str, wave_id: int) -> None:
    """Show how a wave that was just started is sent.

    A bar follows it until everybody was asked; Ctrl-C ends the watching, not the wave.
    """
    wave = await _look(context, survey_key, wave_id)
    if wave is None or wave.resolving:
        click.echo(f"Started: the running bot reads whom to ask, and asks them. {_STATUS}")
    elif not sys.stdout.isatty():
        click.echo(
            f"Started: {_sentence(wave, context.clock.now())} The running bot asks. {_STATUS}"
        )
    else:
        try:
            await _watch(context, survey_key, wave_id, wave)
        except asyncio.CancelledError:  # what Ctrl-C becomes
            if (watching := asyncio.current_task()) is not None:
                watching.uncancel()
            click.echo(f"\nThe running bot goes on asking. {_STATUS}")


async def _look(context: BotContext, survey_key: str, wave_id: int) -> Progress | None:
    return await context.database.read(progress, survey_key, wave_id, context.clock.now())


def _sentence(wave: Progress, now: datetime) -> str:
    if not wave.left:
        return f"{wave.asked:,} asked, nobody left to ask."
    people = f"{wave.asked:,} asked, {count(wave.left, 'person', 'people')} still to ask"
    if wave.ends_at is None:
        return f"{people}."
    return f"{people}, {time_left(wave.ends_at - now)} (until {wave.ends_at:%Y-%m-%d %H:%M} UTC)."


async def _watch(context: BotContext, survey_key: str, wave_id: int, first: Progress) -> None:
    """Move a bar until nobody is left to ask."""
    latest: Progress | None = first
    whole = first.asked + first.left
    asked, stopped = first.asked, False

    def remaining(wave: Progress | None) -> str:
        return _remaining(wave, context.clock.now())

    with click.progressbar(
        length=whole,
        label="Asking",
        show_eta=False,
        show_pos=True,
        item_show_func=remaining,
    ) as bar:
        while latest is not None:
            asked, stopped = latest.asked, latest.stopped
            bar.update(whole - latest.left - bar.pos, latest)
            bar.render_progress()  # the time goes on even where nobody was asked meanwhile
            if not latest.left:
                break
            await asyncio.sleep(LOOK_EVERY)
            latest = await _look(context, survey_key, wave_id)
    click.echo(f"Asked {count(asked, 'person', 'people')}.", nl=False)
    others = whole - asked
    if others:
        were = "was" if others == 1 else "were"
        why = "the wave was stopped" if stopped else "`python bot.py outbox` lists what failed"
        click.echo(f" {others:,} {were} not: {why}.", nl=False)
    click.echo()


def _remaining(wave: Progress | None, now: datetime) -> str:
    """Return what stands behind the bar."""
    if wave is None or not wave.left:
        return ""
    if wave.ends_at is None:
        return "paused"
    end = wave.ends_at.astimezone(UTC)
    day = "" if end.date() == now.astimezone(UTC).date() else f"{end.day} {end:%b} "
    until = f"until {day}{end:%H:%M} UTC"
    return f"{time_left(wave.ends_at - now)}, {until}; Ctrl-C ends the watching"
