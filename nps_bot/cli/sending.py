"""`send`: a wave by hand, shown before it starts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from nps_bot.cli.reaching import (
    CommandError,
    confirmed,
    find_person,
    open_edge,
    survey_named,
    typed,
)
from nps_bot.domain.audience import Exclusion, Member, zone_of
from nps_bot.domain.survey import Survey
from nps_bot.services import approving, launching
from nps_bot.services.launching import ByHand
from nps_bot.settings import Settings
from nps_bot.slack.edge import Edge
from nps_bot.slack.inviting import invite_everybody, whole_audience
from nps_bot.slack.previewing import Preview, preview
from nps_bot.slack.views.kit import count
from nps_bot.slack.views.send import asked_twice, pace_words
from nps_bot.storage import waves
from nps_bot.surveys import load_surveys


async def send(
    settings: Settings, key: str, *, person: str | None, dry_run: bool, yes: bool
) -> None:
    """Start a wave by hand, after showing it.

    Args:
        settings: as the environment says.
        key: of the survey.
        person: the only one to ask, as somebody writes them down; None for the whole audience.
        dry_run: whether to show it and do no more.
        yes: whether it goes without a confirmation.

    Raises:
        NpsBotError: it cannot be sent; the text says why.
    """
    survey = survey_named(load_surveys(settings.surveys), key)
    async with open_edge(settings) as edge:
        if await edge.database.read(waves.is_paused, survey.key):
            raise CommandError(f"{survey.key} is paused; `/nps resume` in Slack goes on with it.")
        members = await _asked(edge, survey, person)
        found = await preview(edge, survey, members)
        _show(survey, found)
        if dry_run or not found.plan.due:
            click.echo("Nothing was sent.")
        elif yes or _confirmed(survey, len(found.plan.due)):
            await _start(edge, survey, only=members[0] if person else None)
        else:
            click.echo("Nothing was sent.")


async def _asked(edge: Edge, survey: Survey, person: str | None) -> list[Member]:
    if person is None:
        return await whole_audience(edge, survey)
    member = await find_person(edge, person)
    if member is None:
        raise CommandError(f"--to {person}: Slack knows nobody of this name.")
    return [member]


def _confirmed(survey: Survey, people: int) -> bool:
    """Ask whether to send it; a large wave needs more than a key pressed by habit."""
    if people <= survey.confirm_above:
        return confirmed("Send it?")
    return typed(f"That is more than {survey.confirm_above:,}. Type {people} to send it", people)


async def _start(edge: Edge, survey: Survey, only: Member | None) -> None:
    now = edge.clock.now()
    nominal = await edge.database.read(launching.free_minute, survey, now)
    how = ByHand(nominal, only_person=only.id if only else None)
    if await edge.database.write(approving.start, survey, how, None, now) is None:
        raise CommandError("Somebody started a wave in this very moment: nothing was sent.")
    await invite_everybody(edge)
    click.echo("Started: the running bot sends it. `/nps status` shows how far it is.")


def _show(survey: Survey, found: Preview) -> None:
    """Print whom a wave would ask and when, each in their own time, how long it takes and whether
    twice.
    """
    plan = found.plan
    click.echo(f"{survey.wording.title} would ask {count(len(plan.due), 'person', 'people')}:")
    for member, moment in plan.due:
        zone = ZoneInfo(survey.time_zone) if survey.time_zone else zone_of(member.time_zone)
        local = moment.astimezone(zone)
        click.echo(f"  {local:%Y-%m-%d %H:%M} {zone.key:<24} {member.name} ({member.id})")
    for reason, many in sorted(plan.left_out.items()):
        click.echo(f"  not asked: {_left_out(many, reason)}")
    if plan.due:
        click.echo(pace_words(found.takes))
    zone = ZoneInfo(survey.time_zone or "UTC")
    warning = asked_twice(plan, lambda end: f"{end.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}")
    if warning and plan.due:
        click.echo(warning)


def _left_out(many: int, reason: Exclusion) -> str:
    return f"1, who {reason.words}" if many == 1 else f"{many:,}, each of whom {reason.words}"
