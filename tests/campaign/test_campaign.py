"""The short campaign: one kill at every boundary, on each database; then everything comes to rest.

Real processes die in real time; a bot in this process then puts things right, with a clock that can
be moved over the minutes in which a message of unknown outcome might still show.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random, SystemRandom

import pytest

from nps_bot.app.wiring import open_database
from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand
from nps_bot.base.settings import load_settings
from nps_bot.storage.database import Database
from nps_bot.surveys import load_surveys
from slack_sandbox import Sandbox
from tests.campaign import world
from tests.campaign.campaign import KILLS, Campaign
from tests.campaign.checker import judge, under_way
from tests.campaign.crowd import Crowd
from tests.campaign.processes import Crew
from tests.helpers.attack_helpers import eventually
from tests.helpers.world import World

_PEOPLE = 60
_AT_A_TIME = 4
"""So many people are asked before each kill: what is lost in it must be looked for, one by one."""
_FASTER = timedelta(seconds=0.2)
"""By so much the clock is moved a hundredth of a second, while things are put right ..."""
_MOST_AHEAD = timedelta(minutes=4)
"""... up to here: history is looked at since five minutes before a claim."""
_SLOW = replace(world.LIMITS, posts_per_minute=300, posts_burst=4)


@pytest.fixture
def random() -> Random:
    """Return chance, with its seed printed where a test fails."""
    seed = SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    return Random(seed)  # noqa: S311  # chance, not secrecy


@pytest.fixture
async def sandbox(random: Random) -> AsyncIterator[Sandbox]:
    """Return a Slack in which calls go wrong."""
    async with world.slack(_PEOPLE, random.randrange(2**32), _SLOW) as started:
        yield started


@pytest.mark.timeout(300)  # how long is chance: each kill waits for its boundary and a new start
@pytest.mark.parametrize(
    ("database_url", "workers"), [("sqlite", 0), ("postgresql", 2)], indirect=["database_url"]
)
async def test_killed_at_every_boundary_it_asks_everybody_once(
    sandbox: Sandbox, database_url: str, workers: int, random: Random, tmp_path: Path
) -> None:
    surveys = world.write_survey(tmp_path)
    there = _world(sandbox, database_url, surveys)
    people = world.employees(sandbox.workspace)
    crowd = Crowd(sandbox, people, random)
    crew = await Crew.of(sandbox, database_url, surveys, workers, tmp_path)
    to_ask = iter(random.sample(people, len(people)))
    async with open_database(database_url) as database:

        async def ask_some() -> None:
            for _ in range(_AT_A_TIME):
                await _ask(there, database, next(to_ask))

        await asyncio.gather(*(member.start() for member in crew))
        clicking = asyncio.create_task(crowd.click_on())
        campaign = Campaign(sandbox, database, crew, crowd, random, _AT_A_TIME)
        try:
            await campaign.run(kills=len(KILLS), stops=0, supply=ask_some)
        finally:
            clicking.cancel()
            await asyncio.wait([clicking])
            await asyncio.gather(*(member.end() for member in crew))
        sandbox.faults.clear()
        async with there.running():
            await there.tick()
            await _put_right(there, database)
        verdict = await judge(sandbox, database, crowd.answered, people=1)
    assert verdict.faults == []
    assert verdict.invitations == _AT_A_TIME * len(KILLS)
    assert verdict.parked == 0
    assert crew.told["errors"] == 0


def _world(sandbox: Sandbox, database_url: str, surveys: Path) -> World:
    """Return a world for the bot that puts things right, in Socket Mode."""
    settings = load_settings(
        {
            "SLACK_BOT_TOKEN": sandbox.bot_token,
            "SLACK_APP_TOKEN": sandbox.app_token,
            "SLACK_API_URL": sandbox.api_url,
            "DATABASE_URL": database_url,
        }
    )
    return World(sandbox, settings, dict(load_surveys(surveys)))


async def _ask(there: World, database: Database, person_id: str) -> None:
    """Have one person asked, in a wave of their own."""
    now = there.clock.now()
    survey = there.surveys[world.KEY]
    how = ByHand(now.strftime(NOMINAL), only_person=person_id, at_once=True)
    await database.write(launching.start_by_hand, survey, how, now)


async def _put_right(there: World, database: Database) -> None:
    """Let the bot bring everything to rest: leases run out, and the lost is looked for."""
    context = there.bot.context

    async def at_rest() -> bool:
        if there.clock.ahead < _MOST_AHEAD:
            there.clock.ahead += _FASTER
            context.wake_dispatcher()
        return not context.background.running and not await under_way(database)

    await eventually(there.sandbox, at_rest, patience=5_000)
