"""What the page in the browser talks to."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from slack_sandbox import Sandbox
from tests.slack_sandbox.conftest import Caller, ListeningBot
from tests.slack_sandbox.kit import actions, button, field, home, modal, section, select, text_input


async def state(call: Caller, who: str) -> dict[str, Any]:
    async with call.session.get(call.sandbox.url + "/page/state", params={"as": who}) as answer:
        seen: dict[str, Any] = await answer.json()
        return seen


async def act(call: Caller, who: str, do: str, **more: Any) -> dict[str, Any]:
    wanted = {"as": who, "do": do, **more}
    async with call.session.post(call.sandbox.url + "/page/act", json=wanted) as answer:
        result: dict[str, Any] = await answer.json()
        return result


async def test_the_page_and_its_parts_are_served(call: Caller) -> None:
    async with call.session.get(call.sandbox.url + "/") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
    async with call.session.get(call.sandbox.url + "/assets/missing.js") as answer:
        assert answer.status == 404
    async with call.session.get(call.sandbox.url + "/assets/../server.py") as answer:
        assert answer.status == 404


async def test_a_person_sees_their_own_channels(call: Caller) -> None:
    await call("chat.postMessage", channel="U0ADA0000", text="How likely?")
    seen = await state(call, "ada")
    assert seen["me"] == {
        "id": "U0ADA0000",
        "name": "ada",
        "real_name": "Ada Marsh",
        "title": "Marsh Bakery",
        "tz": "Europe/London",
        "is_bot": False,
        "is_guest": True,
        "is_outsider": False,
        "is_invited": False,
        "deleted": False,
    }
    assert seen["team"] == {"name": "Acme"}
    assert len(seen["people"]) == 17
    customers, direct = seen["channels"]
    assert (customers["name"], customers["kind"]) == ("customers", "channel")
    messages = direct.pop("messages")
    assert direct == {
        "id": "D0ADA0000",
        "name": "App",
        "kind": "dm",
        "with": "U0APPBOT1",
        "is_ext_shared": False,
        "topic": "",
        "members": ["U0APPBOT1", "U0ADA0000"],
        "unread": 1,
    }
    assert messages == [
        {
            "ts": messages[0]["ts"],
            "user": "U0APPBOT1",
            "text": "How likely?",
            "blocks": [],
            "edited": False,
            "ephemeral": False,
            "thread_ts": None,
            "metadata": None,
        }
    ]
    assert (seen["home"], seen["modal"]) == (None, None)
    assert seen["commands"][0]["command"] == "/app"
    kinds = {c["name"]: c["kind"] for c in (await state(call, "U0PRIYA00"))["channels"]}
    assert kinds["leadership"] == "private"


async def test_ephemeral_messages_stand_among_the_others(call: Caller) -> None:
    where = {"channel": "C0GENERAL"}
    await call("chat.postMessage", **where, text="1")
    await call("chat.postEphemeral", **where, text="2", user="U0TOM0000")
    await call("chat.postMessage", **where, text="3")
    for who, texts in (("tom", ["1", "2", "3"]), ("mei", ["1", "3"])):
        general = (await state(call, who))["channels"][0]
        assert [message["text"] for message in general["messages"]] == texts
    assert (await act(call, "tom", "read", channel="C0GENERAL")) == {"ok": True}
    assert (await state(call, "tom"))["channels"][0]["unread"] == 0
    assert (await state(call, "mei"))["channels"][0]["unread"] == 2


async def test_changes_are_told_as_they_happen(call: Caller) -> None:
    async def told() -> dict[str, Any]:
        line = (await stream.content.readline()).decode()
        assert line.startswith("data: ")
        assert await stream.content.readline() == b"\n"
        seen: dict[str, Any] = json.loads(line.removeprefix("data: "))
        return seen

    events = call.sandbox.url + "/page/events"
    async with call.session.get(events, params={"as": "U0TOM0000"}) as stream:
        assert stream.content_type == "text/event-stream"
        assert (await told())["channels"][0]["messages"] == []
        for number in range(20):
            call.sandbox.person("priya").say("general", str(number))
        seen = await told()
        assert [message["text"] for message in seen["channels"][0]["messages"]] == [
            str(number) for number in range(20)
        ]


async def test_everything_can_be_done_from_the_page(call: Caller, bot: ListeningBot) -> None:
    row = actions(button("go"), select("pick", "1", "2"))
    await call("chat.postMessage", channel="U0ADA0000", text="Go", blocks=[row])
    ada = call.sandbox.person("ada")
    pressed = {"channel": "D0ADA0000", "ts": ada.inbox[0].ts, "block_id": "row"}
    assert await act(call, "ada", "block_action", **pressed, action_id="go", value="v") == {
        "ok": True
    }
    await act(call, "ada", "block_action", **pressed, action_id="pick", selected="2")
    assert bot.seen[-1].payload["actions"][0]["selected_option"]["value"] == "2"

    form = modal(field("why", text_input(), optional=True), actions(button("more")))
    await call("views.open", trigger_id=bot.seen[0].payload["trigger_id"], view=form)
    view_id = (await state(call, "ada"))["modal"]["id"]
    typed = {"view_id": view_id, "values": {"why": {"reply": "Late"}}}
    await act(call, "ada", "block_action", **typed, block_id="row", action_id="more", value="v")
    values = bot.seen[-1].payload["view"]["state"]["values"]
    assert values["why"]["reply"]["value"] == "Late"
    bot.answer = lambda _: {"response_action": "errors", "errors": {"why": "Say more"}}
    answer = await act(call, "ada", "submit", **typed)
    assert (answer["ok"], answer["errors"]) == (False, {"why": "Say more"})
    bot.answer = lambda _: None
    assert await act(call, "ada", "submit", **typed) == {"ok": True}
    assert (await state(call, "ada"))["modal"] is None

    channel = {"channel": "D0ADA0000"}
    assert await act(call, "ada", "command", **channel, command="/app", text="help") == {"ok": True}
    assert bot.seen[-1].payload["text"] == "help"
    assert await act(call, "ada", "open_home") == {"ok": True}
    await call("views.publish", user_id=ada.id, view=home(section("Hi"), actions(button("x"))))
    seen = (await state(call, "ada"))["home"]
    pressed = {"view_id": seen["id"], "block_id": "row", "action_id": "x"}
    assert await act(call, "ada", "block_action", **pressed) == {"ok": True}
    assert await act(call, "ada", "say", channel="C0CUSTOM1", text="Hello") == {"ok": True}
    assert call.sandbox.workspace.messages("customers")[0].text == "Hello"


async def test_the_bot_s_user_id_stands_for_its_direct_messages(
    call: Caller, bot: ListeningBot
) -> None:
    given = {"channel": call.sandbox.bot_user_id, "command": "/app", "text": ""}
    assert await act(call, "ada", "command", **given) == {"ok": True}
    assert bot.seen[0].payload["channel_id"] == "D0ADA0000"


async def test_a_reply_stands_under_its_message(call: Caller) -> None:
    await act(call, "priya", "say", channel="general", text="News")
    (news,) = call.sandbox.workspace.messages("general")
    wanted = {"channel": "general", "text": "Good!", "thread_ts": news.ts}
    assert await act(call, "tom", "say", **wanted) == {"ok": True}
    _, reply = call.sandbox.workspace.messages("general")
    assert (reply.user, reply.text, reply.thread_ts) == ("U0TOM0000", "Good!", news.ts)
    gone = {"ok": False, "error": "This message is not there (any more)."}
    assert await act(call, "tom", "say", **(wanted | {"thread_ts": "1.000001"})) == gone


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ([], "This is not something one can do."),
        ({"do": "say"}, "'as' must be a text."),
        ({"as": "ada"}, "'do' must be a text."),
        ({"as": "ada", "do": "dance"}, "'dance' is not something one can do."),
        (
            {"as": "nobody", "do": "open_home"},
            "There is nobody called 'nobody'. Did you mean 'noor'?",
        ),
        (
            {"as": "ada", "do": "say", "channel": "C0LEADERS", "text": "Hi"},
            "Ada Marsh is not in #leadership.",
        ),
        (
            {"as": "ada", "do": "submit", "view_id": "V1"},
            "This view is not on the screen (any more).",
        ),
        (
            {"as": "ada", "do": "block_action", "channel": "C0GENERAL", "ts": "1.2"},
            "This message is not there (any more).",
        ),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(
    call: Caller, wanted: Any, error: str
) -> None:
    async with call.session.post(call.sandbox.url + "/page/act", json=wanted) as answer:
        assert answer.status == 200
        assert await answer.json() == {"ok": False, "error": error}


async def test_only_the_page_may_act(call: Caller) -> None:
    wanted = json.dumps({"as": "priya", "do": "say", "channel": "general", "text": "Forged"})
    headers = {"Content-Type": "text/plain"}
    address = call.sandbox.url + "/page/act"
    async with call.session.post(address, data=wanted, headers=headers) as answer:
        assert answer.status == 415
    assert call.sandbox.workspace.messages("general") == []


async def test_nobody_sees_nothing(call: Caller) -> None:
    for path in ("/page/state", "/page/events"):
        async with call.session.get(call.sandbox.url + path, params={"as": "nobody"}) as answer:
            assert answer.status == 404


async def test_an_open_page_does_not_hold_up_the_end() -> None:
    sandbox = await Sandbox.start()
    async with aiohttp.ClientSession() as session:
        events = sandbox.url + "/page/events"
        async with session.get(events, params={"as": "ada"}) as stream:
            await stream.content.readline()
            async with asyncio.timeout(1):
                await sandbox.stop()
                await stream.content.read()
            assert stream.content.at_eof()


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("clock", {"move": "day"}),
        ("toggle", {"key": "busy", "on": True}),
    ],
)
async def test_without_a_bot_beside_it_there_is_nothing_to_control(
    call: Caller, address: str, wanted: dict[str, Any]
) -> None:
    assert (await state(call, "ada"))["control"] is None
    url = f"{call.sandbox.url}/page/{address}"
    async with call.session.post(url, json=wanted) as answer:
        told = await answer.json()
    assert told == {"ok": False, "error": "Nothing beside this sandbox can be controlled."}


@pytest.mark.parametrize(
    ("address", "wanted", "error"),
    [
        ("clock", {"move": 1}, "Nothing beside this sandbox can be controlled."),
        ("switch", {"fault": "slow", "on": "yes"}, "'on' must be true or false."),
        ("switch", {"fault": "rain", "on": True}, "There is no switch 'rain'."),
        ("switch", [], "This is not something one can do."),
    ],
)
async def test_what_the_page_asks_for_wrongly_is_refused_in_a_sentence(
    call: Caller, address: str, wanted: Any, error: str
) -> None:
    url = f"{call.sandbox.url}/page/{address}"
    async with call.session.post(url, json=wanted) as answer:
        told = await answer.json()
    assert told["error"].startswith(error)
