"""What the bot says and opens in Slack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nps_bot.slack.calls import (
    LOOK_AGAIN,
    Accepted,
    Finding,
    Found,
    LookLater,
    NotThere,
    Outcome,
    RateLimited,
    Refused,
    Unreadable,
)
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.message import Message
from nps_bot.slack.profiles import Identity
from nps_bot.slack.web_api import WebApi

METADATA_TYPE = "nps_delivery"
"""The event type of our messages' metadata; its payload is an opaque id and nothing else, because
any app in the workspace can read it."""

Still = Callable[[], bool]
"""Says right before a message leaves whether it is still ours to send."""

_PAGE = 200
"""Messages per page of history; Slack recommends no more."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who reads a channel.

    Attributes:
        name: ``#name``, or the id where it has none.
        outsiders: whether people of other organisations read it, or soon will.
        connected: whether they do so now.
        member: whether the bot is in it.
        teams: the other workspaces or organisations, as far as Slack tells.
    """

    name: str
    outsiders: bool
    connected: bool
    member: bool
    teams: tuple[str, ...]


class Messenger:
    """Posts, updates, opens, publishes and looks up.

    Methods that return something other than an :data:`Outcome` or :data:`Finding` raise
    :class:`SlackCallError` when the call fails; each failure has been logged once by then.
    """

    def __init__(self, api: WebApi) -> None:
        self._api = api

    async def auth_test(self) -> Identity:
        """Return who the bot is."""
        answer = await self._api.call("auth.test")
        return Identity(
            team_id=str(answer.get("team_id") or ""),
            team=str(answer.get("team") or ""),
            url=str(answer.get("url") or ""),
            user_id=str(answer.get("user_id") or ""),
            enterprise_id=answer.get("enterprise_id"),
        )

    # --- messages, kept in the outbox --------------------------------------------------------

    async def post(
        self, channel: str, message: Message, delivery_id: str, *, still: Still | None = None
    ) -> Outcome:
        """Post ``message``, marked so that :meth:`find_delivery` finds it."""
        return await self._write(
            "chat.postMessage",
            still=still,
            channel=channel,
            text=message.text,
            blocks=message.blocks,
            metadata={"event_type": METADATA_TYPE, "event_payload": {"id": delivery_id}},
            unfurl_links=False,
            unfurl_media=False,
        )

    async def update(
        self, channel: str, ts: str, message: Message, *, still: Still | None = None
    ) -> Outcome:
        """Rewrite the message at ``ts``; it keeps its mark."""
        return await self._write(
            "chat.update",
            still=still,
            channel=channel,
            ts=ts,
            text=message.text,
            blocks=message.blocks,
        )

    async def find_delivery(self, channel: str, delivery_id: str, since: datetime) -> Finding:
        """Look in the history of ``channel`` for the message posted with ``delivery_id``.

        Args:
            since: how far to read back; see :func:`nps_bot.delivery.rules.look_from`.
        """
        try:
            ts = await self._find(channel, delivery_id, f"{since.timestamp():.6f}")
        except SlackCallError as error:
            match error.failure:
                case Refused(reason):
                    return Unreadable(reason)
                case RateLimited(retry_after):
                    return LookLater(timedelta(seconds=retry_after), error.reason, limited=True)
                case _:
                    return LookLater(LOOK_AGAIN, error.reason)
        return Found(channel, ts) if ts else NotThere()

    async def delete(self, channel: str, ts: str, *, still: Still | None = None) -> None:
        """Delete the message at ``ts``; one that is gone already is fine."""
        try:
            await self._api.call("chat.delete", still=still, channel=channel, ts=ts)
        except SlackCallError as error:
            if error.code != "message_not_found":
                raise

    # --- places ------------------------------------------------------------------------------

    async def open_dm(self, person_id: str) -> str:
        """Return the id of the direct-message channel with a person, opening it if need be."""
        answer = await self._api.call("conversations.open", users=person_id)
        channel = _object(answer, "channel").get("id")
        if not isinstance(channel, str):
            raise self._api.unreadable("conversations.open")
        return channel

    async def sharing(self, channel: str) -> Sharing:
        """Return who reads ``channel`` besides people of its own workspace."""
        answer = await self._api.read("conversations.info", channel=channel)
        info = answer.get("channel")
        if not isinstance(info, dict):
            raise self._api.unreadable("conversations.info")
        ours = {info.get("context_team_id"), *(info.get("internal_team_ids") or ())}
        teams = info.get("connected_team_ids") or info.get("shared_team_ids") or ()
        return Sharing(
            name=f"#{info['name']}" if info.get("name") else channel,
            outsiders=any(info.get(sign) for sign in _SIGNS_OF_OUTSIDERS),
            connected=bool(info.get("is_ext_shared")),
            member=bool(info.get("is_member")),
            teams=tuple(team for team in teams if team not in ours),
        )

    # --- answers to interactions, sent directly ----------------------------------------------

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> dict[str, Any]:
        """Open a modal while its trigger lives (3 s); returns the view with its id and hash."""
        return _object(await self._api.call("views.open", trigger_id=trigger_id, view=view), "view")

    async def update_view(
        self, view_id: str, view: Mapping[str, Any], view_hash: str | None = None
    ) -> dict[str, Any]:
        """Replace an open modal, only if it is still the one with ``view_hash`` where given."""
        answer = await self._api.call("views.update", view_id=view_id, view=view, hash=view_hash)
        return _object(answer, "view")

    async def publish_home(self, person_id: str, view: Mapping[str, Any]) -> None:
        """Show ``view`` as a person's Home."""
        await self._api.call("views.publish", user_id=person_id, view=view)

    async def ephemeral(self, channel: str, person_id: str, message: Message) -> None:
        """Show ``message`` in ``channel`` to one person, who must be in it."""
        await self._api.call(
            "chat.postEphemeral",
            channel=channel,
            user=person_id,
            text=message.text,
            blocks=message.blocks,
        )

    async def respond(self, response_url: str, message: Message) -> None:
        """Show ``message`` to the person who acted, and to nobody else."""
        await self._api.answer(
            response_url,
            {
                "response_type": "ephemeral",
                "replace_original": False,
                "text": message.text,
                "blocks": message.blocks,
            },
        )

    async def replace_original(self, response_url: str, message: Message) -> None:
        """Rewrite the message that was acted upon; cheaper than ``chat.update``."""
        await self._api.answer(
            response_url,
            {"replace_original": True, "text": message.text, "blocks": message.blocks},
        )

    # --- how ---------------------------------------------------------------------------------

    async def _write(self, method: str, **arguments: Any) -> Outcome:
        try:
            answer = await self._api.call(method, **arguments)
        except SlackCallError as error:
            return error.failure
        channel, ts = answer.get("channel"), answer.get("ts")
        if isinstance(channel, str) and isinstance(ts, str):
            return Accepted(channel, ts)
        return self._api.unreadable(method).failure

    async def _find(self, channel: str, delivery_id: str, oldest: str) -> str | None:
        cursor: str | None = None
        while True:
            page = await self._api.read(
                "conversations.history",
                channel=channel,
                oldest=oldest,
                inclusive=True,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor,
            )
            for message in page.get("messages") or ():
                metadata = _object(message, "metadata")
                if (
                    metadata.get("event_type") == METADATA_TYPE
                    and _object(metadata, "event_payload").get("id") == delivery_id
                ):
                    return str(message["ts"])
            cursor = _object(page, "response_metadata").get("next_cursor")
            if not cursor:
                return None


_SIGNS_OF_OUTSIDERS = (
    "is_ext_shared",
    "is_pending_ext_shared",
    "pending_connected_team_ids",
    "pending_shared",
)
"""What conversations.info says of a channel that is, or is about to be, shared outside."""


def _object(answer: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the JSON object under ``key``; an empty one where it is missing or null."""
    value = answer.get(key)
    return value if isinstance(value, dict) else {}
