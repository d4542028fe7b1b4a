"""`send` of a survey in shared channels: shown before whoever decides is asked."""

from __future__ import annotations

import click

from nps_bot.cli.reaching import CommandError, confirmed
from nps_bot.domain.survey import Survey
from nps_bot.services import approving, launching, posting
from nps_bot.services.launching import ByHand
from nps_bot.slack.account_channels import every_channel
from nps_bot.slack.edge import Edge
from nps_bot.slack.inviting import invite_everybody
from nps_bot.slack.views.kit import count


async def send_in_channels(
    edge: Edge, survey: Survey, *, person: str | None, dry_run: bool, yes: bool
) -> None:
    """Start a wave in channels by hand, after showing it.

    Args:
        edge: reaches the database and Slack.
        survey: whose wave.
        person: must be None: a channel cannot be asked for one person.
        dry_run: whether to show it and do no more.
        yes: whether it goes without a confirmation.

    Raises:
        CommandError: it cannot be sent; the text says why.
    """
    if person is not None:
        raise CommandError(f"--to: {survey.key} asks in channels, where it cannot ask one person.")
    now = edge.clock.now()
    found = await every_channel(edge, survey)
    posts = await edge.database.read(posting.would_ask, survey, found, now)
    asking = [post for post in posts if post.obstacle is None]
    click.echo(f"{survey.wording.title} would ask in {count(len(asking), 'channel')}.")
    for post in posts:
        why = (
            "asked once its owner says so"
            if post.obstacle is None
            else f"not asked: {post.obstacle}"
        )
        click.echo(f"  {post.account}, {post.channel}: {why}")
    if dry_run or not asking or not (yes or confirmed("Ask who decides?")):
        click.echo("Nothing was sent.")
        return
    nominal = await edge.database.read(launching.free_minute, survey, now)
    started = await edge.database.write(approving.start, survey, ByHand(nominal), None, now)
    if started is None:
        raise CommandError("Somebody started a wave in this very moment: nothing was sent.")
    await invite_everybody(edge)
    click.echo("Whoever looks after each account is asked; /nps status shows what they decide.")
