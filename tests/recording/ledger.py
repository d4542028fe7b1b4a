"""The ledger of a run: step by step what was done, what the bot answered, and what it called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, select

from tests.recording.names import Names, Pieces, abbreviated, canonical
from tests.recording.terminal import ROOT

_READING = (
    "api.test",
    "apps.connections.open",
    "auth.test",
    "conversations.history",
    "conversations.info",
    "conversations.list",
    "conversations.members",
    "conversations.open",
    "usergroups.",
    "users.",
)
"""Methods that change nothing users see. How often they are called may depend on who asks first."""
_AGAIN = ("chat.update", "views.publish")
"""Methods of which a second call with the same arguments changes nothing: a question is rewritten
by whoever comes first, and sometimes by both."""
_MICROSECONDS = 10**15
"""Larger numbers are moments."""
_DITTO = "″"
_READING_LINES = tuple(f'["{method}' for method in _READING)
_OF_THE_MOMENT = ("trigger_id", "hash", "oldest", "latest")
"""Arguments that say nothing about what a user sees."""


class Ledger:
    """What was recorded so far.

    Arguments:
        folder: of this run; its name is not recorded.
    """

    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self._hidden = {str(folder): "‹folder›", str(ROOT): "‹here›"}
        self._names = Names(self._hidden)
        self._pieces = Pieces()

    def chapter(self, title: str) -> None:
        """Begin a part of the run that shares nothing with those before it."""
        self.lines += ["", f"===== {title} =====", ""]
        self._names = Names(self._hidden)

    def step(self, title: str) -> None:
        """Say what is done next."""
        self.lines.append(f"--- {self._names.named(title)}")

    def note(self, mark: str, thing: Any) -> None:
        """Record one thing that was said or answered."""
        self._add(mark, self._names.named(canonical(thing)))

    def text(self, mark: str, text: str) -> None:
        """Record what a terminal shows, line by line."""
        for line in self._names.in_lines(text):
            self.lines.append(f"{mark}{line}".rstrip())

    def calls(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """Record calls of one step, in an order that depends on nobody's speed."""
        told: list[str] = []
        for call in calls:
            line = canonical(_call(call))
            if not (_is_repeatable(call) and line in told):
                told.append(line)
        reads: dict[str, list[str]] = {}
        for line in self._names.in_order(told):
            if line.startswith(_READING_LINES) and line.endswith("}]"):
                method, arguments = json.loads(line)
                (only, *others) = arguments.values() or [{}]
                told_of = arguments if others or not isinstance(only, str) else only
                reads.setdefault(method, []).append(canonical(told_of).strip('"'))
            else:
                self._add("  ", line)
        self.lines += [f"  {method} {' '.join(all_)}" for method, all_ in reads.items()]

    def tables(self, url: str) -> None:
        """Record all rows of all tables."""
        engine = create_engine(url)
        known = MetaData()
        known.reflect(engine)
        with engine.connect() as connection:
            for name, table in sorted(known.tables.items()):
                columns = [column.name for column in table.columns]
                rows = [_row(name, dict(row._mapping)) for row in connection.execute(select(table))]
                self.lines.append(f"[{name}] {' '.join(columns)}")
                texts = (canonical(row) for row in rows)
                self.lines += _below_each_other(self._names.in_order(texts))
        engine.dispose()

    def _add(self, mark: str, line: str) -> None:
        new: list[str] = []
        short = canonical(self._pieces.shortened(json.loads(line), new))
        self.lines += [abbreviated(each) for each in (*new, f"{mark}{short}")]


def _call(call: Mapping[str, Any]) -> list[Any]:
    """Return what is recorded of a call: what went wrong with it, but not what went well."""
    arguments = {
        key: _opened(value) for key, value in call["arguments"].items() if key not in _OF_THE_MOMENT
    }
    line = [call["method"], arguments]
    answer = call["answer"]
    if call["status"] != 200 or answer.get("ok") is not True:
        line.append([call["status"], answer])
    return line


def _opened(value: Any) -> Any:
    """Return an argument that is JSON in a text as what it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _is_repeatable(call: Mapping[str, Any]) -> bool:
    """Return whether it depends on the machine how often a call is made within a step."""
    method: str = call["method"]
    return method.startswith((*_READING, *_AGAIN)) or call["status"] != 200


def _below_each_other(lines: Sequence[str]) -> Iterator[str]:
    """Yield rows with a ditto mark where a cell is what it is in the row above."""
    above: list[Any] = []
    for line in lines:
        row = json.loads(line)
        same = zip(row, above or [_DITTO] * len(row), strict=True)
        yield " " + ",".join(_DITTO if cell == up else canonical(cell) for cell, up in same)
        above = row


def _row(table: str, row: dict[str, Any]) -> list[Any]:
    """Return a row as JSON can hold it; what depends on the machine's speed is told as little."""
    if table == "remembered" and row["key"] == "pace":
        row["value"] = "‹learnt›"
    if table == "outbox":  # changes that come together count once or twice
        up_to_date = row["version"] == row["delivered_version"]
        row |= {"version": "‹n›", "delivered_version": "‹n›" if up_to_date else "‹behind›"}
    return [_cell(value) for value in row.values()]


def _cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and value > _MICROSECONDS:
        return str(value)  # a name is going to stand there
    if value is None or isinstance(value, str | int | float | bool | dict | list):
        return value
    return str(value)
