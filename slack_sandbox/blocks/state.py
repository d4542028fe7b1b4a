"""What people chose and typed: the ``state`` of a message or view."""

from __future__ import annotations

from typing import Any

from slack_sandbox.blocks import Blocks, interactive
from slack_sandbox.blocks.objects import options_of
from slack_sandbox.errors import NotThereError

Values = dict[str, dict[str, dict[str, Any]]]
Given = str | list[str] | None
"""What a person enters: a text, the value of an option, or the values of several."""


def initial_values(blocks: Blocks, before: Values | None = None) -> Values:
    """Return the state of freshly shown blocks, by block_id and action_id.

    ``before`` is the state of the view they replace: what was entered in an element that keeps its
    block_id, action_id and type stays, as in Slack.
    """
    values: Values = {}
    for block, element in interactive(blocks):
        entry = _initial(element)
        if entry is None:
            continue
        block_id, action_id = block["block_id"], element["action_id"]
        kept = (before or {}).get(block_id, {}).get(action_id)
        if kept is not None and kept["type"] == entry["type"]:
            entry = kept
        values.setdefault(block_id, {})[action_id] = entry
    return values


def _initial(element: dict[str, Any]) -> dict[str, Any] | None:
    kind = element["type"]
    if kind == "plain_text_input":
        return {"type": kind, "value": element.get("initial_value") or None}
    if kind in {"static_select", "radio_buttons"}:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind == "checkboxes":
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    return None


def entered(element: dict[str, Any], given: Given) -> dict[str, Any]:
    """Return the state of an element after a person entered ``given``; raise NotThereError."""
    kind = element["type"]
    if kind == "plain_text_input":
        if isinstance(given, list):
            raise NotThereError(f"'{element['action_id']}' takes a text, not a list.")
        return {"type": kind, "value": given or None}
    if kind == "checkboxes":
        values = [given] if isinstance(given, str) else given or []
        return {"type": kind, "selected_options": [_option(element, value) for value in values]}
    if isinstance(given, list):
        raise NotThereError(f"'{element['action_id']}' takes one option, not a list.")
    return {"type": kind, "selected_option": _option(element, given) if given else None}


def _option(element: dict[str, Any], value: str) -> dict[str, Any]:
    for option in options_of(element):
        if option["value"] == value:
            return option
    allowed = ", ".join(option["value"] for option in options_of(element))
    raise NotThereError(f"'{element['action_id']}' has no option '{value}', only {allowed}.")


def form_errors(blocks: Blocks, values: Values) -> dict[str, str]:
    """Return why Slack would not send a form: block_id -> sentence; empty when it would."""
    errors: dict[str, str] = {}
    for block, element in interactive(blocks):
        if block["type"] == "input":
            entry = values[block["block_id"]][element["action_id"]]
            sentence = _complaint(block, element, entry)
            if sentence is not None:
                errors[block["block_id"]] = sentence
    return errors


def _complaint(block: dict[str, Any], element: dict[str, Any], entry: dict[str, Any]) -> str | None:
    content = entry.get("value") or entry.get("selected_option") or entry.get("selected_options")
    if not content:
        return None if block.get("optional") else "Please complete this required field."
    if element["type"] != "plain_text_input":
        return None
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(content) < least:
        return f"Please enter at least {least} characters."
    if len(content) > most:
        return f"Please enter no more than {most} characters."
    return None
