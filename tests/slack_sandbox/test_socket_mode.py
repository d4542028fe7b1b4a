"""Socket Mode, spoken with slack_sdk's client and Bolt's handler."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from slack_sandbox import NotAcknowledgedError, Sandbox
from tests.slack_sandbox.conftest import Caller, ListeningBot
from tests.slack_sandbox.kit import actions, button, field, home, modal, section, text_input


async def connection(call: Caller) -> aiohttp.ClientWebSocketResponse:
    """Open a connection by hand and read its hello."""
    headers = {"Authorization": f"Bearer {call.sandbox.app_token}"}
    address = call.sandbox.api_url + "apps.connections.open"
    async with call.session.post(address, headers=headers) as answer:
        url = (await answer.json())["url"]
    socket = await call.session.ws_connect(url)
    assert (await socket.receive_json())["type"] == "hello"
    return socket


async def test_a_bolt_app_asks_listens_and_answers(sandbox: Sandbox) -> None:
    """The whole way: prompt, click, modal, reply, command, Home."""
    client = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url)
    app = AsyncApp(client=client, process_before_response=True)
    replies: list[Any] = []

    @app.action("pick_3")
    async def pick(ack: Any, body: Any, client: Any, respond: Any) -> None:
        await ack()
        form = modal(field("reason", text_input(), optional=True))
        await client.views_open(trigger_id=body["trigger_id"], view=form)
        await respond(text="You answered 3", replace_original=True)

    @app.view("followup")
    async def reply(ack: Any, view: Any) -> None:
        replies.append(view["state"]["values"]["reason"]["reply"]["value"])
        await ack()

    @app.command("/app")
    async def command(ack: Any, command: Any) -> None:
        await ack(f"You said {command['text']}")

    @app.event("app_home_opened")
    async def opened(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view=home(section("Hello")))

    handler = AsyncSocketModeHandler(app, sandbox.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call] # Bolt has no types here
    blocks = [actions(button("pick_3"))]
    ada = sandbox.person("ada")
    await client.chat_postMessage(channel=ada.id, text="How likely?", blocks=blocks)

    await ada.click(ada.inbox[0], "pick_3")
    assert ada.inbox[0].text == "You answered 3"
    assert await ada.submit(None, {"reason": "Late again"}) == {}
    assert replies == ["Late again"]
    assert ada.modal is None
    await ada.command("/app", "report")
    assert [m.text for m in ada.ephemerals(ada.inbox[0].channel)] == ["You said report"]
    await ada.open_home()
    assert ada.home is not None
    assert ada.home["blocks"][0]["text"]["text"] == "Hello"
    await handler.close_async()  # type: ignore[no-untyped-call] # nor here


async def test_several_connections_take_turns(sandbox: Sandbox, bot: ListeningBot) -> None:
    other = ListeningBot(sandbox)
    await other.client.connect()  # type: ignore[no-untyped-call] # slack_sdk has no types here
    await sandbox.until(lambda: len(sandbox.sockets) == 2)
    for number in range(6):
        await sandbox.deliver("interactive", {"number": number})
    assert [len(bot.seen), len(other.seen)] == [3, 3]
    await other.client.close()  # type: ignore[no-untyped-call] # nor here
    await sandbox.until(lambda: len(sandbox.sockets) == 1)
    await sandbox.deliver("interactive", {"number": 6})
    assert bot.seen[-1].payload == {"number": 6}


async def test_the_acknowledgement_carries_a_payload(sandbox: Sandbox, bot: ListeningBot) -> None:
    bot.answer = lambda request: {"text": request.type}
    reply = await sandbox.deliver("slash_commands", {"command": "/app"})
    assert reply.body == {"text": "slash_commands"}
    assert bot.seen[0].accepts_response_payload is True


async def test_a_refreshed_connection_is_replaced(sandbox: Sandbox, bot: ListeningBot) -> None:
    await sandbox.sockets.refresh()
    assert len(sandbox.sockets) == 0
    await sandbox.deliver("interactive", {"after": "the refresh"})
    assert bot.seen[-1].payload == {"after": "the refresh"}
    assert len(sandbox.ledger.of("apps.connections.open")) == 2


async def test_a_bot_comes_back_after_its_connection_was_dropped(
    sandbox: Sandbox, bot: ListeningBot
) -> None:
    await sandbox.sockets.drop()
    await sandbox.until(lambda: len(sandbox.sockets) == 1)
    await sandbox.deliver("interactive", {"after": "the drop"})
    assert bot.seen[-1].payload == {"after": "the drop"}


async def test_a_silent_bot_is_waited_for_three_seconds(
    sandbox: Sandbox, bot: ListeningBot
) -> None:
    bot.silent = True
    started = asyncio.get_running_loop().time()
    with pytest.raises(NotAcknowledgedError, match="within 3 seconds"):
        await sandbox.deliver("interactive", {})
    assert 2.9 < asyncio.get_running_loop().time() - started < 3.5


async def test_a_bot_that_is_not_there_is_missed(sandbox: Sandbox) -> None:
    with pytest.raises(NotAcknowledgedError, match="not connected"):
        await sandbox.deliver("interactive", {})


async def test_an_event_is_sent_again_once(sandbox: Sandbox, call: Caller) -> None:
    socket = await connection(call)
    delivering = asyncio.create_task(sandbox.deliver("events_api", {"event": {}}))
    first = await socket.receive_json()
    assert first["retry_attempt"] == 0
    await socket.close()
    socket = await connection(call)
    again = await socket.receive_json()
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "connection_failed")
    await socket.send_json({"envelope_id": again["envelope_id"]})
    assert (await delivering).body == {}
    await socket.close()


async def test_a_click_is_lost_with_its_connection(sandbox: Sandbox, call: Caller) -> None:
    socket = await connection(call)
    delivering = asyncio.create_task(sandbox.deliver("interactive", {}))
    await socket.receive_json()
    await socket.close()
    with pytest.raises(NotAcknowledgedError, match="broke before it answered"):
        await delivering


async def test_nonsense_from_the_bot_changes_nothing(sandbox: Sandbox, call: Caller) -> None:
    socket = await connection(call)
    delivering = asyncio.create_task(sandbox.deliver("interactive", {}))
    envelope = await socket.receive_json()
    for nonsense in ("{", "[]", '"x"', '{"envelope_id": 7}', '{"envelope_id": "unknown"}'):
        await socket.send_str(nonsense)
    await socket.send_str(json.dumps({"envelope_id": envelope["envelope_id"], "payload": []}))
    assert (await delivering).body == {}
    await socket.close()


async def test_an_address_works_once(sandbox: Sandbox, call: Caller) -> None:
    headers = {"Authorization": f"Bearer {sandbox.app_token}"}
    address = sandbox.api_url + "apps.connections.open"
    async with call.session.post(address, headers=headers) as answer:
        url = (await answer.json())["url"]
    assert url.startswith("ws://127.0.0.1:")
    socket = await call.session.ws_connect(url)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await call.session.ws_connect(url)
    await socket.close()


async def test_an_eleventh_connection_is_sent_away(sandbox: Sandbox, call: Caller) -> None:
    sockets = [await connection(call) for _ in range(10)]
    headers = {"Authorization": f"Bearer {sandbox.app_token}"}
    async with call.session.post(
        sandbox.api_url + "apps.connections.open", headers=headers
    ) as answer:
        url = (await answer.json())["url"]
    eleventh = await call.session.ws_connect(url)
    refusal = await eleventh.receive_json()
    assert (refusal["type"], refusal["reason"]) == ("disconnect", "too_many_websockets")
    assert len(sandbox.sockets) == 10
    for socket in (*sockets, eleventh):
        await socket.close()
