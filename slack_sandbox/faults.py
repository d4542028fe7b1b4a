"""Calls that go wrong on purpose, to see how the bot takes it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from random import Random, SystemRandom

from slack_sandbox.errors import SandboxError, nearest


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


@dataclass(frozen=True, slots=True)
class Chance:
    """Which share (0 to 1) of the calls of a method goes wrong, and how."""

    method: str
    fault: Fault
    share: float = 1.0


class FaultError(SandboxError):
    """What is to go wrong was said wrongly."""


class Faults:
    """What is to go wrong with the coming calls, by method.

    Arguments:
        seed: the same seed lets the same of a sequence of calls go wrong.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._coming: dict[str, deque[Fault]] = {}
        self._lasting: dict[str, Fault] = {}
        self._switched: Mapping[str, Fault] = {}
        self._chances: dict[str, list[Chance]] = {}
        self.sow(seed)

    def sow(self, seed: int | None) -> None:
        """Draw from this seed from now on; None: from a new one."""
        self.seed = SystemRandom().randrange(2**32) if seed is None else seed
        self._random = Random(self.seed)  # noqa: S311  # chance, not secrecy

    def add(self, method: str, fault: Fault, times: int | None = 1) -> None:
        """Let the next ``times`` calls of a method go wrong; None: all of them from now on."""
        if times is None:
            self._lasting[method] = fault
        else:
            self._coming.setdefault(method, deque()).extend(repeat(fault, times))

    def share(self, chances: Iterable[Chance]) -> None:
        """Let shares of the calls go wrong, in place of all shares before.

        Raises:
            FaultError: the shares of a method are more than all of its calls.
        """
        shared: dict[str, list[Chance]] = {}
        for chance in chances:
            shared.setdefault(chance.method, []).append(chance)
        for method, several in shared.items():
            if math.fsum(chance.share for chance in several) > 1:
                raise FaultError(f"The shares of {method} are more than 100%.")
        self._chances = shared

    def switch(self, faults: Mapping[str, Fault]) -> None:
        """Let all calls of these methods go wrong, in place of those switched on before."""
        self._switched = faults

    @property
    def active(self) -> bool:
        """Whether anything is to go wrong now."""
        return bool(self._coming or self._lasting or self._switched or self._chances)

    def clear(self) -> None:
        """Let everything go right again."""
        self._coming.clear()
        self._lasting.clear()
        self._switched = {}
        self._chances.clear()

    def take(self, method: str) -> Fault | None:
        """Return how this call of a method goes wrong, if it does."""
        if coming := self._coming.get(method):
            fault = coming.popleft()
            if not coming:
                del self._coming[method]
            return fault
        if method in self._lasting:
            return self._lasting[method]
        if method in self._switched:
            return self._switched[method]
        if method not in self._chances:
            return None
        drawn = self._random.random()
        for chance in self._chances[method]:
            if drawn < chance.share:
                return chance.fault
            drawn -= chance.share
        return None


# --- in words: METHOD=KIND[:SHARE[:SECONDS]] ------------------------------------------------------

KINDS: Mapping[str, Callable[[float], Fault]] = {
    "429": lambda seconds: Fault(error="ratelimited", retry_after=max(1, math.ceil(seconds))),
    "500": lambda _: Fault(status=500),
    "delay": lambda seconds: Fault(delay=seconds),
    "lost": lambda _: Fault(acted=True, drop=True),
    "cut": lambda _: Fault(drop=True),
    "invalid_blocks": lambda _: Fault(error="invalid_blocks"),
    "unknown_method": lambda _: Fault(error="unknown_method"),
}
"""Slack asks to wait; has trouble of its own and does nothing; is slow; does what it was asked, but
the connection breaks before the answer; the connection breaks before anything is done; does not
like the blocks; does not know the method."""


def parse_chance(text: str, methods: Collection[str]) -> Chance:
    """Read what is to go wrong, such as ``chat.postMessage=429:5%:30``.

    Arguments:
        text: ``METHOD=KIND[:SHARE[:SECONDS]]``; all calls where there is no share. Seconds, one by
            default, are how long an answer is delayed, or how long a 429 asks to wait.
        methods: those there are.

    Raises:
        FaultError: a part of it is not known.
    """
    method, _, rest = text.partition("=")
    kind, *numbers = rest.split(":")
    if method not in methods:
        raise FaultError(f"'{text}': there is no method '{method}'.{nearest(method, methods)}")
    if kind not in KINDS:
        raise FaultError(
            f"'{text}': there is no fault '{kind}'.{nearest(kind, KINDS)} There are: "
            f"{', '.join(KINDS)}."
        )
    share, seconds = [*numbers, *("100%", "1")[len(numbers) :]][:2]
    wanted = _number(share.removesuffix("%"), most=100)
    wait = _number(seconds.removesuffix("s"), most=3600)
    if len(numbers) > 2 or wanted is None or not share.endswith("%"):
        raise FaultError(f"'{text}': the share must be a percentage such as 5%.")
    if wait is None:
        raise FaultError(f"'{text}': the seconds must be a number such as 30, at most 3600.")
    return Chance(method, KINDS[kind](wait), wanted / 100)


def _number(text: str, most: float) -> float | None:
    """Return a number from 0 to ``most``, None where the text is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= most else None
