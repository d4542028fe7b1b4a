"""The scoreboard of a wave in the team's channel."""

from __future__ import annotations

from nps_bot.asking.views.stop import stopped_words
from nps_bot.figures.report import WaveFigures
from nps_bot.figures.summary import Summary
from nps_bot.figures.views.figures import (
    answered_words,
    band_words,
    change_words,
    distribution_bars,
    recovery_words,
    score_words,
    silent_words,
    spoken_score,
)
from nps_bot.slack.block_kit import Block, context, escape, header, section, when
from nps_bot.slack.message import Message
from nps_bot.slack.numbers import calendar_day, points

_TITLE = 100
_QUESTION = 300


def scoreboard(summary: Summary) -> Message:
    """Return the scoreboard of a wave as it stands: while it takes answers, and closed."""
    figures, wave = summary.latest.figures, summary.latest.wave
    state, until = _state(summary.latest)
    title = escape(summary.title, _TITLE)
    score = "no answers" if figures.score is None else f"NPS {points(figures.score)}"
    blocks: list[Block] = [
        header(f"{summary.title[:_TITLE]}, {state}: {score}"),
        section(f"{score_words(figures)}\n{answered_words(figures)}"),
    ]
    if figures.distribution.n:
        blocks += _details(summary)
    if (silent := silent_words(figures)) is not None:
        blocks.append(context(escape(silent)))
    origin = f"Wave of {calendar_day(wave.day)}, {until} · {escape(summary.question, _QUESTION)}"
    spoken = f"{title}, {state}: {spoken_score(figures)}. {answered_words(figures)}."
    return Message(spoken, [*blocks, context(origin)])


def _state(latest: WaveFigures) -> tuple[str, str]:
    """Return how a wave stands, in a word or two, and until when."""
    wave = latest.wave
    stop = stopped_words(wave.stopped_at, wave.stopped_by)
    if wave.state == "closed":
        closed = f"closed {when(wave.closed_at or wave.closes_at)}"
        return "closed", closed if stop is None else f"{stop}; {closed}"
    if stop is not None:
        return "stopped", f"{stop}; answers count until {when(wave.closes_at)}"
    return "so far", f"open until {when(wave.closes_at)}"


def _details(summary: Summary) -> list[Block]:
    latest = summary.latest
    distribution = latest.figures.distribution
    change = change_words(summary.change, summary.before, is_break=latest.is_break)
    blocks: list[Block] = [
        section(f"{change}\n{band_words(distribution)}"),
        section(distribution_bars(distribution)),
    ]
    recovery = recovery_words(summary.recovery.up, summary.recovery.down)
    return blocks if recovery is None else [*blocks, context(recovery)]
