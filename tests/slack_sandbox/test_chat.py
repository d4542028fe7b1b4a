"""chat.*: posting, changing and taking away messages."""

from __future__ import annotations

from typing import Any

import pytest

from slack_sandbox import Message
from tests.slack_sandbox.conftest import Caller
from tests.slack_sandbox.kit import actions, button, section

METADATA = {"event_type": "app_delivery", "event_payload": {"id": "0" * 32}}


async def post(call: Caller, channel: str = "C0GENERAL", **more: Any) -> Message:
    answer = await call("chat.postMessage", channel=channel, **{"text": "Hello", **more})
    assert answer["ok"], answer
    return call.sandbox.workspace.posted(answer["channel"])[answer["ts"]]


async def test_a_message_stands_in_the_channel_as_it_was_sent(call: Caller) -> None:
    blocks = [section("Hello"), actions(button("go"))]
    answer = await call("chat.postMessage", channel="C0GENERAL", text="Hello", blocks=blocks)
    message = call.sandbox.workspace.messages("general")[-1]
    assert answer["message"] == {
        "user": "U0APPBOT1",
        "type": "message",
        "ts": message.ts,
        "text": "Hello",
        "team": "T0ACME001",
        "bot_id": "B0APPBOT1",
        "app_id": "A0APPBOT1",
        "blocks": message.blocks,
    }
    assert message.blocks[1] == blocks[1]
    assert message.blocks[0] == blocks[0] | {"block_id": message.blocks[0]["block_id"]}


async def test_timestamps_are_unique_and_grow(call: Caller) -> None:
    stamps = [(await post(call)).ts for _ in range(50)]
    assert stamps == sorted(set(stamps))
    assert all(len(ts) == 17 and ts[10] == "." for ts in stamps)


async def test_a_user_id_opens_the_direct_messages(call: Caller) -> None:
    message = await post(call, "U0ADA0000")
    assert message.channel == call.sandbox.workspace.dm("ada").id == "D0ADA0000"
    assert call.sandbox.person("ada").inbox == [message]


async def test_a_channel_can_be_named(call: Caller) -> None:
    assert (await post(call, "#summary")).channel == "C0SUMMARY"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "invalid_arguments"),
        ({"channel": "C0NOWHERE", "text": "Hi"}, "channel_not_found"),
        ({"channel": "C0LEADERS", "text": "Hi"}, "channel_not_found"),
        ({"channel": "C0GENERAL"}, "no_text"),
        ({"channel": "C0GENERAL", "text": "", "blocks": []}, "no_text"),
        ({"channel": "C0GENERAL", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "C0GENERAL", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"channel": "C0GENERAL", "blocks": [{"type": "x"}]}, "invalid_blocks"),
        ({"channel": "U0APPBOT1", "text": "Hi"}, "cannot_dm_bot"),
        ({"channel": "USLACKBOT", "text": "Hi"}, "cannot_dm_bot"),
        ({"channel": "U0ROWAN01", "text": "Hi"}, "channel_not_found"),
        ({"channel": "C0GENERAL", "text": "Hi", "thread_ts": "1.000001"}, "thread_not_found"),
        (
            {"channel": "C0GENERAL", "text": "Hi", "metadata": "{}"},
            "invalid_metadata_format",
        ),
        (
            {"channel": "C0GENERAL", "text": "Hi", "metadata": []},
            "metadata_must_be_sent_as_object",
        ),
        (
            {"channel": "C0GENERAL", "text": "Hi", "metadata": {"event_type": "a"}},
            "invalid_metadata_format",
        ),
        (
            {
                "channel": "C0GENERAL",
                "text": "Hi",
                "metadata": {"event_type": "a", "event_payload": "b"},
            },
            "invalid_metadata_format",
        ),
    ],
)
async def test_what_cannot_be_posted(call: Caller, arguments: dict[str, Any], error: str) -> None:
    assert await call.error("chat.postMessage", **arguments) == error
    assert call.sandbox.workspace.messages("general") == []


async def test_invalid_blocks_come_with_their_reasons(call: Caller) -> None:
    blocks = [section("x" * 3001)]
    answer = await call("chat.postMessage", channel="C0GENERAL", blocks=blocks)
    reason = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["errors"] == [reason]
    assert answer["response_metadata"] == {"messages": [f"[ERROR] {reason}"]}


