"""Signed HTTP delivery, checked with slack_sdk's own verifier."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from slack_sandbox import NotAcknowledgedError, Sandbox
from tests.slack_sandbox.conftest import Caller
from tests.slack_sandbox.kit import actions, button


@dataclass
class Receiver:
    """Stands where the bot would: verifies, remembers, answers."""

    verifier: SignatureVerifier
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Content type and body of every request that was signed rightly."""
    retries: list[str | None] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.text()
        if not self.verifier.is_valid_request(body, dict(request.headers)):
            return web.Response(status=401)
        self.seen.append((request.content_type, body))
        self.retries.append(request.headers.get("x-slack-retry-num"))
        return self.answers.pop(0) if self.answers else web.Response()


@pytest.fixture
async def receiver(sandbox: Sandbox) -> AsyncIterator[Receiver]:
    receiver = Receiver(SignatureVerifier(sandbox.signing_secret))
    application = web.Application()
    application.add_routes([web.post("/slack/events", receiver.receive)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    yield receiver
    await runner.cleanup()


async def test_a_click_arrives_as_a_form(call: Caller, receiver: Receiver) -> None:
    ada = call.sandbox.person("ada")
    blocks = [actions(button("pick_3"))]
    await call("chat.postMessage", channel=ada.id, text="How likely?", blocks=blocks)
    await ada.click(ada.inbox[0], "pick_3")
    content_type, body = receiver.seen[0]
    assert content_type == "application/x-www-form-urlencoded"
    payload = json.loads(parse_qs(body)["payload"][0])
    assert (payload["type"], payload["actions"][0]["action_id"]) == ("block_actions", "pick_3")


async def test_a_command_arrives_as_a_form_and_its_answer_is_shown(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    priya = sandbox.person("priya")
    receiver.answers = [
        web.Response(text="Plain"),
        web.json_response({"text": "For all", "response_type": "in_channel"}),
        web.Response(),
    ]
    for _ in range(3):
        await priya.command("/app", "report & more", channel="general")
    form = {key: values[0] for key, values in parse_qs(receiver.seen[0][1]).items()}
    assert form["command"] == "/app"
    assert form["text"] == "report & more"
    assert (form["user_id"], form["channel_name"]) == (priya.id, "general")
    assert [m.text for m in priya.ephemerals("general")] == ["Plain"]
    assert [m.text for m in sandbox.workspace.messages("general")] == ["For all"]


async def test_an_event_arrives_as_json_and_again_when_it_was_refused(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    receiver.answers = [web.Response(status=500)]
    await sandbox.person("priya").open_home()
    assert receiver.retries == [None, "1"]
    assert {content_type for content_type, _ in receiver.seen} == {"application/json"}
    event = json.loads(receiver.seen[1][1])
    assert event["event"]["type"] == "app_home_opened"
    assert event["event_id"] == json.loads(receiver.seen[0][1])["event_id"]


async def test_a_refusal_is_told_to_whoever_acted(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [web.Response(status=500)]
    with pytest.raises(NotAcknowledgedError, match="HTTP 500"):
        await sandbox.deliver("interactive", {"type": "block_actions"})
    sandbox.deliver_to("http://127.0.0.1:9/slack/events")
    with pytest.raises(NotAcknowledgedError, match="cannot be reached"):
        await sandbox.deliver("interactive", {"type": "block_actions"})


async def test_requests_can_be_made_without_being_sent(sandbox: Sandbox) -> None:
    verifier = SignatureVerifier(sandbox.signing_secret)
    payload: dict[str, Any] = {"type": "block_actions", "text": "ä"}
    request = sandbox.signed_request("interactive", payload)
    assert verifier.is_valid_request(request.body, request.headers)
    assert not verifier.is_valid_request(request.body + b"x", request.headers)
    stale = sandbox.signed_request("interactive", payload, int(time.time()) - 301)
    assert not verifier.is_valid_request(stale.body, stale.headers)
    headers = sandbox.sign(b"{}", int(time.time()))
    assert verifier.is_valid_request(b"{}", headers)
