"""A wave by hand before it starts: who, when, and how long it takes at the pace that was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nps_bot.domain.audience import Member
from nps_bot.domain.survey import Survey
from nps_bot.services import launching
from nps_bot.services.launching import Plan
from nps_bot.slack.edge import Edge
from nps_bot.slack.pacing import POSTING, Lane, last_sent
from nps_bot.storage import remembered


@dataclass(frozen=True, slots=True)
class Preview:
    """What a wave started now would do.

    Attributes:
        plan: who would be asked, and when.
        takes: how long it takes from now until the last one is asked.
    """

    plan: Plan
    takes: timedelta


async def preview(edge: Edge, survey: Survey, members: Sequence[Member]) -> Preview:
    """Return what a wave that asks those of ``members`` who are due would do. Changes nothing."""
    now = edge.clock.now()
    plan = await edge.database.read(launching.plan, survey, members, now)
    rate = Lane(await edge.database.read(remembered.recall, remembered.PACE)).rate(POSTING)
    return Preview(plan, takes(plan, rate, now))


def takes(plan: Plan, rate: float, now: datetime) -> timedelta:
    """Return how long a wave takes from ``now`` at ``rate`` messages a second."""
    end = last_sent((moment for _, moment in plan.due), rate)
    return timedelta() if end is None else end - now
