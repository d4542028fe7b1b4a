"""The log: one line per record, ids kept, secrets and people's words left out."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.middleware.request_verification import RequestVerification
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import IntegrityError

from nps_bot.base.logs import LogFormat, LogLevel, configure
from nps_bot.base.settings import load_settings
from nps_bot.surveys.files.loading import load_survey

WORDS = "My manager shouts at me"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Give the loggers back as they were; configure() changes the process."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before


Capture = pytest.CaptureFixture[str]


def line(capture: Capture) -> str:
    (only,) = capture.readouterr().err.splitlines()
    return only


def json_line(capture: Capture) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(line(capture))
    return document


def fail(message: str) -> None:
    raise ValueError(message)


def unreached() -> BoltResponse:
    raise AssertionError("the request was let through")


def test_text_has_time_level_logger_message_and_ids(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.TEXT)
    record = logging.makeLogRecord(
        {
            "created": 1767693602.114,
            "levelname": "INFO",
            "levelno": logging.INFO,
            "name": "nps_bot.delivery",
            "msg": "prompt %s",
            "args": ("sent",),
            "invitation": "5f0c",
            "attempt": 2,
        }
    )
    logging.getLogger().handle(record)
    assert line(capsys) == (
        "2026-01-06T10:00:02.114Z INFO    nps_bot.delivery: prompt sent invitation=5f0c attempt=2"
    )


def test_json_has_the_same_in_fields(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.JSON)
    logging.getLogger("nps_bot.x").warning(
        "no %s", "luck", extra={"wave": 7, "person": "U1", "late": True, "level": "mine"}
    )
    document = json_line(capsys)
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "warning",
        "logger": "nps_bot.x",
        "message": "no luck",
        "wave": 7,
        "person": "U1",
        "late": True,
    }


def test_the_level_holds(capsys: Capture) -> None:
    configure(LogLevel.WARNING, LogFormat.TEXT)
    logging.getLogger("nps_bot").info("not this")
    logging.getLogger("nps_bot").warning("this")
    assert line(capsys).endswith("nps_bot: this")


@pytest.mark.parametrize("form", LogFormat)
def test_a_record_is_one_line(capsys: Capture, form: LogFormat) -> None:
    configure(LogLevel.INFO, form)
    forged = "a\r\nb\u2028c\x85d\x1b[31m"
    try:
        fail("first\nsecond " + WORDS)
    except ValueError:
        logging.getLogger("nps_bot").exception("went\nwrong %s", forged, extra={"id": forged})
    text = line(capsys)
    assert WORDS not in text
    assert not set("\r\u2028\x85\x1b") & set(text)
    assert "\\x1b" in text


def test_an_exception_is_told_with_its_place_and_its_cause(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.TEXT)
    try:
        try:
            load_settings({"PORT": "x"})
        except Exception as error:
            raise RuntimeError("no start") from error
    except RuntimeError:
        logging.getLogger("nps_bot").exception("stopped")
    text = line(capsys)
    assert "stopped | RuntimeError: no start from SettingsError: PORT must be" in text
    assert "(base/test_logs.py:" in text


def test_our_own_frame_is_named_where_a_library_fails(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.JSON)
    try:
        load_survey(Path("a\0b"))
    except ValueError:
        logging.getLogger("nps_bot").exception("failed")
    ours, innermost = json_line(capsys)["exception"]["frames"]
    assert ours.startswith("files/reading.py:")
    assert ours.endswith(" read_yaml")
    assert "pathlib" in innermost


def test_debug_shows_every_frame(capsys: Capture) -> None:
    configure(LogLevel.DEBUG, LogFormat.JSON)
    try:
        fail("x")
    except ValueError:
        logging.getLogger("nps_bot").exception("failed")
    told = json_line(capsys)["exception"]
    assert (told["type"], told["message"], told["causes"]) == ("ValueError", "x", [])
    assert [frame.split()[-1] for frame in told["frames"]] == [
        "test_debug_shows_every_frame",
        "fail",
    ]


@pytest.mark.parametrize("form", LogFormat)
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("token xoxb-12-34-aBc is bad", "xoxb-12-34-aBc"),
        ("token=xapp-1-A0-12-abc", "xapp-1-A0-12-abc"),
        ("rotated xoxe.xoxb-1-MS0yL", "MS0yL"),
        ("refresh xoxe-1-My0xL", "My0xL"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("to https://hooks.slack.com/actions/T1/2/sEcReT failed", "sEcReT"),
        ("at wss://wss-primary.slack.com/link/?ticket=sEcReT&app_id=1", "sEcReT"),
        ("postgresql+psycopg://nps:pass%40word@db/nps", "pass%40word"),
        ("signed with 8f742231b10e8888", "8f742231b10e8888"),
    ],
)
def test_secrets_stay_out(capsys: Capture, form: LogFormat, text: str, secret: str) -> None:
    configure(LogLevel.INFO, form, secrets=["8f742231b10e8888"])
    logging.getLogger("nps_bot").info(text, extra={"where": text})
    try:
        fail(text)
    except ValueError:
        logging.getLogger("somebody").exception("failed: %s", text)
    told = capsys.readouterr().err
    assert secret not in told
    assert told.count("[redacted]") == 4


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.DEBUG])
def test_the_body_of_a_badly_signed_request_stays_out(capsys: Capture, level: LogLevel) -> None:
    configure(level, LogFormat.TEXT)
    middleware = RequestVerification("secret")
    request = BoltRequest(
        body=f'payload={{"text": "{WORDS}"}}',
        headers={"x-slack-signature": ["v0=a"], "x-slack-request-timestamp": ["1"]},
    )
    middleware.process(req=request, resp=BoltResponse(status=200), next=unreached)
    assert line(capsys).endswith(
        "slack_bolt.RequestVerification: Invalid request signature detected (signature: v0=a,"
        " timestamp: 1 ..."
    )


@pytest.mark.parametrize("name", ["slack_bolt.AsyncApp", "slack_sdk.web.async_client"])
def test_payloads_of_slacks_libraries_stay_out(capsys: Capture, name: str) -> None:
    configure(LogLevel.DEBUG, LogFormat.TEXT)
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)  # slack_bolt copies the root's level to each of its loggers
    logger.debug("Sending a request - url: x, params: {'text': '%s'}", WORDS)
    body = {"type": "block_actions", "action_id": "nope", "value": WORDS}
    logger.warning("Unhandled request (%s)\n---\n%s", body, WORDS)
    logger.setLevel(logging.NOTSET)
    assert line(capsys).endswith(
        f"{name}: Unhandled request (type: block_actions, action_id: nope)"
    )


def test_a_payload_is_known_by_its_place_under_any_name(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.TEXT)
    middleware = RequestVerification("secret")
    middleware.logger = logging.getLogger("nps_bot.slack")
    middleware._debug_log_error("v0=a", "1", WORDS)
    assert WORDS not in line(capsys)


def test_only_the_first_line_of_a_foreign_message_is_shown(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.TEXT)
    record = logging.makeLogRecord(
        {
            "name": "asyncio",
            "pathname": "/usr/lib/python3/asyncio/base_events.py",
            "levelno": logging.ERROR,
            "levelname": "ERROR",
            "msg": f"Task exception was never retrieved\nfuture: <Task {WORDS!r}>",
        }
    )
    logging.getLogger("asyncio").handle(record)
    assert line(capsys).endswith("ERROR   asyncio: Task exception was never retrieved")


def test_data_in_an_exception_stays_out(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.JSON)
    duplicate = Exception(f"duplicate key\nDETAIL: Key (text)=({WORDS}) already exists.")
    error = IntegrityError("INSERT INTO answers", {"text": WORDS}, duplicate)
    logging.getLogger("nps_bot").error("not saved", exc_info=error)
    told = json_line(capsys)["exception"]
    assert told["type"] == "IntegrityError"
    assert told["message"] == "(builtins.Exception) duplicate key"


def test_the_code_of_slacks_error_is_kept(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.JSON)
    answer = {"ok": False, "error": "channel_not_found", "text": WORDS}
    message = "The request to the Slack API failed. (url: https://slack.com/api/chat.postMessage)"
    error = SlackApiError(message, answer)  # type: ignore[no-untyped-call]  # the SDK's own
    logging.getLogger("nps_bot").error("not posted", exc_info=error)
    told = json_line(capsys)["exception"]
    assert told["message"] == f"{message} (error: channel_not_found)"


def test_chatty_libraries_are_quiet_unless_asked(capsys: Capture) -> None:
    configure(LogLevel.INFO, LogFormat.TEXT)
    logging.getLogger("apscheduler.scheduler").info("Running job")
    assert capsys.readouterr().err == ""
    configure(LogLevel.DEBUG, LogFormat.TEXT)
    logging.getLogger("apscheduler.scheduler").info("Running job")
    assert line(capsys).endswith("apscheduler.scheduler: Running job")


def test_warnings_are_lines_too(capsys: Capture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        configure(LogLevel.INFO, LogFormat.JSON)
        warnings.warn("old thing", stacklevel=1)
        logging.captureWarnings(capture=False)
    assert "old thing" in json_line(capsys)["message"]
