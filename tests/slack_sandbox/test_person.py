"""What a person can do, and the payloads Slack makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from slack_sandbox import FormError, NotAcknowledgedError, NotThereError, Person, Sandbox
from tests.slack_sandbox.conftest import Caller, ListeningBot
from tests.slack_sandbox.kit import (
    Block,
    actions,
    button,
    field,
    home,
    modal,
    option,
    plain,
    section,
    select,
    text_input,
)


@pytest.fixture
def ada(sandbox: Sandbox) -> Person:
    return sandbox.person("@ada")


async def prompt(call: Caller, *blocks: Block, user: str = "U0ADA0000") -> None:
    shown = blocks or (actions(button("pick_3", "inv")),)
    answer = await call("chat.postMessage", channel=user, text="How?", blocks=list(shown))
    assert answer["ok"], answer


async def opened(call: Caller, ada: Person, view: Block) -> dict[str, Any]:
    """Press a button and open a modal with the trigger of that."""
    await prompt(call)
    trigger_id = ada.action(ada.inbox[-1], "pick_3")["trigger_id"]
    answer = await call("views.open", trigger_id=trigger_id, view=view)
    assert answer["ok"], answer
    shown: dict[str, Any] = answer["view"]
    return shown


def payload_of(bot: ListeningBot) -> dict[str, Any]:
    payload: dict[str, Any] = bot.seen[-1].payload
    return payload


async def test_a_click_in_a_message_has_slack_s_shape(
    call: Caller, bot: ListeningBot, ada: Person
) -> None:
    await prompt(call)
    message = ada.inbox[0]
    await ada.click(message, "pick_3")
    payload = payload_of(bot)
    for name in ("token", "trigger_id", "response_url"):
        assert isinstance(payload.pop(name), str)
    action_ts = payload["actions"][0].pop("action_ts")
    assert action_ts > message.ts
    assert payload == {
        "type": "block_actions",
        "user": {"id": ada.id, "username": "ada", "name": "ada", "team_id": "T0ACME001"},
        "api_app_id": "A0APPBOT1",
        "team": {"id": "T0ACME001", "domain": "acme"},
        "enterprise": None,
        "is_enterprise_install": False,
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": "D0ADA0000",
            "is_ephemeral": False,
        },
        "channel": {"id": "D0ADA0000", "name": "directmessage"},
        "message": {
            "user": "U0APPBOT1",
            "type": "message",
            "ts": message.ts,
            "text": "How?",
            "team": "T0ACME001",
            "bot_id": "B0APPBOT1",
            "app_id": "A0APPBOT1",
            "blocks": message.blocks,
        },
        "state": {"values": {}},
        "actions": [
            {
                "type": "button",
                "action_id": "pick_3",
                "block_id": "row",
                "text": plain("pick_3"),
                "value": "inv",
            }
        ],
    }


async def test_an_ephemeral_message_is_not_sent_along(
    call: Caller, bot: ListeningBot, sandbox: Sandbox
) -> None:
    priya = sandbox.person("priya")
    whisper = {"channel": "C0GENERAL", "user": priya.id, "text": "Share?"}
    await call("chat.postEphemeral", **whisper, blocks=[actions(button("share"))])
    await priya.click(priya.ephemerals("general")[0], "share")
    payload = payload_of(bot)
    assert payload["container"]["is_ephemeral"] is True
    assert payload["channel"] == {"id": "C0GENERAL", "name": "general"}
    assert "message" not in payload


async def test_an_outsider_s_click_carries_both_workspaces(
    call: Caller, bot: ListeningBot, sandbox: Sandbox
) -> None:
    helena = sandbox.person("helena")
    await prompt(call, user=helena.id)
    await helena.click(helena.inbox[0], "pick_3")
    payload = payload_of(bot)
    assert payload["team"]["id"] == "T0ACME001"
    assert payload["user"]["team_id"] == "T0HARBOR1"


async def test_choices_in_a_message(call: Caller, bot: ListeningBot, ada: Person) -> None:
    menu = {"type": "overflow", "action_id": "more", "options": [option("hide"), option("mute")]}
    row = actions(select("pick", "1", "2", initial_option=option("1")), menu)
    await prompt(call, row)
    await ada.choose(ada.inbox[0], {"row": "2"})
    payload = payload_of(bot)
    assert payload["actions"][0]["selected_option"] == option("2")
    chosen = {"type": "static_select", "selected_option": option("2")}
    assert payload["state"]["values"] == {"row": {"pick": chosen}}
    await ada.act(ada.inbox[0], "more", "mute")
    assert payload_of(bot)["actions"][0]["selected_option"] == option("mute")
    with pytest.raises(NotThereError, match="only hide, mute"):
        await ada.act(ada.inbox[0], "more", "burn")


async def test_only_what_is_there_can_be_pressed(
    call: Caller, bot: ListeningBot, ada: Person, sandbox: Sandbox
) -> None:
    await prompt(call)
    message = ada.inbox[0]
    with pytest.raises(NotThereError, match="only: row/pick_3"):
        await ada.click(message, "pick_11")
    with pytest.raises(NotThereError):
        await ada.click(message, "pick_3", block_id="another row")
    with pytest.raises(NotThereError):
        await sandbox.person("kenji").click(message, "pick_3")
    await call("chat.update", channel=message.channel, ts=message.ts, text="Done", blocks=[])
    with pytest.raises(NotThereError, match="only: -"):
        await ada.click(message, "pick_3")
    await call("chat.delete", channel=message.channel, ts=message.ts)
    with pytest.raises(NotThereError, match="not there"):
        await ada.click(message, "pick_3")
    with pytest.raises(NotThereError, match="Did you mean 'ada'"):
        sandbox.person("adaa")
    assert bot.seen == []


async def test_who_says_no_has_not_clicked(call: Caller, bot: ListeningBot, ada: Person) -> None:
    dialog = {
        "title": {"type": "plain_text", "text": "Sure?"},
        "text": {"type": "plain_text", "text": "It is final."},
    }
    row = actions(button("sure", "inv") | {"confirm": dialog}, button("plain", "inv"))
    await prompt(call, row)
    message = ada.inbox[0]
    assert ada.decline(message, "sure")["title"]["text"] == "Sure?"
    with pytest.raises(NotThereError, match="'plain' asks for no confirmation"):
        ada.decline(message, "plain")
    assert bot.seen == []
    await ada.click(message, "sure")
    assert payload_of(bot)["actions"][0]["action_id"] == "sure"


async def test_a_payload_can_be_taken_and_forged(
    call: Caller, bot: ListeningBot, ada: Person, sandbox: Sandbox
) -> None:
    await prompt(call)
    payload = ada.action(ada.inbox[0], "pick_3")
    payload["actions"][0]["value"] = "somebody else's"
    await sandbox.deliver("interactive", payload)
    assert payload_of(bot)["actions"][0]["value"] == "somebody else's"


async def test_a_submission_has_slack_s_shape(call: Caller, bot: ListeningBot, ada: Person) -> None:
    boxes = {"type": "checkboxes", "action_id": "c", "options": [option("a"), option("b")]}
    radio = {"type": "radio_buttons", "action_id": "r", "options": [option("this"), option("all")]}
    view = await opened(
        call,
        ada,
        modal(
            field("reason", text_input()),
            field("more", text_input(), optional=True),
            field("boxes", boxes, optional=True),
            field("which", radio),
            actions(select("s", "1", "2"), select("t", "1"), block_id="selects"),
            private_metadata="inv",
        ),
    )
    answer = await ada.submit(
        None,
        {
            "reason": "Late",
            "boxes": ["a", "b"],
            "which": "all",
            "selects": {"s": "2", "t": "1"},
        },
    )
    assert answer == {}
    payload = payload_of(bot)
    assert payload["type"] == "view_submission"
    assert payload["response_urls"] == []
    sent = payload["view"]
    assert (sent["id"], sent["private_metadata"], sent["hash"]) == (
        view["id"],
        "inv",
        view["hash"],
    )
    text = "plain_text_input"
    assert sent["state"]["values"] == {
        "reason": {"reply": {"type": text, "value": "Late"}},
        "more": {"reply": {"type": text, "value": None}},
        "boxes": {"c": {"type": "checkboxes", "selected_options": [option("a"), option("b")]}},
        "which": {"r": {"type": "radio_buttons", "selected_option": option("all")}},
        "selects": {
            "s": {"type": "static_select", "selected_option": option("2")},
            "t": {"type": "static_select", "selected_option": option("1")},
        },
    }
    assert view["state"]["values"]["reason"]["reply"]["value"] is None
    with pytest.raises(NotThereError, match="no modal open"):
        await ada.submit(None, {})
    with pytest.raises(NotThereError, match="not on the screen"):
        await ada.submit(view, {"reason": "Again"})


async def test_a_form_slack_would_not_send_stays(
    call: Caller, bot: ListeningBot, ada: Person
) -> None:
    inputs = (
        field("reason", text_input(min_length=3, max_length=5)),
        field("pick", select("pick", "1")),
    )
    await opened(call, ada, modal(*inputs))
    for values, errors in (
        ({}, {"reason": "Please complete this required field.",
              "pick": "Please complete this required field."}),
        ({"reason": "ab", "pick": "1"}, {"reason": "Please enter at least 3 characters."}),
        ({"reason": "abcdef"}, {"reason": "Please enter no more than 5 characters."}),
    ):  # fmt: skip
        with pytest.raises(FormError) as refused:
            await ada.submit(None, values)
        assert refused.value.errors == errors
    with pytest.raises(NotThereError, match="no option '7'"):
        await ada.submit(None, {"pick": "7"})
    with pytest.raises(NotThereError, match="nothing called other"):
        await ada.submit(None, {"other": "x"})
    assert bot.seen == []
    await ada.submit(None, {"reason": "abcd"})
    assert ada.modal is None


class TestAnswersToASubmission:
    """What the bot's response_action does to the screen."""

    @pytest.fixture(autouse=True)
    async def form(self, call: Caller, ada: Person) -> None:
        await opened(call, ada, modal(field("reason", text_input(), optional=True)))

    def title(self, ada: Person) -> str | None:
        return ada.modal["title"]["text"] if ada.modal else None

    async def test_errors(self, bot: ListeningBot, ada: Person) -> None:
        bot.answer = lambda _: {"response_action": "errors", "errors": {"reason": "Too short"}}
        answer = await ada.submit(None, {"reason": "x"})
        assert answer["errors"] == {"reason": "Too short"}
        assert ada.modal is not None
        assert ada.modal["state"]["values"]["reason"]["reply"]["value"] == "x"

    async def test_errors_must_name_inputs(self, bot: ListeningBot, ada: Person) -> None:
        for errors in ({"other": "?"}, {}, None):
            bot.answer = lambda _, errors=errors: {"response_action": "errors", "errors": errors}  # type: ignore[misc] # mypy cannot infer a lambda with a default
            with pytest.raises(NotAcknowledgedError, match="name no input"):
                await ada.submit(None, {})

    async def test_update_push_and_clear(self, bot: ListeningBot, ada: Person) -> None:
        first = ada.modal
        assert first is not None
        update = modal(title=plain("Updated"))
        bot.answer = lambda _: {"response_action": "update", "view": update}
        await ada.submit(None, {})
        assert self.title(ada) == "Updated"
        assert ada.modal is not None
        assert ada.modal["id"] == first["id"]
        push = modal(title=plain("Pushed"))
        bot.answer = lambda _: {"response_action": "push", "view": push}
        await ada.submit(None, {})
        assert self.title(ada) == "Pushed"
        assert ada.modal["previous_view_id"] == ada.modal["root_view_id"] == first["id"]
        bot.answer = lambda _: {"response_action": "clear"}
        await ada.submit(None, {})
        assert ada.modal is None

    async def test_a_view_that_slack_refuses(self, bot: ListeningBot, ada: Person) -> None:
        wrong = modal(title=plain("x" * 25))
        bot.answer = lambda _: {"response_action": "update", "view": wrong}
        with pytest.raises(NotAcknowledgedError, match="must be less than 25 characters"):
            await ada.submit(None, {})
        bot.answer = lambda _: {"response_action": "explode"}
        with pytest.raises(NotAcknowledgedError, match="explode"):
            await ada.submit(None, {})
        assert self.title(ada) == "Thank you"


