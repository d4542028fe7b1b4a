"""response_urls over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from slack_sandbox import Fault, Person
from tests.slack_sandbox.conftest import Caller
from tests.slack_sandbox.kit import actions, button, section


@pytest.fixture
async def url(call: Caller) -> str:
    """The response_url of a click of Ada's."""
    blocks = [actions(button("go"))]
    await call("chat.postMessage", channel="U0ADA0000", text="Go", blocks=blocks)
    ada = call.sandbox.person("ada")
    pressed: str = ada.action(ada.inbox[0], "go")["response_url"]
    return pressed


@pytest.fixture
def ada(call: Caller) -> Person:
    return call.sandbox.person("ada")


async def send(call: Caller, url: str, **body: Any) -> tuple[int, Any]:
    async with call.session.post(url, json=body) as answer:
        return answer.status, await answer.json()


async def test_it_replaces_the_message_without_a_token(call: Caller, url: str, ada: Person) -> None:
    blocks = [section("You answered 3")]
    answer = await send(call, url, replace_original=True, text="Done", blocks=blocks)
    assert answer == (200, {"ok": True})
    assert [message.text for message in ada.inbox] == ["Done"]
    assert ada.inbox[0].blocks[0]["text"]["text"] == "You answered 3"


async def test_five_uses(call: Caller, url: str, ada: Person) -> None:
    for number in range(5):
        assert (await send(call, url, text=str(number)))[0] == 200
    assert await send(call, url, text="6") == (404, {"ok": False, "error": "used_url"})
    assert len(ada.ephemerals(ada.inbox[0].channel)) == 5
    assert len(call.sandbox.ledger.of("response_url", ok=False)) == 1


async def test_an_invented_address(call: Caller, url: str) -> None:
    status, body = await send(call, url[:-3] + "xyz", text="Hi")
    assert (status, body["error"]) == (404, "expired_url")


async def test_it_is_as_strict_as_posting(call: Caller, url: str, ada: Person) -> None:
    status, body = await send(call, url, text="Hi", blocks=[section("x" * 3001)])
    assert (status, body["error"]) == (400, "invalid_blocks")
    assert body["errors"] == [
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert ada.inbox[0].text == "Go"


async def test_an_ephemeral_message_can_be_replaced_and_deleted(call: Caller) -> None:
    priya = call.sandbox.person("priya")
    whisper = {"channel": "C0GENERAL", "user": priya.id, "text": "Sure?"}
    await call("chat.postEphemeral", **whisper, blocks=[actions(button("yes"))])
    url = priya.action(priya.ephemerals("general")[0], "yes")["response_url"]
    await send(call, url, replace_original=True, text="Done")
    assert [message.text for message in priya.ephemerals("general")] == ["Done"]
    await send(call, url, delete_original=True)
    assert priya.ephemerals("general") == []


async def test_it_can_be_made_to_fail(call: Caller, url: str, ada: Person) -> None:
    call.sandbox.faults.add("response_url", Fault(status=500))
    async with call.session.post(url, json={"replace_original": True, "text": "Done"}) as answer:
        assert answer.status == 500
    assert ada.inbox[0].text == "Go"
