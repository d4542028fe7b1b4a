"""Figures as words and bars: how a score, its uncertainty and a change are written everywhere.

Nothing is computed here but the rounding and the length of bars.
"""

from __future__ import annotations

from datetime import date

from nps_bot.figures.report import Figures
from nps_bot.nps.bands import SCORES
from nps_bot.nps.score import DIRECTIONAL_BELOW, Difference, Distribution, Interval, Verdict
from nps_bot.slack.block_kit import count, listed
from nps_bot.slack.numbers import calendar_day, percent, points
from nps_bot.surveys.rules.periods import Period

_SILENT = 15
"""Silent accounts that are named; the rest is counted."""
_BAR = 20
"""Characters of the longest bar: narrow enough for a phone."""


def interval_words(interval: Interval) -> str:
    """Return an interval: "95% interval −12 to +48"."""
    low, high = points(interval.lower), points(interval.upper)
    return f"{percent(interval.confidence)} interval {low} to {high}"


def score_words(figures: Figures) -> str:
    """Return the score with what is to be known before trusting it, as mrkdwn."""
    if figures.score is None:
        return "*No answers yet*"
    words = f"*NPS {points(figures.score)}*{_precision(figures)}"
    return f"{words}\n_{_DIRECTIONAL}_" if figures.directional else words


def spoken_score(figures: Figures) -> str:
    """Return the same on one line without markup, for a message's text."""
    if figures.score is None:
        return "no answers yet"
    words = f"NPS {points(figures.score)}{_precision(figures)}"
    return f"{words}. {_DIRECTIONAL}" if figures.directional else words


_DIRECTIONAL = f"Directional: fewer than {DIRECTIONAL_BELOW} answers"


def _precision(figures: Figures) -> str:
    if figures.census:
        return ", everybody asked has answered"
    return "" if figures.interval is None else f", {interval_words(figures.interval)}"


def answered_words(figures: Figures) -> str:
    """Return how many of those asked answered: "41 of 90 people answered (46%)".

    In channels nobody knows how many were asked: "7 answers from 2 accounts".
    """
    if figures.accounts is not None:
        answers = count(figures.distribution.n, "answer")
        return f"{answers} from {count(len(figures.accounts.answered), 'account')}"
    if figures.response_rate is None:
        return "Nobody has been asked yet"
    asked = count(figures.asked, "person", "people")
    return f"{figures.distribution.n:,} of {asked} answered ({percent(figures.response_rate)})"


def silent_words(figures: Figures) -> str | None:
    """Return the accounts that were asked and stayed silent, as plain text; None for none."""
    silent = figures.accounts.silent if figures.accounts else ()
    if not silent:
        return None
    more = len(silent) - _SILENT
    names = [*silent[:_SILENT], *([f"{more:,} more"] if more > 0 else [])]
    return f"No answer from {listed(names)}"


def bounds_words(figures: Figures) -> str | None:
    """Return what the silent ones could make of the score; None where there are none."""
    if figures.bounds is None or figures.distribution.n in (0, figures.asked):
        return None
    low, high = points(figures.bounds.lower), points(figures.bounds.upper)
    return f"Had everybody asked answered, the score would lie between {low} and {high}"


def band_words(distribution: Distribution) -> str:
    """Return the three bands with their shares: "Promoters 3 (60%) · ..."."""
    bands = (
        ("Promoters", distribution.promoters),
        ("Passives", distribution.passives),
        ("Detractors", distribution.detractors),
    )
    return " · ".join(
        f"{name} {number:,} ({percent(number / distribution.n)})" for name, number in bands
    )


def change_words(change: Difference | None, before: date | Period | None, *, is_break: bool) -> str:
    """Return how the score differs from the one before, and whether that is noise.

    Args:
        change: None where nothing is compared.
        before: with what.
        is_break: whether another wording forbids a comparison.
    """
    if before is None and not is_break:
        return "No earlier wave to compare with"
    if is_break:
        return "The question or its layout changed, so the scores before are not compared"
    against = before.words if isinstance(before, Period) else f"the wave of {_day(before)}"
    if change is None:
        return f"Not compared with {against}: one of the two has no answers"
    verdicts = {
        Verdict.NOISE: "within noise",
        Verdict.HIGHER: "higher, and more than noise",
        Verdict.LOWER: "lower, and more than noise",
    }
    return f"{points(change.points)} against {against}: {verdicts[change.verdict]}"


def _day(day: date | None) -> str:
    return "" if day is None else calendar_day(day)


def distribution_bars(distribution: Distribution) -> str:
    """Return how often each score was given, from 10 down to 0, as a code block."""
    longest = max(distribution.counts)
    rows = []
    for score in reversed(SCORES):
        number = distribution.counts[score]
        filled = max(1, round(_BAR * number / longest)) if number else 0
        rows.append(f"{score:>2} {'█' * filled}{' ' if filled else ''}{number:,}")
    return "```\n" + "\n".join(rows) + "\n```"


def recovery_words(up: int, down: int) -> str | None:
    """Return how many changed their mind after the score was fixed; None for nobody."""
    parts = [
        f"{number:,} {direction}"
        for number, direction in ((up, "to a higher score"), (down, "to a lower one"))
        if number
    ]
    if not parts:
        return None
    people = count(up + down, "person", "people")
    later = f"{people} changed their answer after the time for corrections"
    return f"Recovery: {later} ({', '.join(parts)}); the first score counts"