async def test_a_closed_modal_is_told_of_where_asked(
    call: Caller, bot: ListeningBot, ada: Person
) -> None:
    await opened(call, ada, modal())
    assert await ada.close_modal() is None
    view = await opened(call, ada, modal(notify_on_close=True))
    await ada.close_modal(view)
    payload = payload_of(bot)
    assert (payload["type"], payload["is_cleared"]) == ("view_closed", False)
    assert payload["view"]["id"] == view["id"]
    assert ada.modal is None


async def test_choices_in_a_modal_are_told_where_slack_tells_them(
    call: Caller, bot: ListeningBot, ada: Person
) -> None:
    quiet, loud = select("quiet", "1", "2"), select("loud", "1", "2")
    await opened(
        call,
        ada,
        modal(
            field("quiet", quiet),
            field("loud", loud, dispatch_action=True),
            {**section("Pick"), "block_id": "side", "accessory": select("side", "1")},
        ),
    )
    assert ada.modal is not None
    assert await ada.choose(ada.modal, {"quiet": "2"}) is None
    await ada.choose(ada.modal, {"loud": "1", "side": "1"})
    told = [request.payload["actions"][0]["action_id"] for request in bot.seen]
    assert told == ["loud", "side"]
    payload = payload_of(bot)
    assert payload["container"] == {"type": "view", "view_id": ada.modal["id"]}
    assert "response_url" not in payload
    chosen = payload["view"]["state"]["values"]
    assert chosen["quiet"]["quiet"]["selected_option"]["value"] == "2"


