"""What the dispatcher has claimed and not begun: by urgency, or put aside until its turn comes."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import count

from nps_bot.delivery.claim import Delivery
from nps_bot.delivery.store.claims import Claimed


class ClaimedQueue:
    """The claimed messages that wait for a carrier or for their turn."""

    def __init__(self) -> None:
        self._waiting: asyncio.PriorityQueue[tuple[int, int, Delivery | None]] = (
            asyncio.PriorityQueue()
        )
        self._order = count()
        self._aside: dict[str, Delivery] = {}
        self._number: Counter[bool] = Counter()

    def number(self, *, updating: bool) -> int:
        """Return how many there are: of posts, or of rewritings."""
        return self._number[updating]

    def add(self, delivery: Delivery) -> None:
        """Have a message carried, after all that is more urgent."""
        self._waiting.put_nowait((delivery.message.priority, next(self._order), delivery))
        self._number[delivery.message.updating] += 1

    async def next(self) -> Delivery | None:
        """Take the most urgent message once there is one; None when it is over."""
        delivery = (await self._waiting.get())[2]
        if delivery is not None:
            self._number[delivery.message.updating] -= 1
        return delivery

    def put_aside(self, delivery: Delivery, seconds: float) -> None:
        """Add a message again after a while, so that others overtake it."""
        message = delivery.message
        self._aside[message.id] = delivery
        self._number[message.updating] += 1

        def back() -> None:
            if self._aside.pop(message.id, None) is not None:
                self._number[message.updating] -= 1
                self.add(delivery)

        asyncio.get_running_loop().call_later(seconds, back)

    def take_all(self) -> list[Claimed]:
        """Take everything, to be given back."""
        left = [delivery.message for delivery in self._aside.values()]
        self._aside.clear()
        while not self._waiting.empty():
            if (delivery := self._waiting.get_nowait()[2]) is not None:
                left.append(delivery.message)
        self._number.clear()
        return left

    def end(self, carriers: int) -> None:
        """Tell as many carriers that it is over, before anything else."""
        for _ in range(carriers):
            self._waiting.put_nowait((-1, next(self._order), None))
