"""`send` of a survey in shared channels: shown before whoever decides is asked."""

from __future__ import annotations

import click

from nps_bot.asking import approving, launching
from nps_bot.asking.inviting import invite_everybody
from nps_bot.asking.launching import ByHand
from nps_bot.asking.terminal.send import Options
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.terminal import CommandError, confirmed
from nps_bot.shared_channels import posting
from nps_bot.shared_channels.reading import every_channel
from nps_bot.slack.block_kit import count
from nps_bot.surveys.rules.survey import Survey


async def send_in_channels(context: BotContext, survey: Survey, options: Options) -> None:
    """Start a wave in channels by hand, after showing it.

    Raises:
        CommandError: it cannot be sent; the text says why.
    """
    if options.person is not None:
        raise CommandError(f"--to: {survey.key} asks in channels, where it cannot ask one person.")
    now = context.clock.now()
    found = await every_channel(context, survey)
    posts = await context.database.read(posting.would_ask, survey, found, now)
    asking = [post for post in posts if post.obstacle is None]
    click.echo(f"{survey.wording.title} would ask in {count(len(asking), 'channel')}.")
    for post in posts:
        why = (
            "asked once its owner says so"
            if post.obstacle is None
            else f"not asked: {post.obstacle}"
        )
        click.echo(f"  {post.account}, {post.channel}: {why}")
    if options.dry_run or not asking or not (options.yes or confirmed("Ask the account owners?")):
        click.echo("Nothing was sent.")
        return
    nominal = await context.database.read(launching.free_minute, survey, now)
    started = await context.database.write(approving.start, survey, ByHand(nominal), None, now)
    if started is None:
        raise CommandError("Somebody started a wave in this very moment: nothing was sent.")
    await invite_everybody(context)
    click.echo("Whoever looks after each account is asked; /nps status shows what they decide.")
