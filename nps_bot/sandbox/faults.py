"""Calls that go wrong on purpose, to see how the bot takes it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import repeat


@dataclass(frozen=True, slots=True)
class Fault:
    """How a call goes wrong.

    ``acted`` is whether Slack does what it was asked all the same (a message stands there, but the
    bot is not told). ``delay`` is how many seconds the answer takes. Then, unless ``drop`` closes
    the connection without any answer: ``error`` is answered as an error of the Web API (with
    ``retry_after`` seconds as a 429), else ``status`` is an HTTP status with a page that is no
    JSON. A fault with none of these only delays.
    """

    acted: bool = False
    delay: float = 0
    drop: bool = False
    error: str | None = None
    retry_after: int | None = None
    status: int = 200

    @property
    def acts(self) -> bool:
        """Whether Slack does what it was asked: also when nothing but the delay is wrong."""
        return self.acted or not (self.drop or self.error or self.status != 200)


class Faults:
    """What is to go wrong with the coming calls, by method."""

    def __init__(self) -> None:
        self._coming: dict[str, deque[Fault]] = {}
        self._lasting: dict[str, Fault] = {}

    def add(self, method: str, fault: Fault, times: int | None = 1) -> None:
        """Let the next ``times`` calls of a method go wrong; None: all of them from now on."""
        if times is None:
            self._lasting[method] = fault
        else:
            self._coming.setdefault(method, deque()).extend(repeat(fault, times))

    def clear(self) -> None:
        """Let everything go right again."""
        self._coming.clear()
        self._lasting.clear()

    def take(self, method: str) -> Fault | None:
        """Return how this call of a method goes wrong, if it does."""
        coming = self._coming.get(method)
        return coming.popleft() if coming else self._lasting.get(method)
