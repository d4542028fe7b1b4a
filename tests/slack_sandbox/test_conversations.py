"""conversations.*, users.* and usergroups.*: who and what there is, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.slack_sandbox.conftest import Caller

METADATA = {"event_type": "app_delivery", "event_payload": {"id": "0" * 32}}


async def pages(call: Caller, method: str, key: str, **arguments: Any) -> list[list[Any]]:
    """Follow the cursors of a list to its end."""
    found, cursor = [], ""
    while True:
        answer = await call(method, **arguments, **({"cursor": cursor} if cursor else {}))
        assert answer["ok"], answer
        found.append(answer[key])
        cursor = answer.get("response_metadata", {}).get("next_cursor", "")
        if not cursor:
            return found


async def test_users_come_page_by_page_without_outsiders(call: Caller) -> None:
    found = await pages(call, "users.list", "members", limit=7)
    assert [len(page) for page in found] == [7, 7, 2]
    people = {user["name"]: user for page in found for user in page}
    assert "helena" not in people
    assert people["ada"]["is_restricted"] is True
    assert people["ada"]["tz"] == "Europe/London"
    assert people["ada"]["profile"]["email"] == "ada@marshbakery.example"
    assert people["wendy"]["is_invited_user"] is True
    assert people["polly"]["is_bot"] is True
    assert people["slackbot"]["id"] == "USLACKBOT"
    assert people["slackbot"]["is_bot"] is False
    assert people["rowan"]["deleted"] is True
    assert "tz" not in people["rowan"]


async def test_users_info_knows_outsiders(call: Caller) -> None:
    user = (await call("users.info", user="U0HELENA1", include_locale=True))["user"]
    assert user["team_id"] == "T0HARBOR1"
    assert "locale" not in user
    assert await call.error("users.info", user="U0NOBODY0") == "user_not_found"


async def test_people_are_found_by_email(call: Caller) -> None:
    found = await call("users.lookupByEmail", email="Priya@acme.example")
    assert found["user"]["id"] == "U0PRIYA00"
    nobody = await call.error("users.lookupByEmail", email="x@acme.example")
    assert nobody == "users_not_found"


async def test_user_groups(call: Caller) -> None:
    answer = await call("usergroups.list", include_users=True, include_count=True)
    group = answer["usergroups"][0]
    support = ["U0TOM0000", "U0MEI0000"]
    assert (group["handle"], group["users"], group["user_count"]) == ("support", support, 2)
    answer = await call("usergroups.users.list", usergroup=group["id"])
    assert answer["users"] == support
    error = await call.error("usergroups.users.list", usergroup="S0NOTHING")
    assert error == "no_such_subteam"


async def test_members_come_page_by_page_outsiders_included(call: Caller) -> None:
    found = await pages(call, "conversations.members", "members", channel="C0HARBOR1", limit=3)
    assert found == [["U0APPBOT1", "U0PRIYA00", "U0TOM0000"], ["U0HELENA1"]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cursor": "???"}, "invalid_cursor"),
        ({"cursor": "bmV4dDpVMA=="}, "invalid_cursor"),
        ({"limit": -1}, "invalid_limit"),
        ({"limit": 1001}, "invalid_limit"),
        ({"limit": "many"}, "invalid_arguments"),
    ],
)
async def test_pages_that_do_not_exist(call: Caller, arguments: dict[str, Any], error: str) -> None:
    assert await call.error("users.list", **arguments) == error


async def test_the_bot_lists_public_channels_and_what_it_is_in(call: Caller) -> None:
    both = {"types": "public_channel,private_channel"}
    found = await pages(call, "conversations.list", "channels", limit=2, **both)
    names = [channel["name"] for page in found for channel in page]
    assert names == ["general", "customers", "summary", "alerts", "ext-harbor"]
    leadership = call.sandbox.workspace.channel("leadership")
    leadership.members.append(call.sandbox.bot_user_id)
    answer = await call("conversations.list", types="private_channel")
    assert [channel["name"] for channel in answer["channels"]] == ["leadership"]
    leadership.is_archived = True
    answer = await call("conversations.list", types="private_channel", exclude_archived=True)
    assert answer["channels"] == []
    assert await call.error("conversations.list", types="secret") == "invalid_types"


async def test_a_shared_channel_says_so(call: Caller) -> None:
    answer = await call("conversations.info", channel="C0HARBOR1", include_num_members=True)
    channel = answer["channel"]
    assert (channel["is_ext_shared"], channel["num_members"]) == (True, 4)
    assert channel["shared_team_ids"] == ["T0ACME001", "T0HARBOR1"]
    channel = (await call("conversations.info", channel="C0GENERAL"))["channel"]
    assert (channel["is_ext_shared"], channel["is_member"]) == (False, True)
    assert await call.error("conversations.info", channel="C0LEADERS") == "channel_not_found"


async def test_direct_messages_are_opened_once(call: Caller) -> None:
    first = await call("conversations.open", users="U0ADA0000")
    again = await call("conversations.open", users="U0ADA0000", return_im=True)
    assert (first["already_open"], first["channel"]) == (False, {"id": "D0ADA0000"})
    assert (again["already_open"], again["channel"]["user"]) == (True, "U0ADA0000")
    known = await call("conversations.open", channel="D0ADA0000")
    assert known["channel"]["id"] == "D0ADA0000"
    for users, error in {
        "U0NOBODY0": "user_not_found",
        "U0ROWAN01": "user_disabled",
        "U0POLLY01": "cannot_dm_bot",
        "U0ADA0000,U0TOM0000": "invalid_arguments",
    }.items():
        assert await call.error("conversations.open", users=users) == error
    assert await call.error("conversations.open") == "users_list_not_supplied"


class TestHistory:
    """conversations.history and .replies."""

    async def posted(self, call: Caller, count: int) -> list[str]:
        stamps = []
        for number in range(count):
            message = {"channel": "C0GENERAL", "text": f"Message {number}"}
            stamps.append((await call("chat.postMessage", **message))["ts"])
        return stamps

    async def test_it_comes_newest_first_page_by_page(self, call: Caller) -> None:
        stamps = await self.posted(call, 5)
        found = await pages(call, "conversations.history", "messages", channel="C0GENERAL", limit=2)
        assert [[m["ts"] for m in page] for page in found] == [
            stamps[:2:-1],
            stamps[2:0:-1],
            stamps[:1],
        ]

    async def test_it_can_be_cut(self, call: Caller) -> None:
        stamps = await self.posted(call, 4)

        async def seen(**window: Any) -> list[str]:
            answer = await call("conversations.history", channel="C0GENERAL", **window)
            return [message["ts"] for message in answer["messages"]]

        assert await seen(oldest=stamps[1]) == [stamps[3], stamps[2]]
        assert await seen(latest=stamps[1]) == [stamps[0]]
        assert await seen(oldest=stamps[1], latest=stamps[2], inclusive=True) == stamps[2:0:-1]
        before_all = f"{int(stamps[0].split('.')[0]) - 1}"
        assert len(await seen(oldest=before_all)) == 4
        wrong = {"channel": "C0GENERAL", "oldest": "yesterday"}
        assert await call.error("conversations.history", **wrong) == "invalid_ts_oldest"

    async def test_metadata_is_shown_to_those_who_ask(self, call: Caller) -> None:
        channel = {"channel": "U0ADA0000"}
        await call("chat.postMessage", **channel, text="Hi", metadata=METADATA)
        history = {"channel": "D0ADA0000"}
        plain = await call("conversations.history", **history)
        full = await call("conversations.history", **history, include_all_metadata=True)
        assert "metadata" not in plain["messages"][0]
        assert full["messages"][0]["metadata"] == METADATA

    async def test_it_leaves_out_replies_and_ephemeral_messages(self, call: Caller) -> None:
        (root,) = await self.posted(call, 1)
        channel = {"channel": "C0GENERAL"}
        reply = await call("chat.postMessage", **channel, text="Reply", thread_ts=root)
        await call("chat.postEphemeral", **channel, text="Psst", user="U0TOM0000")
        history = await call("conversations.history", **channel)
        assert [message["ts"] for message in history["messages"]] == [root]
        thread = await call("conversations.replies", **channel, ts=root)
        assert [message["ts"] for message in thread["messages"]] == [root, reply["ts"]]
        assert await call.error("conversations.replies", **channel, ts="1.0") == "thread_not_found"

    async def test_it_is_for_those_inside(self, call: Caller) -> None:
        general = call.sandbox.workspace.channel("general")
        general.members.remove(call.sandbox.bot_user_id)
        channel = {"channel": "C0GENERAL"}
        assert await call.error("conversations.history", **channel) == "not_in_channel"
