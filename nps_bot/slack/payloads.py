"""What Slack sends, decoded into typed values at the edge.

A payload that is not what our own messages can cause (forged, or from an older version) is a
:class:`MalformedPayloadError`; nothing behind this module sees a raw payload.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeGuard

import orjson
from yarl import query_to_pairs

from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click
from nps_bot.asking.launching import NOMINAL
from nps_bot.errors import NpsBotError
from nps_bot.figures.periods import PeriodError, parse_period
from nps_bot.ids import is_opaque_id
from nps_bot.shared_channels.answers import Clicker, RespondentAction
from nps_bot.shared_channels.rules import Choice
from nps_bot.slack.calls import Posted
from nps_bot.slack_ids import is_team

CHANNEL_SCORE = re.compile(r"\Achannel_score_([0-9]|10)\Z")
CHANNEL_WISH = re.compile(rf"\Achannel_wish_({'|'.join(RespondentAction)})\Z")
POST_CHOICE = re.compile(rf"\Apost_({'|'.join(Choice)})\Z")
SCORE_ACTION = re.compile(r"\Ascore_([0-9]|10)\Z")
BALLOT_ACTION = re.compile(r"\Aballot_([0-9]|10)\Z")
"""A score in an anonymous survey."""
_ACTION_TS = re.compile(r"([0-9]{1,12})\.([0-9]{6})")
_STOPPED = re.compile(r"\*|[a-z][a-z0-9_-]{0,39}")
"""The keys of opt-outs: a survey's, or all."""
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


@dataclass(frozen=True, slots=True)
class InvitationClick:
    """A click on a button that concerns one invitation."""

    invitation_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted modal: what was typed or chosen, by ``block_id``."""

    invitation_id: str
    person_id: str
    values: Mapping[str, str]


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


def _at(payload: object, *path: str | int) -> Any:
    """Return what stands at ``path`` of a payload, or None where anything is missing."""
    for step in path:
        if isinstance(step, int):
            payload = payload[step] if isinstance(payload, list) and len(payload) > step else None
        else:
            payload = payload.get(step) if isinstance(payload, dict) else None
    return payload


def _text(payload: object, *path: str | int) -> str:
    found = _at(payload, *path)
    if not isinstance(found, str) or not found:
        raise MalformedPayloadError(f"The payload has no {'.'.join(map(str, path))}.")
    return found


def person_id(body: Mapping[str, Any]) -> str:
    """Return who caused a payload (interaction, command or event).

    Raises:
        MalformedPayloadError: it does not say, or not with a Slack id.
    """
    found = _at(body, "user", "id") or _at(body, "user_id") or _at(body, "event", "user")
    if not isinstance(found, str) or not _SLACK_ID.fullmatch(found):
        raise MalformedPayloadError("The payload does not say whose it is.")
    return found


def origin(body: Mapping[str, Any]) -> Origin:
    """Return where an interaction came from.

    Raises:
        MalformedPayloadError: it has no person or no trigger.
    """
    url = _at(body, "response_url")
    view, kind = _at(body, "view", "id"), _at(body, "view", "type")
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


def invitation_click(body: Mapping[str, Any]) -> InvitationClick:
    """Return which invitation a button concerns and who pressed it.

    Raises:
        MalformedPayloadError: the button's value is no id of ours.
    """
    value = _at(body, "actions", 0, "value")
    return InvitationClick(_opaque(value, "button's value"), person_id(body))


def score_click(body: Mapping[str, Any], origin: Origin) -> Click:
    """Return a click on a score that came from ``origin``.

    Raises:
        MalformedPayloadError: the action, value or time is not what our buttons carry.
    """
    return _click(body, origin, SCORE_ACTION)


def ballot_click(body: Mapping[str, Any], origin: Origin) -> Click:
    """Return a click on a score in an anonymous survey that came from ``origin``.

    Raises:
        MalformedPayloadError: the action, value or time is not what our buttons carry.
    """
    return _click(body, origin, BALLOT_ACTION)


def _click(body: Mapping[str, Any], origin: Origin, actions: re.Pattern[str]) -> Click:
    action = actions.fullmatch(_text(body, "actions", 0, "action_id"))
    moment = _ACTION_TS.fullmatch(_text(body, "actions", 0, "action_ts"))
    if action is None or moment is None:
        raise MalformedPayloadError("The click has no score or no time.")
    return Click(
        invitation_id=_opaque(_at(body, "actions", 0, "value"), "button's value"),
        person_id=origin.person_id,
        score=int(action[1]),
        action_ts=int(moment[1]) * 1_000_000 + int(moment[2]),
        in_prompt=_at(body, "view", "id") is None,
        posted=origin.posted,
    )


def post_id(body: Mapping[str, Any]) -> str:
    """Return which question to a shared channel a button concerns.

    Raises:
        MalformedPayloadError: the button's value is no id of ours.
    """
    return _opaque(_at(body, "actions", 0, "value"), "button's value")


@dataclass(frozen=True, slots=True)
class ChannelClick:
    """A click on a score in a shared channel.

    Attributes:
        action_ts: Slack's time of the click in microseconds.
        at_home: whether they belong to the workspace the bot is in.
        whispered: whether it was not the question itself that was clicked in, but what only this
            person sees.
    """

    post_id: str
    clicker: Clicker
    score: int
    action_ts: int
    at_home: bool
    whispered: bool


def channel_click(body: Mapping[str, Any]) -> ChannelClick:
    """Return a click on a score in a shared channel.

    Raises:
        MalformedPayloadError: the action, value, time or channel is not what our buttons carry.
    """
    action = CHANNEL_SCORE.fullmatch(_text(body, "actions", 0, "action_id"))
    moment = _ACTION_TS.fullmatch(_text(body, "actions", 0, "action_ts"))
    if action is None or moment is None:
        raise MalformedPayloadError("The click has no score or no time.")
    who = person_id(body)
    names = (_at(body, "user", "name"), _at(body, "user", "username"))
    return ChannelClick(
        post_id=post_id(body),
        clicker=Clicker(
            person_id=who,
            name=next((name for name in names if isinstance(name, str) and name), who),
            homes=homes(body),
            channel=channel_id(body),
        ),
        score=int(action[1]),
        action_ts=int(moment[1]) * 1_000_000 + int(moment[2]),
        at_home=at_home(body),
        whispered=is_whispered(body),
    )


def wish(body: Mapping[str, Any]) -> RespondentAction:
    """Return what somebody asks for beside their answer in a shared channel.

    Raises:
        MalformedPayloadError: the action is none of ours.
    """
    action = CHANNEL_WISH.fullmatch(_text(body, "actions", 0, "action_id"))
    if action is None:
        raise MalformedPayloadError("The click asks for nothing we know.")
    return RespondentAction(action[1])


def choice(body: Mapping[str, Any]) -> Choice:
    """Return what was decided on a question to a shared channel.

    Raises:
        MalformedPayloadError: the action is none of ours.
    """
    action = POST_CHOICE.fullmatch(_text(body, "actions", 0, "action_id"))
    if action is None:
        raise MalformedPayloadError("The click decides nothing we know.")
    return Choice(action[1])


def homes(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the workspace of whoever acted, and its organisation, as far as Slack tells.

    ``team`` and ``enterprise`` of a payload are the bot's own, and may be null: only what stands at
    the user counts.
    """
    found = (
        _at(body, "user", "team_id"),
        _at(body, "user", "enterprise_id"),
        _at(body, "user", "enterprise_user", "enterprise_id"),
    )
    return frozenset(one for one in found if isinstance(one, str) and is_team(one))


