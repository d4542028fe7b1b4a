"""Whether the workspace draws native charts; learnt from its first refusal, for good."""

from __future__ import annotations

from nps_bot.storage import key_value
from nps_bot.storage.database import Database

_KEY = "no_charts"


class Charts:
    """Native ``data_visualization`` blocks are new: not every workspace takes them yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.allowed = True

    async def recall(self) -> None:
        """Go on with what was learnt before a restart."""
        self.allowed = not await self._database.read(key_value.recall, _KEY)

    async def refused(self) -> None:
        """Use text bars from here on."""
        self.allowed = False
        await self._database.write(key_value.remember, _KEY, True)
