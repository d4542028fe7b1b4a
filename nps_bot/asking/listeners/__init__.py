"""The buttons of ``/nps send`` and ``/nps stop``."""

from __future__ import annotations

from nps_bot.asking.listeners import send, stop

ACTIONS = (*send.ACTIONS, *stop.ACTIONS)
