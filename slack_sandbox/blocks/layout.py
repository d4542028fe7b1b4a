"""Blocks, by the surface they may stand on.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from typing import Any

from slack_sandbox.blocks.charts import DATA_VISUALIZATION
from slack_sandbox.blocks.checks import (
    Check,
    Problem,
    Problems,
    Where,
    anything,
    array,
    boolean,
    by_type,
    choice,
    integer,
    shape,
    string,
)
from slack_sandbox.blocks.elements import (
    ACCESSORY,
    ACTION_ELEMENT,
    IMAGE,
    INPUT_ELEMENT,
    SLACK_FILE,
)
from slack_sandbox.blocks.objects import BLOCK_ID, URL, plain, rich

_ID: dict[str, Check] = {"block_id": BLOCK_ID}


def _says_something(block: dict[str, Any], where: Where, problems: Problems) -> None:
    if "text" not in block and "fields" not in block:
        problems.append(Problem(where, "must define either `text` or `fields`"))


_SECTION = shape(
    {"type": anything},
    _ID
    | {
        "text": rich(3000),
        "fields": array(rich(2000), 10),
        "accessory": ACCESSORY,
        "expand": boolean,
    },
    also=_says_something,
)


def _one_source(block: dict[str, Any], where: Where, problems: Problems) -> None:
    if ("image_url" in block) is ("slack_file" in block):
        problems.append(Problem(where, "must define either `image_url` or `slack_file`"))


_IMAGE_BLOCK = shape(
    {"type": anything, "alt_text": string(2000, 0)},
    _ID | {"image_url": URL, "slack_file": SLACK_FILE, "title": plain(2000)},
    also=_one_source,
)

_CONTEXT_TEXT = rich(3000)


def _context_element(value: Any, where: Where, problems: Problems) -> None:
    is_image = isinstance(value, dict) and value.get("type") == "image"
    (IMAGE if is_image else _CONTEXT_TEXT)(value, where, problems)


_STYLE = shape({}, dict.fromkeys(("bold", "italic", "strike", "code"), boolean))
_RICH_PIECE = by_type(
    {
        "text": shape({"type": anything, "text": string(3000)}, {"style": _STYLE}),
        "link": shape({"type": anything, "url": URL}, {"text": string(3000), "style": _STYLE}),
        "emoji": shape({"type": anything, "name": string(255)}),
        "user": shape({"type": anything, "user_id": string(32)}, {"style": _STYLE}),
        "channel": shape({"type": anything, "channel_id": string(32)}, {"style": _STYLE}),
    }
)
_PIECES: dict[str, Check] = {"type": anything, "elements": array(_RICH_PIECE, 1000, 0)}
_RICH_SECTION = shape(_PIECES)
_RICH_ELEMENT = by_type(
    {
        "rich_text_section": _RICH_SECTION,
        "rich_text_quote": shape(_PIECES, {"border": integer(0, 1)}),
        "rich_text_preformatted": shape(_PIECES, {"border": integer(0, 1)}),
        "rich_text_list": shape(
            {
                "type": anything,
                "style": choice("bullet", "ordered"),
                "elements": array(by_type({"rich_text_section": _RICH_SECTION}), 1000),
            },
            {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
        ),
    }
)

_EVERYWHERE: dict[str, Check] = {
    "section": _SECTION,
    "header": shape({"type": anything, "text": plain(150)}, _ID),
    "divider": shape({"type": anything}, _ID),
    "context": shape({"type": anything, "elements": array(_context_element, 10)}, _ID),
    "actions": shape({"type": anything, "elements": array(ACTION_ELEMENT, 25)}, _ID),
    "image": _IMAGE_BLOCK,
    "rich_text": shape({"type": anything, "elements": array(_RICH_ELEMENT, 1000)}, _ID),
    "input": shape(
        {"type": anything, "label": plain(2000), "element": INPUT_ELEMENT},
        _ID | {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
}

MESSAGE_BLOCKS = array(by_type(_EVERYWHERE | {"data_visualization": DATA_VISUALIZATION}), 50, 0)
MESSAGE_BLOCKS_WITHOUT_CHARTS = array(by_type(_EVERYWHERE), 50, 0)
VIEW_BLOCKS = array(by_type(_EVERYWHERE), 100, 0)
