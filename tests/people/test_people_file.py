"""People files: good rows, and every wrong one with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from nps_bot.base.errors import PeopleFileError
from nps_bot.people.people_file import PersonRow, parse_people_file


def parse(tmp_path: Path, text: str | bytes) -> tuple[PersonRow, ...]:
    path = tmp_path / "people.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return parse_people_file(path)


def problems(tmp_path: Path, text: str | bytes) -> list[str]:
    with pytest.raises(PeopleFileError) as caught:
        parse(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_a_row_says_who_belongs_where(tmp_path: Path) -> None:
    rows = parse(
        tmp_path,
        "Slack ID,E-mail,Account,account-owner,Plan,region\n"
        'U012AB3CD,Ada@Harbor.example,"Harbor, Ltd",Tom@lumen.example,gold,\n'
        "\n"
        ',kenji@x.example,"two\nlines",,,EU\n'
        " W1 ,,,U9, silver ,\n"
        ",,,,,\n",
    )
    assert rows == (
        PersonRow(
            2, "U012AB3CD", "ada@harbor.example", "Harbor, Ltd", "tom@lumen.example",
            {"Plan": "gold"},
        ),
        PersonRow(4, None, "kenji@x.example", "two\nlines", None, {"region": "EU"}),
        PersonRow(6, "W1", None, None, "U9", {"Plan": "silver"}),
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfemail,account\r\na@x.example,A\r\n",
        b"email;account\na@x.example;A\n",
        b"EMAIL\tAccount\na@x.example\tA",
    ],
)
def test_what_spreadsheets_write_is_understood(tmp_path: Path, text: bytes) -> None:
    assert parse(tmp_path, text) == (PersonRow(2, None, "a@x.example", "A", None, {}),)


def test_every_wrong_line_is_listed(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        "slack_id,email,account,account_owner\n"
        "U1,,A,\n"
        "u2,,A,\n"
        ",not an address,A,\n"
        ",,A,\n"
        "U3,,A\n"
        "U4,,A,Tom\n"
        "U1,x@x.example,A,\n"
        "U5,X@x.example,A,\n"
        "U6,,a\0b,\n",
    ) == [
        (
            "people.csv: line 3: slack_id must be a Slack id such as U012AB3CD, or a channel,"
            " not 'u2'."
        ),
        "people.csv: line 4: email must be an e-mail address, not 'not an address'.",
        "people.csv: line 5: says nobody: slack_id or email must be filled in.",
        "people.csv: line 6: has 3 cells, but 4 columns are named.",
        "people.csv: line 7: account_owner must be a Slack id or an e-mail address, not 'Tom'.",
        "people.csv: line 10: holds a NUL character.",
        "people.csv: line 8: 'U1' is in line 2 already.",
        "people.csv: line 9: 'x@x.example' is in line 8 already.",
    ]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("name,account", "no column says who is meant: slack_id or email is needed."),
        (
            "email,acount",
            (
                "unknown column 'acount'. Did you mean 'account'? If it is another fact about"
                " people, give it a name less alike."
            ),
        ),
        ("email,Plan,plan", "the column 'plan' is there twice."),
        ("email,E-Mail", "the column 'E-Mail' is there twice."),
        ("email,,account", "column 2 has no name."),
    ],
)
def test_a_wrong_header_is_named(tmp_path: Path, header: str, sentence: str) -> None:
    assert problems(tmp_path, f"{header}\n1,2\n") == [f"people.csv: line 1: {sentence}"]


@pytest.mark.parametrize("name", ["account_id", "accounting", "mail_domain"])
def test_a_column_that_is_only_alike_is_an_attribute(tmp_path: Path, name: str) -> None:
    (row,) = parse(tmp_path, f"email,{name}\na@x.example,7\n")
    assert row.attributes == {name: "7"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "line 1: no column says who is meant: slack_id or email is needed."),
        (b"email\n\n", "holds no people, only the names of columns."),
        (b"email\na@x.example\n\xff\n", "line 3: not UTF-8; save it as 'CSV UTF-8'."),
        ("email\n".encode("utf-16"), "line 1: not UTF-8; save it as 'CSV UTF-8'."),
        (b'email\n"a\n\nb', "line 2: not CSV: unexpected end of data."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, text: bytes, sentence: str) -> None:
    assert problems(tmp_path, text) == [f"people.csv: {sentence}"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeopleFileError, match=r"absent\.csv: cannot be read: No such file"):
        parse_people_file(tmp_path / "absent.csv")


def test_a_channel_is_shared_with_an_account(tmp_path: Path) -> None:
    rows = parse(
        tmp_path,
        "slack_id,account,account_owner,teams\n"
        "#ext-coast,Harbor Hotels,tom@lumen.example, T0HARBOR1  E0HARBOR1\n"
        "C0CAFES01,,,\n"
        "U1,Harbor Hotels,,blue green\n",
    )
    assert [(row.channel, row.account, row.teams) for row in rows] == [
        ("#ext-coast", "Harbor Hotels", ("T0HARBOR1", "E0HARBOR1")),
        ("C0CAFES01", None, ()),
        (None, "Harbor Hotels", ("blue", "green")),
    ]


def test_what_is_wrong_with_a_channel_is_said(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        "slack_id,email,account,teams\n#ext-coast,a@x.example,Harbor,\n#ext-cafes,,Cafes,T1 u2\n"
        "#ext-cafes,,Others,\n#Ext Bad,,Others,\n",
    ) == [
        "people.csv: line 2: a channel has no email.",
        "people.csv: line 3: teams holds 'u2', which is no workspace's id.",
        (
            "people.csv: line 5: slack_id must be a Slack id such as U012AB3CD, or a channel,"
            " not '#Ext Bad'."
        ),
    ]
