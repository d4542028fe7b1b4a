"""``/nps status`` and ``/nps preview``: answers made of several rooms."""

from __future__ import annotations

from collections.abc import Sequence

from nps_bot.home import status
from nps_bot.home.views import status as view
from nps_bot.interaction.command_args import CommandArgs
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.words import Word
from nps_bot.slack.message import Message


async def _status(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    facts = await context.database.read(status.status, args.surveys(), context.clock.now())
    return [view.status(facts, context.workspace_url, context.message_labels)]


STATUS = Word(
    "status",
    "what runs, what comes next, alerts nobody has claimed, messages that did not arrive",
    _status,
    arguments="[survey]",
)


async def _preview(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    survey = args.survey()
    owners = await context.access.owners(survey)
    return [context.modes[survey.delivery].preview(survey, owners)]


PREVIEW = Word(
    "preview",
    "the question as people get it, to yourself, not counted",
    _preview,
    arguments="[survey]",
)
