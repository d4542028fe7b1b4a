"""What is shown of closed anonymous waves: written once, at the closing, and only read later."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, insert, select

from nps_bot.anonymous.rules.disclosure import Disclosure, from_document, to_document
from nps_bot.storage.tables import StoredDisclosure


def add(connection: Connection, wave_id: int, disclosure: Disclosure) -> None:
    """Keep what is shown of a wave; a wave has one for good."""
    row: dict[str, Any] = {"wave_id": wave_id, "document": to_document(disclosure)}
    connection.execute(insert(StoredDisclosure), row)


def of_waves(connection: Connection, wave_ids: Collection[int]) -> dict[int, Disclosure]:
    """Return what is shown of each wave, by id; a wave that has not closed is absent."""
    rows = connection.execute(
        select(StoredDisclosure.wave_id, StoredDisclosure.document).where(
            StoredDisclosure.wave_id.in_(wave_ids)
        )
    )
    return {wave_id: from_document(document) for wave_id, document in rows}
