"""Kinds of message: what each is about, where it goes and what it says now. Rooms declare them.

Nothing of a message is stored but what it is about. What it says is read right before it leaves,
so that a prompt to somebody who has answered meanwhile is not sent and the last state of a summary
wins.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection

from nps_bot.delivery.destinations import Destination, DirectMessage, TeamChannel
from nps_bot.delivery.rules import MessageType, Settlement, Status
from nps_bot.delivery.store.claims import Claimed
from nps_bot.interaction.context import BotContext
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Survey

F = TypeVar("F")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Drop:
    """The message is not sent: it has lost its reason, or nobody can tell what it says (failed)."""

    reason: str
    status: Status = Status.CANCELLED


@dataclass(frozen=True, slots=True)
class Defer:
    """The message is sent later, at a civil hour."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Remove:
    """The message stands in Slack and must go: its person asked to be forgotten."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What kinds decide from, besides their own facts.

    Attributes:
        connection: an open transaction.
        surveys: as their files stand.
        now: the current moment.
    """

    connection: Connection
    surveys: Mapping[str, Survey]
    now: datetime


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What kinds render with.

    Attributes:
        bot: looks up wordings and owners.
        posted: whether the message stands in Slack already and is rewritten.
        charts: whether the workspace takes native charts.
    """

    bot: BotContext
    posted: bool
    charts: bool


class About(Protocol):
    """What any state of an outbox row tells of its message."""

    @property
    def wave_id(self) -> int | None: ...
    @property
    def invitation_id(self) -> str | None: ...
    @property
    def payload(self) -> Mapping[str, Any] | None: ...


Ended: TypeAlias = tuple[Claimed, Settlement]
"""A message with what became of it."""


@dataclass(frozen=True, slots=True, eq=False)
class LookUp(Generic[F]):
    """Reads for all messages of a batch what their kinds need, in a few statements."""

    read: Callable[[Situation, Sequence[Claimed]], F]


NO_FACTS: LookUp[None] = LookUp(lambda *_: None)
"""Reads nothing: each message of the kind reads what it needs."""


class MessageKind(ABC, Generic[F, C]):
    """A kind of message. ``F`` are the facts read for a batch, ``C`` what a view needs.

    Attributes:
        type: the name in the row, urgency and label.
        look_up: reads the facts. Kinds that share one share its call.
        update_delay: how long a message waits for its next rewriting after it was sent.
        has_charts: whether it is rendered once more, with text, where Slack refuses charts.
        kept_current: whether it is rewritten once it stands in Slack.
        proved_by_click: whether a click on it tells where it stands.
    """

    type: ClassVar[MessageType]
    look_up: ClassVar[LookUp[Any]] = NO_FACTS
    update_delay: ClassVar[timedelta] = timedelta()
    has_charts: ClassVar[bool] = False
    kept_current: ClassVar[bool] = True
    proved_by_click: ClassVar[bool] = False

    @abstractmethod
    def prepare(
        self, situation: Situation, facts: F, message: Claimed
    ) -> C | Drop | Defer | Remove:
        """Return what the message says now, or why it does not leave."""

    @abstractmethod
    async def render(self, context: RenderContext, content: C) -> Message:
        """Return for Slack what :meth:`prepare` said."""

    def destination(self, situation: Situation, facts: F, message: Claimed) -> Destination | None:
        """Return where the message goes, or stands; None where nobody can tell any more."""
        survey = situation.surveys.get(message.survey_key or "")
        channel = message.channel or self.named_channel(survey, message.payload)
        return None if channel is None else TeamChannel(channel)

    def named_channel(self, survey: Survey | None, payload: Mapping[str, Any] | None) -> str | None:
        """Return the channel a survey's file, or the row, names; None where neither does."""
        return None

    def reveals_less(self, content: C) -> bool:
        """Return whether the message loses what it says of a person; then outsiders may read it."""
        return False

    def posted(self, connection: Connection, messages: Sequence[About], now: datetime) -> None:
        """Do what follows once Slack has messages of this kind for the first time."""

    def ended(self, connection: Connection, ended: Sequence[Ended], now: datetime) -> None:
        """Do what follows once calls for unposted messages ended without a post."""


class OwnerMessage(MessageKind[F, C]):
    """A direct message to an owner, whom its payload names as ``recipient``."""

    def destination(self, situation: Situation, facts: F, message: Claimed) -> Destination | None:
        """Return the recipient's direct messages."""
        return DirectMessage((message.payload or {})["recipient"], message.channel)


class Kinds:
    """All kinds of message, by the name in their rows."""

    def __init__(self, kinds: Iterable[MessageKind[Any, Any]]) -> None:
        """Collect the kinds.

        Raises:
            ValueError: two of them have one name.
        """
        self._kinds: dict[str, MessageKind[Any, Any]] = {}
        for kind in kinds:
            if kind.type.name in self._kinds:
                raise ValueError(f"Two kinds of message are called {kind.type.name}.")
            self._kinds[kind.type.name] = kind

    def __iter__(self) -> Iterator[MessageKind[Any, Any]]:
        """Iterate over the kinds."""
        return iter(self._kinds.values())

    def of(self, name: str) -> MessageKind[Any, Any]:
        """Return the kind of that name.

        Raises:
            KeyError: no room declares it: the row is of another version.
        """
        return self._kinds[name]

    def labels(self) -> dict[str, str]:
        """Return how lists of messages call one of each kind."""
        return {name: kind.type.label for name, kind in self._kinds.items()}

    def facts_of(self, situation: Situation, messages: Sequence[Claimed]) -> dict[LookUp[Any], Any]:
        """Return what the kinds of these messages read for all of them, by what read them."""
        readers: dict[LookUp[Any], list[Claimed]] = {}
        for message in messages:
            if (kind := self._kinds.get(message.kind)) is not None:
                readers.setdefault(kind.look_up, []).append(message)
        return {look_up: look_up.read(situation, theirs) for look_up, theirs in readers.items()}
