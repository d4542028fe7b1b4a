"""What travels: the prompt as the bot posts it, and clicks on it as Slack reports them, signed."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from time import time
from typing import Any

from benchmarks.processes import SIGNING_SECRET
from benchmarks.world import Invited
from nps_bot.asking.views import prompt
from nps_bot.nps.bands import SCORES
from nps_bot.slack.http import EVENTS_PATH
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Survey
from slack_sandbox.delivery import Kind, signed_request

_WEIGHTS = (1, 0, 1, 1, 2, 5, 10, 10, 15, 25, 30)
"""How many of a hundred people give each score: 20 detractors, 25 passives, 55 promoters."""


def scores(number: int) -> list[int]:
    """Return that many scores, the same ones each time."""
    return Random(1).choices(SCORES, _WEIGHTS, k=number)  # noqa: S311  no secret


def prompt_message(survey: Survey, invitation_id: str) -> Message:
    """Return the prompt of ``survey`` as the bot posts it."""
    return prompt.prompt(
        survey.wording,
        survey.kind,
        invitation_id,
        rhythm=describe(survey.cadence),
        owners=["U0OWNER"],
        snooze=True,
    )


def clicks(
    survey: Survey, invited: Iterable[Invited], given: Iterable[int], base: str
) -> list[bytes]:
    """Return one whole, signed HTTP request for each person's click.

    Args:
        survey: whose prompts were clicked.
        invited: who clicks.
        given: the score each of them gives.
        base: the address of the Slack stand-in, for the ``response_url``.
    """
    now = time()
    return [
        _request(_click(survey, who, score, base, now + number / 1000))
        for number, (who, score) in enumerate(zip(invited, given, strict=True))
    ]


def _request(payload: dict[str, Any]) -> bytes:
    signed = signed_request(SIGNING_SECRET, Kind.INTERACTIVE, payload)
    headers = {
        "Host": "localhost",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "Accept": "application/json,*/*",
        "Content-Length": str(len(signed.body)),
        **signed.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {EVENTS_PATH} HTTP/1.1\r\n{lines}\r\n".encode() + signed.body


def _click(survey: Survey, who: Invited, score: int, base: str, moment: float) -> dict[str, Any]:
    """Return the payload; see https://docs.slack.dev/reference/interaction-payloads."""
    message = prompt_message(survey, who.invitation_id)
    ts = "1700000000.000001"
    return {
        "type": "block_actions",
        "user": {
            "id": who.person_id,
            "username": who.person_id.lower(),
            "name": who.person_id.lower(),
            "team_id": "T0BENCH",
        },
        "api_app_id": "A0BENCH",
        "token": "verification-token",
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": who.channel,
            "is_ephemeral": False,
        },
        "trigger_id": f"1.2.{who.invitation_id}",
        "team": {"id": "T0BENCH", "domain": "lumen"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": who.channel, "name": "directmessage"},
        "message": {
            "type": "message",
            "user": "U0BOT",
            "bot_id": "B0BOT",
            "app_id": "A0BENCH",
            "team": "T0BENCH",
            "ts": ts,
            "text": message.text,
            "blocks": message.blocks,
        },
        "state": {"values": {}},
        "response_url": f"{base}/actions/T0BENCH/{who.invitation_id}",
        "actions": [
            {
                "type": "button",
                "action_id": f"score_{score}",
                "block_id": "scores_low" if score <= 5 else "scores_high",
                "text": {"type": "plain_text", "text": str(score), "emoji": True},
                "value": who.invitation_id,
                "action_ts": f"{moment:.6f}",
            }
        ],
    }
