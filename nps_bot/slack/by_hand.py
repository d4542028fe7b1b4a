"""What a wave that somebody starts by hand is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nps_bot.domain.survey import Survey
from nps_bot.services import status
from nps_bot.services.launching import NOMINAL
from nps_bot.slack.edge import Edge

_MINUTE = timedelta(minutes=1)


async def free_minute(edge: Edge, survey: Survey, now: datetime) -> str:
    """Return the nominal time of a wave started at ``now``: its minute in UTC.

    Where an open wave of the survey has it, it is the next one that none has: a wave must not get
    lost because another was started a moment before.
    """
    running = await edge.database.read(status.running_waves, [survey.key])
    taken = {each.wave.nominal for each in running.get(survey.key, ())}
    minute = now.astimezone(UTC)
    while (nominal := minute.strftime(NOMINAL)) in taken:
        minute += _MINUTE
    return nominal
