"""The environment, parsed once into one frozen object.

What a variable may hold is said here and in docs/configuration.md; a missing or wrong one is one
sentence that names it and never shows a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from dotenv.parser import Original, parse_stream
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from nps_bot.base.errors import SettingsError, nearest
from nps_bot.base.logs import LogFormat, LogLevel

SLACK = "https://slack.com/api/"

VARIABLES: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "",
    "SLACK_APP_TOKEN": "",
    "SLACK_SIGNING_SECRET": "",
    "SLACK_API_URL": SLACK,
    "DATABASE_URL": "sqlite:///var/nps.sqlite3",
    "NPS_SURVEYS": "config/surveys",
    "PORT": "3000",
    "LOG_LEVEL": "info",
    "LOG_FORMAT": "text",
}
"""Every setting with its default; an empty one is not set."""

_OTHERS = {"NPS_TEST_DATABASE_URL"}
"""Variables in our name that only the tests read."""


_T = TypeVar("_T")


class Mode(StrEnum):
    """How the bot and Slack find each other."""

    SANDBOX = "sandbox"
    """No credentials: a sandbox Slack in the same process."""
    SOCKET = "socket"
    """Socket Mode: the bot calls Slack, no public address is needed."""
    HTTP = "http"
    """Slack calls the bot at ``/slack/events``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says.

    Attributes:
        slack_bot_token: ``xoxb-...``; None in the sandbox.
        slack_app_token: ``xapp-...``; opens Socket Mode.
        slack_signing_secret: proves that a request comes from Slack.
        slack_api_url: base address of all calls to Slack, with a slash at its end.
        database_url: SQLAlchemy's address of the database, with its driver.
        surveys: folder of the survey files.
        port: where HTTP is served; 0 takes a free one.
        log_level: the least level logged.
        log_format: text or JSON.
        port_given: whether PORT is set: Socket Mode, which needs no HTTP, then serves its probes.
    """

    slack_bot_token: str | None = field(repr=False)
    slack_app_token: str | None = field(repr=False)
    slack_signing_secret: str | None = field(repr=False)
    slack_api_url: str
    database_url: str = field(repr=False)
    surveys: Path
    port: int
    log_level: LogLevel
    log_format: LogFormat
    port_given: bool = False

    @property
    def mode(self) -> Mode:
        """How to reach Slack; Socket Mode where all credentials are set."""
        if self.slack_bot_token is None:
            return Mode.SANDBOX
        return Mode.HTTP if self.slack_app_token is None else Mode.SOCKET

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, for :func:`nps_bot.base.logs.configure`."""
        held = (self.slack_bot_token, self.slack_app_token, self.slack_signing_secret)
        return tuple(secret for secret in held if secret is not None)


def load_settings(environ: Mapping[str, str], dotenv: Path | None = None) -> Settings:
    """Parse the settings.

    Args:
        environ: the process's environment. It wins over ``dotenv``, even where it sets a variable
            to nothing.
        dotenv: a ``.env`` file; one that does not exist counts as empty.

    Raises:
        SettingsError: a variable is unknown, missing or wrong; one line for each.
    """
    problems = [
        _unknown(name)
        for name in environ
        if name.startswith("NPS_") and name not in {*VARIABLES, *_OTHERS}
    ]
    given = _read_dotenv(dotenv, problems) if dotenv is not None and dotenv.exists() else {}
    given |= {name: environ[name].strip() for name in VARIABLES if name in environ}
    values = {name: given.get(name) or default for name, default in VARIABLES.items()}

    def read(name: str, parse: Callable[[str], _T], fallback: _T) -> _T:
        try:
            return parse(values[name])
        except ValueError as error:
            problems.append(f"{name} {error}" + ("" if str(error).endswith("?") else "."))
            return fallback

    settings = Settings(
        slack_bot_token=read("SLACK_BOT_TOKEN", _token("xoxb-"), None),
        slack_app_token=read("SLACK_APP_TOKEN", _token("xapp-"), None),
        slack_signing_secret=read("SLACK_SIGNING_SECRET", _signing_secret, None),
        slack_api_url=read("SLACK_API_URL", _api_url, SLACK),
        database_url=read("DATABASE_URL", _database_url, ""),
        surveys=Path(values["NPS_SURVEYS"]),
        port=read("PORT", _port, 0),
        port_given=bool(given.get("PORT")),
        log_level=read("LOG_LEVEL", _choice(LogLevel), LogLevel.INFO),
        log_format=read("LOG_FORMAT", _choice(LogFormat), LogFormat.TEXT),
    )
    problems = problems or _incomplete({name for name in values if values[name]}, settings)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _incomplete(named: set[str], settings: Settings) -> list[str]:
    """Return what is missing of the credentials; all of them may be absent."""
    if "SLACK_BOT_TOKEN" in named:
        if named & {"SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"}:
            return []
        companions = "SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET to serve HTTP"
        return [f"SLACK_BOT_TOKEN is not enough: set also {companions}."]
    for name in ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        if name in named:
            return [f"SLACK_BOT_TOKEN is missing; {name} is set and does nothing without it."]
    if settings.slack_api_url != SLACK:
        return ["SLACK_BOT_TOKEN is missing; SLACK_API_URL is set and does nothing without it."]
    return []


