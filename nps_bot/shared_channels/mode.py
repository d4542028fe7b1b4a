"""Asking in channels shared with customers, each on the word of its account's owner."""

from __future__ import annotations

from collections.abc import Sequence

import click

from nps_bot.asking import launching
from nps_bot.asking.requests import SendRequest
from nps_bot.interaction.context import BotContext, Consent, DeliveryMode, SendOptions
from nps_bot.interaction.terminal import CommandError, confirmed
from nps_bot.shared_channels import posting, reading
from nps_bot.shared_channels.posting import Found
from nps_bot.shared_channels.views import approval, question
from nps_bot.slack.block_kit import count
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Survey


class SharedChannels(DeliveryMode):
    """Asks by one message in each channel. Whoever looks after an account decides, nobody else."""

    owner_confirms = False
    nobody_in_person = "Nobody is asked in person: it asks in channels shared with customers."

    async def invite(self, context: BotContext, survey: Survey, wave_id: int) -> None:
        """Note one channel of the survey after the other, then open the wave."""
        await reading.prepare(context, survey, wave_id)

    async def plan(self, context: BotContext, survey: Survey, person_id: str) -> Message:  # noqa: ARG002  # everybody reads the same
        """Return in which channels a wave would ask, each on the word of its account's owner."""
        posts = await _would_ask(context, survey)
        nominal = await context.database.read(launching.free_minute, survey, context.clock.now())
        asking = sum(post.obstacle is None for post in posts)
        confirm = SendRequest(survey.key, nominal, asking).encoded()
        return approval.plan(survey.wording.title, posts, confirm)

    def started(self, title: str, people: int) -> Message:  # noqa: ARG002  # channels, not people
        """Return what the question whether to start becomes once somebody said yes."""
        return approval.started(title)

    def preview(self, survey: Survey, owners: Sequence[str]) -> Message:
        """Return the question as it stands in a channel, not counted."""
        rhythm = describe(survey.cadence)
        return question.preview(survey.wording, survey.kind, rhythm=rhythm, owners=owners)

    async def agree(
        self, context: BotContext, survey: Survey, options: SendOptions
    ) -> Consent | None:
        """Print in which channels a wave would ask now; return the operator's yes, or None."""
        if options.person is not None:
            raise CommandError(
                f"--to: {survey.key} asks in channels, where it cannot ask one person."
            )
        posts = await _would_ask(context, survey)
        asking = [post for post in posts if post.obstacle is None]
        click.echo(f"{survey.wording.title} would ask in {count(len(asking), 'channel')}.")
        for post in posts:
            why = (
                "asked once its owner says so"
                if post.obstacle is None
                else f"not asked: {post.obstacle}"
            )
            click.echo(f"  {post.account}, {post.channel}: {why}")
        if (
            options.dry_run
            or not asking
            or not (options.yes or confirmed("Ask the account owners?"))
        ):
            return None
        return Consent()

    async def follow(self, context: BotContext, survey: Survey, wave_id: int) -> None:  # noqa: ARG002  # owners answer in Slack
        """Say who decides now, and where it can be seen."""
        click.echo("Whoever looks after each account is asked; /nps status shows what they decide.")


async def _would_ask(context: BotContext, survey: Survey) -> list[Found]:
    """Return the channels of a survey, with what keeps a wave started now from asking there."""
    found = await reading.every_channel(context, survey)
    return await context.database.read(posting.would_ask, survey, found, context.clock.now())
