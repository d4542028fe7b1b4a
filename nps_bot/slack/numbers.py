"""Scores, shares and days as they are written everywhere. Nothing is computed but the rounding."""

from __future__ import annotations

from datetime import date
from math import floor

MINUS = "\N{MINUS SIGN}"
"""Screen readers say it; a hyphen they pass over."""


def points(value: float) -> str:
    """Return a score or a change in whole points with its sign: "+32", "−7", "0"."""
    whole = floor(abs(value) + 0.5)
    if whole == 0:
        return "0"
    return f"{'+' if value > 0 else MINUS}{whole}"


def percent(share: float) -> str:
    """Return a share in whole per cent; a small one is not called nothing."""
    if 0 < share < 0.005:
        return "under 1%"
    return f"{floor(100 * share + 0.5)}%"


def calendar_day(day: date) -> str:
    """Return a local day that is the same for everybody: "24 Nov 2026"."""
    return f"{day.day} {day:%b %Y}"
