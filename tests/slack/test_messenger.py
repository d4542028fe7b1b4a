"""What the messenger does in Slack, seen in a sandbox's workspace."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from nps_bot.slack.calls import (
    LOOK_AGAIN,
    Accepted,
    Found,
    LookLater,
    NotSent,
    NotThere,
    RateLimited,
    Refused,
    Unknown,
    Unreadable,
)
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.message import Message
from nps_bot.slack.messenger import Messenger
from nps_bot.slack.web_api import WebApi, open_session
from slack_sandbox import Fault, Sandbox
from slack_sandbox import Message as Seen
from tests.slack import wire

DELIVERY = "0123456789abcdef0123456789abcdef"
SECRET = "What the customer wrote"
HELLO = Message(SECRET, [{"type": "section", "text": {"type": "plain_text", "text": SECRET}}])
CHANGED = Message(
    "Changed", [{"type": "section", "text": {"type": "plain_text", "text": "Changed"}}]
)
MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Thank you"},
    "blocks": HELLO.blocks,
}
ASKING = Message(
    SECRET,
    [
        {
            "type": "actions",
            "block_id": "scores",
            "elements": [
                {
                    "type": "button",
                    "action_id": "score_3",
                    "text": {"type": "plain_text", "text": "3"},
                }
            ],
        }
    ],
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def only_message(sandbox: Sandbox, channel: str) -> Seen:
    [message] = sandbox.workspace.messages(channel)
    return message


class TestMessages:
    async def test_posts_the_text_the_blocks_and_the_mark(
        self, sandbox: Sandbox, messenger: Messenger
    ) -> None:
        dm = await messenger.open_dm(sandbox.workspace.user("ada").id)
        outcome = await messenger.post(dm, HELLO, DELIVERY)
        message = only_message(sandbox, dm)
        assert outcome == Accepted(dm, message.ts)
        assert (message.text, message.blocks[0]["text"]["text"]) == (SECRET, SECRET)
        assert message.metadata == {
            "event_type": "nps_delivery",
            "event_payload": {"id": DELIVERY},
        }
        [call] = sandbox.ledger.of("chat.postMessage")
        assert (call.arguments["unfurl_links"], call.arguments["unfurl_media"]) == (False, False)

    async def test_updates_and_keeps_the_mark(self, sandbox: Sandbox, messenger: Messenger) -> None:
        posted = await messenger.post("C0ALERTS1", HELLO, DELIVERY)
        assert isinstance(posted, Accepted)
        assert await messenger.update(posted.channel, posted.ts, CHANGED) == posted
        message = only_message(sandbox, "nps-alerts")
        assert message.text == "Changed"
        assert message.metadata is not None

    async def test_deletes_also_what_is_gone(self, sandbox: Sandbox, messenger: Messenger) -> None:
        posted = await messenger.post("C0ALERTS1", HELLO, DELIVERY)
        assert isinstance(posted, Accepted)
        await messenger.delete(posted.channel, posted.ts)
        assert sandbox.workspace.messages("nps-alerts") == []
        await messenger.delete(posted.channel, posted.ts)

    async def test_nothing_leaves_that_is_not_ours_any_more_when_its_turn_comes(
        self, sandbox: Sandbox, messenger: Messenger
    ) -> None:
        ours = await messenger.post("C0ALERTS1", HELLO, DELIVERY, still=lambda: True)
        assert isinstance(ours, Accepted)
        taken = NotSent("this process was held up until it was no longer its turn")

        def not_ours() -> bool:
            return False

        for _ in range(2):
            outcome = await messenger.post("C0ALERTS1", HELLO, DELIVERY, still=not_ours)
            assert outcome == taken
        assert await messenger.update(ours.channel, ours.ts, CHANGED, still=not_ours) == taken
        with pytest.raises(SlackCallError, match="held up"):
            await messenger.delete(ours.channel, ours.ts, still=not_ours)
        assert [call.method for call in sandbox.ledger] == ["chat.postMessage"]
        await messenger.delete(ours.channel, ours.ts, still=lambda: True)
        assert sandbox.workspace.messages("nps-alerts") == []

    async def test_shows_something_to_one_person(
        self, sandbox: Sandbox, messenger: Messenger
    ) -> None:
        await messenger.ephemeral("C0GENERAL", sandbox.workspace.user("sam").id, HELLO)
        [seen] = sandbox.person("sam").ephemerals("general")
        assert seen.text == SECRET
        assert sandbox.person("tom").ephemerals("general") == []

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            (Fault(error="ratelimited", retry_after=7), RateLimited(7)),
            (
                Fault(error="not_in_channel"),
                Refused(
                    "the bot is not in the channel: invite the bot to the channel", "not_in_channel"
                ),
            ),
            (Fault(drop=True), Unknown("the connection broke")),
            (Fault(status=503), Unknown("Slack has trouble of its own (http_503)")),
            (Fault(error="fatal_error"), Unknown("Slack has trouble of its own (fatal_error)")),
        ],
        ids=str,
    )
    async def test_what_goes_wrong_is_an_outcome(
        self, sandbox: Sandbox, messenger: Messenger, fault: Fault, outcome: object
    ) -> None:
        sandbox.faults.add("chat.postMessage", fault)
        assert await messenger.post("C0ALERTS1", HELLO, DELIVERY) == outcome

    async def test_a_dropped_connection_is_not_used_to_post_again(self) -> None:
        """An HTTP client that helpfully repeats the request would post twice."""
        requests = 0

        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal requests
            while requests < 2:
                await wire.read_request(reader)
                requests += 1
                if requests == 1:  # the connection is kept, and dropped at the next request
                    answer = b'{"ok": true, "channel": "C1", "ts": "1.000100"}'
                    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer)
                    writer.write(head + answer)

        async with wire.serve(behave) as address, open_session(address) as session:
            messenger = Messenger(WebApi(session, "xoxb-1", address))
            assert await messenger.post("C1", HELLO, DELIVERY) == Accepted("C1", "1.000100")
            assert isinstance(await messenger.post("C1", HELLO, DELIVERY), Unknown)
        assert requests == 2

    async def test_a_success_without_a_time_is_unknown(self) -> None:
        behave = wire.answering("HTTP/1.1 200 OK", b'{"ok": true}')
        async with wire.serve(behave) as address, open_session(address) as session:
            messenger = Messenger(WebApi(session, "xoxb-1", address))
            outcome = await messenger.post("C1", HELLO, DELIVERY)
        assert outcome == Unknown("the answer cannot be read")


class TestFindingADelivery:
    @pytest.mark.parametrize("fault", [Fault(acted=True, drop=True), Fault(acted=True, status=500)])
    async def test_finds_what_was_posted_without_an_answer(
        self, sandbox: Sandbox, messenger: Messenger, fault: Fault
    ) -> None:
        dm = await messenger.open_dm(sandbox.workspace.user("ada").id)
        sandbox.faults.add("chat.postMessage", fault)
        assert isinstance(await messenger.post(dm, HELLO, DELIVERY), Unknown)
        finding = await messenger.find_delivery(dm, DELIVERY, LONG_AGO)
        assert finding == Found(dm, only_message(sandbox, dm).ts)

    async def test_finds_it_pages_deep_among_others(
        self, sandbox: Sandbox, messenger: Messenger
    ) -> None:
        posted = await messenger.post("C0GENERAL", HELLO, DELIVERY)
        assert isinstance(posted, Accepted)
        for number in range(450):
            sandbox.person("sam").say("general", f"message {number}")
        assert await messenger.find_delivery("C0GENERAL", DELIVERY, LONG_AGO) == Found(
            "C0GENERAL", posted.ts
        )
        assert len(sandbox.ledger.of("conversations.history")) == 3

    async def test_somebody_elses_delivery_is_not_it(self, messenger: Messenger) -> None:
        await messenger.post("C0ALERTS1", HELLO, DELIVERY)
        assert await messenger.find_delivery("C0ALERTS1", "f" * 32, LONG_AGO) == NotThere()

    async def test_reads_no_further_back_than_asked(self, messenger: Messenger) -> None:
        posted = await messenger.post("C0ALERTS1", HELLO, DELIVERY)
        assert isinstance(posted, Accepted)
        at = datetime.fromtimestamp(float(posted.ts), UTC)
        just_then = await messenger.find_delivery("C0ALERTS1", DELIVERY, at - timedelta(seconds=1))
        assert just_then == Found("C0ALERTS1", posted.ts)
        later = await messenger.find_delivery("C0ALERTS1", DELIVERY, at + timedelta(seconds=1))
        assert later == NotThere()

    @pytest.mark.parametrize(
        ("fault", "finding"),
        [
            (
                Fault(error="ratelimited", retry_after=40),
                LookLater(
                    timedelta(seconds=40), "too many calls, Slack asked to wait 40 s", limited=True
                ),
            ),
            (
                Fault(status=502),
                LookLater(LOOK_AGAIN, "Slack has trouble of its own (http_502)"),
            ),
            (
                Fault(error="missing_scope"),
                Unreadable(
                    "the app lacks a permission: add it in the app's settings and reinstall it"
                ),
            ),
        ],
        ids=str,
    )
    async def test_a_history_that_cannot_be_read(
        self, sandbox: Sandbox, messenger: Messenger, fault: Fault, finding: object
    ) -> None:
        sandbox.faults.add("conversations.history", fault)
        assert await messenger.find_delivery("C0ALERTS1", DELIVERY, LONG_AGO) == finding


class TestPlaces:
    async def test_opens_a_dm_once(self, sandbox: Sandbox, messenger: Messenger) -> None:
        ada = sandbox.workspace.user("ada").id
        assert await messenger.open_dm(ada) == await messenger.open_dm(ada)
        assert await messenger.open_dm(ada) == sandbox.workspace.dm("ada").id

    async def test_nobody_to_open_a_dm_with(self, messenger: Messenger) -> None:
        with pytest.raises(SlackCallError) as raised:
            await messenger.open_dm("U0NOBODY1")
        assert isinstance(raised.value.failure, Refused)
        assert raised.value.method == "conversations.open"

    @pytest.mark.parametrize(
        ("channel", "external"), [("ext-harbor", True), ("general", False), ("nps-alerts", False)]
    )
    async def test_knows_where_outsiders_read(
        self, sandbox: Sandbox, messenger: Messenger, channel: str, external: bool
    ) -> None:
        sharing = await messenger.sharing(sandbox.workspace.channel(channel).id)
        assert (sharing.name, sharing.outsiders) == (f"#{channel}", external)

    @pytest.mark.parametrize(
        ("channel", "external"),
        [
            ('{"is_ext_shared": true}', True),
            ('{"is_ext_shared": false, "is_pending_ext_shared": true}', True),
            ('{"is_ext_shared": false, "pending_shared": ["T0OTHER"]}', True),
            ('{"is_ext_shared": false, "pending_connected_team_ids": ["T0OTHER"]}', True),
            ('{"is_shared": true, "is_org_shared": true, "is_ext_shared": false}', False),
            ('{"is_ext_shared": null, "pending_shared": []}', False),
        ],
    )
    async def test_a_channel_that_soon_will_be_shared_counts(
        self, channel: str, external: bool
    ) -> None:
        answer = f'{{"ok": true, "channel": {channel}}}'.encode()
        behave = wire.answering("HTTP/1.1 200 OK", answer)
        async with wire.serve(behave) as address, open_session(address) as session:
            messenger = Messenger(WebApi(session, "xoxb-1", address))
            assert (await messenger.sharing("C1")).outsiders is external

    @pytest.mark.parametrize("answer", [b'{"ok": true}', b'{"ok": true, "channel": null}', b"?"])
    async def test_what_slack_does_not_say_is_no_permission_to_post(self, answer: bytes) -> None:
        behave = wire.answering("HTTP/1.1 200 OK", answer)
        async with wire.serve(behave) as address, open_session(address) as session:
            with pytest.raises(SlackCallError):
                await Messenger(WebApi(session, "xoxb-1", address)).sharing("C1")


@pytest.fixture
async def clicks(sandbox: Sandbox) -> AsyncIterator[list[dict[str, Any]]]:
    """Receive what the sandbox delivers, as signed HTTP; returns the payloads so far."""
    payloads: list[dict[str, Any]] = []

    async def receive(request: web.Request) -> web.Response:
        form = await request.post()
        payloads.append(json.loads(str(form["payload"])))
        return web.Response()

    application = web.Application()
    application.router.add_post("/", receive)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sandbox.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield payloads
    await runner.cleanup()


@pytest.fixture
async def click(
    sandbox: Sandbox, messenger: Messenger, clicks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Ask Ada something, let her answer, and return the payload of her click."""
    dm = await messenger.open_dm(sandbox.workspace.user("ada").id)
    await messenger.post(dm, ASKING, DELIVERY)
    await sandbox.person("ada").click(only_message(sandbox, dm), "score_3")
    return clicks[-1]


