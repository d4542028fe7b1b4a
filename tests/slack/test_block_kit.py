from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_bot.slack import block_kit
from nps_bot.slack.numbers import percent, points

ENTITY = re.compile(r"&(amp|lt|gt);")


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "a few seconds left"),
        (29, "about 30 seconds left"),
        (60, "about a minute left"),
        (240, "about 4 minutes left"),
        (80 * 60, "about an hour left"),
        (120 * 60, "about 2 hours left"),
        (35 * 3_600, "about 35 hours left"),
        (7 * 86_400, "about 7 days left"),
    ],
)
def test_what_is_left_is_told_in_round_words(seconds: int, words: str) -> None:
    assert block_kit.time_left(timedelta(seconds=seconds)) == words


@given(st.text())
def test_escaped_text_reads_the_same_and_has_no_power(text: str) -> None:
    escaped = block_kit.escape(text, 10_000)
    assert unescaped(escaped) == text
    assert not set(ENTITY.sub("", escaped)) & set("&<>")


@given(st.text(alphabet="&<>ab \n", max_size=200), st.integers(min_value=1, max_value=120))
def test_a_cut_leaves_no_half_entity(text: str, limit: int) -> None:
    cut = block_kit.escape(text, limit)
    assert len(cut) <= limit
    assert "&" not in ENTITY.sub("", cut)


@given(st.text(alphabet="&<>ab \n\r\u2028", max_size=200), st.integers(min_value=20, max_value=99))
def test_every_line_of_a_quote_is_quoted(text: str, limit: int) -> None:
    quoted = block_kit.quote(text, limit)
    assert len(quoted) <= limit
    rows = quoted.split("\n")
    assert all(row.startswith(">") for row in rows)
    assert not any(set(ENTITY.sub("", row[1:])) & set("<>&") for row in rows)


def test_typed_commands_of_slack_are_only_words() -> None:
    typed = "<!channel> <@U1> <https://evil.example|click> &lt;!here&gt;"
    assert block_kit.escape(typed) == (
        "&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil.example|click&gt; &amp;lt;!here&amp;gt;"
    )


def test_a_moment_is_shown_in_everybodys_own_zone() -> None:
    east = datetime(2026, 11, 24, 21, 0, tzinfo=timezone(timedelta(hours=9)))
    assert block_kit.when(east) == (
        "<!date^1795521600^{date_short_pretty} at {time}|2026-11-24 12:00 UTC>"
    )
    assert block_kit.when(datetime(2026, 11, 24, 12, tzinfo=UTC)) == block_kit.when(east)


def test_a_link_to_a_message_is_slacks_permalink() -> None:
    found = block_kit.permalink("https://lumen.slack.com/", "C1", "1795521600.000200")
    assert found == "https://lumen.slack.com/archives/C1/p1795521600000200"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 answers"), (1, "1 answer"), (1200, "1,200 answers")]
)
def test_singular_and_plural(number: int, words: str) -> None:
    assert block_kit.count(number, "answer") == words


def test_lists_read_like_sentences() -> None:
    assert block_kit.listed(["a"]) == "a"
    assert block_kit.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(32.4, "+32"), (32.5, "+33"), (-0.4, "0"), (-7.5, "\N{MINUS SIGN}8"), (100, "+100"), (0, "0")],
)
def test_points_are_whole_and_signed(value: float, shown: str) -> None:
    assert points(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.001, "under 1%"), (0.005, "1%"), (0.455, "46%"), (1, "100%")]
)
def test_a_small_share_is_not_called_nothing(share: float, shown: str) -> None:
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (9, "a few seconds"),
        (12, "about 10 seconds"),
        (50, "about 50 seconds"),
        (56, "about a minute"),
        (130, "about 2 minutes"),
        (3_500, "about 58 minutes"),
        (3_590, "about an hour"),
        (50_000, "about 14 hours"),
        (129_000, "about 36 hours"),
        (200_000, "about 2 days"),
    ],
)
def test_a_duration_is_told_as_people_tell_it(seconds: int, words: str) -> None:
    assert block_kit.about(timedelta(seconds=seconds)) == words
