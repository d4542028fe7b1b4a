"""What every view of a message returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A message as Slack takes it.

    Attributes:
        text: what screen readers and notifications read instead of the blocks; mrkdwn, escaped.
        blocks: Block Kit blocks, at most 50.
    """

    text: str
    blocks: list[dict[str, Any]]
