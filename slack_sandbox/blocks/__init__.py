"""Block Kit: is it what Slack would take, and what in it can be pressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slack_sandbox.blocks.charts import CHARTS_IN_A_MESSAGE
from slack_sandbox.blocks.checks import (
    Check,
    Problem,
    Problems,
    Where,
    anything,
    boolean,
    by_type,
    shape,
    string,
)
from slack_sandbox.blocks.layout import MESSAGE_BLOCKS, MESSAGE_BLOCKS_WITHOUT_CHARTS, VIEW_BLOCKS
from slack_sandbox.blocks.objects import plain

Blocks = list[dict[str, Any]]


def problems_in_message(blocks: Any, where: str = "/blocks", *, charts: bool = True) -> Problems:
    """Return what Slack would refuse in a message's blocks; empty when they are right.

    Arguments:
        blocks: what was sent as ``blocks``, decoded.
        where: the JSON pointer of ``blocks``.
        charts: whether the workspace knows ``data_visualization``.
    """
    problems: Problems = []
    (MESSAGE_BLOCKS if charts else MESSAGE_BLOCKS_WITHOUT_CHARTS)(blocks, where, problems)
    if not problems:
        _check_together(blocks, where, problems)
    return problems


def problems_in_view(view: Any, where: str = "/view") -> Problems:
    """Return what Slack would refuse in a modal or Home view; empty when it is right."""
    problems: Problems = []
    _VIEW(view, where, problems)
    if not problems:
        _check_together(view["blocks"], (where, "blocks"), problems)
    return problems


_VIEW_COMMON: dict[str, Check] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}


def _inputs_need_submit(view: dict[str, Any], where: Where, problems: Problems) -> None:
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        problems.append(Problem(where, "missing required field: submit"))


_VIEW = by_type(
    {
        "modal": shape(
            {"type": anything, "title": plain(24), "blocks": VIEW_BLOCKS},
            _VIEW_COMMON
            | {
                "submit": plain(24),
                "close": plain(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
            },
            also=_inputs_need_submit,
        ),
        "home": shape({"type": anything, "blocks": VIEW_BLOCKS}, _VIEW_COMMON),
    }
)


def _check_together(blocks: Blocks, where: Where, problems: Problems) -> None:
    """Check what holds between blocks: ids used once, at most two charts."""
    seen: set[str] = set()
    charts = 0
    for index, block in enumerate(blocks):
        charts += block["type"] == "data_visualization"
        block_id = block.get("block_id")
        if block_id is not None:
            if block_id in seen:
                place = ((where, index), "block_id")
                problems.append(Problem(place, f"`block_id` already exists: {block_id}"))
            seen.add(block_id)
        if block["type"] == "actions":
            _check_action_ids(block["elements"], ((where, index), "elements"), problems)
    if charts > CHARTS_IN_A_MESSAGE:
        problems.append(
            Problem(where, f"no more than {CHARTS_IN_A_MESSAGE} data_visualization blocks allowed")
        )


def _check_action_ids(elements: Blocks, where: Where, problems: Problems) -> None:
    seen: set[str] = set()
    for index, element in enumerate(elements):
        action_id = element.get("action_id")
        if action_id is not None:
            if action_id in seen:
                place = ((where, index), "action_id")
                problems.append(Problem(place, f"`action_id` already exists: {action_id}"))
            seen.add(action_id)


def interactive(blocks: Blocks) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each block with each of its elements a person can press, choose or type into."""
    for block in blocks:
        kind = block["type"]
        if kind == "actions":
            for element in block["elements"]:
                yield block, element
        elif kind == "input":
            yield block, block["element"]
        elif kind == "section" and "accessory" in block and "action_id" in block["accessory"]:
            yield block, block["accessory"]
