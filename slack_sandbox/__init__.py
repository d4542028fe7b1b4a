"""A Slack to try a Bolt app in and to test it against.

It speaks a part of Slack, and is strict where Slack is. The app needs not import it: it only finds
another address for the Web API.
"""

from __future__ import annotations

from slack_sandbox.actor import Person
from slack_sandbox.delivery import Kind, Reply, SignedRequest
from slack_sandbox.errors import FormError, NotAcknowledgedError, NotThereError, SandboxError
from slack_sandbox.example import example_workspace
from slack_sandbox.faults import Chance, Fault, FaultError, parse_chance
from slack_sandbox.ledger import Call, Ledger
from slack_sandbox.limits import Limits
from slack_sandbox.manifest import Manifest
from slack_sandbox.server import Sandbox
from slack_sandbox.webapi import Passing, Stage
from slack_sandbox.workspace import (
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
    "example_workspace",
    "parse_chance",
]
