"""What becomes of questions in shared channels, for the rooms above."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuestionPosted:
    """Slack has accepted the question of a wave to one channel."""

    wave_id: int
