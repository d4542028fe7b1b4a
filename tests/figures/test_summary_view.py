from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from nps_bot.figures.report import WaveFigures
from nps_bot.figures.store import Recovery
from nps_bot.figures.summary import Summary
from nps_bot.figures.views import summary as view
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Kind
from tests.factories import CLOSES, CLOSES_TOKEN, NOON, NOON_TOKEN, WORDING, change, wave_figures
from tests.helpers.reading import assert_slack_takes, lines

ORIGIN = "How likely are you to recommend Lumen &amp; Co to a friend or colleague?"


def summary(
    *waves: WaveFigures,
    recovery: Recovery = Recovery(0, 0),  # noqa: B008
) -> Summary:
    before = waves[-2].wave.day if len(waves) > 1 else None
    return Summary(WORDING.title, WORDING.question, waves[-1], change(waves), before, recovery)


def shown(message: Message) -> list[str]:
    assert_slack_takes(message)
    return lines(message)


def test_a_running_wave_is_exactly_this() -> None:
    before = wave_figures(1, {10: 12, 8: 10, 3: 18}, 60, day="2026-08-24")
    latest = wave_figures(2, {10: 20, 9: 4, 8: 5, 7: 2, 3: 8, 0: 1}, 90)
    message = view.scoreboard(summary(before, latest))
    assert message.text == (
        "Customer survey, so far: NPS +38, 95% interval +10 to +60. 40 of 90 people answered (44%)."
    )
    assert shown(message) == [
        "Customer survey, so far: NPS +38",
        "*NPS +38*, 95% interval +10 to +60",
        "40 of 90 people answered (44%)",
        "+53 against the wave of 24 Aug 2026: higher, and more than noise",
        "Promoters 24 (60%) · Passives 7 (18%) · Detractors 9 (23%)",
        "```",
        "10 ████████████████████ 20",
        " 9 ████ 4",
        " 8 █████ 5",
        " 7 ██ 2",
        " 6 0",
        " 5 0",
        " 4 0",
        " 3 ████████ 8",
        " 2 0",
        " 1 0",
        " 0 █ 1",
        "```",
        f"Wave of 24 Nov 2026, open until {CLOSES_TOKEN} · {ORIGIN}",
    ]


def test_nobody_asked_yet() -> None:
    message = view.scoreboard(summary(wave_figures(1, {}, 0)))
    assert message.text == "Customer survey, so far: no answers yet. Nobody has been asked yet."
    assert shown(message) == [
        "Customer survey, so far: no answers",
        "*No answers yet*",
        "Nobody has been asked yet",
        f"Wave of 24 Nov 2026, open until {CLOSES_TOKEN} · {ORIGIN}",
    ]


def test_few_answers_are_only_directional() -> None:
    rows = shown(view.scoreboard(summary(wave_figures(1, {9: 1}, 1))))
    assert rows[1:5] == [
        "*NPS +100*, 95% interval −59 to +100",
        "_Directional: fewer than 30 answers_",
        "1 of 1 person answered (100%)",
        "No earlier wave to compare with",
    ]


def test_a_closing_summary_says_so() -> None:
    rows = shown(
        view.scoreboard(summary(wave_figures(1, {9: 40}, 50, closed=True), recovery=Recovery(2, 1)))
    )
    assert rows[0] == "Customer survey, closed: NPS +100"
    assert rows[-1] == f"Wave of 24 Nov 2026, closed {CLOSES_TOKEN} · {ORIGIN}"
    assert rows[-2] == (
        "Recovery: 3 people changed their answer after the time for corrections (2 to a higher"
        " score, 1 to a lower one); the first score counts"
    )


def test_noise_is_called_noise() -> None:
    rows = shown(
        view.scoreboard(
            summary(
                wave_figures(1, {10: 20, 7: 20}, 90, day="2026-08-24"),
                wave_figures(2, {10: 22, 7: 18}, 90),
            )
        )
    )
    assert "+5 against the wave of 24 Aug 2026: within noise" in rows


def test_nothing_is_compared_across_another_wording() -> None:
    before = wave_figures(1, {0: 40}, 60, day="2026-08-24")
    rows = shown(view.scoreboard(summary(before, wave_figures(2, {10: 40}, 60, is_break=True))))
    assert "The question or its layout changed, so the scores before are not compared" in rows
    assert not any("against" in row for row in rows)


def test_a_wave_without_answers_before_is_named() -> None:
    rows = shown(
        view.scoreboard(
            summary(wave_figures(1, {}, 60, day="2026-08-24"), wave_figures(2, {10: 40}, 60))
        )
    )
    assert "Not compared with the wave of 24 Aug 2026: one of the two has no answers" in rows


def test_all_employees_answered_is_no_estimate() -> None:
    rows = shown(view.scoreboard(summary(wave_figures(1, {9: 30, 3: 10}, 40, kind=Kind.EMPLOYEE))))
    assert rows[1] == "*NPS +50*, everybody asked has answered"


@pytest.mark.parametrize("counts", [{10: 1, 0: 1000}, {score: score for score in range(11)}])
def test_bars_grow_with_their_numbers_and_none_vanishes(counts: dict[int, int]) -> None:
    rows = shown(view.scoreboard(summary(wave_figures(1, counts, 5_000))))
    bars = {int(row.split()[0]): row.count("█") for row in rows[rows.index("```") + 1 :][:11]}
    by_count = sorted(bars, key=lambda score: counts.get(score, 0))
    assert all(bars[low] <= bars[high] for low, high in pairwise(by_count))
    assert all((bars[score] > 0) is (counts.get(score, 0) > 0) for score in bars)


def test_the_day_of_a_wave_is_local() -> None:
    assert wave_figures(1, {}, 0, day="2027-01-05").wave.day == date(2027, 1, 5)


def test_a_stopped_wave_says_so_while_it_takes_answers_and_when_it_closes() -> None:
    latest = wave_figures(1, {9: 2}, 3)
    stopped = replace(latest, wave=replace(latest.wave, stopped_at=NOON, stopped_by="UTOM"))
    stop = f"Wave of 24 Nov 2026, stopped by <@UTOM>, {NOON_TOKEN}; "
    running = shown(view.scoreboard(summary(stopped)))
    assert running[0] == "Customer survey, stopped: NPS +100"
    assert running[-1] == f"{stop}answers count until {CLOSES_TOKEN} · {ORIGIN}"
    closed = replace(stopped, wave=replace(stopped.wave, state="closed", closed_at=CLOSES))
    assert shown(view.scoreboard(summary(closed)))[-1] == f"{stop}closed {CLOSES_TOKEN} · {ORIGIN}"
