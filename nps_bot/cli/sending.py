"""`send`: a wave by hand, shown before it starts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from nps_bot.cli.reaching import CommandError, confirmed, find_person, open_edge, survey_named
from nps_bot.cli.watching import tell_progress
from nps_bot.domain.audience import Exclusion, Member, zone_of
from nps_bot.domain.survey import Survey
from nps_bot.services import launching
from nps_bot.services.launching import ByHand, Plan
from nps_bot.settings import Settings
from nps_bot.slack.edge import Edge
from nps_bot.slack.inviting import invite_everybody, whole_audience
from nps_bot.slack.views.kit import count
from nps_bot.slack.views.send import asked_twice
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
        plan = await edge.database.read(launching.plan, survey, members, edge.clock.now())
        _show(survey, plan)
        if dry_run or not plan.due:
            click.echo("Nothing was sent.")
        elif yes or confirmed("Send it?"):
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


async def _start(edge: Edge, survey: Survey, only: Member | None) -> None:
    now = edge.clock.now()
    nominal = await edge.database.read(launching.free_minute, survey, now)
    how = ByHand(nominal, only_person=only.id if only else None)
    wave_id = await edge.database.write(launching.start_by_hand, survey, how, now)
    if wave_id is None:
        raise CommandError("Somebody started a wave in this very moment: nothing was sent.")
    await invite_everybody(edge)
    await tell_progress(edge, survey.key, wave_id)


def _show(survey: Survey, plan: Plan) -> None:
    """Print whom a wave would ask and when, each in their own time, and whether twice."""
    click.echo(f"{survey.wording.title} would ask {count(len(plan.due), 'person', 'people')}:")
    for member, moment in plan.due:
        zone = ZoneInfo(survey.time_zone) if survey.time_zone else zone_of(member.time_zone)
        local = moment.astimezone(zone)
        click.echo(f"  {local:%Y-%m-%d %H:%M} {zone.key:<24} {member.name} ({member.id})")
    for reason, many in sorted(plan.left_out.items()):
        click.echo(f"  not asked: {_left_out(many, reason)}")
    zone = ZoneInfo(survey.time_zone or "UTC")
    warning = asked_twice(plan, lambda end: f"{end.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}")
    if warning and plan.due:
        click.echo(warning)


def _left_out(many: int, reason: Exclusion) -> str:
    return f"1, who {reason.words}" if many == 1 else f"{many:,}, each of whom {reason.words}"
