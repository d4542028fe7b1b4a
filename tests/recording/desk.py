"""The desk at which a run is played: everything that is done here is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from tests.recording.adapter import Hand, Stage
from tests.recording.ledger import Ledger
from tests.recording.page import NotThereError, Page
from tests.recording.terminal import Terminal


class Desk:
    """Acts as people and as the operator, and has the clocks in hand.

    Arguments:
        ledger: where it is recorded.
        hand: sets the clocks.
        terminal: for the operator's commands.
    """

    def __init__(self, ledger: Ledger, hand: Hand, terminal: Terminal) -> None:
        self.ledger = ledger
        self.hand = hand
        self._terminal = terminal
        self._stage: Stage | None = None
        self._page: Page | None = None

    @property
    def stage(self) -> Stage:
        """The bot that runs now."""
        assert self._stage is not None
        return self._stage

    @property
    def page(self) -> Page:
        """The page of its sandbox."""
        assert self._page is not None
        return self._page

    async def begin(self, stage: Stage, session: aiohttp.ClientSession) -> None:
        """Sit down before a bot that has just been started."""
        self._stage, self._page = stage, Page(session, stage.url)
        await self.settle()

    def leave(self) -> None:
        """Go away from a bot that is stopped."""
        self._stage = self._page = None

    async def heard(
        self, kind: str, payload: Mapping[str, Any], answer: Mapping[str, Any] | str
    ) -> None:
        """Record what was brought to the bot, what it answered, and what it did then."""
        self.ledger.note("> ", [kind, *_outline(payload)])
        self.ledger.note("< ", answer)
        if self._stage is not None:
            await self.settle()
        self.hand.move(milliseconds=1)  # so that what was done later stands later in every list

    async def settle(self) -> None:
        """Wait until the bot has nothing to do, and record what it called."""
        await self.stage.rest()
        self.ledger.calls(self.stage.new_calls())

    # --- people -----------------------------------------------------------------------------

    def step(self, title: str) -> None:
        """Say what is done next."""
        self.ledger.step(title)

    async def nps(self, who: str, words: str, channel: str = "nps-summary") -> None:
        """Use ``/nps``."""
        self.step(f"{who}: /nps {words}")
        place = await self.page.channel_id(who, channel)
        await self.told(self.page.act(who, "command", command="/nps", text=words, channel=place))

    async def press(
        self, who: str, channel: str, action: str, value: str | None = None, *, word: str = ""
    ) -> None:
        """Press a button in a message."""
        self.step(f"{who} presses {action} in {channel}")
        await self.told(self.page.press(who, channel, action, value, word=word))

    async def press_in(self, who: str, place: str, action: str, value: str | None = None) -> None:
        """Press a button in the modal or in Home."""
        self.step(f"{who} presses {action} in the {place}")
        await self.told(self.page.press_in(who, place, action, value))

    async def submit(self, who: str, **texts: Any) -> None:
        """Fill in the modal and send it."""
        self.step(f"{who} sends the modal")
        await self.told(self.page.submit(who, **texts))

    async def close(self, who: str) -> None:
        """Close the modal."""
        self.step(f"{who} closes the modal")
        await self.told(self.page.close(who))

    async def home(self, who: str) -> None:
        """Open Home."""
        self.step(f"{who} opens Home")
        await self.told(self.page.act(who, "open_home"))

    async def told(self, asking: Any) -> None:
        """Record what the page says, where it is more than that it was done."""
        try:
            said = await asking
        except NotThereError as error:
            said = {"not there": str(error)}
        if said != {"ok": True}:
            self.ledger.note("= ", said)
        await self.settle()

    # --- time ---------------------------------------------------------------------------------

    async def move(self, *, stride: float = 6, **by: float) -> None:
        """Move all clocks on, in strides of so many hours; what is due is done after each."""
        self.step(f"time moves on: {by}")
        hours = by.pop("days", 0) * 24 + by.pop("hours", 0)
        while hours > 0:
            self.hand.move(hours=min(stride, hours))
            hours -= stride
            await self.look()
        if by:
            self.hand.move(**by)
            await self.look()

    async def look(self) -> None:
        """Let the scheduler look, and record what came of it."""
        await self.stage.tick()
        await self.settle()

    async def search(self) -> None:
        """Move on until the bot looks for what may or may not have arrived, and has looked."""
        self.step("the bot looks for what may have arrived")
        self.hand.move(seconds=100)
        await self.stage.searched()
        await self.look()

    # --- the operator -------------------------------------------------------------------------

    async def bot(
        self, *words: str, typed: str = "", environment: Mapping[str, str] | None = None
    ) -> str:
        """Type ``python bot.py`` and these words; return what it says."""
        self.step(f"$ python bot.py {' '.join(words)}{f'  (typed: {typed!r})' if typed else ''}")
        where = self.stage.environment if environment is None else environment
        said = await self._terminal.run([*words], where, self.hand.moment, typed)
        self.ledger.text("| ", said.out)
        self.ledger.text("! ", said.err)
        if said.code:
            self.ledger.text("  ", f"exit code {said.code}")
        if self._stage is not None:
            await self.look()
        return said.out

    def file(self, folder: Path, name: str, text: str) -> str:
        """Write a file for the operator; return its name."""
        (folder / name).write_text(text, encoding="utf-8")
        return name


def _outline(payload: Mapping[str, Any]) -> list[Any]:
    """Return what somebody did, of all that Slack tells the bot about it."""
    user = payload.get("user_id") or payload.get("user", {}).get("id")
    match payload:
        case {"command": command, "text": text, "channel_id": channel}:
            return [user, command, text, channel]
        case {"actions": [action, *_]}:
            chosen = {key: action[key] for key in ("value", "selected_option") if key in action}
            return [user, action["action_id"], chosen]
        case {"type": "view_submission" | "view_closed" as type_, "view": view}:
            return [user, type_, view["callback_id"], _entered(view)]
        case {"event": event}:
            return [event["type"], event.get("user"), event.get("tab")]
    return [user, payload.get("type")]


def _entered(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in the fields of a modal, by block."""
    return {
        block_id: entry.get("value") or entry.get("selected_option")
        for block_id, entries in view["state"]["values"].items()
        for entry in entries.values()
        if entry.get("value") or entry.get("selected_option")
    }