def at_home(body: Mapping[str, Any]) -> bool:
    """Return whether a payload says that whoever acted belongs to the workspace the bot is in.

    Where it does not say so, they may still belong to its organisation.
    """
    own = {_at(body, "team", "id"), _at(body, "enterprise", "id")}
    return not homes(body).isdisjoint(own)


def is_whispered(body: Mapping[str, Any]) -> bool:
    """Return whether an interaction happened in a message that only its person sees."""
    return _at(body, "container", "is_ephemeral") is True


def stopped_survey(body: Mapping[str, Any]) -> str:
    """Return the survey key (``*`` for all) whose opt-out a button takes back.

    The survey's file may be gone by now.

    Raises:
        MalformedPayloadError: the value cannot be a survey's key.
    """
    value = _text(body, "actions", 0, "value")
    if not _STOPPED.fullmatch(value):
        raise MalformedPayloadError("The button's value is not one of ours.")
    return value


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """What *Share* on a report carries.

    Attributes:
        period: as it was typed; None for the latest wave.
        made: the moment of the report, so that pressing twice shares once.
    """

    survey_key: str
    period: str | None
    made: str

    def encoded(self) -> str:
        """Return the button's value."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What the confirmation of a wave by hand carries.

    Attributes:
        nominal: the minute of the preview, which is the wave's identity: confirmed twice, it
            starts once.
        people: how many the preview named.
    """

    survey_key: str
    nominal: str
    people: int

    def encoded(self) -> str:
        """Return the button's value."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class StopRequest:
    """What the confirmation of a stop carries: the waves that were shown, and no later ones."""

    survey_key: str
    waves: tuple[int, ...]

    def encoded(self) -> str:
        """Return the button's value."""
        return json.dumps(asdict(self))


def stop_request(body: Mapping[str, Any]) -> StopRequest:
    """Return which waves are to be stopped.

    Raises:
        MalformedPayloadError: the value is not one of :class:`StopRequest`.
    """
    match _json_value(body):
        case {"survey_key": str(key), "waves": list(waves)} if all(
            type(wave) is int and 0 < wave < 2**31 for wave in waves
        ):
            return StopRequest(key, tuple(waves))
    raise MalformedPayloadError("The button's value is not one of ours.")


