"""People, channels and groups, read from Slack page by page.

Nothing here waits: a 429 is raised as a :class:`SlackCallError` with ``retry_after``, and the
caller goes on from the cursor it kept. What was read until then is remembered, so that going on
gets further.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from nps_bot.base.clock import Clock
from nps_bot.base.errors import NpsBotError, nearest
from nps_bot.base.slack_ids import is_email, is_person_id
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.messenger import Messenger
from nps_bot.slack.profiles import Identity, Member, Profile, profile_of
from nps_bot.slack.web_api import WebApi

PEOPLE_PAGE = 100
"""People per page where each one costs a ``users.info`` (100 or more a minute)."""
_LIST_PAGE = 200
"""Entries per page of a list; Slack recommends no more."""
_AT_ONCE = 4
"""``users.info`` calls in flight."""
_FRESH_FOR = timedelta(hours=1)
"""How long a person, or the list of channels or groups, is remembered."""
_REREAD_AFTER = timedelta(minutes=1)
"""How soon somebody who was not there is looked for again, and the list of channels or groups read
again for a name that is not in it."""
_REMEMBERED = 10_000
"""People remembered at most."""
_NOBODY = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


class NotInSlackError(NpsBotError):
    """A channel or group that a survey names does not exist, or the bot may not see it."""


class Directory:
    """Reads who and what there is in the workspace."""

    def __init__(self, api: WebApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._identity: Identity | None = None
        self._profiles: dict[str, tuple[Profile | None, datetime]] = {}
        self._emails: dict[str, tuple[str | None, datetime]] = {}
        self._channels = _Names(self._read_channels, clock)
        self._groups = _Names(self._read_groups, clock)

    # --- people ------------------------------------------------------------------------------

    async def person(self, ref: str) -> Member | None:
        """Return who ``ref`` is: a Slack id, an e-mail address or an ``@handle``.

        Returns None where there is nobody of that name. A person is remembered for an hour, their
        absence for a minute; finding a handle reads the list of all people.

        Raises:
            SlackCallError: Slack could not be asked.
        """
        if is_email(ref):
            person_id = await self._id_of_email(ref.lower())
        elif is_person_id(ref):
            person_id = ref
        else:
            return await self._by_handle(ref.removeprefix("@").lower())
        profile = await self._profile_of(person_id) if person_id else None
        return profile.member if profile else None

    async def users_page(self, cursor: str | None) -> tuple[list[Any], str | None]:
        """Read a page of the workspace's users, for :meth:`members_of`, and the next cursor."""
        return await self._list_page("users.list", "members", cursor=cursor)

    async def members_of(self, users: Iterable[Mapping[str, Any]]) -> tuple[Member, ...]:
        """Return who the users of a page are; no call for each."""
        identity = await self._own_identity()
        return tuple(profile_of(user, identity).member for user in users)

    async def members(self, ids: Iterable[str]) -> tuple[Member, ...]:
        """Return who ``ids`` are, leaving out those Slack does not show us.

        Raises:
            SlackCallError: Slack could not be asked.
        """
        turn = asyncio.Semaphore(_AT_ONCE)

        async def member(person_id: str) -> Member | None:
            async with turn:
                profile = await self._profile_of(person_id)
            return profile.member if profile else None

        try:
            async with asyncio.TaskGroup() as group:
                reading = [group.create_task(member(person_id)) for person_id in ids]
        except* SlackCallError as failed:
            failure = failed.exceptions[0]
        else:
            return tuple(found for task in reading if (found := task.result()))
        raise failure

    async def is_admin(self, person_id: str) -> bool:
        """Return whether a person is an admin or owner of the workspace.

        Raises:
            SlackCallError: Slack could not be asked.
        """
        profile = await self._profile_of(person_id)
        return profile is not None and profile.is_admin

    async def _profile_of(self, person_id: str) -> Profile | None:
        now = self._clock.now()
        known = self._profiles.get(person_id)
        if known and now < known[1]:
            return known[0]
        answer = await self._unless_nobody("users.info", user=person_id)
        profile = await self._remember(answer, now) if answer else None
        if profile is None:
            _make_room(self._profiles)
            self._profiles[person_id] = (None, now + _REREAD_AFTER)
        return profile

    async def _id_of_email(self, email: str) -> str | None:
        now = self._clock.now()
        known = self._emails.get(email)
        if known and now < known[1]:
            return known[0]
        answer = await self._unless_nobody("users.lookupByEmail", email=email)
        profile = await self._remember(answer, now) if answer else None
        person_id = profile.member.id if profile else None
        _make_room(self._emails)
        self._emails[email] = (person_id, now + (_FRESH_FOR if person_id else _REREAD_AFTER))
        return person_id

    async def _by_handle(self, handle: str) -> Member | None:
        identity = await self._own_identity()
        async for user in self._all("users.list", "members"):
            profile = profile_of(user, identity)
            if handle in profile.handles and not profile.member.is_deleted:
                return profile.member
        return None

    async def _unless_nobody(self, method: str, **arguments: str) -> dict[str, Any] | None:
        """Read one person's answer; None where Slack knows nobody of that name."""
        try:
            return await self._api.read(method, **arguments)
        except SlackCallError as error:
            if error.code in _NOBODY:
                return None
            raise

    async def _remember(self, answer: Mapping[str, Any], now: datetime) -> Profile | None:
        user = answer.get("user")
        if not isinstance(user, dict):
            return None
        profile = profile_of(user, await self._own_identity())
        _make_room(self._profiles)
        self._profiles[profile.member.id] = (profile, now + _FRESH_FOR)
        return profile

    async def own_homes(self) -> frozenset[str]:
        """Return the ids of our own workspace, and of its organisation where it has one."""
        identity = await self._own_identity()
        return frozenset(filter(None, (identity.team_id, identity.enterprise_id)))

    async def _own_identity(self) -> Identity:
        if self._identity is None:
            self._identity = await Messenger(self._api).auth_test()
        return self._identity

    # --- channels and groups -----------------------------------------------------------------

    async def channel_id(self, ref: str) -> str:
        """Return the id of a channel, given as ``#name`` or as the id itself.

        Raises:
            NotInSlackError: there is no such channel, or it is private and the bot is not in it.
            SlackCallError: Slack could not be asked.
        """
        if not ref.startswith("#"):
            return ref
        return await self._channels.id_of(
            ref, "If it is private, invite the bot to it; if it does not exist, create it."
        )

    async def group_id(self, ref: str) -> str:
        """Return the id of a user group, given as ``@handle`` or as the id itself.

        Raises:
            NotInSlackError: there is no such group.
            SlackCallError: Slack could not be asked.
        """
        if not ref.startswith("@"):
            return ref
        return await self._groups.id_of(ref, "Create the user group, or correct its handle.")

    async def channel_page(self, ref: str, cursor: str | None) -> tuple[list[str], str | None]:
        """Read the ids of a page of a channel's members, and the next cursor.

        Raises:
            NotInSlackError, SlackCallError: as :meth:`channel_id`.
        """
        channel = await self.channel_id(ref)
        return await self._list_page(
            "conversations.members", "members", cursor=cursor, limit=PEOPLE_PAGE, channel=channel
        )

    async def in_channel(self, ref: str, person_id: str) -> bool:
        """Return whether a person is a member of a channel.

        Raises:
            NotInSlackError, SlackCallError: as :meth:`channel_id`.
        """
        channel = await self.channel_id(ref)
        members = self._all("conversations.members", "members", channel=channel)
        return person_id in [each async for each in members]

    async def group_members(self, ref: str) -> list[str]:
        """Return the ids of the members of a user group.

        Raises:
            NotInSlackError, SlackCallError: as :meth:`group_id`.
        """
        group = await self.group_id(ref)
        answer = await self._api.read("usergroups.users.list", usergroup=group)
        return list(answer.get("users") or ())

    async def _read_channels(self) -> dict[str, str]:
        channels = self._all(
            "conversations.list",
            "channels",
            types="public_channel,private_channel",
            exclude_archived=True,
        )
        return {f"#{channel.get('name')}": channel["id"] async for channel in channels}

    async def _read_groups(self) -> dict[str, str]:
        answer = await self._api.read("usergroups.list")
        return {f"@{group.get('handle')}": group["id"] for group in answer.get("usergroups") or ()}

    # --- pages -------------------------------------------------------------------------------

    async def _all(self, method: str, key: str, **filters: str | int) -> AsyncIterator[Any]:
        cursor: str | None = None
        while True:
            entries, cursor = await self._list_page(method, key, cursor=cursor, **filters)
            for entry in entries:
                yield entry
            if cursor is None:
                return

    async def _list_page(
        self,
        method: str,
        key: str,
        *,
        cursor: str | None,
        **filters: str | int,
    ) -> tuple[list[Any], str | None]:
        """Read one page of a list: its entries and Slack's next cursor.

        Slack's cursors go stale; with a stale one the list is read from its beginning.
        """
        filters.setdefault("limit", _LIST_PAGE)
        try:
            answer = await self._api.read(method, cursor=cursor, **filters)
        except SlackCallError as error:
            if error.code != "invalid_cursor" or cursor is None:
                raise
            answer = await self._api.read(method, **filters)
        metadata = answer.get("response_metadata")
        following = metadata.get("next_cursor") if isinstance(metadata, dict) else None
        return list(answer.get(key) or ()), following or None


class _Names:
    """Ids by name, read as a whole and remembered for a while."""

    def __init__(self, read: Callable[[], Awaitable[dict[str, str]]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._ids: dict[str, str] = {}
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def id_of(self, name: str, advice: str) -> str:
        async with self._reading:
            now = self._clock.now()
            enough = _FRESH_FOR if name in self._ids else _REREAD_AFTER
            if self._read_at is None or now - self._read_at >= enough:
                self._ids = await self._read()
                self._read_at = now
        if name not in self._ids:
            raise NotInSlackError(
                f"Slack shows the bot no {name}. {advice}{nearest(name, self._ids)}"
            )
        return self._ids[name]


def _make_room(remembered: dict[str, Any]) -> None:
    if len(remembered) >= _REMEMBERED:
        remembered.clear()
