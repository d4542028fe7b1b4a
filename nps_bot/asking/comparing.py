"""What makes the scores of two waves comparable."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.survey import Wording


def wording_fingerprint(
    connection: Connection, heads: Sequence[WaveHead]
) -> dict[int, tuple[str, bool, tuple[str, str]]]:
    """Return by wave what has to be the same: the kind, with or without names, and how it looked.

    A new title or thank-you is no break: nobody has read it before answering.
    """
    stored = {head.wording_id for head in heads}
    seen = {each: looks(survey_store.load_wording(connection, each)) for each in stored}
    return {head.id: (head.kind, head.anonymous, seen[head.wording_id]) for head in heads}


def looks(wording: Wording) -> tuple[str, str]:
    """Return what of a wording shapes the answers: the question and the layout."""
    return wording.question, wording.layout
