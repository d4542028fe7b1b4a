"""`surveys check` and `surveys list`: a look at the survey files."""

from __future__ import annotations

import click

from nps_bot.interaction.terminal import HELP, CommandGroup, Terminal
from nps_bot.slack.block_kit import count
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.cadence import next_nominal
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Survey


@click.group(cls=CommandGroup, context_settings=HELP, short_help="Check or list the survey files.")
def surveys() -> None:
    """Look at the survey files, in the folder that NPS_SURVEYS names."""


@surveys.command("check", short_help="Check the survey files.")
@click.pass_obj
def check(terminal: Terminal) -> None:
    """Check every survey file and say what is wrong, file by file and key by key."""
    folder = terminal.settings.surveys
    found = load_surveys(folder)
    click.echo(f"{folder}: {count(len(found), 'survey')}, all fine.")
    for survey in found.values():
        click.echo(f"  {survey.key}: {survey.wording.title}")


@surveys.command("list", short_help="List the surveys.")
@click.pass_obj
def list_(terminal: Terminal) -> None:
    """List the surveys: when they ask, when next, and where the team sees it."""
    now = terminal.clock().now()
    for survey in terminal.surveys().values():
        zone = survey.time_zone or "in each person's own time zone"
        following = next_nominal(survey.cadence, survey.time_zone, now)
        click.echo(
            f"{survey.key}: {survey.wording.title} ({survey.kind})\n"
            f"  asks {describe(survey.cadence)}, {zone}\n"
            f"  next {following:%Y-%m-%d %H:%M}\n"
            f"  summary {survey.summary_channel}, {_alerts(survey)}, "
            f"owners {', '.join(survey.owners)}"
        )


def _alerts(survey: Survey) -> str:
    return "anonymous" if survey.anonymity else f"alerts {survey.alerts_channel}"
