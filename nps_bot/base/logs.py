"""What the log says, and what it never says.

One record is one line, in UTC, with the ids a person needs to follow it up. Tokens and what people
wrote stay out: that is seen to where the line is made, so that no library can pass it by.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from traceback import FrameSummary, extract_tb
from typing import Any


class LogLevel(StrEnum):
    """The least level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a line looks: for people, or one JSON object for machines."""

    TEXT = "text"
    JSON = "json"


REDACTED = "[redacted]"

_SECRETS = re.compile(
    r"(?:xox[a-z](?:\.xox[a-z])?-|xapp-)[\w.%-]+"  # bot, user, refresh and app-level tokens
    r"|(?<=hooks\.slack\.com/)[^\s'\"),]+"  # a response_url: who has it may answer in our name
    r"|(?<=[?&]ticket=)[^\s&'\"),]+"  # a Socket Mode address opens a session
    r"|(?<=Bearer )[\w.%-]+"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user:password of a database address
)

_BODY = re.compile(
    r"\s*[,(]?\s*(?:\b(?:body|params|data|payload|headers)\s*[:=]|\{|\[(?=[{'\"])).*", re.DOTALL
)
"""Where a line of Slack's libraries begins to show a payload, which holds what people wrote."""
_ROUTING = re.compile(r"'(type|command|callback_id|action_id|error)': '([\w/.:-]{1,255})'")
"""What may be told of such a payload: which kind it was."""

_CHATTY = ("aiohttp.access", "alembic", "apscheduler", "uvicorn.access")
"""Loggers that tell of every request, tick or step at INFO."""

_CONTROLS = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
"""Line ends and terminal sequences, written out: nobody can forge a second line."""
_LONGEST = 1_000
"""Characters of a message, an id or an exception that are shown at most."""

_HOME = Path(__file__).parents[1]
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}
"""Attributes that are no ids of ours (``color_message`` is uvicorn's message for terminals)."""


def configure(level: LogLevel, form: LogFormat, *, secrets: Collection[str] = ()) -> None:
    """Send every log record of the process to standard error, one line each.

    Args:
        level: the least level shown. At ``debug`` an exception comes with every frame of its
            traceback instead of the innermost; chatty libraries then show their INFO.
        form: text or JSON.
        secrets: exact texts that are never shown, such as the signing secret, whose shape does not
            give it away. Tokens of Slack are recognised without being listed.
    """
    debug = level is LogLevel.DEBUG
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_no_payloads)
    lines = TextLines if form is LogFormat.TEXT else JsonLines
    handler.setFormatter(lines(all_frames=debug, secrets=secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.INFO if debug else logging.WARNING)


class _Lines(logging.Formatter):
    """What both forms share: which frames to show and which texts never."""

    def __init__(self, *, all_frames: bool = False, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self.all_frames = all_frames
        exact = "|".join(re.escape(secret) for secret in secrets if secret)
        self._secrets = re.compile(f"{_SECRETS.pattern}|{exact}") if exact else _SECRETS

    def shown(self, value: object) -> str:
        """Return ``value`` as text without secrets, in one line that is not endless."""
        return self._secrets.sub(REDACTED, str(value)).translate(_CONTROLS)[:_LONGEST]

    def told(self, error: BaseException) -> str:
        """Return the type of ``error`` and what it says."""
        return f"{type(error).__name__}: {self.shown(_first_line(error))}"


class TextLines(_Lines):
    """A line for people: time, level, logger, message, ids, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line without secrets."""
        message = self.shown(_message(record))
        line = f"{_moment(record)} {record.levelname:<7} {record.name}: {message}"
        line += "".join(f" {key}={self.shown(value)}" for key, value in _ids(record).items())
        if thrown := _thrown(record):
            line += " | " + " from ".join(map(self.told, thrown))
            if frames := _frames(thrown[0], all_frames=self.all_frames):
                line += f" ({' > '.join(frames)})"
        return line


class JsonLines(_Lines):
    """A JSON object per line: ``time``, ``level``, ``logger``, ``message``, ids, ``exception``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON without secrets."""
        document: dict[str, Any] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.shown(_message(record)),
        }
        for key, value in _ids(record).items():
            plain = value is None or isinstance(value, bool | int | float)
            document.setdefault(key, value if plain else self.shown(value))
        if thrown := _thrown(record):
            document["exception"] = {
                "type": type(thrown[0]).__name__,
                "message": self.shown(_first_line(thrown[0])),
                "causes": [self.told(cause) for cause in thrown[1:]],
                "frames": _frames(thrown[0], all_frames=self.all_frames),
            }
        return json.dumps(document)


def _no_payloads(record: logging.LogRecord) -> bool:
    """Drop what Slack's libraries say at DEBUG: every request and answer, word for word."""
    return record.levelno >= logging.INFO or not _is_slacks(record)


def _is_slacks(record: logging.LogRecord) -> bool:
    """Return whether Slack's libraries wrote this; they also write under names given to them."""
    places = {record.name.partition(".")[0], *Path(record.pathname).parts}
    return not places.isdisjoint({"slack_bolt", "slack_sdk"})


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    """Return the message; of other people's code only the first line, and never a payload.

    slack_bolt logs the whole body of a request with a bad signature, and of one nobody handles.
    """
    message = record.getMessage()
    if not _is_ours(record):
        message = message.partition("\n")[0]
    if _is_slacks(record) and (found := _BODY.search(message)):
        kinds = ", ".join(f"{key}: {value}" for key, value in _ROUTING.findall(found[0]))
        message = message[: found.start()] + (f" ({kinds})" if kinds else " ...")
    return message


def _is_ours(record: logging.LogRecord) -> bool:
    return _HOME in Path(record.pathname).parents


def _ids(record: logging.LogRecord) -> dict[str, Any]:
    """Return what was given as ``extra``."""
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _thrown(record: logging.LogRecord) -> list[BaseException]:
    """Return the record's exception, then what caused it, and so on."""
    error = record.exc_info[1] if record.exc_info else None
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def _first_line(error: BaseException) -> str:
    """Return the first line of an exception's message.

    Further lines carry data: PostgreSQL's DETAIL quotes the row, SQLAlchemy the parameters, and
    Slack's client the whole answer, of which only the error's code is kept.
    """
    first, _, rest = str(error).partition("\n")
    codes = dict(_ROUTING.findall(rest)) if type(error).__module__.startswith("slack_sdk") else {}
    return first + (f" (error: {codes['error']})" if "error" in codes else "")


def _frames(error: BaseException, *, all_frames: bool) -> list[str]:
    """Return where it happened, outermost first: all frames, or our innermost and the innermost."""
    stack = extract_tb(error.__traceback__)
    ours = [frame for frame in stack if _HOME in Path(frame.filename).parents][-1:]
    last = [frame for frame in stack[-1:] if frame not in ours]
    return [_place(frame) for frame in (stack if all_frames else ours + last)]


def _place(frame: FrameSummary) -> str:
    path = Path(frame.filename)
    return f"{'/'.join(path.parts[-2:])}:{frame.lineno} {frame.name}"
