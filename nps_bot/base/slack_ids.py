"""How people write down who or what they mean in Slack: ids, names and e-mail addresses."""

from __future__ import annotations

import re

_PERSON = re.compile(r"[UW][A-Z0-9]{1,31}")
_EMAIL = re.compile(r"[^@\s<>,;:]+@[^@\s<>,;:]+\.[^@\s<>,;:.]+")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{1,31}|#[^\s#@A-Z.,;:!?'\"()<>/\\]{1,80}")
_TEAM = re.compile(r"[TE][A-Z0-9]{1,31}")
_GROUP = re.compile(r"S[A-Z0-9]{1,31}|@[^\s#@A-Z,;:!?'\"()<>/\\]{1,80}")


def is_person_id(text: str) -> bool:
    """Return whether ``text`` looks like a Slack user id; on Enterprise Grid they begin with W."""
    return _PERSON.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """Return whether ``text`` looks like an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def is_channel(text: str) -> bool:
    """Return whether ``text`` is a channel's id or its ``#name``, which Slack keeps lower case."""
    return _CHANNEL.fullmatch(text) is not None


def is_group(text: str) -> bool:
    """Return whether ``text`` is a user group's id or its ``@handle``."""
    return _GROUP.fullmatch(text) is not None


def is_team(text: str) -> bool:
    """Return whether ``text`` looks like a workspace's id, or an organisation's (``E...``)."""
    return _TEAM.fullmatch(text) is not None
