"""The table of what the end of a call means: complete, in order, and in line with the promise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import aiohttp
import pytest

from nps_bot.delivery.rules import Status, settle
from nps_bot.slack.calls import NotSent, RateLimited, Refused, Unknown
from nps_bot.slack.errors import SlackCallError, broken_connection, failed_answer
from nps_bot.slack.outcomes import ANSWERS, CONNECTION, ELSEWHERE, STATUSES

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def everything() -> Iterator[SlackCallError]:
    """Yield what each row of the table makes of a call."""
    for kind, *_ in CONNECTION:
        error = kind.__new__(kind)
        assert isinstance(error, aiohttp.ClientError | OSError)
        yield broken_connection("chat.postMessage", error)
    for statuses, *_ in (*STATUSES, *ELSEWHERE):
        for status in statuses:
            yield failed_answer("chat.postMessage", status, {}, None)
    for code in ANSWERS:
        yield failed_answer("chat.postMessage", 200, {}, {"ok": False, "error": code})


def test_every_entry_says_why() -> None:
    for error in everything():
        assert error.reason, error.code


def test_every_entry_is_reached() -> None:
    """No row hides behind a more general one above it."""
    for number, (kind, _, code, _) in enumerate(CONNECTION):
        above = tuple(other for other, *_ in CONNECTION[:number])
        assert not issubclass(kind, above), code


def test_only_what_certainly_did_not_happen_is_posted_again() -> None:
    for error in everything():
        after = settle(error.failure, updating=False, attempts=1, now=NOON)
        expected = {
            NotSent: Status.PENDING,
            RateLimited: Status.PENDING,
            Unknown: Status.UNKNOWN,
            Refused: Status.FAILED,
        }[type(error.failure)]
        assert after.status is expected, error.code
        assert after.reason


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "update_failed"])
def test_slacks_own_trouble_is_unknown(code: str) -> None:
    error = failed_answer("chat.postMessage", 200, {}, {"ok": False, "error": code})
    assert isinstance(error.failure, Unknown)
    assert code in error.reason


@pytest.mark.parametrize("status", [200, 400, 404])
def test_an_error_that_is_not_in_the_table_fails_and_is_named(status: int) -> None:
    answer = {"ok": False, "error": "an_error_of_next_year"}
    error = failed_answer("chat.postMessage", status, {}, answer)
    assert isinstance(error.failure, Refused)
    assert "'an_error_of_next_year'" in error.reason
    assert settle(error.failure, updating=False, attempts=1, now=NOON).status is Status.FAILED


def test_a_break_nobody_foresaw_is_unknown() -> None:
    """To fail would be wrong: it may have been posted, and what failed is tried again."""

    class NewKindError(aiohttp.ClientError):
        pass

    assert isinstance(broken_connection("chat.postMessage", NewKindError()).failure, Unknown)
