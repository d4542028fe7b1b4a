"""How many rows a query finds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select


def how_many(connection: Connection, found: Select[*tuple[Any, ...]]) -> int:
    """Return how many rows ``found`` has in all, whatever limit a page of it has."""
    return connection.execute(
        select(func.count()).select_from(found.order_by(None).subquery())
    ).scalar_one()