class TestAfterAClick:
    async def test_opens_a_modal_and_replaces_it(
        self, sandbox: Sandbox, messenger: Messenger, click: dict[str, Any]
    ) -> None:
        view = await messenger.open_view(click["trigger_id"], MODAL)
        ada = sandbox.person("ada")
        assert ada.modal is not None
        assert ada.modal["id"] == view["id"]
        later = MODAL | {"blocks": CHANGED.blocks}
        updated = await messenger.update_view(view["id"], later, view["hash"])
        assert ada.modal["blocks"][0]["text"]["text"] == "Changed"
        assert updated["hash"] != view["hash"]
        with pytest.raises(SlackCallError) as raised:
            await messenger.update_view(view["id"], MODAL, view["hash"])
        assert raised.value.code == "hash_conflict"

    async def test_a_trigger_works_once(self, messenger: Messenger, click: dict[str, Any]) -> None:
        await messenger.open_view(click["trigger_id"], MODAL)
        with pytest.raises(SlackCallError) as raised:
            await messenger.open_view(click["trigger_id"], MODAL)
        assert raised.value.reason == "this click opened a window already"

    async def test_rewrites_the_message_that_was_clicked(
        self, sandbox: Sandbox, messenger: Messenger, click: dict[str, Any]
    ) -> None:
        await messenger.replace_original(click["response_url"], CHANGED)
        message = only_message(sandbox, click["container"]["channel_id"])
        assert message.text == "Changed"
        assert "elements" not in message.blocks[0]

    async def test_tells_only_who_clicked(
        self, sandbox: Sandbox, messenger: Messenger, click: dict[str, Any]
    ) -> None:
        channel = click["container"]["channel_id"]
        await messenger.respond(click["response_url"], CHANGED)
        [seen] = sandbox.person("ada").ephemerals(channel)
        assert seen.text == "Changed"
        assert only_message(sandbox, channel).text == SECRET

    async def test_a_response_url_is_used_up(
        self, messenger: Messenger, click: dict[str, Any]
    ) -> None:
        for _ in range(5):
            await messenger.respond(click["response_url"], CHANGED)
        with pytest.raises(SlackCallError) as raised:
            await messenger.respond(click["response_url"], CHANGED)
        assert raised.value.method == "response_url"
        assert isinstance(raised.value.failure, Refused)

    async def test_slacks_own_answer_to_a_response_url_is_plain(self) -> None:
        behave = wire.answering("HTTP/1.1 200 OK", b"ok")
        async with wire.serve(behave) as address, open_session(address) as session:
            await Messenger(WebApi(session, "xoxb-1", address)).respond(address, CHANGED)

    @pytest.mark.parametrize("behave", [wire.reset, wire.answering("HTTP/1.1 500 Oops")])
    async def test_a_response_url_that_breaks(self, behave: wire.Behaviour) -> None:
        async with wire.serve(behave) as address, open_session(address) as session:
            messenger = Messenger(WebApi(session, "xoxb-1", address))
            with pytest.raises(SlackCallError) as raised:
                await messenger.replace_original(address, CHANGED)
        assert isinstance(raised.value.failure, Unknown)


