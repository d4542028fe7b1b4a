from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nps_bot.figures.report import Report
from nps_bot.figures.store import Comment, Recovery
from nps_bot.figures.views import report as view
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.periods import Period
from tests.factories import CLOSES_TOKEN, NOON, NOON_TOKEN, no_figures, report, wave_figures
from tests.helpers.reading import action_ids, assert_slack_takes, lines

THREE_WAVES = (
    wave_figures(1, {10: 12, 8: 10, 3: 18}, 60, day="2026-05-24"),
    wave_figures(2, {10: 14, 8: 10, 3: 16}, 60, day="2026-08-24"),
    wave_figures(3, {10: 20, 9: 4, 8: 5, 7: 2, 3: 8, 0: 1}, 90),
)
COMMENT = Comment("UADA", "Ada <L>", "Harbor", 3, "Why & how?", "The <lid>\nleaks", NOON)


def charts(message: Message) -> list[dict[str, object]]:
    return [block for block in message.blocks if block["type"] == "data_visualization"]


def shown(message: Message) -> list[str]:
    assert_slack_takes(message)
    return lines(message)


def test_the_report_in_text_is_exactly_this() -> None:
    full = report(THREE_WAVES, (COMMENT,), total=41, recovery=Recovery(1, 0))
    message = view.report(full, "s1", charts=False)
    assert message.text == (
        "Customer survey, wave of 24 Nov 2026: NPS +38, 95% interval +10 to +60."
        " 40 of 90 people answered (44%)."
    )
    assert shown(message) == [
        "Customer survey: NPS +38",
        (
            f"Wave of 24 Nov 2026, open until {CLOSES_TOKEN}"
            " · How likely are you to recommend Lumen &amp; Co to a friend or colleague?"
        ),
        "*NPS +38*, 95% interval +10 to +60",
        "40 of 90 people answered (44%)",
        "Promoters 24 (60%) · Passives 7 (18%) · Detractors 9 (23%)",
        "+43 against the wave of 24 Aug 2026: higher, and more than noise",
        "Had everybody asked answered, the score would lie between −39 and +72",
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
        "*NPS by wave* (● score, ━ 95% interval, │ zero)",
        "```",
        "24 May 2026  −15 ······━━●━│━········· n=40",
        "24 Aug 2026   −5 ·······━━●│━━········ n=40",
        "24 Nov 2026  +38 ··········│━━━●━━···· n=40",
        "```",
        (
            "Recovery: 1 person changed their answer after the time for corrections (1 to a higher"
            " score); the first score counts"
        ),
        "*Latest comments* (1 of 41 comments)",
        "> The &lt;lid&gt;",
        "> leaks",
        f"Ada &lt;L&gt; (Harbor), score 3, to “Why &amp; how?”, {NOON_TOKEN}",
        "[Share in this channel]",
        f"As of {NOON_TOKEN}",
    ]
    assert message.blocks[-2]["elements"][0]["value"] == "s1"


def test_native_charts_carry_the_interval() -> None:
    message = view.report(report(THREE_WAVES), "s1", charts=True)
    assert_slack_takes(message)
    scores, trend = charts(message)
    assert scores["title"] == "Answers by score"
    days = ["24 May 2026", "24 Aug 2026", "24 Nov 2026"]
    assert trend == {
        "type": "data_visualization",
        "title": "NPS by wave, with its 95% interval",
        "chart": {
            "type": "line",
            "series": [
                {
                    "name": name,
                    "data": [
                        {"label": day, "value": value}
                        for day, value in zip(days, values, strict=True)
                    ],
                }
                for name, values in (
                    ("Upper bound, 95%", [11.3, 20.9, 59.5]),
                    ("NPS", [-15.0, -5.0, 37.5]),
                    ("Lower bound, 95%", [-39.2, -30.2, 10.2]),
                )
            ],
            "axis_config": {"categories": days, "x_label": "Wave", "y_label": "NPS"},
        },
    }


def test_no_line_is_drawn_across_another_wording() -> None:
    waves = (*THREE_WAVES[:2], replace(THREE_WAVES[2], is_break=True))
    later = wave_figures(4, {10: 30}, 60, day="2027-02-24")
    broken = report((*waves, later))
    message = view.report(broken, "s1", charts=True)
    _, trend = charts(message)
    assert isinstance(trend["chart"], dict)
    assert trend["chart"]["axis_config"]["categories"] == ["24 Nov 2026", "24 Feb 2027"]
    assert (
        "The question or its layout changed after 2 waves, which cannot be compared with those"
        " since: −15 (n=40, 24 May 2026), −5 (n=40, 24 Aug 2026)"
    ) in shown(message)
    drawn = shown(view.report(broken, "s1", charts=False))
    place = drawn.index("- the question or its layout changed -")
    assert drawn[place - 1].startswith("24 Aug 2026")
    assert drawn[place + 1].startswith("24 Nov 2026")


@pytest.mark.parametrize("native", [True, False])
def test_one_wave_is_no_trend(native: bool) -> None:
    message = view.report(report(THREE_WAVES[:1]), "s1", charts=native)
    rows = shown(message)
    assert not any("NPS by wave" in row for row in rows)
    assert len(charts(message)) == (1 if native else 0)
    assert "No earlier wave to compare with" in rows


def test_several_waves_of_one_day_are_told_apart() -> None:
    morning = wave_figures(1, {10: 30}, 60)
    evening = replace(morning, wave=replace(morning.wave, id=2, nominal="2026-11-24T18:30"))
    _, trend = charts(view.report(report((morning, evening)), "s1", charts=True))
    assert isinstance(trend["chart"], dict)
    assert trend["chart"]["axis_config"]["categories"] == [
        "24 Nov 2026 10:00",
        "24 Nov 2026 18:30",
    ]


def test_sharing_shows_figures_but_nobodys_words() -> None:
    message = view.shared(report(THREE_WAVES, (COMMENT,)), "UPRIYA", charts=False)
    rows = shown(message)
    assert "Shared by <@UPRIYA>. Comments stay with the survey's owners." in rows
    assert not any("Ada" in row or "leaks" in row for row in rows)
    assert action_ids(message.blocks) == []


def empty(period: Period | None) -> Report:
    blank = report((wave_figures(1, {}, 0),))
    return replace(blank, wave=None, period=period, figures=no_figures(), before=None, trend=())


def test_before_the_first_wave() -> None:
    assert shown(view.report(empty(None), "s1", charts=True))[2:3] == [
        "No wave has asked anybody yet. `/nps status` says when the next one is due."
    ]


def test_a_period_without_answers() -> None:
    quarter = Period("2026-Q3", NOON, NOON)
    message = view.report(empty(quarter), "s1", charts=True)
    assert message.text == ("Customer survey, 2026-Q3: no answers yet. Nobody has been asked yet.")
    rows = shown(message)
    assert rows[1].startswith("2026-Q3, everybody's latest answer")
    assert "*No answers yet*" in rows
    assert charts(message) == []


def test_a_period_is_compared_with_the_one_before() -> None:
    period = Period("90d", NOON, NOON)
    before = Period("the 90 days before", datetime(2026, 6, 1, tzinfo=UTC), NOON)
    over = replace(report(THREE_WAVES), wave=None, period=period, before=before)
    rows = shown(view.report(over, "s1", charts=False))
    assert rows[1].startswith("The last 90 days, everybody's latest answer · ")
    assert "+43 against the 90 days before: higher, and more than noise" in rows
