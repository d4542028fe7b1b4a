"""Which modules name the tables of votes (what they import is checked by ``.importlinter``)."""

from __future__ import annotations

from pathlib import Path

import pytest

import nps_bot

ROOT = Path(nps_bot.__file__).parent
VOTES = ("AnonymousAnswer", "AnonymousComment", "FollowUpToken", "StoredDisclosure")


@pytest.mark.parametrize("table", VOTES)
def test_only_the_anonymous_room_names_the_tables_of_votes(table: str) -> None:
    assert _naming(table) <= {"anonymous/store", "storage"}


def test_who_has_voted_is_asked_by_invitations_only() -> None:
    assert _naming("Ballot") == {"anonymous/store", "asking/store", "storage"}


def _naming(table: str) -> set[str]:
    """Return the packages with a module that names a class of :mod:`nps_bot.storage.tables`."""
    naming = set()
    for module in ROOT.rglob("*.py"):
        words = module.read_text(encoding="utf-8").replace(",", " ").replace(".", " ").split()
        if table in words or f"{table}(Base):" in words:
            naming.add(module.parent.relative_to(ROOT).as_posix())
    return naming
