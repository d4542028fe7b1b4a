"""Values of buttons that carry more than one id: a dataclass, written as JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from nps_bot.slack import payloads
from nps_bot.slack.payloads import MalformedPayloadError, Origin


@dataclass(frozen=True, slots=True)
class ButtonValue(ABC):
    """What a button carries."""

    @classmethod
    @abstractmethod
    def parse(cls, value: object) -> Self | None:
        """Return the value read from JSON; None where it is not one of ours."""

    def encoded(self) -> str:
        """Return the button's value."""
        return json.dumps(asdict(self))

    @classmethod
    def decode(cls, body: Mapping[str, Any], _origin: Origin) -> Self:
        """Return what the clicked button carries.

        Raises:
            MalformedPayloadError: its value is not one of this class.
        """
        try:
            found = cls.parse(json.loads(payloads.button_value(body)))
        except (ValueError, RecursionError):
            found = None
        if found is None:
            raise MalformedPayloadError("The button's value is not one of ours.")
        return found
