"""The app's manifest: what the bot was given leave to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).with_name("example_manifest.json")


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command, as the manifest declares it."""

    command: str
    description: str
    usage_hint: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of a Slack app manifest that decide what Slack does."""

    name: str
    scopes: tuple[str, ...]
    commands: tuple[Command, ...]
    events: frozenset[str]
    has_home: bool
    takes_messages: bool
    """Whether people can write in the direct messages with the app."""

    @classmethod
    def load(cls, path: Path = EXAMPLE) -> Manifest:
        """Read a manifest file.

        Raises:
            OSError, ValueError, KeyError: it cannot be read or is no app manifest.
        """
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        features = document["features"]
        home = features.get("app_home", {})
        events = document["settings"].get("event_subscriptions", {}).get("bot_events", [])
        return cls(
            name=document["display_information"]["name"],
            scopes=tuple(document["oauth_config"]["scopes"]["bot"]),
            commands=tuple(
                Command(given["command"], given["description"], given.get("usage_hint", ""))
                for given in features.get("slash_commands", [])
            ),
            events=frozenset(events),
            has_home=home.get("home_tab_enabled", False),
            takes_messages=not home.get("messages_tab_read_only_enabled", True),
        )
