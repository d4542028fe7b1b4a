"""The root of every error this project raises on purpose.

An error's text is one sentence for the person who must act on it: what is wrong, where (file, key,
variable, id) and what to do. The CLI prints it and exits with 2; nothing prints a traceback for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class NpsBotError(Exception):
    """Something a person can put right; ``str(error)`` says how."""


class SettingsError(NpsBotError):
    """A setting is missing or wrong; names the variable."""


class SurveyFileError(NpsBotError):
    """A survey file is wrong; names the file, the key and what is allowed."""


class PeopleFileError(NpsBotError):
    """A people file is wrong; names the file and the line."""


class StorageUnavailableError(NpsBotError):
    """The database did not answer or did not commit; nothing was saved."""


class AlreadyServingError(NpsBotError):
    """Another process serves this SQLite database."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the allowed word nearest to ``word``, or an empty text."""
    close = get_close_matches(word.lower(), list(allowed), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
