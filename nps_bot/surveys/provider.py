"""Which surveys there are now: asked each time, so that nobody keeps those of the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nps_bot.surveys.rules.survey import Survey

Surveys = Callable[[], Mapping[str, Survey]]
"""Returns the surveys of this moment by their keys; use cases are handed what it returns."""
