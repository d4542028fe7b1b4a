"""All that people can press, send and type: the lists that Bolt is given."""

from __future__ import annotations

from typing import Final

from nps_bot.anonymous.listeners import ACTIONS as OF_ANONYMOUS
from nps_bot.answering.listeners import ACTIONS as OF_RESPONDENTS
from nps_bot.asking import commands as asking
from nps_bot.asking.listeners import ACTIONS as OF_WAVES
from nps_bot.cases.listeners import ACTIONS as OF_CASES
from nps_bot.figures import commands as figures
from nps_bot.figures.listeners import ACTIONS as OF_FIGURES
from nps_bot.home import commands as home
from nps_bot.home.listeners import ACTIONS as OF_HOME
from nps_bot.interaction.actions import Declared
from nps_bot.interaction.words import with_help
from nps_bot.shared_channels.listeners import ACTIONS as OF_SHARED_CHANNELS

ACTIONS: Final[tuple[Declared, ...]] = (
    *OF_RESPONDENTS,
    *OF_ANONYMOUS,
    *OF_SHARED_CHANNELS,
    *OF_CASES,
    *OF_HOME,
    *OF_FIGURES,
    *OF_WAVES,
)
"""Buttons, modals and events, the busiest first: each costs those behind it a comparison."""

WORDS = with_help(
    (
        figures.REPORT,
        home.STATUS,
        asking.SEND,
        asking.STOP,
        asking.WHY,
        home.PREVIEW,
        asking.PAUSE,
        asking.RESUME,
    )
)
"""The words of ``/nps``, as ``/nps help`` lists them."""
