"""What the terminal says without a bot: help, refusals, the survey files."""

from __future__ import annotations

from collections.abc import Mapping

from tests.recording.desk import Desk

COMMANDS = (
    "web",
    "worker",
    "sandbox",
    "surveys",
    "surveys check",
    "surveys list",
    "people",
    "people import",
    "send",
    "stop",
    "outbox",
    "outbox sent",
    "outbox again",
    "report",
    "forget",
)
REFUSED = (
    "sned customer",
    "surveys chek",
    "outbox agian",
    "send",
    "send custmer",
    "report customer soon",
    "report customer",
    "report customer --json",
    "report nothing",
    "forget Nobody --yes",
    "forget @ada",
    "stop customer --yes",
    "outbox",
    "outbox --json",
    "outbox sent 12345678 --yes",
    "sandbox --fault chat.postMessag=429",
    "sandbox --fault chat.postMessage=teapot",
    "people import nowhere.csv",
    "web",
    "worker",
    "worker --port none",
)
WRONG_SETTINGS: tuple[Mapping[str, str], ...] = (
    {"PORT": "30OO"},
    {"NPS_SURVEYS": "nowhere"},
    {"SLACK_BOT_TOKN": "xoxb-1"},
    {"SLACK_BOT_TOKEN": "wrong"},
    {"LOG_LEVEL": "loud"},
    {"DATABASE_URL": "mysql://somewhere/nps"},
)


async def ask_for_help(desk: Desk, variables: Mapping[str, str]) -> None:
    """Ask each command what it does, and say things that are wrong."""
    await desk.bot("--help", environment=variables)
    for command in COMMANDS:
        await desk.bot(*command.split(), "--help", environment=variables)
    for command in ("surveys check", "surveys list", *REFUSED):
        await desk.bot(*command.split(), environment=variables)
    for wrong in WRONG_SETTINGS:
        desk.step(f"settings: {dict(wrong)}")
        await desk.bot("surveys", "check", environment={**variables, **wrong})
