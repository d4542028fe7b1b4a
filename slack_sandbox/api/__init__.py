"""The Web API: which methods there are, and what is checked before one runs."""

from __future__ import annotations

from typing import Any

from slack_sandbox.api import about, chat, conversations, users, views
from slack_sandbox.api.method import Arguments, Method, Token, need_scope
from slack_sandbox.errors import ApiError, invalid_arguments
from slack_sandbox.platform import Platform

METHODS: dict[str, Method] = {
    **chat.METHODS,
    **views.METHODS,
    **conversations.METHODS,
    **users.METHODS,
    **about.METHODS,
}
RESPONSE_URL = "response_url"
"""What a use of a response_url is called where methods are named."""
NAMES = frozenset({*METHODS, RESPONSE_URL})


def run(platform: Platform, name: str, token: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Run a Web API method and return its answer.

    Arguments:
        platform: what it works on.
        name: such as ``chat.postMessage``.
        token: the caller's token, None without one.
        given: the arguments, the token taken out.

    Raises:
        ApiError: whatever Slack would refuse, in the order in which Slack looks at it.
    """
    method = METHODS.get(name)
    if method is None:
        raise ApiError("unknown_method", req_method=name)
    _check_token(platform, method, token)
    platform.pace.call(name, method.tier)
    for scope in method.scopes:
        need_scope(platform, scope)
    unknown = given.keys() - method.arguments
    if unknown:
        raise invalid_arguments(
            *(f"unknown argument: {argument} [json-pointer:/{argument}]" for argument in unknown)
        )
    return method.run(platform, Arguments(given))


def _check_token(platform: Platform, method: Method, token: str | None) -> None:
    if method.token is Token.NONE:
        return
    if not token:
        raise ApiError("not_authed")
    tokens = platform.tokens
    if token not in {tokens.bot_token, tokens.app_token}:
        raise ApiError("invalid_auth")
    if token != (tokens.bot_token if method.token is Token.BOT else tokens.app_token):
        raise ApiError("not_allowed_token_type")
