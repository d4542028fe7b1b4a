"""A wave by hand as the terminal shows it before it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from nps_bot.asking.eligibility import Reason
from nps_bot.asking.inviting import whole_audience
from nps_bot.asking.launching import Plan
from nps_bot.asking.preview import preview
from nps_bot.asking.rules.budget import BudgetBlock
from nps_bot.asking.views.exclusion_text import cause
from nps_bot.asking.views.send import asked_twice, pace_words
from nps_bot.base.time_zones import zone_of
from nps_bot.interaction.context import BotContext, Consent, SendOptions
from nps_bot.interaction.terminal import CommandError, confirmed, find_person, typed
from nps_bot.slack.block_kit import count
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.survey import Survey


async def agree(context: BotContext, survey: Survey, options: SendOptions) -> Consent | None:
    """Print whom a wave would ask now, when and who not; return the operator's yes, or None.

    Raises:
        CommandError: Slack does not know the person.
    """
    alone = options.person is not None
    members = await _asked(context, survey, options.person)
    found = await preview(context, survey, members, alone=alone)
    _show(survey, found.plan)
    if options.dry_run or alone:
        titles = {key: one.wording.title for key, one in context.surveys.items()}
        _show_not_asked(survey, found.plan, titles)
    else:
        _sum_up(found.plan)
    people = len(found.plan.due)
    if people:
        click.echo(pace_words(found.takes))
        _warn(survey, found.plan)
    if people and not options.dry_run and (options.yes or _confirmed(survey, people)):
        return Consent(members[0].id if alone else None)
    return None


async def _asked(context: BotContext, survey: Survey, person: str | None) -> list[Member]:
    if person is None:
        return await whole_audience(context, survey)
    member = await find_person(context, person)
    if member is None:
        raise CommandError(f"--to {person}: Slack knows nobody of this name.")
    return [member]


def _confirmed(survey: Survey, people: int) -> bool:
    """Ask whether to send it; a large wave needs more than a key pressed by habit."""
    if people <= survey.confirm_above:
        return confirmed("Send it?")
    return typed(f"That is more than {survey.confirm_above:,}. Type {people} to send it", people)


def _show(survey: Survey, plan: Plan) -> None:
    """Print whom a wave would ask and when, each in their own time."""
    if not plan.due:
        click.echo(f"{survey.wording.title} would ask nobody now.")
        return
    click.echo(f"{survey.wording.title} would ask {count(len(plan.due), 'person', 'people')}:")
    for member, moment in plan.due:
        click.echo(f"  {_local(survey, member, moment)} {member.name} ({member.id})")


def _show_not_asked(survey: Survey, plan: Plan, titles: Mapping[str, str]) -> None:
    """Print who would not be asked: until when, each in their own time, and exactly why."""
    if plan.not_asked:
        people = count(len(plan.not_asked), "person", "people")
        click.echo(f"It would not ask {people}; until when, who and why:")
    for member, why in plan.not_asked:
        until, reason = "never", why.words if isinstance(why, Exclusion) else ""
        if isinstance(why, BudgetBlock):
            day = _days_of(survey, member)
            title = titles.get(why.contact.survey, why.contact.survey) if why.contact else ""
            reason = cause(why, survey.budget, title, day)
            until = "never" if why.until is None else _local(survey, member, why.until)
        click.echo(f"  {until:<41} {member.name} ({member.id}): {reason}")


def _sum_up(plan: Plan) -> None:
    """Print how many would not be asked, by reason."""
    for reason, many in sorted(plan.left_out.items()):
        click.echo(f"  not asked: {_left_out(many, reason)}")


def _warn(survey: Survey, plan: Plan) -> None:
    """Print whether people would be asked twice."""
    zone = ZoneInfo(survey.time_zone or "UTC")
    warning = asked_twice(plan, lambda end: f"{end.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}")
    if warning:
        click.echo(warning)


def _zone(survey: Survey, member: Member) -> ZoneInfo:
    return zone_of(survey.time_zone or member.time_zone)


def _local(survey: Survey, member: Member, moment: datetime) -> str:
    zone = _zone(survey, member)
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone.key:<24}"


def _days_of(survey: Survey, member: Member) -> Callable[[datetime], str]:
    zone = _zone(survey, member)
    return lambda moment: f"{moment.astimezone(zone):%Y-%m-%d}"


def _left_out(many: int, reason: Reason) -> str:
    return f"1, who {reason.words}" if many == 1 else f"{many:,}, each of whom {reason.words}"
