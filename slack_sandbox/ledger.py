"""Every call the bot made, in the order Slack saw them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the Web API, or one use of a response_url (method ``response_url``).

    ``arguments`` come without the token; ``status`` is the HTTP status of the answer (0 where the
    connection was closed without one); ``at`` is when the call was answered, in UTC; ``done`` is
    whether Slack did what it was asked, whatever the bot was told.
    """

    method: str
    arguments: Mapping[str, Any]
    answer: Mapping[str, Any]
    status: int
    at: datetime
    done: bool = False


class Ledger(list[Call]):
    """The calls so far, oldest first."""

    def of(self, method: str, *, ok: bool | None = None) -> list[Call]:
        """Return the calls of one method; with ``ok``, only those that (did not) succeed."""
        return [
            call
            for call in self
            if call.method == method and (ok is None or call.answer.get("ok") is ok)
        ]
