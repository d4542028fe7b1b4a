"""views.*: modals and Home, as the bot opens and changes them."""

from __future__ import annotations

from typing import Any

import pytest

from slack_sandbox import Person
from tests.slack_sandbox.conftest import Caller
from tests.slack_sandbox.kit import (
    Block,
    actions,
    button,
    field,
    home,
    modal,
    plain,
    section,
    text_input,
)


@pytest.fixture
async def ada(call: Caller) -> Person:
    """Somebody with a button to press."""
    blocks = [actions(button("go"))]
    await call("chat.postMessage", channel="U0ADA0000", text="Go", blocks=blocks)
    return call.sandbox.person("ada")


def trigger(ada: Person) -> str:
    pressed: str = ada.action(ada.inbox[0], "go")["trigger_id"]
    return pressed


async def open_modal(call: Caller, ada: Person, view: Block) -> dict[str, Any]:
    answer = await call("views.open", trigger_id=trigger(ada), view=view)
    assert answer["ok"], answer
    shown: dict[str, Any] = answer["view"]
    return shown


async def test_an_opened_view_has_slack_s_shape(call: Caller, ada: Person) -> None:
    inputs = field("reason", text_input(initial_value="Late"))
    view = await open_modal(call, ada, modal(inputs, private_metadata="inv"))
    assert view.pop("id") == view.pop("root_view_id")
    assert view.pop("hash")
    text = {"type": "plain_text_input", "value": "Late"}
    assert view == {
        "team_id": "T0ACME001",
        "type": "modal",
        "blocks": [inputs],
        "private_metadata": "inv",
        "callback_id": "followup",
        "state": {"values": {"reason": {"reply": text}}},
        "title": plain("Thank you"),
        "clear_on_close": False,
        "notify_on_close": False,
        "close": None,
        "submit": plain("Send"),
        "previous_view_id": None,
        "app_id": "A0APPBOT1",
        "external_id": "",
        "app_installed_team_id": "T0ACME001",
        "bot_id": "B0APPBOT1",
    }


async def test_a_trigger_opens_one_modal(call: Caller, ada: Person) -> None:
    used = trigger(ada)
    assert (await call("views.open", trigger_id=used, view=modal()))["ok"] is True
    again = {"trigger_id": used, "view": modal()}
    assert await call.error("views.open", **again) == "exchanged_trigger_id"
    invented = {"trigger_id": "1.2.abc", "view": modal()}
    assert await call.error("views.open", **invented) == "invalid_trigger_id"
    assert await call.error("views.open", view=modal()) == "invalid_arguments"


@pytest.mark.parametrize("view", [None, "{", [], {}, home(), modal(section(""))])
async def test_a_view_must_be_a_right_modal(call: Caller, ada: Person, view: Any) -> None:
    answer = await call("views.open", trigger_id=trigger(ada), view=view)
    assert answer["error"] == "invalid_arguments"
    assert ada.modal is None


async def test_a_view_is_refused_with_reasons(call: Caller, ada: Person) -> None:
    wrong = modal(title=plain("x" * 25), private_metadata="x" * 3001)
    answer = await call("views.open", trigger_id=trigger(ada), view=wrong)
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
        "[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ]


async def test_a_view_can_be_too_large(call: Caller, ada: Person) -> None:
    large = modal(*(section("x" * 3000) for _ in range(90)))
    error = await call.error("views.open", trigger_id=trigger(ada), view=large)
    assert error == "view_too_large"


async def test_at_most_three_views_lie_on_one_another(call: Caller, ada: Person) -> None:
    lonely = {"trigger_id": trigger(ada), "view": modal()}
    assert await call.error("views.push", **lonely) == "not_found"
    first = await open_modal(call, ada, modal(title=plain("1")))
    for number in ("2", "3"):
        view = modal(title=plain(number))
        answer = await call("views.push", trigger_id=trigger(ada), view=view)
        assert answer["view"]["root_view_id"] == first["id"]
    fourth = {"trigger_id": trigger(ada), "view": modal()}
    assert await call.error("views.push", **fourth) == "push_limit_reached"
    titles = []
    while ada.modal is not None:
        titles.append(ada.modal["title"]["text"])
        await ada.close_modal()
    assert titles == ["3", "2", "1"]


async def test_an_update_keeps_what_was_typed_where_ids_stay(call: Caller, ada: Person) -> None:
    view = await open_modal(call, ada, modal(field("why", text_input()), field("x", text_input())))
    ada.fill_in(view, {"why": "Late", "x": "gone"})
    newer = modal(field("why", text_input()), field("y", text_input()), title=plain("New"))
    answer = await call("views.update", view_id=view["id"], hash=view["hash"], view=newer)
    updated = answer["view"]
    assert (updated["id"], updated["title"]["text"]) == (view["id"], "New")
    values = updated["state"]["values"]
    assert values["why"]["reply"]["value"] == "Late"
    assert values["y"]["reply"]["value"] is None
    assert "x" not in values
    stale = {"view_id": view["id"], "hash": view["hash"], "view": newer}
    assert await call.error("views.update", **stale) == "hash_conflict"


async def test_a_view_that_is_closed_cannot_be_updated(call: Caller, ada: Person) -> None:
    view = await open_modal(call, ada, modal())
    await ada.close_modal()
    closed = {"view_id": view["id"], "view": modal()}
    assert await call.error("views.update", **closed) == "not_found"
    assert await call.error("views.update", view=modal()) == "invalid_arguments"


async def test_an_external_id_names_one_view(call: Caller, ada: Person) -> None:
    await open_modal(call, ada, modal(external_id="mine"))
    again = {"trigger_id": trigger(ada), "view": modal(external_id="mine")}
    assert await call.error("views.open", **again) == "duplicate_external_id"
    newer = modal(title=plain("New"), external_id="mine")
    answer = await call("views.update", external_id="mine", view=newer)
    assert answer["view"]["title"]["text"] == "New"
    unknown = {"external_id": "yours", "view": modal()}
    assert await call.error("views.update", **unknown) == "not_found"


async def test_home_is_published_again_under_the_same_id(call: Caller, ada: Person) -> None:
    publish = {"user_id": ada.id, "view": home(section("One"))}
    first = (await call("views.publish", **publish))["view"]
    publish["view"] = home(section("Two"))
    second = (await call("views.publish", **publish, hash=first["hash"]))["view"]
    assert second["id"] == first["id"]
    assert ada.home is not None
    assert ada.home["blocks"][0]["text"]["text"] == "Two"
    assert await call.error("views.publish", **publish, hash=first["hash"]) == "hash_conflict"
    publish["view"] = modal()
    assert await call.error("views.publish", **publish) == "invalid_arguments"
    for nobody in ("U0NOBODY0", "U0ROWAN01", "U0POLLY01"):
        wrong = {"user_id": nobody, "view": home()}
        assert await call.error("views.publish", **wrong) == "user_not_found"
