"""What is said of anonymous waves: in summary, report, status and terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from nps_bot.anonymous.disclosing import AnonymousWave
from nps_bot.anonymous.report import AnonymousReport, AnonymousSummary
from nps_bot.anonymous.report_text import report_text
from nps_bot.anonymous.rules.disclosure import (
    Change,
    Disclosure,
    Figure,
    Participation,
    Pool,
    Score,
    Segment,
    Side,
    TooFew,
    Width,
)
from nps_bot.anonymous.views import report as disclosed
from nps_bot.anonymous.views import summary as anonymous
from nps_bot.figures.result import DisclosedReport
from nps_bot.home.status import RunningWave
from nps_bot.home.views.status import wave_progress
from nps_bot.nps.score import Verdict
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.periods import Period
from nps_bot.surveys.rules.survey import Kind
from tests.factories import NOON, WORDING, wave_figures
from tests.helpers.reading import assert_slack_takes, texts

FIGURE = Figure(
    threshold=5,
    invited=40,
    n=32,
    score=Score(Side.EXACTLY, 25),
    width=Width.WIDE,
    comments=("<b>Cold</b> coffee", "Nice people"),
    change=Change(Verdict.NOISE, date(2026, 8, 24)),
)
OPEN = Participation(threshold=5, invited=40, at_least=10)


def wave(shown: Participation | Disclosure, segment: str | None = None) -> AnonymousWave:
    closed = not isinstance(shown, Participation)
    head = wave_figures(1, {}, 0, closed=closed).wave
    head = replace(head, threshold=5, segment=segment)
    return AnonymousWave(head, shown, is_break=False)


def summary(shown: Participation | Disclosure) -> Message:
    each = wave(shown)
    return anonymous.summary(AnonymousSummary(WORDING.title, WORDING.question, each))


def report(
    latest: AnonymousWave | None,
    *,
    trend: tuple[AnonymousWave, ...] = (),
    period: Period | None = None,
    pooled: Pool | None = None,
) -> AnonymousReport:
    return AnonymousReport(
        survey_key="employee",
        title=WORDING.title,
        question=WORDING.question,
        kind=Kind.EMPLOYEE,
        latest=latest,
        period=period,
        pooled=pooled,
        trend=trend,
        made_at=NOON,
    )


def words(message: Message) -> str:
    assert_slack_takes(message)
    return "\n".join([message.text, *texts(message.blocks)])


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Participation(5, 0, 0), "Nobody has been asked yet"),
        (Participation(5, 1, 0), "Fewer than 5 of 1 person have answered so far"),
        (Participation(5, 40, 0), "Fewer than 5 of 40 people have answered so far"),
        (Participation(5, 1200, 1000), "At least 1,000 of 1,200 people have answered so far"),
    ],
)
def test_an_open_wave(shown: Participation, told: str) -> None:
    assert disclosed.lines(wave(shown)) == [told, "Results come after closing, from 6 answers"]
    read = words(summary(shown))
    assert "Customer survey, open: result after closing" in read
    assert told in read
    assert "Results come after closing, from 6 answers" in read


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (TooFew(5, 40), "40 people were asked, and fewer than 6 answered: no result is shown"),
        (TooFew(3, 1), "1 person was asked, and fewer than 4 answered: no result is shown"),
        (FIGURE, "NPS +25, wide 95% interval (it can be more than 20 points either way)"),
        (FIGURE, "32 of 40 people answered (80%)"),
        (FIGURE, "Against the wave of 24 Aug 2026: no more than noise, as far as can be shown"),
        (replace(FIGURE, width=Width.MEDIUM), "medium 95% interval (at most 20 points"),
        (replace(FIGURE, width=Width.NARROW), "narrow 95% interval (at most 10 points"),
        (replace(FIGURE, width=None, invited=32), "NPS +25, everybody asked has answered"),
        (replace(FIGURE, score=Score(Side.ABOVE, 60)), "NPS above +60"),
        (replace(FIGURE, score=Score(Side.BELOW, -60)), "NPS below −60"),
        (
            replace(FIGURE, score=Score(Side.ABOVE, 60)),
            "Nearly everybody agrees, so no more than this bound is shown",
        ),
        (replace(FIGURE, n=6), "Directional: fewer than 30 answers"),
        (
            replace(FIGURE, change=Change(Verdict.HIGHER, date(2026, 8, 24))),
            "higher, and more than noise",
        ),
        (
            replace(FIGURE, change=Change(Verdict.LOWER, date(2026, 8, 24))),
            "lower, and more than noise",
        ),
        (replace(FIGURE, change=None), "No result of a wave before to compare with"),
    ],
)
def test_a_closed_wave(shown: Disclosure, told: str) -> None:
    for message in (
        summary(shown),
        DisclosedReport(report(wave(shown))).for_owner("s", charts=True),
        DisclosedReport(report(wave(shown))).for_channel("UPRIYA", charts=False),
    ):
        assert told in words(message)
    assert told in report_text(report(wave(shown)))


def test_a_wave_asked_otherwise_than_the_one_before() -> None:
    each = replace(wave(replace(FIGURE, change=None)), is_break=True)
    assert "The wave before was asked otherwise, so the two are not compared" in disclosed.lines(
        each
    )


def test_groups() -> None:
    groups = (Segment("R&D", 12, -8), Segment("Sales", 20, 45))
    each = wave(replace(FIGURE, segments=groups), "team")
    assert (
        disclosed.lines(each)[-1] == "By team: R&D NPS −8 (12 answers), Sales NPS +45 (20 answers)"
    )
    assert "R&amp;D" in words(DisclosedReport(report(each)).for_owner("s", charts=True))
    none = disclosed.lines(wave(FIGURE, "team"))[-1]
    assert none.startswith(
        "Not shown by team: a group, or what remains beside it, has fewer than 6"
    )
    assert "team" not in "".join(disclosed.lines(wave(FIGURE)))


def test_comments_are_the_owners_and_stand_beside_no_score() -> None:
    made = report(wave(FIGURE))
    shown = DisclosedReport(made).for_owner("s", charts=True)
    assert "*2 comments*, in random order" in words(shown)
    assert "&lt;b&gt;Cold&lt;/b&gt; coffee" in words(shown)
    shared = words(DisclosedReport(made).for_channel("UPRIYA", charts=True))
    assert "Cold" not in shared
    assert "Comments stay with the survey's owners." in shared
    assert "Cold" not in words(summary(FIGURE))
    printed = report_text(made)
    assert "2 comments, in random order:" in printed
    assert "  Nice people" in printed


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (replace(FIGURE, n=9, comments=()), "Comments are shown from 10 answers on"),
        (replace(FIGURE, n=11, threshold=11, comments=()), "Comments are shown from 12 answers on"),
        (replace(FIGURE, comments=()), "Nobody wrote a comment"),
    ],
)
def test_no_comments_have_a_reason(shown: Figure, told: str) -> None:
    made = report(wave(shown))
    assert told in words(DisclosedReport(made).for_owner("s", charts=True))
    assert told in report_text(made)


def test_many_long_comments_fit() -> None:
    shown = replace(FIGURE, comments=tuple("&" * 3_000 for _ in range(200)))
    read = words(DisclosedReport(report(wave(shown))).for_owner("s", charts=True))
    assert "*10 of 200 comments*, in random order" in read


def test_the_trend_has_waves_with_a_result() -> None:
    waves = (wave(FIGURE), wave(replace(FIGURE, score=Score(Side.ABOVE, 60))))
    made = report(wave(FIGURE), trend=waves)
    for read in (words(DisclosedReport(made).for_owner("s", charts=True)), report_text(made)):
        assert "24 Nov 2026: NPS +25, 32 answers" in read
        assert "24 Nov 2026: NPS above +60, 32 answers" in read


@pytest.mark.parametrize(
    ("pooled", "told"),
    [
        (None, ["No wave of this time has a result"]),
        (Pool(1, 32, Score(Side.EXACTLY, 25)), ["NPS +25", "32 answers in the one wave that has"]),
        (Pool(2, 64, Score(Side.ABOVE, 40)), ["NPS above +40", "64 answers in 2 waves that have"]),
        (Pool(2, 64, None), ["some show only a bound, so they have no score together"]),
    ],
)
def test_a_period(pooled: Pool | None, told: list[str]) -> None:
    trend = (wave(FIGURE),) if pooled else ()
    made = report(None, period=Period("90d", NOON, NOON), pooled=pooled, trend=trend)
    for read in (words(DisclosedReport(made).for_owner("s", charts=True)), report_text(made)):
        assert "last 90 days" in read
        assert all(one in read for one in told)


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (OPEN, "40 asked, at least 10 answered"),
        (replace(OPEN, at_least=0), "fewer than 5 answered"),
    ],
)
def test_status(shown: Participation, told: str) -> None:
    running = RunningWave(wave(shown).wave, asked=40, answered=shown, left=0, ends_at=None)
    assert told in wave_progress(running, NOON)
    stopped = replace(running, wave=replace(running.wave, stopped_at=NOON, stopped_by="UTOM"))
    assert told.removeprefix("40 asked, ") in wave_progress(stopped, NOON)
