"""`send`: a wave by hand, shown before it starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from nps_bot.asking import approving, launching
from nps_bot.asking.eligibility import Reason
from nps_bot.asking.inviting import invite_everybody, whole_audience
from nps_bot.asking.launching import ByHand, Plan
from nps_bot.asking.preview import preview
from nps_bot.asking.rules.budget import Held
from nps_bot.asking.terminal.progress_bar import tell_progress
from nps_bot.asking.views.exclusion_text import cause
from nps_bot.asking.views.send import asked_twice, pace_words
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.terminal import (
    CommandError,
    Terminal,
    confirmed,
    find_person,
    run,
    survey_named,
    typed,
    without_asking,
)
from nps_bot.slack.block_kit import count
from nps_bot.slack.profiles import Member
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.survey import Delivery, Survey
from nps_bot.time_zones import zone_of


@dataclass(frozen=True, slots=True)
class Options:
    """How a wave is sent from the terminal.

    Attributes:
        person: the only one to ask, as somebody writes them down; None for the whole audience.
        dry_run: whether to show it and do no more.
        yes: whether it goes without a confirmation.
    """

    person: str | None
    dry_run: bool
    yes: bool


SendInChannels = Callable[[BotContext, Survey, Options], Awaitable[None]]
"""Starts a wave of a survey that asks in shared channels, after showing it."""


def send(send_in_channels: SendInChannels) -> click.Command:
    """Return the command `send`.

    Args:
        send_in_channels: takes over where a survey asks in shared channels.
    """

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
    def command(
        terminal: Terminal, survey: str, person: str | None, dry_run: bool, yes: bool
    ) -> None:
        """Start a wave of SURVEY now: show how many, who, when and how long it takes, and ask
        before it goes. For more people than the survey's confirm_above the number has to be typed.

        @USER is an @handle, a Slack id or an e-mail address. A bar shows how far the running bot
        is; Ctrl-C ends the watching, not the wave.
        """
        options = Options(person, dry_run, yes)
        run(_send(terminal, survey, options, send_in_channels))

    return command


async def _send(
    terminal: Terminal, key: str, options: Options, send_in_channels: SendInChannels
) -> None:
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
        if survey.delivery is Delivery.CHANNELS:
            await send_in_channels(context, survey, options)
        else:
            await _send_to_people(context, survey, options)


async def _send_to_people(context: BotContext, survey: Survey, options: Options) -> None:
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
        await _start(context, survey, only=members[0] if alone else None)
    else:
        click.echo("Nothing was sent.")


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


async def _start(context: BotContext, survey: Survey, only: Member | None) -> None:
    now = context.clock.now()
    nominal = await context.database.read(launching.free_minute, survey, now)
    how = ByHand(nominal, only_person=only.id if only else None)
    wave_id = await context.database.write(approving.start, survey, how, None, now)
    if wave_id is None:
        raise CommandError("Somebody started a wave in this very moment: nothing was sent.")
    await invite_everybody(context)
    await tell_progress(context, survey.key, wave_id)


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
        if isinstance(why, Held):
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
