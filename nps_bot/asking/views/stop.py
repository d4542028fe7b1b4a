"""``/nps stop``: what is left of the waves that run, before and after they are stopped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nps_bot.asking.stopping import Extent
from nps_bot.slack.block_kit import (
    Block,
    actions,
    as_list,
    button,
    context,
    count,
    escape,
    header,
    mention,
    section,
    when,
)
from nps_bot.slack.message import Message
from nps_bot.slack.numbers import calendar_day

_TITLE = 100
_LIST = 2_500


def plan(title: str, key: str, running: Sequence[Extent], stop_id: str) -> Message:
    """Return how many were asked and how many would not be, with the question whether to stop.

    Args:
        title: the survey's name.
        key: its name in commands.
        running: its open waves that were not stopped; at least one.
        stop_id: travels with both buttons.
    """
    name = escape(title, _TITLE)
    asked, unasked = _sums(running)
    reading = any(one.wave.state == "resolving" for one in running)
    more = ", nor would those who are still being looked up" if reading else ""
    numbers = f"{_were(asked)} asked; {count(unasked, 'person', 'people')} would not be{more}."
    last = max(one.wave.closes_at for one in running)
    blocks: list[Block] = [
        header(f"Stop “{title[:_TITLE]}”?"),
        section(f"{numbers}\n{_listed(running)}"),
        context(
            f"Nobody is asked again or reminded either. What was sent can be answered, until"
            f" {when(last)}. It can't be taken up again: `/nps pause {escape(key)}` only holds"
            " it back."
        ),
        actions(
            "stop",
            [
                button("Stop it", "wave_stop", stop_id, style="danger"),
                button("Let it go on", "wave_keep", stop_id),
            ],
        ),
    ]
    return Message(f"Stop “{name}”? {numbers}", blocks)


def stopped(title: str, extents: Sequence[Extent]) -> Message:
    """Return how far the waves had got that are stopped now, whoever stopped them."""
    name = escape(title, _TITLE)
    asked, unasked = _sums(extents)
    text = f"Stopped: “{name}” asks nobody else. {_were(asked)} asked, {unasked:,} not."
    note = (
        "What was just leaving may still have arrived; `/nps status` counts it. Answers count"
        " until the wave closes."
    )
    return Message(text, [section(f"{text}\n{_listed(extents)}"), context(note)])


def kept(title: str) -> Message:
    """Return what the question becomes once somebody said no."""
    text = f"Nothing was stopped: “{escape(title, _TITLE)}” goes on."
    return Message(text, [section(text)])


def nothing(title: str, open_waves: Sequence[Extent]) -> Message:
    """Return that there is nothing to stop; ``open_waves`` were all stopped before."""
    name = escape(title, _TITLE)
    if not open_waves:
        text = f"“{name}” has no open wave to stop."
        return Message(text, [section(text)])
    text = f"“{name}” is stopped already."
    return Message(text, [section(f"{text}\n{_listed(open_waves)}")])


def stopped_words(at: datetime | None, by: str | None) -> str | None:
    """Return that a wave was stopped, when and by whom: "stopped by @Priya, 3 Nov at 10:00".

    Returns None where it was not.
    """
    if at is None:
        return None
    return f"stopped by {mention(by)}, {when(at)}" if by else f"stopped, {when(at)}"


def _listed(extents: Sequence[Extent]) -> str:
    lines = [f"• {_extent(one)}" for one in extents]
    return as_list("", lines, len(extents), _LIST).strip()


def _extent(extent: Extent) -> str:
    wave = extent.wave
    words = [f"{extent.asked:,} asked, {extent.unasked:,} not"]
    if wave.state == "resolving":
        words.append("still reading whom to ask")
    if (stop := stopped_words(wave.stopped_at, wave.stopped_by)) is not None:
        words.append(stop)
    return f"Wave of {calendar_day(wave.day)}: {'; '.join(words)}"


def _sums(extents: Sequence[Extent]) -> tuple[int, int]:
    return sum(one.asked for one in extents), sum(one.unasked for one in extents)


def _were(asked: int) -> str:
    return f"{count(asked, 'person was', 'people were')}"
