"""What the page in the browser talks to.

``GET /`` and ``/assets/*`` are the page itself. ``GET /page/state?as=U1`` is everything one person
sees, ``GET /page/events?as=U1`` the same as server-sent events, at once and after each change.
``POST /page/act`` does something as somebody; the answer is ``{"ok": true}`` or ``{"ok": false,
"error": "one sentence", "errors": {block_id: sentence}}``. ``PUT /page/faults`` with a JSON list of
texts such as ``"chat.postMessage=429:5%"`` lets calls go wrong, in place of those before.

Where a control was handed in, ``control`` in the state tells its clock, its toggles, what goes
wrong, and its checklist. ``POST /page/clock`` ``{"move": key}`` moves time on, ``POST
/page/toggle`` ``{"key": key, "on": true}`` turns a toggle, ``POST /page/switch``
``{"fault": key, "on": true}`` breaks something or mends it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from slack_sandbox import api
from slack_sandbox.actor import Person, Target
from slack_sandbox.blocks.state import Given
from slack_sandbox.control import Control, as_document
from slack_sandbox.errors import FormError, NotThereError, SandboxError
from slack_sandbox.faults import Faults, parse_chance
from slack_sandbox.platform import Platform
from slack_sandbox.sight import sight
from slack_sandbox.switches import Switches

PAGE = Path(__file__).parent / "page"
_TOGETHER_SECONDS = 0.03
"""Changes within so short a time are shown at once."""
_STILL_THERE_SECONDS = 15.0
_JSON = "application/json"
_SOMEBODY = "somebody"
"""Whom the page asks for before a visitor has chosen."""


class Wish:
    """What the page asks for on behalf of somebody.

    Raises:
        NotThereError: it is no object, or (from the methods) a part is missing or of another kind.
    """

    def __init__(self, asked: Any) -> None:
        if not isinstance(asked, dict):
            raise NotThereError("This is not something one can do.")
        self._asked = asked

    def has(self, key: str) -> bool:
        """Return whether a part is there."""
        return key in self._asked

    def word(self, key: str, default: str | None = None) -> str:
        """Return a part that is a text."""
        value = self._asked.get(key, default)
        if not isinstance(value, str):
            raise NotThereError(f"'{key}' must be a text.")
        return value

    def flag(self, key: str) -> bool:
        """Return a part that is a yes or a no."""
        value = self._asked.get(key)
        if not isinstance(value, bool):
            raise NotThereError(f"'{key}' must be true or false.")
        return value

    def given(self) -> Given:
        """Return what was chosen (``selected``) or typed (``value``)."""
        value = self._asked.get("selected", self._asked.get("value"))
        if not _is_given(value):
            raise NotThereError("What was entered must be a text or a list of texts.")
        given: Given = value
        return given

    def entries(self) -> dict[str, dict[str, Given]]:
        """Return ``values``: what a view holds, by block_id and action_id."""
        values = self._asked.get("values", {})
        if not isinstance(values, dict) or not all(
            isinstance(entry, dict) and all(map(_is_given, entry.values()))
            for entry in values.values()
        ):
            raise NotThereError("'values' must be texts or lists of texts by block and action.")
        return values


def _is_given(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return value is None or isinstance(value, str)


class PageApi:
    """Serves the page and what it shows.

    Arguments:
        platform: the workspace and the app in it.
        person: gives somebody to act as, by handle or id.
        faults: what is to go wrong.
    """

    def __init__(self, platform: Platform, person: Callable[[str], Person], faults: Faults) -> None:
        self._faults = faults
        self._platform = platform
        self._person = person
        self._stopped = False
        self._switches = Switches(faults, platform.workspace)
        self.control: Control | None = None
        """What the page offers beside Slack, if anything."""
        self.played: set[str] = set()
        """The ids of those whom somebody at the page has acted as."""

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return what to add to the server."""
        return [
            web.get("/", self._index),
            web.static("/assets", PAGE),
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.post("/page/act", self._act),
            web.put("/page/faults", self._set_faults),
            web.post("/page/clock", self._move),
            web.post("/page/toggle", self._toggle),
            web.post("/page/switch", self._turn),
        ]

    async def _index(self, request: web.Request) -> web.FileResponse:
        del request
        return web.FileResponse(PAGE / "index.html")

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self._sight(self._who(request)))

    def _sight(self, person: Person) -> dict[str, Any]:
        """Return what a person sees, and what the page can do beside it."""
        control = self.control
        shown = None
        if control is not None:
            shown = {**as_document(control), "faults": self._switches.as_document()}
        return {**sight(self._platform, person), "control": shown}

    async def _events(self, request: web.Request) -> web.StreamResponse:
        person = self._who(request)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        with suppress(ConnectionError):  # the page was closed
            await self._tell(person, response)
        return response

    async def _tell(self, person: Person, response: web.StreamResponse) -> None:
        """Send what the person sees, again after every change."""
        told = ""
        while not self._stopped:
            seen = json.dumps(self._sight(person))
            if seen != told:
                told = seen
                await response.write(f"data: {seen}\n\n".encode())
            if await self._platform.workspace.changes.wait(_STILL_THERE_SECONDS):
                await asyncio.sleep(_TOGETHER_SECONDS)
            else:
                await response.write(b": still there\n\n")

    async def _act(self, request: web.Request) -> web.Response:
        return await self._wished(request, self._do)

    async def _move(self, request: web.Request) -> web.Response:
        async def move(wish: Wish) -> dict[str, Any]:
            return {"now": (await self._controlled().move(wish.word("move"))).isoformat()}

        return await self._wished(request, move)

    async def _toggle(self, request: web.Request) -> web.Response:
        async def toggle(wish: Wish) -> None:
            self._controlled().turn(wish.word("key"), on=wish.flag("on"))
            self._platform.workspace.changes.notify()

        return await self._wished(request, toggle)

    async def _turn(self, request: web.Request) -> web.Response:
        async def turn(wish: Wish) -> None:
            self._switches.turn(wish.word("fault"), on=wish.flag("on"))

        return await self._wished(request, turn)

    async def _set_faults(self, request: web.Request) -> web.Response:
        async def share(asked: Any) -> None:
            if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
                raise NotThereError("Faults are a list of texts.")
            self._faults.share([parse_chance(text, api.NAMES) for text in asked])

        return await self._answered(request, share)

    async def _wished(
        self, request: web.Request, do: Callable[[Wish], Awaitable[dict[str, Any] | None]]
    ) -> web.Response:
        return await self._answered(request, lambda asked: do(Wish(asked)))

    async def _answered(
        self, request: web.Request, do: Callable[[Any], Awaitable[dict[str, Any] | None]]
    ) -> web.Response:
        """Do what was asked for, and say what came of it."""
        # Only the page may act: a form on another site cannot send this content type unasked.
        if request.content_type != _JSON:
            raise web.HTTPUnsupportedMediaType
        try:
            asked = await request.json()
        except ValueError:
            return web.json_response({"ok": False, "error": "This is not JSON."})
        try:
            told = await do(asked)
        except FormError as error:
            return web.json_response({"ok": False, "error": str(error), "errors": error.errors})
        except SandboxError as error:
            return web.json_response({"ok": False, "error": str(error)})
        return web.json_response({"ok": True, **(told or {})})

    def _controlled(self) -> Control:
        if self.control is None:
            raise NotThereError("Nothing beside this sandbox can be controlled.")
        return self.control

    async def _do(self, wish: Wish) -> None:
        """Do what somebody wished; raise SandboxError where that cannot be done."""
        person = self._person(wish.word("as"))
        if wish.word("do") != "read":
            self.played.add(person.id)
        match wish.word("do"):
            case "block_action":
                await self._press(person, wish)
            case "submit":
                answer = await person.submit(self._view(wish), wish.entries())
                if answer.get("response_action") == "errors":
                    raise FormError(answer["errors"])
            case "close":
                await person.close_modal(self._view(wish))
            case "command":
                command, text = wish.word("command"), wish.word("text", "")
                await person.command(command, text, channel=wish.word("channel"))
            case "open_home":
                await person.open_home()
            case "say":
                thread = wish.word("thread_ts") if wish.has("thread_ts") else None
                person.say(wish.word("channel"), wish.word("text"), thread_ts=thread)
            case "read":
                person.read(wish.word("channel"))
            case unknown:
                raise NotThereError(f"'{unknown}' is not something one can do.")

    async def _press(self, person: Person, wish: Wish) -> None:
        """Press or choose something; what was typed in a view meanwhile comes along."""
        target: Target | None
        if wish.has("view_id"):
            target = self._view(wish)
            person.fill_in(target, wish.entries())
        else:
            channel, ts = wish.word("channel"), wish.word("ts")
            target = self._platform.workspace.message(channel, ts, person.id)
            if target is None:
                raise NotThereError("This message is not there (any more).")
        action_id, block_id = wish.word("action_id"), wish.word("block_id")
        await person.act(target, action_id, wish.given(), block_id=block_id)

    def _view(self, wish: Wish) -> dict[str, Any]:
        view = self._platform.workspace.views.get(wish.word("view_id"))
        if view is None:
            raise NotThereError("This view is not on the screen (any more).")
        return view.body

    def _who(self, request: web.Request) -> Person:
        try:
            who = request.query.get("as", "")
            return self._person(self._first_person() if who == _SOMEBODY else who)
        except NotThereError as error:
            raise web.HTTPNotFound(text=str(error)) from error

    def _first_person(self) -> str:
        workspace = self._platform.workspace
        people = (user.id for user in workspace.users.values() if not user.is_bot)
        return workspace.first_person or next(people, "")

    def stop(self) -> None:
        """End every page's stream of events."""
        self._stopped = True
        self._platform.workspace.changes.notify()
