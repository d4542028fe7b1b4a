"""``/nps report``."""

from __future__ import annotations

from collections.abc import Sequence

from nps_bot.figures import result
from nps_bot.figures.share_request import ShareRequest
from nps_bot.interaction.command_args import CommandArgs
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.words import Word
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.periods import parse_period


async def _report(context: BotContext, args: CommandArgs) -> Sequence[Message]:
    survey, typed = args.survey_and_period()
    now = context.clock.now()
    period = parse_period(typed, now) if typed is not None else None
    found = await context.database.read(result.report, survey, period, now)
    share = ShareRequest(survey.key, typed, now.isoformat()).encoded()
    plain = found.for_owner(share, charts=False)
    if not context.charts.allowed:
        return [plain]
    return [found.for_owner(share, charts=True), plain]


REPORT = Word(
    "report",
    "the score with its interval, trend and comments; a period is"
    " `30d`, `90d`, `2026-Q3`, `2026-08`, `2026` or `all`",
    _report,
    arguments="[survey] [period]",
    details="the score with interval, trend and latest comments; *Share* posts it, without the"
    " comments. A period is `30d`, `90d`, `2026-Q3`, `2026-08`, `2026` or `all`",
)
