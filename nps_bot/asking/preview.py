"""A wave by hand before it starts: who, when, and how long it takes at the pace that was learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nps_bot.asking import launching
from nps_bot.asking.launching import Plan
from nps_bot.asking.progress import posting_rate
from nps_bot.asking.rules.progress import Batch, expected_ends
from nps_bot.interaction.context import BotContext
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class Preview:
    """What a wave started now would do.

    Attributes:
        plan: who would be asked, and when.
        takes: how long it takes from now until the last one is asked.
    """

    plan: Plan
    takes: timedelta


async def preview(
    context: BotContext, survey: Survey, members: Sequence[Member], *, alone: bool = False
) -> Preview:
    """Return what a wave that asks those of ``members`` who are due would do. Changes nothing.

    ``alone`` says that it is for one person: see :func:`launching.plan`.
    """
    now = context.clock.now()
    plan = await context.database.read(launching.plan, survey, members, now, alone=alone)
    rate = await context.database.read(posting_rate)
    return Preview(plan, takes(plan, rate, now))


def takes(plan: Plan, rate: float, now: datetime) -> timedelta:
    """Return how long a wave takes from ``now`` at ``rate`` messages a second."""
    due = Counter(moment for _, moment in plan.due)
    batches = [Batch(moment, 0, people) for moment, people in due.items()]
    return max(expected_ends(batches, rate, now).values(), default=now) - now
