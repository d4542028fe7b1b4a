"""Small builders of Block Kit, shared by all views.

Limits are Slack's (docs.slack.dev/reference/block-kit). A text that a person or a survey file may
make too long is shortened here, once, so that no view can send what Slack refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Block = dict[str, Any]

TEXT = 3_000
"""Characters in a section or context text."""
HEADER = 150
BUTTON = 75
OPTION = 75
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
MODAL_TITLE = 24
INPUT_LABEL = 2_000
REPLY = 3_000
"""Characters a person can type into one reply: what a ``plain_text_input`` takes at most."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_QUOTED = {**_ENTITIES, "\n": "\n> "}
_ELLIPSIS = "…"


def shorten(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` characters, the last an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + _ELLIPSIS


def escape(text: str, limit: int = TEXT) -> str:
    """Return ``text`` with no power to mention, link or format a date, for mrkdwn.

    Only ``&``, ``<`` and ``>`` are special to Slack (docs.slack.dev, "Formatting message text").

    Args:
        text: what a person typed, or a name.
        limit: how many characters the *escaped* text may have; no entity is cut in two.
    """
    # Nearly every text fits: replacing is twenty times as fast as looking at each character.
    whole = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(whole) <= limit:
        return whole
    return _clip([_ENTITIES.get(character, character) for character in text], limit)


def quote(text: str, limit: int = TEXT) -> str:
    """Return ``text`` escaped and quoted, every line of it, in at most ``limit`` characters."""
    lines = "\n".join(text.strip().splitlines())
    pieces = [_QUOTED.get(character, character) for character in lines]
    return _clip(["> ", *pieces], limit)


def _clip(pieces: list[str], limit: int) -> str:
    """Join ``pieces`` up to ``limit`` characters; none is cut in two."""
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    room = limit - len(_ELLIPSIS)
    kept: list[str] = []
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + _ELLIPSIS


def plain(text: str, limit: int = TEXT) -> Block:
    """Return a ``plain_text`` object: shown as it is, nothing in it is interpreted but emoji."""
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": True}


def mrkdwn(text: str) -> Block:
    """Return a ``mrkdwn`` object; what a person typed must have gone through :func:`escape`.

    ``verbatim`` keeps Slack from turning bare names and addresses into mentions and links.
    """
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str, *, accessory: Block | None = None) -> Block:
    """Return a paragraph of mrkdwn, with at most one element beside it."""
    block = {"type": "section", "text": mrkdwn(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def header(text: str) -> Block:
    """Return a large plain heading."""
    return {"type": "header", "text": plain(text, HEADER)}


def context(*texts: str) -> Block:
    """Return small grey mrkdwn texts, at most ten."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def divider() -> Block:
    """Return a line."""
    return {"type": "divider"}


def button(
    text: str,
    action_id: str,
    value: str,
    *,
    style: str | None = None,
    label: str | None = None,
    asking: Block | None = None,
) -> Block:
    """Return a button.

    Args:
        text: what stands on it.
        action_id: what a click is called.
        value: an opaque id that travels with the click.
        style: "primary" or "danger".
        label: what screen readers say instead of ``text``, at most 75 characters.
        asking: a dialog of :func:`confirm` to pass first.
    """
    element: Block = {
        "type": "button",
        "text": plain(text, BUTTON),
        "action_id": action_id,
        "value": value,
    }
    if style is not None:
        element["style"] = style
    if label is not None:
        element["accessibility_label"] = shorten(label, BUTTON)
    if asking is not None:
        element["confirm"] = asking
    return element


def link(text: str, action_id: str, url: str) -> Block:
    """Return a button that opens ``url``; Slack still reports the click as ``action_id``."""
    return {"type": "button", "text": plain(text, BUTTON), "action_id": action_id, "url": url}


def confirm(title: str, text: str, *, yes: str, no: str = "Cancel", style: str = "danger") -> Block:
    """Return a dialog that asks before a button does what cannot be taken back.

    ``style`` is "danger" where something is lost, else "primary".
    """
    return {
        "title": plain(title, CONFIRM_TITLE),
        "text": plain(text, CONFIRM_TEXT),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
        "style": style,
    }


def actions(block_id: str, elements: Sequence[Block]) -> Block:
    """Return a row of buttons; ``block_id`` must be unique in its message."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(text: str, value: str) -> Block:
    """Return one choice of a select or of radio buttons."""
    return {"text": plain(text, OPTION), "value": value}


def when(moment: datetime, form: str = "{date_short_pretty} at {time}") -> str:
    """Return ``moment`` as Slack's date token: every reader sees their own zone and language.

    Args:
        moment: an aware moment.
        form: Slack's date placeholders. Clients without them show the moment in UTC.
    """
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{form}|{fallback}>"


def day(moment: datetime) -> str:
    """Return the date of ``moment`` as a date token, without the hour."""
    return when(moment, "{date_short}")


def about(duration: timedelta) -> str:
    """Return a duration as people say it: "a few seconds", "about 2 minutes", "about an hour"."""
    seconds = duration.total_seconds()
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {round(seconds, -1):.0f} seconds"
    for unit, one, length, until in _UNITS:
        if seconds < until:
            number = max(round(seconds / length), 1)
            return f"about {one}" if number == 1 else f"about {number} {unit}s"
    return f"about {round(seconds / 86_400):,} days"


_UNITS = (("minute", "a minute", 60, 3_570), ("hour", "an hour", 3_600, 129_600))
"""Units with one of them in words, their seconds, and up to how many seconds they are used."""


def mention(person_id: str) -> str:
    """Return a mention of a person, which Slack shows as a name."""
    return f"<@{person_id}>"


def listed(words: Iterable[str]) -> str:
    """Return ``words`` as one enumeration: "a", "a and b", "a, b and c"."""
    *most, last = list(words)
    return f"{', '.join(most)} and {last}" if most else last


def count(number: int, one: str, many: str | None = None) -> str:
    """Return ``number`` with its noun in the right form: "1 answer", "1,200 answers"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def time_left(left: timedelta) -> str:
    """Return how long something will still take, as people say it: "about 4 minutes left"."""
    return f"{about(left)} left"


def as_list(heading: str, items: Iterable[str], total: int, limit: int = TEXT) -> str:
    """Return ``heading`` and below it the ``items`` that fit; the others are counted.

    Args:
        heading: the first line, mrkdwn.
        items: mrkdwn, one line each.
        total: how many there are in all, those not in ``items`` included.
        limit: characters of the whole.
    """
    lines = [heading]
    room = limit - len(heading) - len("\nand 1,000,000 more")
    for item in items:
        room -= len(item) + 1
        if room < 0:
            break
        lines.append(item)
    more = total - len(lines) + 1
    return "\n".join([*lines, f"and {more:,} more"] if more else lines)


def permalink(workspace_url: str, channel: str, ts: str) -> str:
    """Return the address of a message; Slack's clients open it in place.

    Args:
        workspace_url: as ``auth.test`` tells it, with a slash at its end.
        channel: the channel's id.
        ts: the message's time stamp.
    """
    return f"{workspace_url}archives/{channel}/p{ts.replace('.', '')}"
