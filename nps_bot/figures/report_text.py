"""A report for a terminal."""

from __future__ import annotations

from nps_bot.figures.report import Report, WaveFigures
from nps_bot.figures.views.figures import (
    answered_words,
    band_words,
    bounds_words,
    change_words,
    distribution_bars,
    recovery_words,
    silent_words,
    spoken_score,
)
from nps_bot.slack.block_kit import count
from nps_bot.slack.numbers import calendar_day


def report_text(report: Report) -> str:
    """Return the report as plain lines."""
    figures = report.figures
    lines = [f"{report.title}, {_about(report)}", report.question, ""]
    lines += [_sentence(spoken_score(figures)), answered_words(figures)]
    silent = silent_words(figures)
    lines += [silent] if silent else []
    if figures.distribution.n:
        lines.append(band_words(figures.distribution))
        lines.append(change_words(report.change, report.before, is_break=report.is_break))
        bounds = bounds_words(figures)
        lines += [bounds] if bounds else []
        lines += ["", distribution_bars(figures.distribution).strip("`\n")]
    if len(report.trend) > 1:
        lines += ["", "Waves:", *map(_wave, report.trend)]
    recovery = recovery_words(report.recovery.up, report.recovery.down)
    lines += ["", recovery] if recovery else []
    return "\n".join([*lines, *_comments(report)])


def _about(report: Report) -> str:
    if report.period is not None:
        return report.period.words
    return f"wave of {calendar_day(report.wave.day)}" if report.wave else "no wave yet"


def _sentence(clause: str) -> str:
    return clause[0].upper() + clause[1:]


def _wave(each: WaveFigures) -> str:
    changed = " (the question or its layout changed)" if each.is_break else ""
    day, n = calendar_day(each.wave.day), count(each.figures.distribution.n, "answer")
    return f"  {day:>11}  {spoken_score(each.figures)}, {n}{changed}"


def _comments(report: Report) -> list[str]:
    if not report.comments:
        return []
    total = count(report.comments_total, "comment")
    lines = ["", f"Latest comments ({len(report.comments)} of {total}):"]
    for comment in report.comments:
        who = comment.person_name or "Somebody"
        account = f" ({comment.account})" if comment.account else ""
        lines += ["", f"{who}{account}, score {comment.score}, to “{comment.question}”:"]
        lines += [f"  {line}" for line in comment.text.splitlines()]
    return lines
