"""Clicks: how many a second at saturation, at what cost, and how soon one of a hundred a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, process_time

from benchmarks import payloads
from benchmarks.load import Answers, pace, saturate
from benchmarks.processes import Running
from benchmarks.slack import Slack
from benchmarks.world import Invited, Kept, World
from nps_bot.nps.bands import Band, band_of
from nps_bot.surveys.rules.survey import Survey

_LATEST_DRAIN = 60.0
"""Seconds after which what follows the clicks counts as lost."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that takes clicks: the bot, or with no world the app that only acknowledges."""

    name: str
    running: Running
    world: World | None


@dataclass(frozen=True, slots=True)
class Round:
    """What one contender did with the clicks of one round.

    Attributes:
        answers: what came of the clicks.
        cpu: CPU seconds of its process, until everything was done.
        drained: seconds after the last answer until all prompts were rewritten and settled.
        modals: how many were opened.
        load: CPU seconds of the load generator and the Slack stand-in together, while it clicked.
    """

    answers: Answers
    cpu: float
    drained: float
    modals: int
    load: float


class Clicks:
    """Sends rounds of clicks and checks that each was kept."""

    def __init__(self, slack: Slack, survey: Survey) -> None:
        self._slack = slack
        self._survey = survey
        self._strangers = [Invited(f"{n:032x}", f"U{n:08}") for n in range(1, 10_001)]

    async def saturate(self, contender: Contender, number: int) -> Round:
        """Send that many clicks, each to another prompt, as fast as they are answered."""
        return await self._round(contender, number, None)

    async def pace(self, contender: Contender, number: int, per_second: float) -> Round:
        """Send that many clicks, each to another prompt, at a steady rate."""
        return await self._round(contender, number, per_second)

    async def _round(self, contender: Contender, number: int, per_second: float | None) -> Round:
        world = contender.world
        wave, invited = await world.asked(number) if world else (0, self._strangers[:number])
        scores = payloads.scores(number)
        requests = payloads.clicks(self._survey, invited, scores, self._slack.base)
        port = contender.running.port
        self._slack.forget()
        cpu, load = contender.running.cpu(), process_time()
        if per_second is None:
            answers = await saturate(port, requests)
        else:
            answers = await pace(port, requests, per_second)
        load = process_time() - load
        drained = 0.0
        if world:
            drained = await self._drain(world, wave, number)
            _check(await world.kept(wave), answers, scores, self._slack)
        done = contender.running.cpu()
        if world:
            await world.withdraw_alerts()
        return Round(answers, done - cpu, drained, self._slack.calls["views.open"], load)

    async def _drain(self, world: World, wave: int, number: int) -> float:
        """Wait until all prompts were rewritten and settled; return how long that took.

        Alerts are not waited for: Slack takes one message a second in a channel, so a fifth of
        thousands of clicks would keep them leaving for a quarter of an hour.
        """
        began = perf_counter()
        while (await world.kept(wave)).prompts_sent < number:
            if perf_counter() - began > _LATEST_DRAIN:
                raise AssertionError(f"after {_LATEST_DRAIN:g} s prompts were still not rewritten")
            await asyncio.sleep(0.05)
        return perf_counter() - began


def _check(kept: Kept, answers: Answers, scores: Sequence[int], slack: Slack) -> None:
    """Refuse a round in which a click was refused, lost or counted twice."""
    detractors = sum(band_of(score) is Band.DETRACTOR for score in scores)
    found = {
        "clicks answered with 200": answers.answered,
        "responses in the database": kept.responses,
        "prompts rewritten, each once": len(set(slack.rewritten)),
        "prompts that show the answer": kept.prompts_sent,
    }
    wrong = {what: count for what, count in found.items() if count != len(scores)}
    if wrong or kept.alerts != detractors:
        raise AssertionError(
            f"of {len(scores)} clicks, {detractors} of detractors: {found}, "
            f"alerts owed: {kept.alerts}, refused: {answers.refused[:5]}"
        )
