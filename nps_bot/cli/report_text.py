"""A report for a terminal."""

from __future__ import annotations

from nps_bot.services.reporting import Report
from nps_bot.slack.views.figures import (
    answered_words,
    band_words,
    bounds_words,
    calendar_day,
    change_words,
    distribution_bars,
    points,
    spoken_score,
)


def report_text(report: Report) -> str:
    """Return the report as plain lines."""
    figures = report.figures
    lines = [f"{report.title}: {_about(report)}", report.question, ""]
    lines += [spoken_score(figures), answered_words(figures)]
    if figures.distribution.n:
        lines.append(band_words(figures.distribution))
        lines.append(change_words(report.change, report.before, is_break=report.is_break))
        bounds = bounds_words(figures)
        lines += [bounds] if bounds else []
        lines += ["", distribution_bars(figures.distribution).strip("`\n")]
    if len(report.trend) > 1:
        lines += ["", "Waves:"]
        for each in report.trend:
            score = "no answers" if each.figures.score is None else points(each.figures.score)
            lines.append(f"  {calendar_day(each.wave.day):>11}  {score:>10}")
    for comment in report.comments:
        who = comment.person_name or "Somebody"
        lines += ["", f"{who}, score {comment.score}, to “{comment.question}”:", comment.text]
    return "\n".join(lines)


def _about(report: Report) -> str:
    if report.period is not None:
        return report.period.words
    return f"wave of {calendar_day(report.wave.day)}" if report.wave else "no wave yet"