class TestAnswers:
    async def test_who_the_bot_is(self, sandbox: Sandbox, messenger: Messenger) -> None:
        identity = await messenger.auth_test()
        assert (identity.team_id, identity.team) == ("T0LUMEN01", "Lumen Coffee")
        assert identity.url == "https://lumen-coffee.slack.com/"
        assert identity.user_id == sandbox.bot_user_id
        assert identity.enterprise_id is None

    async def test_publishes_home(self, sandbox: Sandbox, messenger: Messenger) -> None:
        ada = sandbox.person("ada")
        await messenger.publish_home(ada.id, {"type": "home", "blocks": HELLO.blocks})
        assert ada.home is not None
        assert ada.home["blocks"][0]["text"]["text"] == SECRET

    async def test_a_trigger_that_is_none_opens_nothing(self, messenger: Messenger) -> None:
        with pytest.raises(SlackCallError) as raised:
            await messenger.open_view("1.2.3", MODAL)
        assert raised.value.method == "views.open"
        assert isinstance(raised.value.failure, Refused)


class TestLogging:
    async def test_one_line_with_ids_and_without_words(
        self, sandbox: Sandbox, messenger: Messenger, caplog: pytest.LogCaptureFixture
    ) -> None:
        sandbox.faults.add("chat.postMessage", Fault(error="is_archived"))
        await messenger.post("C0ALERTS1", HELLO, DELIVERY)
        [line] = caplog.records
        assert line.levelno == logging.WARNING
        assert line.getMessage() == (
            "Slack's chat.postMessage failed: "
            "the channel is archived: unarchive it or choose another"
        )
        assert (line.__dict__["code"], line.__dict__["channel"]) == ("is_archived", "C0ALERTS1")
        assert SECRET not in str(line.__dict__)

    async def test_what_works_is_not_worth_a_line(
        self, messenger: Messenger, caplog: pytest.LogCaptureFixture
    ) -> None:
        await messenger.post("C0ALERTS1", HELLO, DELIVERY)
        assert [record for record in caplog.records if record.name.startswith("nps_bot")] == []

    async def test_a_429_is_daily_life(
        self, sandbox: Sandbox, messenger: Messenger, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        sandbox.faults.add("chat.postMessage", Fault(error="ratelimited", retry_after=7))
        await messenger.post("C0ALERTS1", HELLO, DELIVERY)
        [line] = [record for record in caplog.records if record.name.startswith("nps_bot")]
        assert line.levelno == logging.INFO

    async def test_a_method_the_server_lacks_costs_one_line(
        self, sandbox: Sandbox, messenger: Messenger, caplog: pytest.LogCaptureFixture
    ) -> None:
        sandbox.faults.add("views.publish", Fault(error="unknown_method"), times=None)
        sandbox.faults.add("conversations.info", Fault(error="unknown_method"), times=None)
        home = {"type": "home", "blocks": HELLO.blocks}
        for _ in range(3):
            with pytest.raises(SlackCallError):
                await messenger.publish_home("U0ADA0000", home)
            with pytest.raises(SlackCallError):
                await messenger.sharing("C0GENERAL")
        lines = [record.getMessage() for record in caplog.records]
        assert lines == [
            "Slack's views.publish failed: this server does not know the method",
            "Slack's conversations.info failed: this server does not know the method",
        ]
