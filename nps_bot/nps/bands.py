"""Scores and the bands they fall into."""

from __future__ import annotations

from enum import StrEnum

SCORES = range(11)
"""Every score a person can give: 0 = not at all likely, 10 = extremely likely."""


class Band(StrEnum):
    """The three groups of the Net Promoter Score (Reichheld, HBR, December 2003)."""

    DETRACTOR = "detractor"
    PASSIVE = "passive"
    PROMOTER = "promoter"


def band_of(score: int) -> Band:
    """Return the band of ``score``: detractor 0-6, passive 7-8, promoter 9-10.

    Raises:
        ValueError: ``score`` is not one of 0-10.
    """
    if score not in SCORES:
        raise ValueError(f"score {score} is not one of 0-10")
    if score <= 6:
        return Band.DETRACTOR
    return Band.PASSIVE if score <= 8 else Band.PROMOTER