def _unknown(name: str) -> str:
    close = get_close_matches(name.upper(), VARIABLES, n=1)
    return f"{name} is no setting of this bot." + (f" Did you mean {close[0]}?" if close else "")


def _read_dotenv(path: Path, problems: list[str]) -> dict[str, str]:
    """Return the variables of a ``.env`` file; what is wrong in it joins ``problems``."""
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path} cannot be read: {error}.")
        return {}
    values: dict[str, str] = {}
    for binding in bindings:
        place = f"{path}, line {_line(binding.original)}:"
        if binding.error or (binding.key is not None and binding.value is None):
            problems.append(f"{place} not of the form NAME=value.")
        elif binding.key is None or binding.value is None:
            continue  # a comment
        elif binding.key in values:
            problems.append(f"{place} {binding.key} was set before; keep one of them.")
        elif binding.key in VARIABLES:
            values[binding.key] = binding.value.strip()
        elif binding.key not in _OTHERS:
            problems.append(f"{place} {_unknown(binding.key)}")
    return values


def _line(original: Original) -> int:
    """Return the line a binding stands on; the parser counts from the blank lines before it."""
    text = original.string
    return original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _token(prefix: str) -> Callable[[str], str | None]:
    def parse(text: str) -> str | None:
        if not text:
            return None
        if not text.startswith(prefix):
            raise ValueError(f"must begin with {prefix}; what is set is another kind of token")
        return _credential(text)

    return parse


def _signing_secret(text: str) -> str | None:
    if text.startswith(("xox", "xapp-")):
        raise ValueError("holds a token; the signing secret stands under Basic Information")
    return _credential(text) if text else None


def _credential(text: str) -> str:
    """Return ``text`` if it can be sent in a header; the error does not show it."""
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("holds a space or a character no credential has; copy it once more")
    return text


def _api_url(text: str) -> str:
    """Return the base address with one slash at its end; the error does not show it."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or any(character in text for character in "?#@ "):
        raise ValueError(f"must be an http:// or https:// address such as {SLACK}")
    return text.rstrip("/") + "/"


def _database_url(text: str) -> str:
    """Return SQLAlchemy's form of a database address; errors do not show its password."""
    allowed = "must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(allowed) from None
    match url.drivername:
        case "sqlite":
            if url.database in {None, "", ":memory:"}:
                raise ValueError("must name a file: sqlite:///var/nps.sqlite3")
            return text
        case "postgres" | "postgresql" | "postgresql+psycopg":
            psycopg = url.set(drivername="postgresql+psycopg")
            return psycopg.render_as_string(hide_password=False)
        case other:
            raise ValueError(f"{allowed}, not {other}://")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535):
        raise ValueError(f"must be a whole number from 0 to 65535, not '{text}'")
    return int(text)


_Choice = TypeVar("_Choice", bound=StrEnum)


def _choice(choices: type[_Choice]) -> Callable[[str], _Choice]:
    def parse(text: str) -> _Choice:
        if text.lower() in set(choices):
            return choices(text.lower())
        hint = nearest(text, choices)
        raise ValueError(
            f"must be one of {', '.join(choices)}, not '{text}'" + (hint and f".{hint}")
        )

    return parse
