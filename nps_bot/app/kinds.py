"""All kinds of message: the one list that delivery is handed."""

from __future__ import annotations

from typing import Final

from nps_bot.asking.messages import MESSAGES as OF_WAVES
from nps_bot.cases.messages import MESSAGES as OF_CASES
from nps_bot.delivery.kinds import Kinds
from nps_bot.delivery.notices import MESSAGES as OF_OWNERS
from nps_bot.figures.messages import MESSAGES as OF_FIGURES
from nps_bot.shared_channels.messages import MESSAGES as OF_SHARED_CHANNELS

KINDS: Final = Kinds([*OF_WAVES, *OF_CASES, *OF_FIGURES, *OF_SHARED_CHANNELS, *OF_OWNERS])
