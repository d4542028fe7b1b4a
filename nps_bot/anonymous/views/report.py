"""An anonymous wave in words: what is shown of it, and why not more. Nothing is computed here."""

from __future__ import annotations

from nps_bot.anonymous.disclosing import AnonymousWave
from nps_bot.anonymous.report import AnonymousReport
from nps_bot.anonymous.rules.disclosure import (
    MEDIUM_WITHIN,
    NARROW_WITHIN,
    Disclosure,
    Figure,
    Participation,
    Score,
    Side,
    TooFew,
    Width,
)
from nps_bot.nps.score import DIRECTIONAL_BELOW, Verdict
from nps_bot.slack.block_kit import count
from nps_bot.slack.numbers import calendar_day, percent, points
from nps_bot.surveys.rules.survey import comments_from

_GROUP = 80


def score(shown: Score) -> str:
    """Return a score, or its bound: "NPS +25", "NPS above +60"."""
    beyond = "" if shown.side is Side.EXACTLY else f"{shown.side.value} "
    return f"NPS {beyond}{points(shown.points)}"


def headline(shown: Participation | Disclosure) -> str:
    """Return what stands in a heading."""
    if isinstance(shown, Figure):
        return score(shown.score)
    return "too few answers" if isinstance(shown, TooFew) else "result after closing"


def lines(each: AnonymousWave) -> list[str]:
    """Return all that is shown of a wave but its comments, without markup."""
    shown = each.shown
    if isinstance(shown, Participation):
        return [participation(shown), _later(shown)]
    if isinstance(shown, TooFew):
        asked = count(shown.invited, "person was", "people were")
        fewer = f"fewer than {shown.threshold + 1} answered"
        return [f"{asked} asked, and {fewer}: no result is shown, now or later"]
    return [*_figure(shown), _change(each, shown), *_segments(each, shown)]


def spoken(shown: Participation | Disclosure) -> str:
    """Return the same in a sentence or two, for a message's text."""
    if isinstance(shown, Figure):
        return f"{score(shown.score)}. {_answered(shown)}"
    if isinstance(shown, TooFew):
        return f"too few answers for a result, which needs {shown.threshold + 1}"
    return f"{participation(shown)}. {_later(shown)}"


def participation(shown: Participation) -> str:
    """Return how many take part: "At least 10 of 40 people have answered so far"."""
    if not shown.invited:
        return "Nobody has been asked yet"
    asked = count(shown.invited, "person", "people")
    if not shown.at_least:
        return f"Fewer than {shown.threshold} of {asked} have answered so far"
    return f"At least {shown.at_least:,} of {asked} have answered so far"


def _later(shown: Participation) -> str:
    return f"Results come after closing, from {shown.threshold + 1} answers"


def _figure(shown: Figure) -> list[str]:
    told = [f"{score(shown.score)}{_precision(shown)}", _answered(shown)]
    if shown.score.side is not Side.EXACTLY:
        told.append("Nearly everybody agrees, so no more than this bound is shown")
    if shown.n < DIRECTIONAL_BELOW:
        told.append(f"Directional: fewer than {DIRECTIONAL_BELOW} answers")
    return told


def _precision(shown: Figure) -> str:
    if shown.width is None:
        return ", everybody asked has answered"
    return "" if shown.score.side is not Side.EXACTLY else f", {_WIDTHS[shown.width]}"


_WIDTHS = {
    Width.NARROW: f"narrow 95% interval (at most {NARROW_WITHIN} points either way)",
    Width.MEDIUM: f"medium 95% interval (at most {MEDIUM_WITHIN} points either way)",
    Width.WIDE: f"wide 95% interval (it can be more than {MEDIUM_WITHIN} points either way)",
}


def _answered(shown: Figure) -> str:
    asked = count(shown.invited, "person", "people")
    return f"{shown.n:,} of {asked} answered ({percent(shown.n / shown.invited)})"


def _change(each: AnonymousWave, shown: Figure) -> str:
    if shown.change is not None:
        against = f"Against the wave of {calendar_day(shown.change.before)}"
        return f"{against}: {_VERDICTS[shown.change.verdict]}"
    if each.is_break:
        return "The wave before was asked otherwise, so the two are not compared"
    return "No result of a wave before to compare with"


_VERDICTS = {
    Verdict.HIGHER: "higher, and more than noise",
    Verdict.LOWER: "lower, and more than noise",
    Verdict.NOISE: "no more than noise, as far as can be shown",
}


def _segments(each: AnonymousWave, shown: Figure) -> list[str]:
    if each.wave.segment is None:
        return []
    if not shown.segments:
        few = f"has fewer than {shown.threshold + 1} answers or nearly agrees"
        return [f"Not shown by {each.wave.segment}: a group, or what remains beside it, {few}"]
    groups = (
        f"{segment.name[:_GROUP]} NPS {points(segment.points)} ({count(segment.n, 'answer')})"
        for segment in shown.segments
    )
    return [f"By {each.wave.segment}: {', '.join(groups)}"]


def no_comments(shown: Figure) -> str:
    """Return why no comments are shown."""
    least = comments_from(shown.threshold)
    if shown.n < least:
        return f"Comments are shown from {least} answers on"
    return "Nobody wrote a comment"


def trend(report: AnonymousReport) -> list[str]:
    """Return the waves that have a result, the oldest first."""
    return [
        f"{calendar_day(each.wave.day)}: {score(each.shown.score)},"
        f" {count(each.shown.n, 'answer')}{' (asked otherwise than before)' * each.is_break}"
        for each in report.trend
        if isinstance(each.shown, Figure)
    ]


def pooled(report: AnonymousReport) -> list[str]:
    """Return the period's waves together."""
    pool = report.pooled
    if pool is None:
        return ["No wave of this time has a result"]
    waves = f"{count(pool.n, 'answer')} in {count(pool.waves, 'wave')} that have a result"
    if pool.waves == 1:
        waves = f"{count(pool.n, 'answer')} in the one wave that has a result"
    if pool.score is None:
        return [f"{waves}; some show only a bound, so they have no score together"]
    return [score(pool.score), waves, "Every answer counts: nobody can tell who answered twice"]


def about(report: AnonymousReport) -> str:
    """Return what a report is about."""
    if report.period is not None:
        return report.period.words
    return f"wave of {calendar_day(report.latest.wave.day)}" if report.latest else "no wave yet"