async def test_home_is_opened_and_pressed(call: Caller, bot: ListeningBot, ada: Person) -> None:
    await ada.open_home()
    event = payload_of(bot)
    assert event["type"] == "event_callback"
    assert event["event"] | {"event_ts": ""} == {
        "type": "app_home_opened",
        "user": ada.id,
        "channel": "D0ADA0000",
        "tab": "home",
        "event_ts": "",
    }
    assert "view" not in event["event"]
    await call("views.publish", user_id=ada.id, view=home(actions(button("home_change"))))
    assert ada.home is not None
    await ada.click(ada.home, "home_change")
    assert payload_of(bot)["view"]["type"] == "home"
    await ada.open_home()
    assert payload_of(bot)["event"]["view"]["id"] == ada.home["id"]


async def test_outsiders_have_neither_commands_nor_home(sandbox: Sandbox) -> None:
    helena = sandbox.person("helena")
    with pytest.raises(NotThereError, match="cannot use slash commands"):
        await helena.command("/app", "report", channel="ext-harbor")
    with pytest.raises(NotThereError, match="do not see this app's Home"):
        await helena.open_home()


async def test_commands_are_the_manifest_s_and_channels_one_s_own(
    sandbox: Sandbox, bot: ListeningBot, ada: Person
) -> None:
    with pytest.raises(NotThereError, match="not a valid command"):
        await ada.command("/poll")
    with pytest.raises(NotThereError, match="is not in #leadership"):
        await ada.command("/app", channel="leadership")
    with pytest.raises(NotThereError, match="does not take messages"):
        ada.say(sandbox.workspace.dm("ada"), "Hello?")
    assert bot.seen == []
    await ada.command("/app", "help")
    assert payload_of(bot)["channel_name"] == "directmessage"


async def test_an_answer_to_a_command_that_slack_refuses(bot: ListeningBot, ada: Person) -> None:
    bot.answer = lambda _: {"text": "Hi", "blocks": [section("")]}
    with pytest.raises(NotAcknowledgedError, match="invalid_blocks"):
        await ada.command("/app")
