"""The people of the sandbox who live by themselves: they read what they got, and act as anybody
does, with clicks and modals through the same door.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from nps_bot.demo.tempers import SECOND_THOUGHTS, SEED, TEMPERS, Intent, intent
from slack_sandbox.actor import Person
from slack_sandbox.errors import SandboxError
from slack_sandbox.workspace import Message, Workspace, dm_id

log = logging.getLogger(__name__)

PATIENCE = 3.0
"""Seconds somebody waits for a window to open."""
_AT_ONCE = 4
"""People who act at the same time."""
_LOOKS_AFTER = timedelta(hours=5)
"""How long an alert stands before somebody of the team looks after it ..."""
_WRITES_AFTER = timedelta(hours=26)
"""... and before they have been in touch."""
_FORGOTTEN_AFTER = timedelta(days=9)
"""Nobody goes back to a message that is so old."""


class Crowd:
    """Everybody with a temper, except those whom a visitor has acted as.

    Arguments:
        workspace: where they live.
        person: gives somebody to act as.
        played: the ids of those who belong to a visitor by now.
        seed: the same one lets them live the same life.
    """

    def __init__(
        self,
        workspace: Workspace,
        person: Callable[[str], Person],
        played: Callable[[], Collection[str]],
        seed: int = SEED,
    ) -> None:
        self._workspace = workspace
        self._person = person
        self._played = played
        self._seed = seed
        self._done: set[tuple[str, str]] = set()
        """What was done about which message, and needs no second time."""

    async def act(self, now: datetime) -> int:
        """Do what everybody would have done by now; return how many did something."""
        acting = asyncio.Semaphore(_AT_ONCE)

        async def one(person: Person) -> bool:
            async with acting:
                return await self._look_at_messages(person, now)

        awake = [
            self._person(name)
            for name in TEMPERS
            if self._workspace.user(name).id not in self._played()
        ]
        acted = sum(await asyncio.gather(*map(one, awake)))
        return acted + await self._look_after_cases(awake, now)

    # --- questions --------------------------------------------------------------------------------

    async def _look_at_messages(self, person: Person, now: datetime) -> bool:
        """Act on the direct messages; what the bot does not take is tried again the next time."""
        acted = False
        for number, message in enumerate(self._questions(person), 1):
            wanted = intent(person.user, number, self._seed)
            came = sent_at(message)
            if wanted is None or not came + wanted.after <= now < came + _FORGOTTEN_AFTER:
                continue
            try:
                acted = await self._act_on(person, message, wanted, now) or acted
            except SandboxError as error:
                log.debug("%s could not: %s", person.user.name, error)
        return acted

    def _questions(self, person: Person) -> list[Message]:
        """Return the questions somebody was asked, oldest first; reminders are none of their own.

        A question that was answered shows so, and stays one.
        """
        return [
            message
            for message in self._workspace.posted(dm_id(person.id)).values()
            if _button(message, "0") or message.text.startswith("You answered")
        ]

    async def _act_on(
        self, person: Person, message: Message, wanted: Intent, now: datetime
    ) -> bool:
        if _button(message, "0"):
            if wanted.snoozes and self._first_time(message, "snooze"):
                return await self._press(person, message, "Ask me in 3 days")
            if wanted.score is None:
                return False
            await self._answer(person, message, wanted)
            return True
        again = sent_at(message) + wanted.after + SECOND_THOUGHTS
        if wanted.changed_to is not None and now >= again and self._first_time(message, "change"):
            if not await self._press(person, message, "Change score"):
                return False
            modal = await self._modal(person)
            if modal is not None:
                await self._press(person, modal, str(wanted.changed_to))
                await self._modal(person)
            return True
        if wanted.leaves and self._first_time(message, "leave"):
            if not await self._press(person, message, "Stop these surveys"):
                return False
            if await self._modal(person) is not None:
                await person.submit()
            return True
        return False

    async def _answer(self, person: Person, message: Message, wanted: Intent) -> None:
        """Give a score, then write into what opens, or close it."""
        await self._press(person, message, str(wanted.score))
        modal = await self._modal(person)
        if modal is None:
            return
        fields = [block for block in modal["blocks"] if block["type"] == "input"]
        if wanted.words:
            texts = zip(fields, wanted.words, strict=False)
            await person.submit(modal, {block["block_id"]: text for block, text in texts})
        else:
            await person.close_modal(modal)

    async def _press(self, person: Person, where: Message | dict[str, Any], label: str) -> bool:
        """Press the button with this label; return whether there is one."""
        button = _button(where, label)
        if button is None:
            return False
        await person.click(where, button["action_id"])
        return True

    async def _modal(self, person: Person) -> dict[str, Any] | None:
        """Return the window that opens, or None where none does in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while person.modal is None:
                    await self._workspace.changes.wait(PATIENCE)
        return person.modal

    def _first_time(self, message: Message, what: str) -> bool:
        """Return whether this was not done about a message before; from now on it was."""
        key = (f"{message.channel} {message.ts}", what)
        if key in self._done:
            return False
        self._done.add(key)
        return True

    # --- the team ---------------------------------------------------------------------------------

    async def _look_after_cases(self, awake: list[Person], now: datetime) -> int:
        """Claim alerts that stand for some hours, and say a day later that one was in touch."""
        acted = 0
        for channel in self._workspace.channels.values():
            team = [
                one for one in awake if one.id in channel.members and not one.user.is_restricted
            ]
            for at, message in enumerate(self._workspace.messages(channel)):
                if now >= sent_at(message) + _FORGOTTEN_AFTER:
                    continue
                for label, after in (("Claim", _LOOKS_AFTER), ("Contacted", _WRITES_AFTER)):
                    if team and _button(message, label) and now >= sent_at(message) + after:
                        with suppress(SandboxError):
                            acted += await self._press(team[at % len(team)], message, label)
                        break
        return acted


def sent_at(message: Message) -> datetime:
    """Return when a message was sent."""
    return datetime.fromtimestamp(float(message.ts), UTC)


def _button(where: Message | dict[str, Any], label: str) -> dict[str, Any] | None:
    """Return the button with this label, if there is one."""
    blocks = where.blocks if isinstance(where, Message) else where["blocks"]
    return next((one for one in _buttons(blocks) if one["text"]["text"] == label), None)


def _buttons(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory") or {}):
            if element.get("type") == "button":
                yield element
