"""What an interaction lets the bot do for a while: open a modal, answer through a response_url."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from slack_sandbox.errors import ApiError

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5
_FORGOTTEN_AFTER_SECONDS = 60.0
"""An expired trigger is told apart from an invented one for so long."""


@dataclass(slots=True)
class Trigger:
    """Leave to open one modal, for the person who acted."""

    user_id: str
    made_at: float
    used: bool = False


class Triggers:
    """Trigger ids: valid for three seconds, exchanged once.

    Arguments:
        now: tells seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._triggers: dict[str, Trigger] = {}

    def issue(self, user_id: str) -> str:
        """Return a new trigger id for what a person just did."""
        now = self._now()
        self._forget(now - _FORGOTTEN_AFTER_SECONDS)
        trigger_id = (
            f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        )
        self._triggers[trigger_id] = Trigger(user_id, now)
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """Use a trigger up and return whose it is.

        Raises:
            ApiError: ``invalid_trigger_id``, ``expired_trigger_id`` or ``exchanged_trigger_id``.
        """
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self._now() - trigger.made_at > TRIGGER_SECONDS:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger.user_id

    def _forget(self, before: float) -> None:
        while self._triggers:
            oldest = next(iter(self._triggers))
            if self._triggers[oldest].made_at >= before:
                return
            del self._triggers[oldest]


@dataclass(slots=True)
class ResponseUrl:
    """Leave to answer one interaction.

    ``ts`` is the message acted upon; None after a slash command.
    """

    user_id: str
    channel_id: str
    ts: str | None
    made_at: float
    uses: int = 0


class ResponseUrls:
    """The keys of response_urls: valid for 30 minutes, five uses.

    Arguments:
        now: tells seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._urls: dict[str, ResponseUrl] = {}

    def issue(self, user_id: str, channel_id: str, ts: str | None) -> str:
        """Return the key of a new response_url."""
        now = self._now()
        while self._urls:
            oldest = next(iter(self._urls))
            if now - self._urls[oldest].made_at <= 2 * RESPONSE_URL_SECONDS:
                break
            del self._urls[oldest]
        key = secrets.token_urlsafe(18)
        self._urls[key] = ResponseUrl(user_id, channel_id, ts, now)
        return key

    def use(self, key: str) -> ResponseUrl:
        """Count a use; raise ``expired_url`` or ``used_url`` (Slack answers both with 404)."""
        url = self._urls.get(key)
        if url is None or self._now() - url.made_at > RESPONSE_URL_SECONDS:
            raise ApiError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise ApiError("used_url")
        url.uses += 1
        return url