async def test_the_bot_must_be_in_the_channel_and_the_channel_alive(call: Caller) -> None:
    general = call.sandbox.workspace.channel("general")
    general.is_archived = True
    error = await call.error("chat.postMessage", channel="C0GENERAL", text="Hi")
    assert error == "is_archived"
    general.members.remove(call.sandbox.bot_user_id)
    error = await call.error("chat.postMessage", channel="C0GENERAL", text="Hi")
    assert error == "not_in_channel"


async def test_an_outsider_is_reached_only_through_a_shared_channel(call: Caller) -> None:
    assert (await post(call, "U0HELENA1")).channel == "D0HELENA1"
    call.sandbox.workspace.channel("ext-harbor").members.remove("U0HELENA1")
    error = await call.error("chat.postMessage", channel="U0HELENA1", text="Hi")
    assert error == "channel_not_found"


async def test_an_update_keeps_what_it_does_not_name(call: Caller) -> None:
    message = await post(call, blocks=[section("Old")], metadata=METADATA)
    where = {"channel": "C0GENERAL", "ts": message.ts}
    answer = await call("chat.update", **where, text="New")
    assert (answer["ts"], answer["text"]) == (message.ts, "New")
    assert answer["message"]["edited"]["user"] == call.sandbox.bot_user_id
    assert message.blocks[0]["text"]["text"] == "Old"
    assert message.metadata == METADATA
    await call("chat.update", **where, blocks=[section("Newer")], metadata={})
    shown = call.sandbox.workspace.messages("general")[0]
    assert (shown.text, shown.metadata) == ("New", None)
    assert message.blocks[0]["text"]["text"] == "Newer"
    await call("chat.update", **where, text="Bare", blocks=[])
    assert (message.text, message.blocks) == ("Bare", [])


async def test_what_cannot_be_updated_or_deleted(call: Caller) -> None:
    theirs = call.sandbox.person("priya").say("general", "Morning")
    where = {"channel": "C0GENERAL", "ts": theirs.ts}
    assert await call.error("chat.update", **where, text="Hm") == "cant_update_message"
    assert await call.error("chat.delete", **where) == "cant_delete_message"
    ours = {"channel": "C0GENERAL", "ts": (await post(call)).ts}
    assert await call.error("chat.update", **ours) == "no_text"
    assert await call.error("chat.update", **ours, blocks=[section("")]) == "invalid_blocks"
    gone = {"channel": "C0GENERAL", "ts": "1.000001"}
    assert await call.error("chat.update", **gone, text="Hm") == "message_not_found"
    assert await call.error("chat.delete", **gone) == "message_not_found"


async def test_a_deleted_message_is_gone(call: Caller) -> None:
    message = await post(call)
    assert (await call("chat.delete", channel="C0GENERAL", ts=message.ts))["ok"] is True
    assert call.sandbox.workspace.messages("general") == []


async def test_only_one_person_sees_an_ephemeral_message(call: Caller) -> None:
    priya, tom = call.sandbox.person("priya"), call.sandbox.person("tom")
    whisper = {"channel": "C0GENERAL", "user": priya.id, "text": "Psst"}
    answer = await call("chat.postEphemeral", **whisper)
    assert [(m.ts, m.text) for m in priya.ephemerals("general")] == [(answer["message_ts"], "Psst")]
    assert tom.ephemerals("general") == []
    assert call.sandbox.workspace.messages("general") == []
    changed = {"channel": "C0GENERAL", "ts": answer["message_ts"], "text": "Loud"}
    assert await call.error("chat.update", **changed) == "message_not_found"
    ada = whisper | {"user": "U0ADA0000"}
    assert await call.error("chat.postEphemeral", **ada) == "user_not_in_channel"


async def test_a_permalink_leads_to_a_message_that_exists(call: Caller) -> None:
    message = await post(call)
    asked = {"channel": "C0GENERAL", "message_ts": message.ts}
    answer = await call("chat.getPermalink", **asked)
    path = f"archives/C0GENERAL/p{message.ts.replace('.', '')}"
    assert answer["permalink"] == f"https://acme.slack.com/{path}"
    asked["message_ts"] = "1.000001"
    assert await call.error("chat.getPermalink", **asked) == "message_not_found"
