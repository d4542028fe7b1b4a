"""The sandbox's page without a browser: what somebody sees there, and what they press."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp


class NotThereError(Exception):
    """Nobody sees what was to be pressed."""


class Page:
    """Acts through the page's HTTP interface, as one person or another.

    Arguments:
        session: for the requests.
        url: where the page is.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def seen(self, who: str) -> dict[str, Any]:
        """Return all that somebody sees."""
        async with self._session.get(f"{self._url}/page/state", params={"as": who}) as answer:
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found

    async def act(self, who: str, do: str, **wish: Any) -> dict[str, Any]:
        """Do something as somebody; return what the page says of it."""
        return await self.put("act", {"as": who, "do": do, **wish})

    async def put(self, what: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the page for something: to act, to move the clock, to turn a switch."""
        async with self._session.post(f"{self._url}/page/{what}", json=wish) as answer:
            answer.raise_for_status()
            said: dict[str, Any] = await answer.json()
            return said

    async def messages(self, who: str, channel: str) -> list[dict[str, Any]]:
        """Return what somebody sees in a channel ("dm": with the bot), oldest first."""
        seen = await self.seen(who)
        return [
            {**message, "channel": each["id"]}
            for each in seen["channels"]
            if channel == (each["kind"] if each["kind"] == "dm" else each["name"])
            for message in each["messages"]
        ]

    async def channel_id(self, who: str, channel: str) -> str:
        """Return the id of a channel that somebody sees."""
        for each in (await self.seen(who))["channels"]:
            if channel == (each["kind"] if each["kind"] == "dm" else each["name"]):
                return str(each["id"])
        raise NotThereError(f"{who} sees no channel {channel}")

    async def press(
        self, who: str, channel: str, action: str, value: str | None = None, *, word: str = ""
    ) -> dict[str, Any]:
        """Press a button (or choose an option) in the newest message that has it, and this word."""
        for message in reversed(await self.messages(who, channel)):
            for block_id in _blocks_with(message["blocks"], action):
                if word in str(message):
                    wish = {"channel": message["channel"], "ts": message["ts"]}
                    return await self._pressed(who, action, value, block_id=block_id, **wish)
        raise NotThereError(f"{who} sees no {action} in {channel}")

    async def press_in(
        self, who: str, place: str, action: str, value: str | None = None
    ) -> dict[str, Any]:
        """Press a button in the modal or in Home."""
        view = (await self.seen(who))[place]
        for block_id in _blocks_with(view["blocks"] if view else [], action):
            return await self._pressed(who, action, value, block_id=block_id, view_id=view["id"])
        raise NotThereError(f"{who} sees no {action} in the {place}")

    async def _pressed(
        self, who: str, action: str, value: str | None, **wish: str
    ) -> dict[str, Any]:
        given = {} if value is None else {"selected": value}
        return await self.act(who, "block_action", action_id=action, **given, **wish)

    async def submit(self, who: str, **texts: Any) -> dict[str, Any]:
        """Fill in the modal by block_id, and send it."""
        view = (await self.seen(who))["modal"]
        if view is None:
            raise NotThereError(f"{who} has no modal open")
        values = {
            block["block_id"]: {block["element"]["action_id"]: texts[block["block_id"]]}
            for block in view["blocks"]
            if block["block_id"] in texts
        }
        return await self.act(who, "submit", view_id=view["id"], values=values)

    async def close(self, who: str) -> dict[str, Any]:
        """Close the modal."""
        view = (await self.seen(who))["modal"]
        if view is None:
            raise NotThereError(f"{who} has no modal open")
        return await self.act(who, "close", view_id=view["id"])


def _blocks_with(blocks: list[dict[str, Any]], action: str) -> Iterator[str]:
    """Yield the ids of the blocks that hold this button."""
    for block in blocks:
        elements = [*block.get("elements", ()), block.get("accessory") or {}]
        if any(element.get("action_id") == action for element in elements):
            yield block["block_id"]
