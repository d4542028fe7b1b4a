"""People who click while the bot dies and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from slack_sandbox import Kind, Message, NotAcknowledgedError, Person, Sandbox
from slack_sandbox.workspace import dm_id

_LIKELY = (10, 9, 8, 7)
_UNHAPPY = 0.03
"""The share of people who give a low score: each of them costs an alert, and a channel takes one a
second."""
_CHANGING = 0.3
"""The share of people who click a second score right away."""
_CLICKING = 3
"""So many people click at the same time."""
_BREATH = 0.1
"""Seconds between two clicks of one of them."""


@dataclass(frozen=True, slots=True)
class Click:
    """An answered click: for what, which score, and when, in Slack's microseconds."""

    invitation: str
    score: int
    at: int


class Crowd:
    """Everybody with a question in their inbox, sooner or later.

    Arguments:
        sandbox: where they are.
        people: their ids.
        random: who clicks what.
    """

    def __init__(self, sandbox: Sandbox, people: list[str], random: Random) -> None:
        self.answered: list[Click] = []
        """Every click that was answered with success."""
        self.tried = 0
        self.clicking = asyncio.Event()
        """Set whenever a click is about to be delivered."""
        self._sandbox = sandbox
        self._people = people
        self._random = random
        self._done: set[tuple[str, str]] = set()

    async def click_on(self) -> None:
        """Click until cancelled; what is on its way is finished by then or not counted."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_CLICKING):
                tasks.create_task(self._keep_clicking())

    async def _keep_clicking(self) -> None:
        while True:
            person = self._sandbox.person(self._random.choice(self._people))
            for message in self._questions(person.id):
                self._done.add((message.channel, message.ts))
                if not await self._answer(person, message):
                    self._done.discard((message.channel, message.ts))  # another time
            await asyncio.sleep(_BREATH)

    def _questions(self, person_id: str) -> Iterator[Message]:
        """Return the messages that ask the person, and that nobody clicks at now."""
        for message in list(self._sandbox.workspace.posted(dm_id(person_id)).values()):
            asks = any("score_0" in str(block) for block in message.blocks)
            if asks and (message.channel, message.ts) not in self._done:
                yield message

    async def _answer(self, person: Person, message: Message) -> bool:
        """Click one score or two; False where the bot did not answer."""
        scores = [self._random.choice(_LIKELY)]
        if self._random.random() < _UNHAPPY:
            scores = [self._random.randrange(7)]
        elif self._random.random() < _CHANGING:
            scores = self._random.sample(_LIKELY, 2)
        clicks = [(score, person.action(message, f"score_{score}")) for score in scores]
        for score, click in clicks:
            if not await self._deliver(score, click):
                return False
        return True

    async def _deliver(self, score: int, click: dict[str, Any]) -> bool:
        self.tried += 1
        self.clicking.set()
        try:
            await self._sandbox.deliver(Kind.INTERACTIVE, click)
        except NotAcknowledgedError:
            return False
        (action,) = click["actions"]
        seconds, micros = action["action_ts"].split(".")
        at = int(seconds) * 1_000_000 + int(micros)
        self.answered.append(Click(action["value"], score, at))
        return True
