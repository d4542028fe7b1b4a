"""Opaque ids: random, so that they say nothing and cannot be guessed."""

from __future__ import annotations

import re
from typing import TypeGuard
from uuid import uuid4

_OPAQUE = re.compile(r"[0-9a-f]{32}")
_SHORT = 8


def new_id() -> str:
    """Return a fresh id of 32 hexadecimal digits."""
    return uuid4().hex


def is_opaque_id(text: object) -> TypeGuard[str]:
    """Return whether ``text`` has the shape of an id of ours; a forged one often has not."""
    return isinstance(text, str) and _OPAQUE.fullmatch(text) is not None


def short_id(text: str) -> str:
    """Return the beginning of an id for people to read and type: unique among what they look at."""
    return text[:_SHORT]
