"""Block Kit's limits, each at its edge, refused with the reason and the place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slack_sandbox.blocks import problems_in_message, problems_in_view
from slack_sandbox.blocks.ids import with_ids
from tests.slack_sandbox.kit import (
    Block,
    actions,
    button,
    chart,
    field,
    home,
    modal,
    option,
    plain,
    section,
    select,
    text_input,
)


def complaints(*blocks: Any) -> list[str]:
    return [str(problem) for problem in problems_in_message(list(blocks))]


def view_complaints(view: Any) -> list[str]:
    return [str(problem) for problem in problems_in_view(view)]


def with_text(text: str) -> Block:
    return button("a") | {"text": plain(text)}


CONFIRM = {
    "title": plain("Sure?"),
    "text": {"type": "mrkdwn", "text": "*Really*"},
    "confirm": plain("Yes"),
    "deny": plain("No"),
    "style": "danger",
}
IMAGE = {"type": "image", "image_url": "https://acme.example/a.png", "alt_text": "A chart"}
EVERYTHING: list[Block] = [
    section("Hello"),
    {
        "type": "section",
        "fields": [plain("a"), {"type": "mrkdwn", "text": "*b*", "verbatim": True}],
    },
    {**section("With a button"), "accessory": button("more") | {"confirm": CONFIRM}},
    {**section("With a picture"), "accessory": IMAGE},
    {"type": "header", "text": plain("Report"), "block_id": "head"},
    {"type": "divider"},
    {"type": "context", "elements": [IMAGE, plain("n = 42")]},
    {**IMAGE, "title": plain("Trend"), "block_id": "picture"},
    actions(
        button("go")
        | {"style": "primary", "accessibility_label": "Go on", "url": "https://a.example"},
        select("pick", "1", "2", initial_option=option("2"), placeholder=plain("Pick")),
        {
            "type": "static_select",
            "action_id": "g",
            "option_groups": [
                {"label": plain("Low"), "options": [option("0")]},
                {"label": plain("High"), "options": [option("10")]},
            ],
            "initial_option": option("10"),
        },
        {"type": "radio_buttons", "action_id": "r", "options": [option("a"), option("b")]},
        {
            "type": "checkboxes",
            "action_id": "c",
            "options": [option("a")],
            "initial_options": [option("a")],
        },
        {
            "type": "overflow",
            "action_id": "o",
            "options": [option("x") | {"url": "https://a.example"}],
        },
    ),
    field("why", text_input(multiline=True, min_length=1, max_length=3000), hint=plain("Optional")),
    chart("line"),
    {
        "type": "data_visualization",
        "title": "Bands",
        "chart": {"type": "pie", "segments": [{"label": "Promoters", "value": 3}]},
    },
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "Hi", "style": {"bold": True}},
                            {"type": "user", "user_id": "U1"},
                        ],
                    }
                ],
            }
        ],
    },
]


def test_every_block_the_bot_may_use_is_taken() -> None:
    assert complaints(*EVERYTHING) == []


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (
            section("x" * 3001),
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        (
            {"type": "section", "fields": [plain("a")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            {"type": "header", "text": plain("x" * 151)},
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "a"}},
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        (
            actions(with_text("x" * 76)),
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            actions(button("a", "x" * 2001)),
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            actions(button("a") | {"accessibility_label": "x" * 76}),
            (
                "must be less than 76 characters"
                " [json-pointer:/blocks/0/elements/0/accessibility_label]"
            ),
        ),
        (
            actions(button("a") | {"action_id": "x" * 256}),
            "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        (
            actions(button("a") | {"style": "warning"}),
            "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            actions(button("a") | {"colour": "red"}),
            "invalid additional property: colour [json-pointer:/blocks/0/elements/0]",
        ),
        (
            actions(*(button(str(n)) for n in range(26))),
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (actions(), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        (
            actions(button("a"), button("a")),
            "`action_id` already exists: a [json-pointer:/blocks/0/elements/1/action_id]",
        ),
        (
            actions(button("a"), block_id="x" * 256),
            "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
        ),
        (
            actions(text_input()),
            "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            {"type": "context", "elements": [plain("a")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            actions(select("s", *map(str, range(101)))),
            "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            actions(select("s", "1", initial_option=option("2"))),
            (
                "initial_option must match one of the provided options"
                " [json-pointer:/blocks/0/elements/0/initial_option]"
            ),
        ),
        (
            actions(select("s", "1", "1")),
            "option values must be unique [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            actions(select("s", "1", placeholder=plain("x" * 151))),
            "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]",
        ),
        (
            actions(
                {"type": "overflow", "action_id": "o", "options": [option(c) for c in "abcdef"]}
            ),
            "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
        ),
        (
            actions(button("a") | {"confirm": CONFIRM | {"title": plain("x" * 101)}}),
            (
                "must be less than 101 characters"
                " [json-pointer:/blocks/0/elements/0/confirm/title/text]"
            ),
        ),
        (
            actions(button("a") | {"confirm": CONFIRM | {"confirm": plain("x" * 31)}}),
            (
                "must be less than 31 characters"
                " [json-pointer:/blocks/0/elements/0/confirm/confirm/text]"
            ),
        ),
        (
            field("f", text_input(max_length=3001)),
            "must be at most 3000 [json-pointer:/blocks/0/element/max_length]",
        ),
        (
            field("f", text_input(min_length=5, max_length=4)),
            "min_length must not be greater than max_length [json-pointer:/blocks/0/element]",
        ),
        (
            field("f", text_input()) | {"label": plain("x" * 2001)},
            "must be less than 2001 characters [json-pointer:/blocks/0/label/text]",
        ),
        (
            field("f", button("a")),
            "unsupported type: button [json-pointer:/blocks/0/element/type]",
        ),
        (
            {"type": "image", "image_url": "https://a.example/a.png"},
            "missing required field: alt_text [json-pointer:/blocks/0]",
        ),
        ({"type": "table"}, "unsupported type: table [json-pointer:/blocks/0/type]"),
        ({"text": "x"}, "missing required field: type [json-pointer:/blocks/0]"),
        ("text", "must provide an object [json-pointer:/blocks/0]"),
        (
            chart("line") | {"title": "x" * 51},
            "must be less than 51 characters [json-pointer:/blocks/0/title]",
        ),
        (
            chart("bar", series=[]),
            "no fewer than 1 items allowed [json-pointer:/blocks/0/chart/series]",
        ),
        (
            chart("area", axis_config={"categories": ["May", "July"]}),
            "labels must match axis_config categories [json-pointer:/blocks/0/chart/series/0/data]",
        ),
        (
            chart("line", axis_config={"categories": [str(n) for n in range(21)]}),
            "no more than 20 items allowed [json-pointer:/blocks/0/chart/axis_config/categories]",
        ),
        (chart("radar"), "unsupported type: radar [json-pointer:/blocks/0/chart/type]"),
    ],
)
def test_what_slack_refuses_is_refused_with_reason_and_place(block: Any, complaint: str) -> None:
    assert complaints(block) == [complaint]


def test_a_pie_has_no_empty_slices() -> None:
    pie = {"type": "pie", "segments": [{"label": "Promoters", "value": 0}]}
    block = {"type": "data_visualization", "title": "Bands", "chart": pie}
    assert complaints(block) == [
        "must be greater than 0 [json-pointer:/blocks/0/chart/segments/0/value]"
    ]


def test_the_limits_themselves_are_allowed() -> None:
    assert (
        complaints(
            section("x" * 3000),
            {"type": "header", "text": plain("x" * 150)},
            actions(
                with_text("x" * 75) | {"value": "x" * 2000, "accessibility_label": "x" * 75},
                *(button(str(n)) for n in range(24)),
            ),
        )
        == []
    )


def test_a_message_holds_fifty_blocks_and_two_charts() -> None:
    assert complaints(*[{"type": "divider"}] * 50) == []
    assert complaints(*[{"type": "divider"}] * 51) == [
        "no more than 50 items allowed [json-pointer:/blocks]"
    ]
    assert complaints(chart(), chart(), chart()) == [
        "no more than 2 data_visualization blocks allowed [json-pointer:/blocks]"
    ]


def test_a_block_id_stands_for_one_block() -> None:
    assert complaints(actions(button("a")), actions(button("a"))) == [
        "`block_id` already exists: row [json-pointer:/blocks/1/block_id]"
    ]


def test_a_workspace_without_charts_refuses_them() -> None:
    problems = problems_in_message([chart()], charts=False)
    assert [str(problem) for problem in problems] == [
        "unsupported type: data_visualization [json-pointer:/blocks/0/type]"
    ]


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        (
            modal(title=plain("x" * 25)),
            "must be less than 25 characters [json-pointer:/view/title/text]",
        ),
        (
            modal(submit=plain("x" * 25)),
            "must be less than 25 characters [json-pointer:/view/submit/text]",
        ),
        (
            modal(private_metadata="x" * 3001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (
            modal(callback_id="x" * 256),
            "must be less than 256 characters [json-pointer:/view/callback_id]",
        ),
        (
            modal(*[{"type": "divider"}] * 101),
            "no more than 100 items allowed [json-pointer:/view/blocks]",
        ),
        (
            modal(submit_disabled=True),
            "invalid additional property: submit_disabled [json-pointer:/view]",
        ),
        (
            {"type": "modal", "title": plain("a"), "blocks": [field("f", text_input())]},
            "missing required field: submit [json-pointer:/view]",
        ),
        (
            modal(section("x" * 3001)),
            "must be less than 3001 characters [json-pointer:/view/blocks/0/text/text]",
        ),
        (modal(chart()), "unsupported type: data_visualization [json-pointer:/view/blocks/0/type]"),
        (home(title=plain("a")), "invalid additional property: title [json-pointer:/view]"),
        ({"type": "dialog", "blocks": []}, "unsupported type: dialog [json-pointer:/view/type]"),
    ],
)
def test_views_are_as_strict(view: Any, complaint: str) -> None:
    assert view_complaints(view) == [complaint]


def test_missing_ids_are_filled_in_without_touching_what_was_sent() -> None:
    sent: list[Block] = [
        {"type": "actions", "elements": [{"type": "button", "text": plain("Go")}]},
        section("Hello"),
        {"type": "divider", "block_id": "mine"},
    ]
    filled = with_ids(sent)
    ids = [block["block_id"] for block in filled]
    assert ids[2] == "mine"
    assert len(set(ids)) == 3
    assert filled[0]["elements"][0]["action_id"]
    assert "block_id" not in sent[0]
    assert "action_id" not in sent[0]["elements"][0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "elements",
                    "element",
                    "options",
                    "option_groups",
                    "accessory",
                    "label",
                    "blocks",
                    "title",
                    "chart",
                    "series",
                    "data",
                    "axis_config",
                    "categories",
                    "segments",
                    "initial_option",
                    "value",
                    "fields",
                ]
            ),
            inner
            | st.sampled_from(
                [
                    "plain_text",
                    "mrkdwn",
                    "section",
                    "actions",
                    "input",
                    "button",
                    "static_select",
                    "checkboxes",
                    "overflow",
                    "data_visualization",
                    "line",
                    "pie",
                    "modal",
                    "home",
                    "image",
                    "context",
                    "rich_text",
                ]
            ),
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_garbage_is_refused_and_nothing_else_happens(garbage: Any) -> None:
    for problem in (*problems_in_message(garbage), *problems_in_view(garbage)):
        assert problem.pointer.startswith(("/blocks", "/view"))
