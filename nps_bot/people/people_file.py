"""A CSV file of people and shared channels -> checked rows: who belongs to which account.

A row says who is meant by Slack id, e-mail address or both, then the account, its owner, and in any
further column whatever else is known. Where the Slack id is a channel's, that channel is shared
with the account. Finding these people and channels in Slack is left to others.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from nps_bot.base.errors import PeopleFileError
from nps_bot.base.slack_ids import is_channel, is_email, is_person_id, is_team
from nps_bot.surveys.rules.survey import NO_SEGMENTS

COLUMNS = SLACK_ID, EMAIL, ACCOUNT, ACCOUNT_OWNER = NO_SEGMENTS
"""Columns with a meaning; every other one is an attribute."""

TEAMS = "teams"
"""The column that says of a channel which workspaces its account's people have; of a person it is
an attribute like any other."""

_NEAR = 0.85
"""How alike a header and a column must be to be the same word mistyped (difflib's ratio)."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person of the file, or a channel that is shared with an account.

    Attributes:
        line: where the row begins, for messages.
        slack_id: None where only the e-mail address is known; of a channel its id or ``#name``.
        email: lower case; None where only the Slack id is known.
        account: the customer company; None where the file leaves it empty.
        account_owner: Slack id or e-mail address of the colleague who looks after the account.
        attributes: further columns by header, as written; empty cells are left out.
    """

    line: int
    slack_id: str | None
    email: str | None
    account: str | None
    account_owner: str | None
    attributes: Mapping[str, str]

    @property
    def channel(self) -> str | None:
        """The channel this row is about; None where it is about a person."""
        return self.slack_id if self.slack_id and is_channel(self.slack_id) else None

    @property
    def teams(self) -> tuple[str, ...]:
        """The home workspaces of the people of a channel's account."""
        return tuple(self.attributes.get(TEAMS, "").split())


def parse_people_file(path: Path) -> tuple[PersonRow, ...]:
    """Return the rows of a CSV file in their order.

    Args:
        path: UTF-8, with or without a byte order mark; commas, semicolons or tabs between the
            cells; the names of the columns in the first line.

    Raises:
        PeopleFileError: anything is wrong; one line per problem with its line in the file. Nothing
            of such a file is used.
    """
    problems: list[str] = []
    people: list[PersonRow] = []
    header, *rows = _cells(path) or [(1, [])]
    columns = _columns(header[1], problems)
    if columns is not None:
        people = [row for line, cells in rows if (row := _row(line, cells, columns, problems))]
        problems += _repeated(people)
        if not people and not problems:
            problems.append("holds no people, only the names of columns")
    if problems:
        raise PeopleFileError("\n".join(f"{path}: {problem}." for problem in problems))
    return tuple(people)


def _cells(path: Path) -> list[tuple[int, list[str]]]:
    """Return the cells of each row that has any, with the line it begins on."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PeopleFileError(f"{path}: cannot be read: {error.strerror}.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PeopleFileError(f"{path}: line {line}: not UTF-8; save it as 'CSV UTF-8'.") from None
    first = text.partition("\n")[0]
    delimiter = next((each for each in ",;\t" if each in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise PeopleFileError(f"{path}: line {line}: not CSV: {error}.") from None
    return rows


def _columns(header: Sequence[str], problems: list[str]) -> tuple[str, ...] | None:
    """Return the columns by their meaning, or None where they make none."""
    names = [_ALIASES.get(_plain(name), name) for name in header]
    found = []
    for place, (name, title) in enumerate(zip(names, header, strict=True), start=1):
        taken = [_plain(other) for other in names[: place - 1]]
        near = [column for column in COLUMNS if column not in names and _mistyped(title, column)]
        if not name:
            found.append(f"line 1: column {place} has no name")
        elif _plain(name) in taken:
            found.append(f"line 1: the column '{title}' is there twice")
        elif name not in COLUMNS and near:
            found.append(
                f"line 1: unknown column '{title}'. Did you mean '{near[0]}'? If it is another fact"
                " about people, give it a name less alike"
            )
    if not found and not {SLACK_ID, EMAIL} & set(names):
        found.append(f"line 1: no column says who is meant: {SLACK_ID} or {EMAIL} is needed")
    problems += found
    return None if found else tuple(names)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


_ALIASES = {**{column: column for column in COLUMNS}, "e_mail": EMAIL}


def _mistyped(title: str, column: str) -> bool:
    return bool(get_close_matches(_plain(title), [column], cutoff=_NEAR))


def _row(
    line: int, cells: Sequence[str], columns: Sequence[str], problems: list[str]
) -> PersonRow | None:
    """Return the person of one row, or None and the reason among ``problems``."""
    if len(cells) != len(columns):
        problems.append(
            f"line {line}: has {len(cells)} cells, but {len(columns)} columns are named"
        )
        return None
    filled = {column: cell for column, cell in zip(columns, cells, strict=True) if cell}
    found = [
        f"line {line}: {column} {wrong}, not '{filled[column]}'"
        for column, (right, wrong) in _RULES.items()
        if column in filled and not right(filled[column])
    ]
    if any("\0" in cell for cell in cells):
        found.append(f"line {line}: holds a NUL character")
    if SLACK_ID not in filled and EMAIL not in filled:
        found.append(f"line {line}: says nobody: {SLACK_ID} or {EMAIL} must be filled in")
    if is_channel(filled.get(SLACK_ID, "")):
        found += _wrong_with_channel(line, filled)
    problems += found
    if found:
        return None
    email, owner = filled.get(EMAIL), filled.get(ACCOUNT_OWNER)
    return PersonRow(
        line=line,
        slack_id=filled.get(SLACK_ID),
        email=email.lower() if email else None,
        account=filled.get(ACCOUNT),
        account_owner=owner.lower() if owner and is_email(owner) else owner,
        attributes=MappingProxyType({k: v for k, v in filled.items() if k not in COLUMNS}),
    )


def _wrong_with_channel(line: int, filled: Mapping[str, str]) -> list[str]:
    wrong = [one for one in filled.get(TEAMS, "").split() if not is_team(one)]
    found = [f"line {line}: {TEAMS} holds '{one}', which is no workspace's id" for one in wrong]
    if EMAIL in filled:
        found.append(f"line {line}: a channel has no {EMAIL}")
    return found


_RULES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    SLACK_ID: (
        lambda text: is_person_id(text) or is_channel(text),
        "must be a Slack id such as U012AB3CD, or a channel",
    ),
    EMAIL: (is_email, "must be an e-mail address"),
    ACCOUNT_OWNER: (
        lambda text: is_person_id(text) or is_email(text),
        "must be a Slack id or an e-mail address",
    ),
}


def _repeated(people: Sequence[PersonRow]) -> list[str]:
    """Return the people who stand in several rows."""
    lines: dict[str, int] = {}
    problems = []
    for person in people:
        for name in filter(None, (person.slack_id, person.email)):
            first = lines.setdefault(name, person.line)
            if first != person.line:
                problems.append(f"line {person.line}: '{name}' is in line {first} already")
    return problems
