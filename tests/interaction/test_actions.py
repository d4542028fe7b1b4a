"""All buttons, modals and events: each says all of itself, and no two are one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nps_bot
from nps_bot.app.listeners import ACTIONS
from nps_bot.interaction.actions import Action, Event, Modal, OwnerAction, Who
from nps_bot.slack.payloads import MalformedPayloadError, Origin

BUTTONS = [one for one in ACTIONS if isinstance(one, Action | OwnerAction)]
MODALS = [one for one in ACTIONS if isinstance(one, Modal)]
EVENTS = [one for one in ACTIONS if isinstance(one, Event)]
PRESSED = Origin("UADA", "trigger", None, None, in_home=False)

GARBAGE: list[Any] = [
    None,
    "",
    "X!",
    "0" * 31,
    "0" * 33,
    7,
    [],
    {},
    '{"survey_key": 1}',
    '{"survey_key": "customer", "nominal": "now", "people": 1}',
    "[" * 10_000,
]


def text(id_: str | re.Pattern[str]) -> str:
    return id_ if isinstance(id_, str) else id_.pattern


def pressed(action_id: str, value: Any) -> dict[str, Any]:
    action = {"action_id": action_id, "value": value, "action_ts": "1.000000"}
    return {"type": "block_actions", "actions": [action], "channel": {"id": "C1"}}


def test_no_two_have_one_id() -> None:
    ids = [text(one.id) for one in BUTTONS]
    assert len(set(ids)) == len(ids) == len(BUTTONS)
    assert len({modal.id for modal in MODALS}) == len(MODALS)
    assert len({event.name for event in EVENTS}) == len(EVENTS)


def test_every_button_says_who_may_press_it() -> None:
    for one in BUTTONS:
        assert isinstance(one.who, Who), text(one.id)
    owners = {text(one.id) for one in BUTTONS if one.who is Who.MANAGER}
    assert owners == {text(one.id) for one in BUTTONS if isinstance(one, OwnerAction)}


def test_only_scores_go_round_bolts_search() -> None:
    assert [text(one.id) for one in BUTTONS if one.busiest] == [r"\Ascore_([0-9]|10)\Z"]


@pytest.mark.parametrize("value", GARBAGE, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("button", BUTTONS, ids=lambda button: text(button.id))
def test_a_button_refuses_what_ours_never_carry(
    button: Action[Any] | OwnerAction[Any], value: Any
) -> None:
    with pytest.raises(MalformedPayloadError):
        button.decode(pressed("score_11", value), PRESSED)


@pytest.mark.parametrize("modal", MODALS, ids=lambda modal: modal.id)
@given(metadata=st.none() | st.text() | st.integers(), state=st.none() | st.text())
def test_a_modal_refuses_what_ours_never_carry(
    modal: Modal[Any], metadata: Any, state: Any
) -> None:
    view = {"private_metadata": metadata, "state": {"values": state}}
    with pytest.raises(MalformedPayloadError):
        modal.decode({"type": "view_submission", "user": {"id": "UADA"}, "view": view})


def test_each_is_shown_by_some_view() -> None:
    """An id that no view writes is a button nobody can press."""
    room = Path(nps_bot.__file__).parent
    views = "".join(
        path.read_text(encoding="utf-8")
        for path in [*room.rglob("views/*.py"), *room.rglob("views.py")]
    )
    for one in [*BUTTONS, *MODALS]:
        bare = text(one.id).replace(r"\A", "").replace(r"\Z", "")
        # Views put some ids together: channel_ and score_3.
        assert all(part in views for part in re.findall(r"[a-z]{3,}", bare)), bare
