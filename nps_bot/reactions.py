"""What follows from what happened: the one table of events and the reactions of the rooms.

Read a line as: when this was recorded, these functions run, in this order, in the same transaction.
"""

from __future__ import annotations

from typing import Final

from nps_bot.events import Reactions

REACTIONS: Final = Reactions()
