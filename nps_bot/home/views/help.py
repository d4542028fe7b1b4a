"""What ``/nps help`` says."""

from __future__ import annotations

from nps_bot.slack.block_kit import context, header, section
from nps_bot.slack.message import Message

COMMANDS = {
    "report [survey] [period]": "the score with its interval, trend and comments; a period is"
    " `30d`, `90d`, `2026-Q3`, `2026-08`, `2026` or `all`",
    "status [survey]": "what runs, what comes next, alerts nobody has claimed, messages that did"
    " not arrive",
    "send [survey]": "ask now; shows how many, who, when and how long it takes, and waits for your"
    " word, or for an owner's where many are asked",
    "stop [survey]": "end a wave that runs: what was not sent is not sent; answers still count",
    "why @person": "what they got, when each survey asks them next, and what holds them back",
    "preview [survey]": "the question as people get it, to yourself, not counted",
    "pause [survey]": "ask nobody until it is resumed; answers still count",
    "resume [survey]": "go on",
    "help": "this list",
}
"""What stands behind ``/nps``, and what it does."""


def help_() -> Message:
    """Return the commands and what they do."""
    lines = [f"• `/nps {command}`: {words}" for command, words in COMMANDS.items()]
    return Message(
        f"/nps knows {', '.join(command.split()[0] for command in COMMANDS)}.",
        [
            header("What /nps can do"),
            section("\n".join(lines)),
            context(
                "Only you see the answers, unless you share them. Leave the survey out where you"
                " own just one."
            ),
        ],
    )
