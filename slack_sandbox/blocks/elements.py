"""Block elements: what can be pressed, chosen and typed into.

Limits: https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from typing import Any

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
from slack_sandbox.blocks.objects import (
    ACTION_ID,
    BUTTON_OPTION,
    CONFIRM,
    MENU_OPTION,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    PLACEHOLDER,
    STYLE,
    URL,
    initial_option_known,
    initial_options_known,
    plain,
)

_COMMON: dict[str, Check] = {"action_id": ACTION_ID, "confirm": CONFIRM}

BUTTON = shape(
    {"type": anything, "text": plain(75)},
    _COMMON
    | {"url": URL, "value": string(2000), "style": STYLE, "accessibility_label": string(75)},
)

OVERFLOW = shape({"type": anything, "options": array(OVERFLOW_OPTION, 5)}, _COMMON)


def _options_or_groups(element: dict[str, Any], where: Where, problems: Problems) -> None:
    if ("options" in element) is ("option_groups" in element):
        problems.append(
            Problem(where, "must define either `options` or `option_groups`, but not both")
        )
    else:
        initial_option_known(element, where, problems)


STATIC_SELECT = shape(
    {"type": anything},
    _COMMON
    | {
        "options": array(MENU_OPTION, 100),
        "option_groups": array(OPTION_GROUP, 100),
        "initial_option": MENU_OPTION,
        "placeholder": PLACEHOLDER,
        "focus_on_load": boolean,
    },
    also=_options_or_groups,
)

RADIO_BUTTONS = shape(
    {"type": anything, "options": array(BUTTON_OPTION, 10)},
    _COMMON | {"initial_option": BUTTON_OPTION, "focus_on_load": boolean},
    also=initial_option_known,
)

CHECKBOXES = shape(
    {"type": anything, "options": array(BUTTON_OPTION, 10)},
    _COMMON | {"initial_options": array(BUTTON_OPTION, 10), "focus_on_load": boolean},
    also=initial_options_known,
)


def _lengths_in_order(element: dict[str, Any], where: Where, problems: Problems) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if least > most:
        problems.append(Problem(where, "min_length must not be greater than max_length"))
    elif len(element.get("initial_value", "")) > most:
        problems.append(
            Problem((where, "initial_value"), f"must be less than {most + 1} characters")
        )


PLAIN_TEXT_INPUT = shape(
    {"type": anything},
    {
        "action_id": ACTION_ID,
        "initial_value": string(3000, 0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        "placeholder": PLACEHOLDER,
        "focus_on_load": boolean,
        "dispatch_action_config": shape(
            {
                "trigger_actions_on": array(choice("on_enter_pressed", "on_character_entered"), 2),
            }
        ),
    },
    also=_lengths_in_order,
)


def _has_one_source(image: dict[str, Any], where: Where, problems: Problems) -> None:
    if ("image_url" in image) is ("slack_file" in image):
        problems.append(Problem(where, "must define either `image_url` or `slack_file`"))


SLACK_FILE = shape({}, {"id": string(255), "url": URL})

IMAGE = shape(
    {"type": anything, "alt_text": string(2000, 0)},
    {"image_url": URL, "slack_file": SLACK_FILE},
    also=_has_one_source,
)

IN_ACTIONS = {
    "button": BUTTON,
    "overflow": OVERFLOW,
    "static_select": STATIC_SELECT,
    "radio_buttons": RADIO_BUTTONS,
    "checkboxes": CHECKBOXES,
}
ACTION_ELEMENT = by_type(IN_ACTIONS)
ACCESSORY = by_type(IN_ACTIONS | {"image": IMAGE})
INPUT_ELEMENT = by_type(
    {
        "plain_text_input": PLAIN_TEXT_INPUT,
        "static_select": STATIC_SELECT,
        "radio_buttons": RADIO_BUTTONS,
        "checkboxes": CHECKBOXES,
    }
)
