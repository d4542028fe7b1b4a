"""Names in place of what is different in every run: ids, timestamps of messages, secrets, ports.

The same thing has the same name wherever it appears, in the order in which they appear first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from typing import Any

_OPAQUE = re.compile(
    r"(?<![0-9A-Za-z.])(?:"
    r"[0-9a-f]{64}|[0-9a-f]{32}|V0[0-9A-F]{10}|[0-9]{10}\.[0-9]{6}|[0-9]{16}"
    r")(?![0-9A-Za-z])"
    r"|(?<=/p)[0-9]{16}\b"
)
"""Hashes, ids of rows, ids of views, timestamps, and the same as microseconds, also in links."""
_SHORT = re.compile(r"\b[0-9a-f]{8}\b")
"""How people read and type an id of a row."""
_NAME = re.compile(r"‹(?:id|ts|view|hash)(?:[0-9]+|\?)›")
_LISTED = re.compile(r"^ *‹id(?:[0-9]+|\?)› ")
"""A line that begins with the beginning of an id."""
_HIDDEN = (
    (re.compile(r"http://(?:127\.0\.0\.1|localhost):[0-9]+"), "http://sandbox"),
    (re.compile(r"/actions/[A-Z0-9]+/[\w-]+"), "/actions/‹key›"),
    (re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+"), "‹token›"),
    (re.compile(r"Said in confidence [0-9]+"), "Said in confidence"),
)
"""What needs no name. What was said anonymously is shown in random order, so it is all the same."""


def canonical(thing: Any) -> str:
    """Return a thing as JSON that does not depend on the order of keys."""
    return json.dumps(thing, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_ABBREVIATIONS = (
    (
        re.compile(
            r'"metadata":\{"event_payload":\{"id":"([^"]+)"\},"event_type":"nps_delivery"\}'
        ),
        r"§\1",
    ),
    (re.compile(r',"unfurl_links":false,"unfurl_media":false'), "§quiet"),
    (re.compile(r'\{"emoji":true,"text":("(?:[^"\\]|\\.)*"),"type":"plain_text"\}'), r"§P\1"),
    (re.compile(r'\{"text":("(?:[^"\\]|\\.)*"),"type":"mrkdwn","verbatim":true\}'), r"§M\1"),
    (re.compile(r'\{"text":(§[PM]"(?:[^"\\]|\\.)*"),"type":"(section|header)"\}'), r"§\2\1"),
    (re.compile(r'\{"elements":\[(§M"(?:[^"\\]|\\.)*")\],"type":"context"\}'), r"§context\1"),
    (re.compile(r"<!date\^([0-9]+)\^\{date_short_pretty\} at \{time\}\|"), r"<§at \1|"),
    (re.compile(r'"replace_original":false,"response_type":"ephemeral"'), "§whispered"),
    (re.compile(r'"accessibility_label":'), "§label:"),
    (re.compile(r'"action_id":'), "§do:"),
    (re.compile(r'"type":"button"'), "§button"),
)
"""What comes a thousand times, and how it is written; everything else stays as it is."""


def abbreviated(text: str) -> str:
    """Return JSON with what comes everywhere written shorter: nothing that differs is lost."""
    for pattern, short in _ABBREVIATIONS:
        text = pattern.sub(short, text)
    return text


@dataclass
class Names:
    """The names given so far.

    Attributes:
        hidden: further texts, such as the folder of this run, and what to read in their place.
    """

    hidden: dict[str, str] = field(default_factory=dict)
    _given: dict[str, str] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def known(self, text: str) -> str:
        """Return a text with the names given so far; what has none is a question mark."""
        return self._replaced(text, lambda opaque: self._given.get(_moment(opaque), "‹?›"))

    def named(self, text: str) -> str:
        """Return a text with names, new ones included."""
        return self._replaced(text, self._name)

    def in_order(self, texts: Iterable[str]) -> list[str]:
        """Return texts with names, in an order that depends on no chance.

        Of those that differ in nothing but what has no name yet, it does not matter which is first.
        """
        waiting, done = list(texts), []
        while waiting:
            first = min(waiting, key=self.known)
            waiting.remove(first)
            done.append(self.named(first))
        return sorted(done, key=_number_free)

    def in_lines(self, text: str) -> list[str]:
        """Return lines with names. Those that list rows come in an order that depends on no chance.

        Rows that Slack has not heard of have no name yet, and get none for the beginning of an id.
        """
        lines = _SHORT.sub("‹id?›", self.named(text)).splitlines()
        return [
            line
            for listed, together in groupby(
                lines, key=lambda line: _LISTED.search(line) is not None
            )
            for line in (sorted(together, key=_number_free) if listed else together)
        ]

    def _replaced(self, text: str, name: Any) -> str:
        for hidden, shown in self.hidden.items():
            text = text.replace(hidden, shown)
        for pattern, shown in _HIDDEN:
            text = pattern.sub(shown, text)
        text = _OPAQUE.sub(lambda found: name(found[0]), text)
        return _SHORT.sub(lambda found: self._given.get(found[0], found[0]), text)

    def _name(self, opaque: str) -> str:
        key = _moment(opaque)
        if key not in self._given:
            kind = _kind(key)
            self._numbers[kind] = self._numbers.get(kind, 0) + 1
            self._given[key] = f"‹{kind}{self._numbers[kind]}›"
            if kind == "id":
                self._given[key[:8]] = self._given[key]
        return self._given[key]


def _moment(opaque: str) -> str:
    """Return whole microseconds as the timestamp they are."""
    whole = len(opaque) == 16 and opaque.isdigit()
    return f"{opaque[:10]}.{opaque[10:]}" if whole else opaque


def _kind(opaque: str) -> str:
    if "." in opaque:
        return "ts"
    if opaque.startswith("V0"):
        return "view"
    return "hash" if len(opaque) == 64 else "id"


def _number_free(text: str) -> tuple[str, str]:
    """Return what a text is sorted by: names last, so that numbers seldom decide."""
    return _NAME.sub("‹›", text), text


@dataclass
class Pieces:
    """Blocks told once: where one comes again, with other names in it, its mark stands for it."""

    _told: set[str] = field(default_factory=set)

    def shortened(self, thing: Any, new: list[str]) -> Any:
        """Return a thing with marks in place of its blocks; those not told before go to ``new``."""
        if isinstance(thing, Mapping):
            return {
                key: self._blocks(value, new)
                if key == "blocks" and isinstance(value, list)
                else self.shortened(value, new)
                for key, value in thing.items()
            }
        if isinstance(thing, list):
            return [self.shortened(each, new) for each in thing]
        return thing

    def _blocks(self, blocks: list[Any], new: list[str]) -> Any:
        """Return the marks of blocks; one for all of them where a whole question is asked."""
        marks = [self._mark(block, new) for block in blocks]
        return self._mark(marks, new) if len(marks) >= _A_QUESTION else marks

    def _mark(self, block: Any, new: list[str]) -> Any:
        text = canonical(block)
        if len(text) < _WORTH_A_MARK:
            return block
        names: list[str] = []

        def numbered(found: re.Match[str]) -> str:
            if found[0] not in names:
                names.append(found[0])
            return f"‹{names.index(found[0])}›"

        shape = _NAME.sub(numbered, text)
        mark = f"#{blake2b(shape.encode(), digest_size=4).hexdigest()}"
        if mark not in self._told:
            self._told.add(mark)
            new.append(f"{mark} = {shape}")
        return " ".join([mark, *names])


_A_QUESTION = 8
"""Blocks: so many have questions, which many people get, and little else."""
_WORTH_A_MARK = 90
"""Characters: shorter blocks are told each time."""
