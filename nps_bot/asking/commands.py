"""``/nps send``, ``stop``, ``why``, ``pause`` and ``resume``."""

from __future__ import annotations

from collections.abc import Sequence

from nps_bot.asking import explain, launching, stopping
from nps_bot.asking.audience_reader import is_in
from nps_bot.asking.requests import StopRequest
from nps_bot.asking.views import stop as stop_view
from nps_bot.asking.views import why as why_view
from nps_bot.interaction.command_args import CommandArgs, CommandError, paused
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.words import Word
from nps_bot.people import store as people
from nps_bot.slack import notices
from nps_bot.slack.message import Message
from nps_bot.slack.profiles import Member
from nps_bot.surveys import store as survey_store

MAX_STOPPED = 100
"""Waves that are stopped together: their ids must fit into a button's value."""


async def _send(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    survey = args.survey()
    if await context.database.read(survey_store.is_paused, survey.key):
        raise paused(survey)
    return [await context.modes[survey.delivery].plan(context, survey, args.person_id)]


SEND = Word(
    "send",
    "ask now; shows how many, who, when and how long it takes, and waits for your"
    " word, or for an owner's where many are asked",
    _send,
    arguments="[survey]",
    details="ask now: shows how many, who, when, how long it takes and whether anybody would"
    " be asked twice, and goes after confirmation; above 50 people [an owner's, or a second"
    " person's](docs/operating.md#starting-a-large-wave)",
)


async def _stop(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    """Return how many were asked and how many would not be, with the question whether to stop."""
    survey = args.survey()
    title = survey.wording.title
    extents = await context.database.read(stopping.extents, survey.key)
    running = [one for one in extents if one.wave.stopped_at is None][:MAX_STOPPED]
    if not running:
        return [stop_view.nothing(title, extents)]
    request = StopRequest(survey.key, tuple(one.wave.id for one in running))
    return [stop_view.plan(title, survey.key, running, request.encoded())]


STOP = Word(
    "stop",
    "end a wave that runs: what was not sent is not sent; answers still count",
    _stop,
    arguments="[survey]",
)


async def _why(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    member = await _person(context, args.person())
    surveys = args.surveys()
    inside = [one.key for one in surveys if await is_in(context.directory, one.audience, member.id)]
    facts = await context.database.read(
        explain.why, surveys, member, inside, args.person_id, context.clock.now()
    )
    titles = {key: survey.wording.title for key, survey in context.surveys.items()}
    return [why_view.why(facts, titles, context.modes)]


async def _person(context: BotContext, typed: str) -> Member:
    """Return the person meant by an id, a name Slack shows or a name that is stored."""
    member = await context.directory.person(typed)
    if member is None and (known := await context.database.read(people.find, typed)):
        member = await context.directory.person(known)
    if member is None:
        raise CommandError(
            f"Slack shows me nobody called '{typed}'. Type @ and choose them from the list."
        )
    return member


WHY = Word(
    "why",
    "what they got, when each survey asks them next, and what holds them back",
    _why,
    arguments="@person",
    details="what they got of any survey, when each of yours asks them next, and the exact rule"
    " that holds them back until then",
)


async def _pause(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    survey = args.survey()
    now = context.clock.now()
    if not await context.database.write(launching.pause, survey.key, args.person_id, now):
        raise paused(survey)
    return [
        notices.sentence(
            f"“{survey.wording.title}” is paused: nobody is asked until /nps resume"
            f" {survey.key}. Answers still count."
        )
    ]


PAUSE = Word(
    "pause", "ask nobody until it is resumed; answers still count", _pause, arguments="[survey]"
)


async def _resume(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    survey = args.survey()
    title = survey.wording.title
    if not await context.database.write(launching.resume, survey.key):
        return [notices.sentence(f"“{title}” is not paused.")]
    context.wake_dispatcher()
    return [
        notices.sentence(
            f"“{title}” goes on: questions that were held back are sent now, or when the"
            " person's quiet hours are over."
        )
    ]


RESUME = Word("resume", "go on", _resume, arguments="[survey]")
