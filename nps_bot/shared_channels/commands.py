"""What ``/nps send`` shows of a survey that asks in shared channels."""

from __future__ import annotations

from nps_bot.asking import launching
from nps_bot.interaction.context import BotContext
from nps_bot.shared_channels import posting
from nps_bot.shared_channels.reading import every_channel
from nps_bot.shared_channels.views import approval
from nps_bot.slack.message import Message
from nps_bot.slack.payloads import SendRequest
from nps_bot.surveys.rules.survey import Survey


async def plan(context: BotContext, survey: Survey) -> Message:
    """Return in which channels a wave would ask, each on the word of its account's owner."""
    now = context.clock.now()
    found = await every_channel(context, survey)
    posts = await context.database.read(posting.would_ask, survey, found, now)
    nominal = await context.database.read(launching.free_minute, survey, now)
    asking = sum(post.obstacle is None for post in posts)
    confirm = SendRequest(survey.key, nominal, asking).encoded()
    return approval.plan(survey.wording.title, posts, confirm)
