"""Blocks the tests send."""

from __future__ import annotations

from typing import Any

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, value: str = "v") -> Block:
    return {"type": "button", "action_id": action_id, "text": plain(action_id), "value": value}


def actions(*elements: Block, block_id: str = "row") -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(value: str) -> Block:
    return {"text": plain(f"Option {value}"), "value": value}


def select(action_id: str, *values: str, **more: Any) -> Block:
    options = [option(value) for value in values]
    return {"type": "static_select", "action_id": action_id, "options": options, **more}


def text_input(action_id: str = "reply", **more: Any) -> Block:
    return {"type": "plain_text_input", "action_id": action_id, **more}


def field(block_id: str, element: Block, **more: Any) -> Block:
    label = plain(block_id)
    return {"type": "input", "block_id": block_id, "label": label, "element": element, **more}


def modal(*blocks: Block, **more: Any) -> Block:
    view = {"type": "modal", "title": plain("Thank you"), "submit": plain("Send")}
    return {**view, "callback_id": "followup", "blocks": list(blocks), **more}


def home(*blocks: Block, **more: Any) -> Block:
    return {"type": "home", "blocks": list(blocks), **more}


def chart(kind: str = "line", **more: Any) -> Block:
    series = [
        {"name": "App", "data": [{"label": "May", "value": -5}, {"label": "Jun", "value": 12.5}]}
    ]
    inner = {"type": kind, "series": series, "axis_config": {"categories": ["May", "Jun"]}, **more}
    return {"type": "data_visualization", "title": "Sales by month", "chart": inner}
