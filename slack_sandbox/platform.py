"""What every part of the sandbox Slack works on."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from slack_sandbox.limits import Limits, Pace
from slack_sandbox.manifest import Manifest
from slack_sandbox.store import Store
from slack_sandbox.triggers import ResponseUrls, Triggers
from slack_sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Secrets:
    """What proves to Slack who calls, and to the bot that Slack calls."""

    bot_token: str
    app_token: str
    signing_secret: str
    verification_token: str

    @classmethod
    def of(cls, store: Store | None) -> Secrets:
        """Return the secrets kept in ``store``; make new ones (and keep them) where it has none."""
        kept = dict(store.items("secrets")) if store is not None else {}
        if kept:
            return cls(**kept["app"])
        made = cls(
            bot_token=f"xoxb-sandbox-{secrets.token_hex(12)}",
            app_token=f"xapp-sandbox-{secrets.token_hex(12)}",
            signing_secret=secrets.token_hex(16),
            verification_token=secrets.token_hex(12),
        )
        if store is not None:
            store.put(
                "secrets",
                "app",
                {
                    "bot_token": made.bot_token,
                    "app_token": made.app_token,
                    "signing_secret": made.signing_secret,
                    "verification_token": made.verification_token,
                },
            )
        return made


class Platform:
    """The workspace, the app installed in it, and what is going on between the two.

    Arguments:
        workspace: people, channels, messages and views.
        manifest: what the app may do.
        limits: how often it may do it.
        tokens: the app's secrets.
        now: tells seconds of a clock that never goes back; rate limits, trigger ids and
            response_urls are measured with it.
    """

    def __init__(
        self,
        workspace: Workspace,
        manifest: Manifest,
        limits: Limits,
        tokens: Secrets,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workspace = workspace
        self.manifest = manifest
        self.tokens = tokens
        self.pace = Pace(limits, now)
        self.triggers = Triggers(now)
        self.response_urls = ResponseUrls(now)
        self.base_url = ""
        """Where this server listens, such as ``http://127.0.0.1:3000``; known once it does."""
        self.socket_tickets: dict[str, None] = {}
        """Socket Mode addresses handed out and not yet used, oldest first."""
