"""What waves send: questions, reminders, chasers, and requests for an owner's word."""

from __future__ import annotations

from nps_bot.asking.messages.approvals import ApprovalRequest
from nps_bot.asking.messages.chasers import Chaser
from nps_bot.asking.messages.prompts import Prompt, Reminder, Reprompt

MESSAGES = (Prompt(), Reprompt(), Reminder(), Chaser(), ApprovalRequest())
