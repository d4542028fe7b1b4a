"""Bolt as this bot uses it: it routes what is verified already, and counts it."""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_token_skipped
from slack_bolt.response import BoltResponse

from nps_bot.base.metrics import REQUESTS
from nps_bot.slack.background import Background

_KINDS = {
    "block_actions": "click",
    "view_submission": "modal",
    "command": "command",
    "event_callback": "event",
}


class _CountedApp(AsyncApp):
    """Bolt that counts what it is given, over socket and HTTP alike, and tells that it answers."""

    def __init__(self, background: Background, **settings: Any) -> None:
        super().__init__(**settings)
        self._background = background

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer a request."""
        with self._background.answering():
            response = await super().async_dispatch(req)
        type_ = "command" if "command" in req.body else str(req.body.get("type"))
        kind = _KINDS.get(type_, "other")
        REQUESTS.labels(kind, "ok" if response.status == 200 else "error").inc()
        return response


def build_bolt(bot_token: str | None, api_url: str, background: Background) -> AsyncApp:
    """Return Bolt without listeners.

    ``process_before_response`` makes an answer mean that the work is committed, over HTTP too.

    Args:
        bot_token: the bot's.
        api_url: the address of Slack's Web API.
        background: is told while a request is being answered.
    """
    # Bolt warns that it leaves SLACK_BOT_TOKEN aside where it is told who we are: so it should.
    logging.getLogger(f"slack_bolt.{AsyncApp.__name__}").addFilter(
        lambda record: record.getMessage() != warning_token_skipped()
    )
    known = AuthorizeResult(enterprise_id=None, team_id=None, bot_token=bot_token)

    async def authorize() -> AuthorizeResult:
        """Say who we are without asking Slack: a first click must not wait for auth.test."""
        return known

    bolt = _CountedApp(
        background,
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,  # nps_bot.slack.http has done it, cheaper
        # For what this bot does not use; each would look at every click.
        attaching_function_token_enabled=False,
        ignoring_self_assistant_message_events_enabled=False,
    )
    bolt.client.base_url = api_url  # Bolt copies it for every request
    return bolt
