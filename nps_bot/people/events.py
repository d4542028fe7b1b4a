"""What becomes of people, for the rooms above (see :mod:`nps_bot.base.events`)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Forgotten:
    """What forgetting a person touched, added up by the rooms that forget them."""

    invitations: int = 0
    messages: int = 0
    """Messages standing in Slack that are deleted or rewritten without the person."""


@dataclass(frozen=True, slots=True)
class PersonForgotten:
    """A person is forgotten: each room removes what it holds of them.

    It is recorded before their profile goes.

    Attributes:
        dm_channel: where their direct messages went; None where there were none.
        touched: rooms add what they touched.
    """

    person_id: str
    dm_channel: str | None
    touched: Forgotten = field(default_factory=Forgotten)
