"""The workspace: its people, channels, messages and views, and how to find them.

Everything here is plain state. What may be done to it, and by whom, is decided by the Web API
(``api``) and by what a person can press (``actor``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from slack_sandbox.changes import Changes
from slack_sandbox.errors import NotThereError, nearest
from slack_sandbox.store import Store

SLACKBOT_ID = "USLACKBOT"
HOME = "home"
"""Where a person looks who opens the app's Home, in place of a channel's id."""


class ChannelKind(StrEnum):
    """What sort of conversation a channel is."""

    PUBLIC = "channel"
    PRIVATE = "private"
    DM = "dm"


@dataclass(frozen=True, slots=True)
class Team:
    """A workspace as others see it."""

    id: str
    name: str
    domain: str


@dataclass(slots=True)
class User:
    """Somebody (or some bot) in the workspace, or an outsider in a shared channel.

    ``tz`` is an IANA name; None, as for ``email``, where Slack would leave the field away.
    """

    id: str
    name: str
    real_name: str
    team_id: str
    tz: str | None = "Etc/UTC"
    email: str | None = None
    title: str = ""
    locale: str = "en-US"
    is_admin: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_invited_user: bool = False
    deleted: bool = False


@dataclass(slots=True)
class Channel:
    """A conversation; a direct message has exactly two members."""

    id: str
    name: str
    kind: ChannelKind
    members: list[str]
    topic: str = ""
    purpose: str = ""
    created: int = 1_767_225_600
    is_general: bool = False
    is_ext_shared: bool = False
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A group of people with a handle, such as @success."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(slots=True)
class Message:
    """A message as it stands now.

    ``bot_id`` is set on messages of apps, ``edited_ts`` once it was changed, ``ephemeral_for`` on
    messages only one person sees (Slack keeps those out of every history).
    """

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    edited_ts: str | None = None
    bot_id: str | None = None
    ephemeral_for: str | None = None


@dataclass(slots=True)
class View:
    """A modal or a Home tab; ``body`` is the view object as Slack sends it, state included."""

    id: str
    user: str
    body: dict[str, Any]


class Workspace:
    """The people, channels, messages and views of one Slack workspace.

    Arguments:
        team: the workspace itself.
        bot: the bot's user; added to ``users``.
        bot_id: the bot's ``B...`` id.
        app_id: the app's ``A...`` id.
    """

    def __init__(self, team: Team, bot: User, bot_id: str, app_id: str) -> None:
        self.team = team
        self.bot = bot
        self.bot_id = bot_id
        self.app_id = app_id
        self.first_person: str | None = None
        """As whom a visitor of the page begins (handle or id); None: as the first one there."""
        self.has_charts = True
        """Whether this workspace knows ``data_visualization`` blocks."""
        self.users: dict[str, User] = {bot.id: bot}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, UserGroup] = {}
        self.views: dict[str, View] = {}
        """Every open modal and published Home, by id."""
        self.homes: dict[str, View] = {}
        self.modals: dict[str, list[View]] = {}
        """The open modals of each person, the visible one last."""
        self.changes = Changes()
        self._messages: dict[str, dict[str, Message]] = {}
        self._ephemerals: dict[tuple[str, str], dict[str, Message]] = {}
        self._read: dict[tuple[str, str], str] = {}
        self.tell_time: Callable[[], int] = lambda: time.time_ns() // 1000
        """Tells microseconds since 1970, for the timestamps of messages and clicks."""
        self._last_microsecond = 0
        self._store: Store | None = None

    # Finding

    def user(self, who: str) -> User:
        """Return the user with this id, handle or @handle; raise NotThereError."""
        found = self.users.get(who)
        if found is None:
            name = who.removeprefix("@")
            found = next((user for user in self.users.values() if user.name == name), None)
        if found is None:
            names = [user.name for user in self.users.values()]
            raise NotThereError(f"There is nobody called '{who}'.{nearest(who, names)}")
        return found

    def channel(self, which: str | Channel) -> Channel:
        """Return the channel with this id, name or #name; raise NotThereError."""
        if isinstance(which, Channel):
            return which
        found = self.channels.get(which)
        if found is None:
            name = which.removeprefix("#")
            named = (c for c in self.channels.values() if c.kind is not ChannelKind.DM)
            found = next((channel for channel in named if channel.name == name), None)
        if found is None:
            names = [channel.name for channel in self.channels.values()]
            raise NotThereError(f"There is no channel '{which}'.{nearest(which, names)}")
        return found

    def dm(self, who: str) -> Channel:
        """Return the direct messages between the bot and a person, opened where they are not."""
        user = self.user(who)
        channel = self.channels.get(dm_id(user.id))
        if channel is None:
            channel = Channel(dm_id(user.id), user.id, ChannelKind.DM, [self.bot.id, user.id])
            self.put_channel(channel)
        return channel

    def messages(self, channel: str | Channel) -> list[Message]:
        """Return what everybody in a channel (id, name or itself) sees, oldest first."""
        return list(self.posted(self.channel(channel).id).values())

    def posted(self, channel_id: str) -> dict[str, Message]:
        """Return the messages of a channel by ts, oldest first; not a copy."""
        return self._messages.get(channel_id) or {}

    def ephemerals(self, user_id: str, channel_id: str) -> dict[str, Message]:
        """Return what only this person sees in a channel, by ts, oldest first; not a copy."""
        return self._ephemerals.get((user_id, channel_id)) or {}

    def message(self, channel_id: str, ts: str, user_id: str) -> Message | None:
        """Return the message a person sees at ``ts``, an ephemeral one included."""
        return self.posted(channel_id).get(ts) or self.ephemerals(user_id, channel_id).get(ts)

    def last_read(self, user_id: str, channel_id: str) -> str:
        """Return the ts up to which a person has read a channel."""
        return self._read.get((user_id, channel_id), "0")

    # Changing

    def next_ts(self) -> str:
        """Return a new message timestamp: now, unique and greater than all before it."""
        self._last_microsecond = max(self.tell_time(), self._last_microsecond + 1)
        return f"{self._last_microsecond // 1_000_000}.{self._last_microsecond % 1_000_000:06d}"

    def put_user(self, user: User) -> None:
        """Add a user, or keep what was changed about one."""
        self.users[user.id] = user
        self._keep("user", user.id, user)

    def put_channel(self, channel: Channel) -> None:
        """Add a channel, or keep what was changed about one."""
        self.channels[channel.id] = channel
        self._keep("channel", channel.id, channel)

    def put_group(self, group: UserGroup) -> None:
        """Add a user group, or replace it."""
        self.groups[group.id] = group
        self.changes.notify()

    def put_message(self, message: Message) -> None:
        """Add a message, or keep what was changed about one."""
        if message.ephemeral_for is None:
            shelf = self._messages.setdefault(message.channel, {})
        else:
            shelf = self._ephemerals.setdefault((message.ephemeral_for, message.channel), {})
        shelf[message.ts] = message
        self._keep("message", f"{message.channel} {message.ts}", message)

    def delete_message(self, message: Message) -> None:
        """Take a message away."""
        if message.ephemeral_for is None:
            del self._messages[message.channel][message.ts]
        else:
            del self._ephemerals[message.ephemeral_for, message.channel][message.ts]
        if self._store is not None:
            self._store.delete("message", f"{message.channel} {message.ts}")
        self.changes.notify()

    def put_home(self, home: View) -> None:
        """Publish a Home tab."""
        self.homes[home.user] = self.views[home.id] = home
        self._keep("home", home.user, home)

    def put_read(self, user_id: str, channel_id: str, ts: str) -> None:
        """Remember that a person has read a channel up to ``ts``."""
        self._read[user_id, channel_id] = ts
        if self._store is not None:
            self._store.put("read", f"{user_id} {channel_id}", {"ts": ts})
        self.changes.notify()

    def share(self, which: str | Channel, *outsiders: str) -> None:
        """Share a channel by Slack Connect: people of other workspaces (ids or handles) join it."""
        channel = self.channel(which)
        new = [self.user(one).id for one in outsiders]
        channel.members += [one for one in new if one not in channel.members]
        channel.is_ext_shared = True
        self.put_channel(channel)

    # Surviving

    def survive_in(self, store: Store) -> None:
        """Take over what ``store`` holds and write every further change through to it."""
        for row in store.read("user"):
            user = User(**row)
            self.users[user.id] = user
        self.bot = self.users[self.bot.id]
        for row in store.read("channel"):
            self.channels[row["id"]] = Channel(**row | {"kind": ChannelKind(row["kind"])})
        for message in sorted(
            (Message(**row) for row in store.read("message")), key=lambda found: found.ts
        ):
            self.put_message(message)
            whole, part = message.ts.split(".")
            self._last_microsecond = int(whole) * 1_000_000 + int(part)
        for row in store.read("home"):
            self.put_home(View(**row))
        for key, row in store.items("read"):
            user_id, channel_id = key.split(" ")
            self._read[user_id, channel_id] = row["ts"]
        self._store = store

    def _keep(self, kind: str, key: str, thing: User | Channel | Message | View) -> None:
        if self._store is not None:
            names = (found.name for found in fields(thing))
            self._store.put(kind, key, {name: getattr(thing, name) for name in names})
        self.changes.notify()


def dm_id(user_id: str) -> str:
    """Return the id of the direct messages between the bot and a person; it never changes."""
    return f"D{user_id[1:]}"
