"""A Slack to try the bot in and to test it against.

It speaks what the bot uses, and is strict where Slack is. The bot never imports it: it only finds
another address in ``SLACK_API_URL``.
"""

from __future__ import annotations

from nps_bot.sandbox.actor import Person
from nps_bot.sandbox.delivery import Kind, Reply, SignedRequest
from nps_bot.sandbox.errors import (
    FormError,
    NotAcknowledgedError,
    NotThereError,
    SandboxError,
)
from nps_bot.sandbox.faults import Chance, Fault, FaultError, parse_chance
from nps_bot.sandbox.ledger import Call, Ledger
from nps_bot.sandbox.limits import Limits
from nps_bot.sandbox.manifest import Manifest
from nps_bot.sandbox.people import lumen_coffee
from nps_bot.sandbox.server import Sandbox
from nps_bot.sandbox.webapi import Passing, Stage
from nps_bot.sandbox.workspace import (
    Channel,
    ChannelKind,
    Message,
    Team,
    User,
    UserGroup,
    View,
    Workspace,
)

__all__ = [
    "Call",
    "Chance",
    "Channel",
    "ChannelKind",
    "Fault",
    "FaultError",
    "FormError",
    "Kind",
    "Ledger",
    "Limits",
    "Manifest",
    "Message",
    "NotAcknowledgedError",
    "NotThereError",
    "Passing",
    "Person",
    "Reply",
    "Sandbox",
    "SandboxError",
    "SignedRequest",
    "Stage",
    "Team",
    "User",
    "UserGroup",
    "View",
    "Workspace",
    "lumen_coffee",
    "parse_chance",
]
