"""The report of an anonymous survey for a terminal."""

from __future__ import annotations

from nps_bot.anonymous.report import AnonymousReport
from nps_bot.anonymous.rules.disclosure import Figure
from nps_bot.anonymous.views import report as view
from nps_bot.slack.block_kit import count


def report_text(report: AnonymousReport) -> str:
    """Return the report as plain lines."""
    latest = report.latest
    lines = [f"{report.title}, {view.about(report)}, anonymous", report.question, ""]
    lines += view.pooled(report) if latest is None else view.lines(latest)
    waves = view.trend(report)
    if len(waves) > 1 or (waves and latest is None):
        lines += ["", "Waves with a result:", *(f"  {wave}" for wave in waves)]
    if latest is not None and isinstance(latest.shown, Figure):
        lines += _words(latest.shown)
    return "\n".join(lines)


def _words(shown: Figure) -> list[str]:
    if not shown.comments:
        return ["", view.no_comments(shown)]
    lines = ["", f"{count(len(shown.comments), 'comment')}, in random order:"]
    for comment in shown.comments:
        lines += ["", *(f"  {line}" for line in comment.splitlines())]
    return lines
