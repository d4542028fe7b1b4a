"""Commands that only look: at the survey files, and at the figures."""

from __future__ import annotations

import json

import click

from nps_bot.figures import report as reporting
from nps_bot.figures.periods import parse_period
from nps_bot.figures.report_text import report_text
from nps_bot.home.status import next_nominal
from nps_bot.interaction.terminal import clock_of, open_database, survey_named, surveys_of
from nps_bot.settings import Settings
from nps_bot.slack.block_kit import count
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Survey


def check_surveys(settings: Settings) -> None:
    """Check the survey files."""
    surveys = load_surveys(settings.surveys)
    click.echo(f"{settings.surveys}: {count(len(surveys), 'survey')}, all fine.")
    for survey in surveys.values():
        click.echo(f"  {survey.key}: {survey.wording.title}")


def list_surveys(settings: Settings) -> None:
    """List the surveys."""
    now = clock_of(settings).now()
    for survey in surveys_of(settings).values():
        zone = survey.time_zone or "in each person's own time zone"
        following = next_nominal(survey, now)
        click.echo(
            f"{survey.key}: {survey.wording.title} ({survey.kind})\n"
            f"  asks {describe(survey.cadence)}, {zone}\n"
            f"  next {following:%Y-%m-%d %H:%M}\n"
            f"  summary {survey.summary_channel}, {_alerts(survey)}, "
            f"owners {', '.join(survey.owners)}"
        )


def _alerts(survey: Survey) -> str:
    return "anonymous" if survey.anonymity else f"alerts {survey.alerts_channel}"


async def report(settings: Settings, key: str, period: str | None, *, as_json: bool) -> None:
    """Print a report.

    Raises:
        NpsBotError: there is no such survey, nobody can read the period, or the database is away.
    """
    survey = survey_named(load_surveys(settings.surveys), key)
    now = clock_of(settings).now()
    span = parse_period(period, now) if period else None
    async with open_database(settings) as database:
        figures = await database.read(reporting.report, survey, span, now)
    if as_json:
        click.echo(json.dumps(reporting.report_json(figures), indent=2, ensure_ascii=False))
    else:
        click.echo(report_text(figures))
