"""Waves and scores as pictures: Slack's native charts, or the same drawn in text.

Native charts are ``data_visualization`` blocks (docs.slack.dev, June 2026): at most two a message,
six series and twenty categories a chart, twenty characters a label, and every series has a value
for every category. So a line cannot be interrupted, and a break in the wording ends the chart:
waves before it are told in words, never joined to those after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import copysign, floor

from nps_bot.figures.report import Figures, WaveFigures
from nps_bot.nps.bands import SCORES
from nps_bot.nps.score import Distribution
from nps_bot.slack.block_kit import Block, context, count, section
from nps_bot.slack.numbers import calendar_day, points

_CATEGORIES = 20
_AXIS = 21
"""Cells of the text axis from -100 to +100; odd, so that 0 has one of its own."""


def distribution_chart(distribution: Distribution) -> Block:
    """Return how often each score was given, as a native bar chart."""
    values = {str(score): distribution.counts[score] for score in SCORES}
    return _chart("bar", "Answers by score", {"Answers": values}, "Score", "Answers")


def charts(trend: Sequence[WaveFigures]) -> list[Block]:
    """Return the scores of comparable waves with their intervals, as a native line chart.

    Nothing is drawn for fewer than two such waves with answers.
    """
    comparable, earlier = _split_at_break(trend)
    blocks: list[Block] = []
    if len(comparable) > 1:
        blocks.append(_line_chart(comparable[-_CATEGORIES:]))
    if earlier:
        waves = count(len(earlier), "wave")
        blocks.append(
            context(
                f"The question or its layout changed after {waves}, which cannot be compared with"
                f" those since: {_listed(earlier[-_CATEGORIES:])}"
            )
        )
    return blocks


def text(trend: Sequence[WaveFigures]) -> list[Block]:
    """Return every wave with its score and interval, drawn in text.

    Nothing is drawn for fewer than two waves with answers.
    """
    if sum(wave.figures.score is not None for wave in trend) < 2:
        return []
    labels = _labels(trend)
    width = max(map(len, labels))
    rows = []
    for wave, label in zip(trend, labels, strict=True):
        if wave.is_break:
            rows.append("- the question or its layout changed -")
        if wave.figures.score is not None:
            score = points(wave.figures.score)
            n = wave.figures.distribution.n
            rows.append(f"{label:<{width}} {score:>4} {_axis(wave.figures)} n={n:,}")
    drawn = "\n".join(rows)
    return [section(f"*NPS by wave* (● score, ━ 95% interval, │ zero)\n```\n{drawn}\n```")]


def _split_at_break(
    trend: Sequence[WaveFigures],
) -> tuple[list[WaveFigures], list[WaveFigures]]:
    """Return the answered waves since the last break, and those before it."""
    last = max((place for place, wave in enumerate(trend) if wave.is_break), default=0)
    since, before = trend[last:], trend[:last]
    return (
        [wave for wave in since if wave.figures.score is not None],
        [wave for wave in before if wave.figures.score is not None],
    )


def _line_chart(waves: Sequence[WaveFigures]) -> Block:
    labels = _labels(waves)
    ranges = [_range(wave.figures) for wave in waves]
    names = ("Upper bound, 95%", "NPS", "Lower bound, 95%")
    series = {
        name: dict(zip(labels, values, strict=True))
        for name, values in zip(names, zip(*ranges, strict=True), strict=True)
    }
    return _chart("line", "NPS by wave, with its 95% interval", series, "Wave", "NPS")


def _range(figures: Figures) -> tuple[float, float, float]:
    """Return upper bound, score and lower bound; of a census all three are the score."""
    score = figures.score or 0.0
    if figures.interval is None:
        return score, score, score
    return figures.interval.upper, score, figures.interval.lower


def _listed(waves: Sequence[WaveFigures]) -> str:
    return ", ".join(
        f"{points(wave.figures.score or 0.0)} (n={wave.figures.distribution.n:,},"
        f" {calendar_day(wave.wave.day)})"
        for wave in waves
    )


def _labels(waves: Sequence[WaveFigures]) -> list[str]:
    """Name each wave by its day, and by its hour too where a day has several."""
    days = [calendar_day(wave.wave.day) for wave in waves]
    several = {day for day, number in Counter(days).items() if number > 1}
    return [
        f"{day} {wave.wave.nominal[-5:]}" if day in several else day
        for wave, day in zip(waves, days, strict=True)
    ]


def _axis(figures: Figures) -> str:
    """Draw the interval and the score on an axis from -100 to +100."""
    upper, score, lower = (_cell(value) for value in _range(figures))
    cells = ["·"] * _AXIS
    cells[lower : upper + 1] = "━" * (upper + 1 - lower)
    cells[_AXIS // 2] = "│"
    cells[score] = "●"
    return "".join(cells)


def _cell(value: float) -> int:
    """Return the cell of ``value``; halves go outwards, so that no -5 looks like a 0."""
    half = _AXIS // 2
    return half + int(copysign(floor(abs(value) * half / 100 + 0.5), value))


def _chart(
    kind: str, title: str, series: Mapping[str, Mapping[str, float]], x_label: str, y_label: str
) -> Block:
    """Return a native chart of ``series``: values by label, by name; all have the same labels."""
    categories = list(next(iter(series.values())))
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {
            "type": kind,
            "series": [
                {
                    "name": name,
                    "data": [
                        {"label": label, "value": round(value, 1)}
                        for label, value in values.items()
                    ],
                }
                for name, values in series.items()
            ],
            "axis_config": {"categories": categories, "x_label": x_label, "y_label": y_label},
        },
    }
