"""The types of message that waves send."""

from __future__ import annotations

from nps_bot.delivery.rules import MessageType, Priority

PROMPT = MessageType("prompt", Priority.RESPONDENT, "The question")
REPROMPT = MessageType("reprompt", Priority.RESPONDENT, "The second ask")
REMINDER = MessageType("reminder", Priority.RESPONDENT, "A reminder")
CHASER = MessageType("chaser", Priority.RESPONDENT, "A question for the reason")
APPROVAL = MessageType("approval", Priority.URGENT, "A request to send a survey")

PROMPT_KINDS = (PROMPT.name, REPROMPT.name, REMINDER.name)
"""What asks for a score: eleven buttons, and rewritten once they were answered."""
NUDGE_KINDS = (REMINDER.name, CHASER.name)
"""What may follow a prompt; at most one of these."""
