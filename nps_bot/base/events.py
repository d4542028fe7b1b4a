"""What happened, and what follows from it in the same transaction.

A use case writes its own room's tables and records an event; rooms above it react. Which reactions
follow which event is one table (:mod:`nps_bot.app.reactions`), carried by the writer's connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Self, TypeAlias, TypeVar

from sqlalchemy import Connection

E = TypeVar("E")

Reaction: TypeAlias = Callable[[Connection, Sequence[E], datetime], None]
"""Does what follows from events of one type: gets the transaction, the events in the order they
were recorded, and the current moment."""

OPTION = "nps_reactions"
"""The execution option of a connection that carries the reactions."""


class Reactions:
    """The table of what follows from events, made line by line::

    Reactions().on(WaveClosed, disclose, unlink).on(WaveStopped, update_summary)
    """

    def __init__(self) -> None:
        """Begin an empty table."""
        self._lines: dict[type, tuple[Reaction[Any], ...]] = {}

    def on(self, event: type[E], *reactions: Reaction[E]) -> Self:
        """Add the line of an event; its reactions run in this order."""
        self._lines[event] = reactions
        return self

    def of(self, event: type[Any]) -> tuple[Reaction[Any], ...]:
        """Return the reactions to an event.

        Raises:
            LookupError: the table has no line for it.
        """
        return self._lines[event]


def record(connection: Connection, events: Sequence[object], now: datetime) -> None:
    """Have everything done that follows from what happened, before the transaction commits.

    Args:
        connection: an open transaction of a database that was opened with reactions.
        events: what happened. All events of one type reach each of its reactions in one call, so
            record what happened together with one call.
        now: the current moment.

    Raises:
        LookupError: the connection carries no reactions, or the table has no line for an event.
    """
    reactions: Reactions | None = connection.get_execution_options().get(OPTION)
    if reactions is None:
        raise LookupError("This database was opened without reactions: nothing may be recorded.")
    alike: dict[type, list[object]] = {}
    for event in events:
        alike.setdefault(type(event), []).append(event)
    for kind, happened in alike.items():
        for react in reactions.of(kind):
            react(connection, happened, now)
