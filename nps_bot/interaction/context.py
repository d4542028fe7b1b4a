"""What every listener works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from nps_bot.clock import Clock
from nps_bot.interaction.access import Access
from nps_bot.interaction.batched_writes import BatchedWrites
from nps_bot.slack.background import Background
from nps_bot.slack.charts import Charts
from nps_bot.slack.directory import Directory
from nps_bot.slack.messenger import Messenger
from nps_bot.storage.database import Database
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.provider import Surveys
from nps_bot.surveys.rules.survey import Survey, Wording


@dataclass(frozen=True, slots=True)
class BotContext:
    """The bot as its listeners see it.

    Attributes:
        clock: tells the time people live by.
        lease_clock: tells the time that leases, look-ups and what was read of Slack last for. It is
            the same clock, unless somebody moves time on to see what comes.
        wake_dispatcher: tells the dispatcher that something is owed now.
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
