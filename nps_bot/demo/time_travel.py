"""Time in the sandbox: moved on in strides, so that on the way everybody does what they would have
done, and the bot with them.

One clock goes for bot and sandbox. Leases, signatures, triggers and rate limits stay on real time,
so nothing that is on its way to Slack looks lost because a day has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nps_bot.app.wiring import Bot
from nps_bot.asking.inviting import look_for_newcomers
from nps_bot.asking.scheduler import tick
from nps_bot.asking.store import wave_heads
from nps_bot.base.clock import MovableClock
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.demo.crowd import Crowd
from nps_bot.demo.idle import come_to_rest
from nps_bot.demo.tour import Guide
from nps_bot.surveys.rules.cadence import nominal_times
from nps_bot.surveys.rules.local_time import FIRST_ZONE, earliest_opening
from slack_sandbox import Sandbox
from slack_sandbox.control import Checklist, Move, Toggle
from slack_sandbox.errors import NotThereError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Jump(StrEnum):
    """How far the page moves time on."""

    HOUR = "hour"
    DAY = "day"
    NEXT_WAVE = "next_wave"
    CLOSE_WAVE = "close_wave"


_TITLES = {
    Jump.HOUR: "+1 hour",
    Jump.DAY: "+1 day",
    Jump.NEXT_WAVE: "Next wave",
    Jump.CLOSE_WAVE: "Close the wave",
}
_STRIDES = {
    Jump.HOUR: timedelta(minutes=30),
    Jump.DAY: timedelta(hours=3),
    Jump.NEXT_WAVE: timedelta(hours=8),
    Jump.CLOSE_WAVE: timedelta(hours=8),
}
"""How far time goes at once: what is due in between happens at the end of each stride."""
_EVERYWHERE = timedelta(hours=26)
"""How long it takes from a wave's first prompt to its last: until it is that hour everywhere."""
_LIVING = "living"
_LAST_CHANCE = timedelta(minutes=1)
"""So long before a wave closes everybody answers who would have until then."""
_A_MOMENT = UPDATE_DELAY + timedelta(seconds=1)
"""After this long, what was answered is shown everywhere."""


@dataclass(frozen=True, slots=True)
class _Way:
    """Where time goes: in strides, or at one go as long as nothing can happen in between."""

    to: datetime
    stride: timedelta


class Moving:
    """Moves the clock of a bot and of the sandbox it runs in.

    Args:
        bot: runs in the sandbox.
        sandbox: whose people see the time that the clock shows.
        clock: of both.
        crowd: the people who live by themselves.
        guide: what a visitor is led through.
        keep: remembers how far the clock is ahead, for the next start.
    """

    def __init__(
        self,
        bot: Bot,
        sandbox: Sandbox,
        clock: MovableClock,
        crowd: Crowd,
        guide: Guide,
        keep: Callable[[timedelta], None],
    ) -> None:
        self._bot = bot
        self._sandbox = sandbox
        self._clock = clock
        self._crowd = crowd
        self._guide = guide
        self._keep = keep
        self._living = True
        self._one_at_a_time = asyncio.Lock()

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self._clock.now()

    @property
    def moved(self) -> bool:
        """Whether it was moved on."""
        return self._clock.ahead > timedelta()

    @property
    def moves(self) -> Sequence[Move]:
        """The ways in which the page moves it on."""
        return [Move(jump, title) for jump, title in _TITLES.items()]

    def toggles(self) -> Sequence[Toggle]:
        """Return the one switch: whether the people answer by themselves when time moves."""
        return [Toggle(_LIVING, "People answer by themselves when time moves", self._living)]

    def turn(self, key: str, *, on: bool) -> None:
        """Let the people answer by themselves, or not; raise NotThereError for any other switch."""
        if key != _LIVING:
            raise NotThereError(f"There is no switch '{key}'.")
        self._living = on

    def checklist(self) -> Checklist:
        """Return the guide as far as the visitor has come."""
        return self._guide.checklist(self._sandbox)

    async def move(self, key: str) -> datetime:
        """Move time on; return the new time once the bot has done what was due by then.

        Raises:
            NotThereError: no wave is open that could close, or none comes; or no such way.
        """
        if key not in set(Jump):
            raise NotThereError(f"'{key}' is no way to move time: {', '.join(Jump)}.")
        how = Jump(key)
        async with self._one_at_a_time:
            for way in await self._ways(how):
                await self._go(way)
            self._guide.moved()
            self._sandbox.workspace.changes.notify()
            return self.now

    async def _ways(self, how: Jump) -> list[_Way]:
        now, stride = self.now, _STRIDES[how]
        match how:
            case Jump.HOUR:
                return [_Way(now + HOUR, stride)]
            case Jump.DAY:
                return [_Way(now + DAY, stride)]
            case Jump.CLOSE_WAVE:
                closings = await self._closings()
                if not closings:
                    raise NotThereError("No wave is open: move on to the next one first.")
                return [_Way(closings[0], stride)]
            case Jump.NEXT_WAVE:
                opens_at = self._next_opening(now)
                return [_Way(opens_at, stride), _Way(opens_at + _EVERYWHERE, _STRIDES[Jump.DAY])]

    async def _closings(self) -> list[datetime]:
        """Return when the open waves close, in order."""
        context = self._bot.context
        open_waves = await context.database.read(wave_heads.open_waves, list(context.surveys))
        return sorted(wave.closes_at for wave in open_waves if wave.closes_at > self.now)

    def _next_opening(self, now: datetime) -> datetime:
        """Return when the next wave of any survey opens by itself."""
        openings = []
        for survey in self._bot.context.surveys.values():
            reading = now.astimezone(FIRST_ZONE).replace(tzinfo=None)
            for nominal in nominal_times(survey.cadence, reading):
                opening = earliest_opening(nominal, survey.time_zone)
                if opening > now:
                    openings.append(opening)
                    break
        if not openings:
            raise NotThereError("There is no survey, so no wave comes.")
        return min(openings)

    async def _go(self, way: _Way) -> None:
        """Go there, resting at the end of each stride."""
        while self.now < way.to:
            closings = await self._closings()
            last_chances = [at - _LAST_CHANCE for at in closings if at - _LAST_CHANCE > self.now]
            far = self.now + way.stride if closings else way.to
            await self._stop_at(max(self.now, min([way.to, far, *last_chances, *closings])))

    async def _stop_at(self, moment: datetime) -> None:
        """Set the clock to a moment and have everybody do what is due by then."""
        self._ahead(moment - self.now)
        context = self._bot.context
        await tick(context)
        await look_for_newcomers(context)
        await come_to_rest(self._bot, self._sandbox)
        if self._living:
            await self._crowd.act(self.now)
        self._ahead(_A_MOMENT)
        context.wake_dispatcher()
        await come_to_rest(self._bot, self._sandbox)

    def _ahead(self, by: timedelta) -> None:
        self._clock.ahead += by
        self._keep(self._clock.ahead)
