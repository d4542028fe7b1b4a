"""What every listener works with: the bot, and the two ways in which its surveys reach people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nps_bot.base.clock import Clock
from nps_bot.interaction.access import Access
from nps_bot.interaction.batched_writes import BatchedWrites
from nps_bot.slack.background import Background
from nps_bot.slack.charts import Charts
from nps_bot.slack.directory import Directory
from nps_bot.slack.message import Message
from nps_bot.slack.messenger import Messenger
from nps_bot.storage.database import Database
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.provider import Surveys
from nps_bot.surveys.rules.survey import Delivery, Survey, Wording


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How a wave is sent from the terminal.

    Attributes:
        person: the only one to ask, as somebody writes them down; None for the whole audience.
        dry_run: whether to show it and do no more.
        yes: whether it goes without a confirmation.
    """

    person: str | None
    dry_run: bool
    yes: bool


@dataclass(frozen=True, slots=True)
class Consent:
    """The operator's yes to a wave, for one person or (None) for the whole audience."""

    only_person: str | None = None


class DeliveryMode(ABC):
    """How the question of a survey reaches people: by direct messages, or in shared channels.

    Attributes:
        owner_confirms: whether a wave of more people than the survey's ``confirm_above`` starts
            only on an owner's, or a second person's, word.
        nobody_in_person: the line of ``/nps why``, where it asks nobody in person; else None.
    """

    owner_confirms: bool
    nobody_in_person: str | None

    @abstractmethod
    async def invite(self, context: BotContext, survey: Survey, wave_id: int) -> None:
        """Read on whom a wave asks, from where it stands, until it is open.

        Raises:
            NpsBotError: Slack could not say now; the next call goes on from there.
        """

    @abstractmethod
    async def plan(self, context: BotContext, survey: Survey, person_id: str) -> Message:
        """Return what a wave started now would do, with the question whether to start it."""

    @abstractmethod
    def started(self, title: str, people: int) -> Message:
        """Return what that question becomes once somebody said yes."""

    @abstractmethod
    def preview(self, survey: Survey, owners: Sequence[str]) -> Message:
        """Return the question as people get it, not counted."""

    @abstractmethod
    async def agree(
        self, context: BotContext, survey: Survey, options: SendOptions
    ) -> Consent | None:
        """Show in the terminal what a wave started now would do; None where it is not to start.

        Raises:
            NpsBotError: it cannot be sent; the text says why.
        """

    @abstractmethod
    async def follow(self, context: BotContext, survey: Survey, wave_id: int) -> None:
        """Show in the terminal how a wave goes on that has just started."""


@dataclass(frozen=True, slots=True)
class BotContext:
    """The bot as its listeners see it.

    Attributes:
        clock: tells the time people live by.
        lease_clock: tells the time that leases, look-ups and what was read of Slack last for. It is
            the same clock, unless somebody moves time on to see what comes.
        wake_dispatcher: tells the dispatcher that something is owed now.
        modes: how surveys reach people, one for each kind of delivery.
        workspace_url: the workspace's address, to link messages.
        message_labels: how lists of messages call one of each kind.
        publish_home: shows a person's Home tab as the database says now.
        batched_writes: small writes nobody waits for.
    """

    current_surveys: Surveys
    database: Database
    clock: Clock
    lease_clock: Clock
    messenger: Messenger
    directory: Directory
    access: Access
    background: Background
    charts: Charts
    modes: Mapping[Delivery, DeliveryMode]
    workspace_url: str
    message_labels: Mapping[str, str]
    wake_dispatcher: Callable[[], None]
    publish_home: Callable[[BotContext, str], Awaitable[None]]
    batched_writes: BatchedWrites
    wordings: dict[int, Wording] = field(default_factory=dict)

    @property
    def surveys(self) -> Mapping[str, Survey]:
        """The surveys there are now, by key."""
        return self.current_surveys()

    async def wording(self, wording_id: int) -> Wording:
        """Return a stored wording; it never changes, so it is read once."""
        known = self.wordings.get(wording_id)
        if known is None:
            known = await self.database.read(survey_store.load_wording, wording_id)
            self.wordings[wording_id] = known
        return known

    async def refresh_home(self, person_id: str) -> None:
        """Show a person their Home tab as the database says now."""
        await self.publish_home(self, person_id)
