"""`send`: a wave by hand, shown before it starts."""

from __future__ import annotations

import click

from nps_bot.asking import approving, launching
from nps_bot.asking.inviting import invite_everybody
from nps_bot.asking.launching import ByHand
from nps_bot.interaction.context import SendOptions
from nps_bot.interaction.terminal import CommandError, Terminal, run, survey_named, without_asking
from nps_bot.surveys import store as survey_store


@click.command("send", short_help="Start a wave of a survey now.")
@click.argument("survey")
@click.option("--to", "person", metavar="@USER", help="Ask this one person and nobody else.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show who would be asked and when, who not and why; send nothing.",
)
@without_asking
@click.pass_obj
def send(terminal: Terminal, survey: str, person: str | None, dry_run: bool, yes: bool) -> None:
    """Start a wave of SURVEY now: show how many, who, when and how long it takes, and ask
    before it goes. For more people than the survey's confirm_above the number has to be typed.

    @USER is an @handle, a Slack id or an e-mail address. A bar shows how far the running bot
    is; Ctrl-C ends the watching, not the wave.
    """
    options = SendOptions(person, dry_run, yes)
    run(_send(terminal, survey, options))


async def _send(terminal: Terminal, key: str, options: SendOptions) -> None:
    survey = survey_named(terminal.surveys(), key)
    if options.person is not None and survey.anonymity is not None:
        raise CommandError(
            f"{survey.key} is anonymous: of a wave for one person everybody would know whose"
            " answer it is. Leave --to out."
        )
    async with terminal.context() as context:
        if await context.database.read(survey_store.is_paused, survey.key):
            raise CommandError(
                f"{survey.key} is paused; `/nps resume {survey.key}` in Slack goes on with it."
            )
        mode = context.modes[survey.delivery]
        consent = await mode.agree(context, survey, options)
        if consent is None:
            click.echo("Nothing was sent.")
            return
        now = context.clock.now()
        nominal = await context.database.read(launching.free_minute, survey, now)
        how = ByHand(nominal, only_person=consent.only_person)
        wave_id = await context.database.write(approving.start, survey, how, None, now)
        if wave_id is None:
            raise CommandError("Somebody started a wave in this very moment: nothing was sent.")
        await invite_everybody(context)
        await mode.follow(context, survey, wave_id)
