"""Commands that do one thing and end; they may run beside the serving bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from nps_bot.app import connected
from nps_bot.cli.report_text import report_text
from nps_bot.cli.serving import settings_of_running_sandbox
from nps_bot.clock import SystemClock
from nps_bot.domain.audience import Member, zone_of
from nps_bot.domain.cadence import describe
from nps_bot.domain.survey import Survey
from nps_bot.errors import NpsBotError, PeopleFileError, nearest
from nps_bot.people_file import PersonRow, parse_people_file
from nps_bot.services import forgetting, launching, reporting
from nps_bot.services import status as standing
from nps_bot.services.launching import NOMINAL, ByHand, Plan
from nps_bot.services.periods import parse_period
from nps_bot.settings import Mode, Settings
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.inviting import whole_audience
from nps_bot.storage import people
from nps_bot.storage.database import Database
from nps_bot.storage.migrate import ensure_migrated
from nps_bot.storage.people import AccountRow
from nps_bot.surveys import load_surveys

LONG = 60.0
"""Seconds a one-shot command waits for the database: nobody else waits behind it."""


class CommandError(NpsBotError):
    """A command that cannot be carried out; the text says what can."""


def check_surveys(settings: Settings) -> None:
    """Check the survey files."""
    surveys = load_surveys(settings.surveys)
    number = "1 survey" if len(surveys) == 1 else f"{len(surveys)} surveys"
    click.echo(f"{settings.surveys}: {number}, all fine ({', '.join(surveys)}).")


def list_surveys(settings: Settings) -> None:
    """List the surveys."""
    now = SystemClock().now()
    for survey in load_surveys(settings.surveys).values():
        nominal = standing.next_nominal(survey, now)
        zone = survey.time_zone or "each person's own time"
        click.echo(
            f"{survey.key}: {survey.wording.title} ({survey.kind})\n"
            f"  asks {describe(survey.cadence)}, {zone}; next {nominal:%Y-%m-%d %H:%M}\n"
            f"  summary {survey.summary_channel}, alerts {survey.alerts_channel}, "
            f"owners {', '.join(survey.owners)}"
        )


async def import_people(settings: Settings, file: Path) -> None:
    """Import a people file."""
    rows = parse_people_file(file)
    async with _connected(settings) as edge:
        matched = await _match(edge, file, rows)
        count = await edge.database.write(people.save_accounts, matched, edge.clock.now())
    click.echo(f"{count} {'person' if count == 1 else 'people'} imported from {file}.")


async def _match(edge: Edge, file: Path, rows: tuple[PersonRow, ...]) -> list[AccountRow]:
    """Find everybody of a file in Slack.

    Raises:
        PeopleFileError: some are not there; lists their lines.
    """
    matched, problems = [], []
    for row in rows:
        member = await _person(edge, row.slack_id or row.email or "")
        owner = await _person(edge, row.account_owner) if row.account_owner else None
        if member is None:
            who = row.slack_id or row.email
            problems.append(f"{file}, line {row.line}: Slack knows nobody called {who}.")
        if row.account_owner and owner is None:
            problems.append(
                f"{file}, line {row.line}: Slack knows no account owner {row.account_owner}."
            )
        if member is not None:
            matched.append(
                AccountRow(member, row.account, owner.id if owner else None, row.attributes)
            )
    if problems:
        raise PeopleFileError("\n".join([*problems, "Nothing was imported."]))
    return matched


async def _person(edge: Edge, ref: str) -> Member | None:
    """Find one person, waiting as Slack asks."""
    while True:
        try:
            return await edge.directory.person(ref)
        except SlackCallError as error:
            if error.retry_after is None:
                raise
            await asyncio.sleep(error.retry_after)


async def send(
    settings: Settings, key: str, *, person: str | None, dry_run: bool, yes: bool
) -> None:
    """Start a wave by hand, after showing it."""
    survey = _survey(load_surveys(settings.surveys), key)
    async with _connected(settings) as edge:
        now = edge.clock.now()
        members = await _asked(edge, survey, person)
        plan = await edge.database.read(launching.plan, survey, members, now)
        _show(survey, plan)
        if dry_run or not plan.due:
            return
        if not yes and not click.confirm("Send it?"):
            click.echo("Nothing was sent.")
            return
        nominal = now.astimezone(UTC).strftime(NOMINAL)
        how = ByHand(nominal, only_person=members[0].id if person else None)
        if await edge.database.write(launching.start_by_hand, survey, how, now) is None:
            raise CommandError(f"A wave of {key} was started in this very minute: nothing to do.")
    click.echo("Started. The running bot sends it within seconds; `/nps status` shows how far.")


async def _asked(edge: Edge, survey: Survey, person: str | None) -> list[Member]:
    if person is None:
        return await whole_audience(edge, survey)
    member = await _person(edge, person)
    if member is None:
        raise CommandError(f"--to {person}: Slack knows nobody of this name.")
    return [member]


def _show(survey: Survey, plan: Plan) -> None:
    """Print whom a wave would ask and when, each in their own time."""
    number = len(plan.due)
    people_ = "person" if number == 1 else "people"
    click.echo(f"{survey.wording.title} would ask {number} {people_}:")
    for member, moment in plan.due:
        zone = ZoneInfo(survey.time_zone) if survey.time_zone else zone_of(member.time_zone)
        local = moment.astimezone(zone)
        click.echo(f"  {local:%Y-%m-%d %H:%M} {zone.key:<24} {member.name} ({member.id})")
    for reason, left_out in sorted(plan.left_out.items()):
        click.echo(f"  not asked: {left_out} ({reason.words})")


async def report(settings: Settings, key: str, period: str | None, *, as_json: bool) -> None:
    """Print a report."""
    survey = _survey(load_surveys(settings.surveys), key)
    async with _database(settings) as database:
        now = SystemClock().now()
        span = parse_period(period, now) if period else None
        figures = await database.read(reporting.report, survey, span, now)
    if as_json:
        click.echo(json.dumps(reporting.report_json(figures), indent=2, ensure_ascii=False))
    else:
        click.echo(report_text(figures))


async def forget(settings: Settings, user: str, *, yes: bool) -> None:
    """Forget a person."""
    async with _database(settings) as database:
        person_id = await database.read(people.find, user)
        if person_id is None:
            raise CommandError(
                f"'{user}' is nobody this bot has stored; use the Slack id or @name."
            )
        click.echo(
            f"Forgetting {user} ({person_id}) deletes their answers, profile and messages. Their "
            "scores stay in the sums, and their Slack id on the list of people never to ask."
        )
        if not yes and not click.confirm("Forget them?"):
            click.echo("Nothing was changed.")
            return
        done = await database.write(forgetting.forget, person_id, _now())
    click.echo(
        f"Forgotten: {_number(done.invitations, 'invitation')} unlinked; the running bot deletes "
        f"or rewrites {_number(done.messages, 'message')} in Slack."
    )


def _now() -> datetime:
    return SystemClock().now()


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _survey(surveys: Mapping[str, Survey], key: str) -> Survey:
    """Return one survey.

    Raises:
        CommandError: there is none with this key; names the nearest.
    """
    if key not in surveys:
        raise CommandError(
            f"There is no survey '{key}'.{nearest(key, surveys)} There are: {', '.join(surveys)}."
        )
    return surveys[key]


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    await asyncio.to_thread(ensure_migrated, settings.database_url)
    async with Database(settings.database_url, patience=LONG) as database:
        yield database


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Edge]:
    """Reach the database and Slack; without credentials, the sandbox of a running bot."""
    if settings.mode is Mode.SANDBOX:
        settings = settings_of_running_sandbox(settings)
    surveys = load_surveys(settings.surveys)
    nobody_waits = asyncio.Event()
    async with connected(
        settings, surveys, SystemClock(), wake=nobody_waits, patient=False
    ) as edge:
        yield edge
