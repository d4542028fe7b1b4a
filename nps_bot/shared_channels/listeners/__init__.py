"""The buttons of questions in shared channels, and of requests to post them."""

from __future__ import annotations

from nps_bot.shared_channels.listeners import answers, approval

ACTIONS = (*answers.ACTIONS, *approval.ACTIONS)