def approval_id(body: Mapping[str, Any]) -> str:
    """Return which request to start a wave a button decides on.

    Raises:
        MalformedPayloadError: the button's value is no id of ours.
    """
    return _opaque(_at(body, "actions", 0, "value"), "button's value")


def share_request(body: Mapping[str, Any]) -> ShareRequest:
    """Return what is to be shared.

    Raises:
        MalformedPayloadError: the value is not one of :class:`ShareRequest`.
    """
    match _json_value(body):
        case {"survey_key": str(key), "period": str() | None as period, "made": str(made)}:
            moment = _moment(made)
            if moment and moment.isoformat() == made and _is_period(period, moment):
                return ShareRequest(key, period, made)
    raise MalformedPayloadError("The button's value is not one of ours.")


def send_request(body: Mapping[str, Any]) -> SendRequest:
    """Return which wave is to be started.

    Raises:
        MalformedPayloadError: the value is not one of :class:`SendRequest`.
    """
    match _json_value(body):
        case {"survey_key": str(key), "nominal": str(nominal), "people": int(people)} if (
            (minute := _moment(nominal))
            and minute.strftime(NOMINAL) == nominal
            and 0 < people < 2**31
        ):
            return SendRequest(key, nominal, people)
    raise MalformedPayloadError("The button's value is not one of ours.")


def _moment(text: str) -> datetime | None:
    """Return the moment ``text`` stands for; None where it is none.

    Python reads more than it writes, a NUL at the end for one: compare with what it would write.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _is_period(text: str | None, made: datetime) -> bool:
    """Return whether a report could be asked for with ``text`` when it was made."""
    try:
        return text is None or bool(parse_period(text, made))
    except (PeriodError, OverflowError):
        return False


def _json_value(body: Mapping[str, Any]) -> object:
    try:
        return json.loads(_text(body, "actions", 0, "value"))
    except (ValueError, RecursionError) as error:
        raise MalformedPayloadError("The button's value is not one of ours.") from error


def channel_id(body: Mapping[str, Any]) -> str:
    """Return the channel an interaction or a command happened in.

    Raises:
        MalformedPayloadError: it names none.
    """
    found = _at(body, "channel", "id") or _at(body, "channel_id")
    if not isinstance(found, str) or not _SLACK_ID.fullmatch(found):
        raise MalformedPayloadError("The payload does not say in which channel.")
    return found


def command_words(body: Mapping[str, Any]) -> list[str]:
    """Return the words behind a slash command."""
    text = _at(body, "text")
    return text.split() if isinstance(text, str) else []


def submission(body: Mapping[str, Any]) -> Submission:
    """Return a submitted modal; inputs left empty hold an empty text.

    Raises:
        MalformedPayloadError: its metadata is no id of ours, or its state has another shape.
    """
    return Submission(_metadata(body), person_id(body), _entered(body))


@dataclass(frozen=True, slots=True)
class Words:
    """A submitted modal of an anonymous survey. Who sent it is not looked at."""

    token: str
    values: Mapping[str, str]


def words(body: Mapping[str, Any]) -> Words:
    """Return what was written to an anonymous survey.

    Raises:
        MalformedPayloadError: the modal's metadata is no token, or its state has another shape.
    """
    return Words(_metadata(body), _entered(body))


def _metadata(body: Mapping[str, Any]) -> str:
    return _opaque(_at(body, "view", "private_metadata"), "modal's metadata")


def _entered(body: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed or chosen in a modal, by ``block_id``."""
    state = _at(body, "view", "state", "values")
    if not isinstance(state, dict):
        raise MalformedPayloadError("The modal has no state.")
    values: dict[str, str] = {}
    for block_id, elements in state.items():
        if not isinstance(elements, dict):
            raise MalformedPayloadError("The modal's state has another shape.")
        for element in elements.values():
            chosen = _at(element, "selected_option", "value")
            typed = chosen if chosen is not None else _at(element, "value")
            values[str(block_id)] = typed if isinstance(typed, str) else ""
    return values


def is_submission(body: Mapping[str, Any]) -> bool:
    """Return whether a payload is a submitted modal."""
    return body.get("type") == "view_submission"


def inputs(body: Mapping[str, Any]) -> list[str]:
    """Return the ``block_id`` of everything a submitted modal let its reader fill in."""
    state = _at(body, "view", "state", "values")
    return [str(block_id) for block_id in state] if isinstance(state, dict) else []


def stop_scope(submitted: Submission) -> Scope:
    """Return which surveys a person chose to stop.

    Raises:
        MalformedPayloadError: neither of the two choices.
    """
    try:
        return Scope(submitted.values.get("which", ""))
    except ValueError as error:
        raise MalformedPayloadError("The choice is neither this survey nor all.") from error
