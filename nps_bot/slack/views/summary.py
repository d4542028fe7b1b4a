"""The scoreboard of a wave in the team's channel: while it runs, and at its close."""

from __future__ import annotations

from nps_bot.services.summarising import Summary
from nps_bot.slack.views.figures import (
    answered_words,
    band_words,
    calendar_day,
    change_words,
    distribution_bars,
    points,
    recovery_words,
    score_words,
    silent_words,
    spoken_score,
)
from nps_bot.slack.views.kit import Block, context, escape, header, section, when
from nps_bot.slack.views.message import Message
from nps_bot.slack.views.stop import stopped_words

_TITLE = 100
_QUESTION = 300


def running(summary: Summary) -> Message:
    """Return the scoreboard of a wave that still takes answers."""
    wave = summary.latest.wave
    stop = stopped_words(wave.stopped_at, wave.stopped_by)
    if stop is not None:
        return _scoreboard(
            summary, "stopped", f"{stop}; answers count until {when(wave.closes_at)}"
        )
    return _scoreboard(summary, "so far", f"open until {when(wave.closes_at)}")


def closing(summary: Summary) -> Message:
    """Return the last word on a wave."""
    wave = summary.latest.wave
    closed = f"closed {when(wave.closed_at or wave.closes_at)}"
    stop = stopped_words(wave.stopped_at, wave.stopped_by)
    return _scoreboard(summary, "closed", closed if stop is None else f"{stop}; {closed}")


def _scoreboard(summary: Summary, state: str, until: str) -> Message:
    figures, wave = summary.latest.figures, summary.latest.wave
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
