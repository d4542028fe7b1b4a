"""`report`: a survey's report in the terminal."""

from __future__ import annotations

import json

import click

from nps_bot.figures import result
from nps_bot.interaction.terminal import Terminal, as_json, run, survey_named
from nps_bot.surveys import load_surveys
from nps_bot.surveys.rules.periods import parse_period


@click.command("report", short_help="Print the report of a survey.")
@click.argument("survey")
@click.argument("period", required=False)
@as_json
@click.pass_obj
def report(terminal: Terminal, survey: str, period: str | None, as_json: bool) -> None:
    """Print the report of SURVEY: its latest wave, or PERIOD (30d, 2026-Q3, 2026-08, 2026, all)."""
    run(print_report(terminal, survey, period, as_json=as_json))


async def print_report(terminal: Terminal, key: str, period: str | None, *, as_json: bool) -> None:
    """Print a report, of the latest wave where ``period`` is None.

    Raises:
        NpsBotError: there is no such survey, nobody can read the period, or the database is away.
    """
    survey = survey_named(load_surveys(terminal.settings.surveys), key)
    now = terminal.clock().now()
    span = parse_period(period, now) if period else None
    async with terminal.database() as database:
        found = await database.read(result.report, survey, span, now)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        click.echo(found.text())
