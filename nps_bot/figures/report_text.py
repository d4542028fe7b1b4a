"""A report for a terminal."""

from __future__ import annotations

from nps_bot.anonymous.report import AnonymousReport
from nps_bot.anonymous.rules.disclosure import Figure
from nps_bot.anonymous.views import report as disclosed
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


def report_text(report: Report | AnonymousReport) -> str:
    """Return the report as plain lines."""
    if isinstance(report, AnonymousReport):
        return _anonymous(report)
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


def _anonymous(report: AnonymousReport) -> str:
    latest = report.latest
    lines = [f"{report.title}, {disclosed.about(report)}, anonymous", report.question, ""]
    lines += disclosed.pooled(report) if latest is None else disclosed.lines(latest)
    waves = disclosed.trend(report)
    if len(waves) > 1 or (waves and latest is None):
        lines += ["", "Waves with a result:", *(f"  {wave}" for wave in waves)]
    if latest is not None and isinstance(latest.shown, Figure):
        lines += _words(latest.shown)
    return "\n".join(lines)


def _words(shown: Figure) -> list[str]:
    if not shown.comments:
        return ["", disclosed.no_comments(shown)]
    lines = ["", f"{count(len(shown.comments), 'comment')}, in random order:"]
    for comment in shown.comments:
        lines += ["", *(f"  {line}" for line in comment.splitlines())]
    return lines


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
