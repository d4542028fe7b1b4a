"""What every call goes through: tokens, scopes, arguments, faults, the ledger."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.web.async_client import AsyncWebClient

from slack_sandbox import Fault, Limits, Manifest, Sandbox, api, example_workspace
from slack_sandbox.errors import ApiError
from slack_sandbox.platform import Platform, Secrets
from tests.slack_sandbox.conftest import Caller
from tests.slack_sandbox.kit import section


async def raw(call: Caller, method: str, **how: Any) -> tuple[int, Any]:
    async with call.session.post(call.sandbox.api_url + method, **how) as answer:
        return answer.status, await answer.json()


async def test_auth_test_says_who_the_bot_is(call: Caller) -> None:
    answer = await call("auth.test")
    assert answer == {
        "ok": True,
        "url": "https://acme.slack.com/",
        "team": "Acme",
        "user": "app",
        "team_id": "T0ACME001",
        "user_id": call.sandbox.bot_user_id,
        "bot_id": "B0APPBOT1",
        "is_enterprise_install": False,
    }


async def test_tokens_are_looked_at_first(call: Caller) -> None:
    sandbox = call.sandbox
    assert await raw(call, "auth.test") == (200, {"ok": False, "error": "not_authed"})
    wrong = {"Authorization": "Bearer xoxb-wrong"}
    assert (await raw(call, "auth.test", headers=wrong))[1]["error"] == "invalid_auth"
    app = {"Authorization": f"Bearer {sandbox.app_token}"}
    assert (await raw(call, "auth.test", headers=app))[1]["error"] == "not_allowed_token_type"
    assert await call.error("apps.connections.open") == "not_allowed_token_type"
    assert (await raw(call, "apps.connections.open", headers=app))[1]["ok"] is True
    as_argument = await raw(call, "auth.test", data={"token": sandbox.bot_token})
    assert as_argument[1]["ok"] is True


async def test_an_unknown_method_is_named(call: Caller) -> None:
    answer = await call("files.upload")
    assert answer == {"ok": False, "error": "unknown_method", "req_method": "files.upload"}


async def test_an_unknown_argument_is_refused_and_nothing_is_done(call: Caller) -> None:
    answer = await call("chat.postMessage", channel="C0GENERAL", text="Hi", username="Boss")
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] unknown argument: username [json-pointer:/username]"
    ]
    assert call.sandbox.workspace.messages("general") == []


async def test_team_id_which_bolt_always_sends_is_known_everywhere(call: Caller) -> None:
    assert (await call("auth.test", team_id="T0ACME001"))["ok"] is True


async def test_a_body_must_be_an_object(call: Caller) -> None:
    headers = {"Content-Type": "application/json"}
    for body, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        assert (await raw(call, "auth.test", data=body, headers=headers))[1]["error"] == error


async def test_forms_and_queries_are_understood_like_json(call: Caller) -> None:
    token = {"token": call.sandbox.bot_token}
    form = {**token, "channel": "C0GENERAL", "blocks": '[{"type": "divider"}]', "mrkdwn": "1"}
    assert (await raw(call, "chat.postMessage", data=form))[1]["ok"] is True
    wrong = {**form, "blocks": "[{"}
    assert (await raw(call, "chat.postMessage", data=wrong))[1]["error"] == "invalid_blocks_format"
    query = {**token, "limit": "2", "include_locale": "true"}
    address = call.sandbox.api_url + "users.list"
    async with call.session.get(address, params=query) as answer:
        members = (await answer.json())["members"]
    assert len(members) == 2
    assert members[0]["locale"] == "en-US"


@pytest.mark.parametrize(
    ("method", "arguments", "needed"),
    [
        ("team.info", {}, "team:read"),
        ("conversations.info", {"channel": "D0ADA0000"}, "im:read"),
        ("conversations.list", {"types": "public_channel,im"}, "im:read"),
        ("conversations.list", {"types": "mpim"}, "mpim:read"),
        ("conversations.members", {"channel": "D0ADA0000"}, "im:read"),
    ],
)
async def test_what_the_manifest_does_not_ask_for_is_not_given(
    call: Caller, method: str, arguments: dict[str, str], needed: str
) -> None:
    call.sandbox.workspace.dm("ada")
    answer = await call(method, **arguments)
    assert (answer["error"], answer["needed"]) == ("missing_scope", needed)
    assert answer["provided"] == ",".join(Manifest.load().scopes)


@pytest.mark.parametrize(
    ("scope", "method", "arguments"),
    [
        ("chat:write", "chat.postMessage", {"channel": "C0GENERAL", "text": "Hi"}),
        ("im:write", "conversations.open", {"users": "U0ADA0000"}),
        ("im:history", "conversations.history", {"channel": "D0ADA0000"}),
        ("channels:history", "conversations.history", {"channel": "C0GENERAL"}),
        ("channels:read", "conversations.list", {}),
        ("groups:read", "conversations.list", {"types": "private_channel"}),
        ("users:read", "users.list", {}),
        ("users:read.email", "users.lookupByEmail", {"email": "priya@acme.example"}),
        ("usergroups:read", "usergroups.list", {}),
    ],
)
async def test_each_scope_of_the_manifest_opens_what_it_names(
    scope: str, method: str, arguments: dict[str, str]
) -> None:
    manifest = Manifest.load()
    poorer = replace(manifest, scopes=tuple(s for s in manifest.scopes if s != scope))
    for given_manifest, error in ((manifest, None), (poorer, "missing_scope")):
        workspace = example_workspace()
        workspace.dm("ada")
        platform = Platform(workspace, given_manifest, Limits.none(), Secrets.of(None))
        token = platform.tokens.bot_token
        refused = None
        try:
            api.run(platform, method, token, dict(arguments))
        except ApiError as caught:
            refused = caught.code
        assert refused == error


async def test_the_scopes_stand_in_the_headers(call: Caller) -> None:
    headers = {"Authorization": f"Bearer {call.sandbox.bot_token}"}
    async with call.session.post(call.sandbox.api_url + "auth.test", headers=headers) as answer:
        assert answer.headers["X-OAuth-Scopes"] == ",".join(Manifest.load().scopes)


async def test_the_ledger_keeps_every_call(call: Caller) -> None:
    await call("chat.postMessage", channel="C0GENERAL", text="Hello")
    await call("chat.postMessage", channel="C0NOWHERE", text="Hello")
    first, second = call.sandbox.ledger
    assert first.method == second.method == "chat.postMessage"
    assert first.arguments == {"channel": "C0GENERAL", "text": "Hello"}
    assert first.answer["ts"] == call.sandbox.workspace.messages("general")[0].ts
    assert first.at <= second.at
    assert call.sandbox.ledger.of("chat.postMessage", ok=False) == [second]


async def test_slack_sdk_can_call_it(sandbox: Sandbox) -> None:
    client = AsyncWebClient(sandbox.bot_token, base_url=sandbox.api_url)
    posted = await client.chat_postMessage(channel="#general", text="Hi", blocks=[section("Hi")])
    replaced = await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Ho")
    assert replaced["message"]["text"] == "Ho"
    first_page = await client.users_list(limit=5)
    pages = [[member["name"] for member in page["members"]] async for page in first_page]
    assert [len(page) for page in pages] == [5, 5, 5, 1]
    assert pages[0][0] == "app"


async def test_blocks_validate_needs_no_token(call: Caller) -> None:
    wrong = {"blocks": '[{"type": "section", "text": {"type": "x"}}]'}
    _, answer = await raw(call, "blocks.validate", data=wrong)
    assert answer == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [
            {
                "pointer": "/0/text/type",
                "code": "failed_constraint",
                "message": "unsupported type: x",
            }
        ],
    }
    assert await raw(call, "blocks.validate", json={"blocks": [section("Hi")]}) == (
        200,
        {"ok": True},
    )
    assert (await raw(call, "blocks.validate"))[1]["error"] == "invalid_arguments"


class TestFaults:
    """Calls that go wrong on purpose."""

    async def test_an_error_that_did_post(self, call: Caller) -> None:
        fault = Fault(acted=True, error="internal_error")
        call.sandbox.faults.add("chat.postMessage", fault)
        message = {"channel": "C0GENERAL", "text": "Hello"}
        assert await call.error("chat.postMessage", **message) == "internal_error"
        assert len(call.sandbox.workspace.messages("general")) == 1
        assert (await call("chat.postMessage", **message))["ok"] is True

    async def test_an_outage_that_did_not(self, call: Caller) -> None:
        call.sandbox.faults.add("chat.postMessage", Fault(status=503))
        async with call.session.post(call.sandbox.api_url + "chat.postMessage") as answer:
            assert (answer.status, answer.content_type) == (503, "text/html")
        assert call.sandbox.workspace.messages("general") == []

    async def test_a_connection_that_breaks(self, call: Caller) -> None:
        call.sandbox.faults.add("chat.postMessage", Fault(acted=True, drop=True), times=2)
        for _ in range(2):
            with pytest.raises(aiohttp.ClientError):
                await call("chat.postMessage", channel="C0GENERAL", text="Hello")
        assert len(call.sandbox.workspace.messages("general")) == 2
        assert [(made.status, made.done) for made in call.sandbox.ledger] == [(0, True)] * 2

    async def test_a_wait_that_slack_asks_for(self, call: Caller) -> None:
        call.sandbox.faults.add("auth.test", Fault(error="ratelimited", retry_after=7), times=None)
        for _ in range(3):
            async with call.session.post(call.sandbox.api_url + "auth.test") as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        call.sandbox.faults.clear()
        assert (await call("auth.test"))["ok"] is True

    async def test_a_slow_answer_is_still_an_answer(self, call: Caller) -> None:
        call.sandbox.faults.add("chat.postMessage", Fault(delay=0.01))
        assert (await call("chat.postMessage", channel="C0GENERAL", text="Hello"))["ok"] is True
        assert len(call.sandbox.workspace.messages("general")) == 1


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
LIKELY = st.sampled_from(
    ["C0GENERAL", "D0ADA0000", "U0ADA0000", "C0LEADERS", "USLACKBOT", "1732256000.123456"]
)


@given(st.data())
def test_garbage_is_always_refused_in_slack_s_words(data: st.DataObject) -> None:
    workspace = example_workspace()
    workspace.dm("ada")
    platform = Platform(workspace, Manifest.load(), Limits.none(), Secrets.of(None))
    name = data.draw(st.sampled_from(sorted(api.METHODS)))
    method = api.METHODS[name]
    names = st.sampled_from(sorted(method.arguments - {"token"}))
    arguments = data.draw(st.dictionaries(names, GARBAGE | LIKELY))
    for token in (platform.tokens.bot_token, platform.tokens.app_token):
        with suppress(ApiError):
            assert isinstance(api.run(platform, name, token, dict(arguments)), dict)
