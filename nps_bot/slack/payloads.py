"""What all that Slack sends has in common, decoded; each room decodes what its buttons carry.

A payload that is not what our own messages can cause (forged, or from an older version) is a
:class:`MalformedPayloadError`; nothing behind the listeners sees a raw payload.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import orjson
from yarl import query_to_pairs

from nps_bot.base.errors import NpsBotError
from nps_bot.base.ids import is_opaque_id
from nps_bot.base.slack_ids import is_team
from nps_bot.slack.calls import Posted

_ACTION_TS = re.compile(r"([0-9]{1,12})\.([0-9]{6})")
_SLACK_ID = re.compile(r"[A-Z][A-Z0-9]{1,30}")
_RESPONSE_URL = re.compile(r"https?://\S+")


class MalformedPayloadError(NpsBotError):
    """A payload of Slack's lacks what our messages always carry; nothing was done."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an interaction came from and how it can be answered.

    Attributes:
        trigger_id: opens a modal, once, within three seconds.
        response_url: rewrites the message or whispers beside it; None inside views.
        modal_id: the modal that was clicked in; None in messages and in Home.
        in_home: whether it came from Home.
        posted: the message that was clicked in; None in views and in what only one person sees.
    """

    person_id: str
    trigger_id: str
    response_url: str | None
    modal_id: str | None
    in_home: bool
    posted: Posted | None = None


def posted(text: str) -> object:
    """Return what Slack posts over HTTP, read.

    Events are JSON; commands are a form, and interactions one field of a form, as JSON
    (https://docs.slack.dev/interactivity/handling-user-interaction).

    Raises:
        ValueError, RecursionError: it is neither.
    """
    if text.startswith("{"):
        return _read(text)
    form = dict(query_to_pairs(text))  # in C: urllib's parse_qsl takes ten times as long
    return _read(form["payload"]) if "payload" in form else form


def _read(text: str) -> object:
    try:
        return orjson.loads(text)
    except ValueError:  # also of half a surrogate pair, which somebody may have pasted
        return json.loads(text)


def is_routable(body: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a payload has what Bolt takes for granted when it routes one.

    Bolt raises on anything else, before any listener or error handler of ours can see it.
    """
    if not isinstance(body, dict):
        return False
    match body:
        case {"type": "block_actions", "actions": [{"action_id": str()}, *_]}:
            pass
        case {"type": "view_submission", "view": {"type": str(), "callback_id": str()}}:
            pass
        case {"type": "event_callback", "event": {"type": str()}} | {"type": "url_verification"}:
            pass
        case {"type": _}:
            return False
        case {"command": str()} | {"ssl_check": "1"}:
            pass
        case _:
            return False
    return isinstance(body.get("event", {}), dict) and isinstance(body.get("command", ""), str)


def at(payload: object, *path: str | int) -> Any:
    """Return what stands at ``path`` of a payload, or None where anything is missing."""
    for step in path:
        if isinstance(step, int):
            payload = payload[step] if isinstance(payload, list) and len(payload) > step else None
        else:
            payload = payload.get(step) if isinstance(payload, dict) else None
    return payload


def _text(payload: object, *path: str | int) -> str:
    found = at(payload, *path)
    if not isinstance(found, str) or not found:
        raise MalformedPayloadError(f"The payload has no {'.'.join(map(str, path))}.")
    return found


def person_id(body: Mapping[str, Any]) -> str:
    """Return who caused a payload (interaction, command or event).

    Raises:
        MalformedPayloadError: it does not say, or not with a Slack id.
    """
    found = at(body, "user", "id") or at(body, "user_id") or at(body, "event", "user")
    if not isinstance(found, str) or not _SLACK_ID.fullmatch(found):
        raise MalformedPayloadError("The payload does not say whose it is.")
    return found


def origin(body: Mapping[str, Any]) -> Origin:
    """Return where an interaction came from.

    Raises:
        MalformedPayloadError: it has no person or no trigger.
    """
    url = at(body, "response_url")
    view, kind = at(body, "view", "id"), at(body, "view", "type")
    return Origin(
        person_id=person_id(body),
        trigger_id=_text(body, "trigger_id"),
        response_url=url if isinstance(url, str) and _RESPONSE_URL.fullmatch(url) else None,
        modal_id=view if isinstance(view, str) and kind == "modal" else None,
        in_home=kind == "home",
        posted=_posted(body),
    )


def _posted(body: Mapping[str, Any]) -> Posted | None:
    """Return where the message stands that an interaction happened in.

    An ephemeral one stands nowhere.
    """
    match body.get("container"):
        case {
            "type": "message",
            "channel_id": str(channel),
            "message_ts": str(ts),
            "is_ephemeral": False,
        } if _SLACK_ID.fullmatch(channel) and _ACTION_TS.fullmatch(ts):
            return Posted(channel, ts)
    return None


def _opaque(value: object, what: str) -> str:
    if not is_opaque_id(value):
        raise MalformedPayloadError(f"The {what} is not one of ours.")
    return value


def button_value(body: Mapping[str, Any]) -> str:
    """Return the value of the clicked button.

    Raises:
        MalformedPayloadError: it has none.
    """
    return _text(body, "actions", 0, "value")


def button_id(body: Mapping[str, Any], _origin: Origin | None = None) -> str:
    """Return the id of ours that is the value of the clicked button.

    Raises:
        MalformedPayloadError: the value is no id of ours.
    """
    return _opaque(at(body, "actions", 0, "value"), "button's value")


def matched(body: Mapping[str, Any], actions: re.Pattern[str]) -> str:
    """Return what the first group of ``actions`` finds in the clicked button's ``action_id``.

    Raises:
        MalformedPayloadError: the pattern does not fit.
    """
    found = actions.fullmatch(_text(body, "actions", 0, "action_id"))
    if found is None:
        raise MalformedPayloadError("The click asks for nothing we know.")
    return found[1]


def clicked_at(body: Mapping[str, Any]) -> int:
    """Return Slack's time of a click, in microseconds.

    Raises:
        MalformedPayloadError: the click has no time.
    """
    moment = _ACTION_TS.fullmatch(_text(body, "actions", 0, "action_ts"))
    if moment is None:
        raise MalformedPayloadError("The click has no time.")
    return int(moment[1]) * 1_000_000 + int(moment[2])


def homes(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the workspace of whoever acted, and its organisation, as far as Slack tells.

    ``team`` and ``enterprise`` of a payload are the bot's own, and may be null: only what stands at
    the user counts.
    """
    found = (
        at(body, "user", "team_id"),
        at(body, "user", "enterprise_id"),
        at(body, "user", "enterprise_user", "enterprise_id"),
    )
    return frozenset(one for one in found if isinstance(one, str) and is_team(one))


def at_home(body: Mapping[str, Any]) -> bool:
    """Return whether a payload says that whoever acted belongs to the workspace the bot is in.

    Where it does not say so, they may still belong to its organisation.
    """
    own = {at(body, "team", "id"), at(body, "enterprise", "id")}
    return not homes(body).isdisjoint(own)


def is_ephemeral(body: Mapping[str, Any]) -> bool:
    """Return whether an interaction happened in a message that only its person sees."""
    return at(body, "container", "is_ephemeral") is True


def channel_id(body: Mapping[str, Any]) -> str:
    """Return the channel an interaction or a command happened in.

    Raises:
        MalformedPayloadError: it names none.
    """
    found = at(body, "channel", "id") or at(body, "channel_id")
    if not isinstance(found, str) or not _SLACK_ID.fullmatch(found):
        raise MalformedPayloadError("The payload does not say in which channel.")
    return found


def command_words(body: Mapping[str, Any]) -> list[str]:
    """Return the words behind a slash command."""
    text = at(body, "text")
    return text.split() if isinstance(text, str) else []


def metadata(body: Mapping[str, Any]) -> str:
    """Return the id of ours that a modal carries.

    Raises:
        MalformedPayloadError: it carries none.
    """
    return _opaque(at(body, "view", "private_metadata"), "modal's metadata")


def entered(body: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed or chosen in a modal, by ``block_id``; empty inputs hold an empty text.

    Raises:
        MalformedPayloadError: the modal's state has another shape.
    """
    state = at(body, "view", "state", "values")
    if not isinstance(state, dict):
        raise MalformedPayloadError("The modal has no state.")
    values: dict[str, str] = {}
    for block_id, elements in state.items():
        if not isinstance(elements, dict):
            raise MalformedPayloadError("The modal's state has another shape.")
        for element in elements.values():
            chosen = at(element, "selected_option", "value")
            typed = chosen if chosen is not None else at(element, "value")
            values[str(block_id)] = typed if isinstance(typed, str) else ""
    return values


def is_submission(body: Mapping[str, Any]) -> bool:
    """Return whether a payload is a submitted modal."""
    return body.get("type") == "view_submission"


def inputs(body: Mapping[str, Any]) -> list[str]:
    """Return the ``block_id`` of everything a submitted modal let its reader fill in."""
    state = at(body, "view", "state", "values")
    return [str(block_id) for block_id in state] if isinstance(state, dict) else []
