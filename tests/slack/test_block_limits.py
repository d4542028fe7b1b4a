"""The largest and nastiest content there can be still is what Slack takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.anonymous.report import TREND_WAVES
from nps_bot.answering.store import EarlierScore, Reply
from nps_bot.answering.views import followup
from nps_bot.app.kinds import KINDS
from nps_bot.asking.views import nudges, prompt
from nps_bot.cases import views as alert_view
from nps_bot.cases.store import CaseRow, OpenCase
from nps_bot.delivery.store.troubles import Trouble
from nps_bot.figures.report import LATEST_COMMENTS
from nps_bot.figures.store import Comment, Recovery
from nps_bot.figures.summary import Summary
from nps_bot.figures.views import report as report_view
from nps_bot.figures.views import summary
from nps_bot.home.home import ANSWERS, Home, OptedOut, OwnAnswer, OwnedSurvey, TakenPart
from nps_bot.home.status import CASES, TROUBLES, RunningWave, Status, SurveyStatus, Unclaimed
from nps_bot.home.views import home
from nps_bot.home.views import status as status_view
from nps_bot.nps.bands import SCORES, Band, band_of
from nps_bot.surveys.rules.survey import Anonymity, BandPlan, FollowUp, Kind, Link, Nudge, Wording
from nps_bot.surveys.store import Pause
from tests.factories import NOON, alert, change, report, survey, wave_figures
from tests.helpers.reading import assert_slack_takes

NEXT = timedelta(days=90)
NASTY = ["<&>" * 1_000, "\n" * 100 + "x" + "\n" * 2_899, "<!channel>" * 300, "`*_~" * 750]
LONG_WORDING = Wording(
    title="<&>" * 100,
    brand="<&>" * 100,
    question="<&>" * 1_000,
    reason="r" * 2_500,
    detractor=BandPlan(
        tuple(FollowUp(f"q{number}", "<&>" * 900) for number in range(10)),
        "&" * 3_000,
        chaser="&" * 3_000,
    ),
    passive=BandPlan((), "<" * 3_000),
    promoter=BandPlan(
        (), ">" * 3_000, tuple(Link("&" * 200, "https://x.example") for _ in "12345")
    ),
    reminder="&" * 3_000,
)


@pytest.mark.parametrize("score", SCORES)
def test_what_a_respondent_gets(score: int) -> None:
    owners = [f"U{number}" for number in range(50)]
    for kind in Kind:
        assert_slack_takes(
            prompt.prompt(
                LONG_WORDING, kind, "i" * 32, rhythm="r" * 999, owners=owners, snooze=True
            )
        )
        reminding = prompt.prompt(
            LONG_WORDING,
            kind,
            "i" * 32,
            rhythm="r" * 999,
            owners=owners,
            snooze=False,
            reminding=True,
        )
        assert_slack_takes(reminding)
        assert_slack_takes(nudges.chaser(LONG_WORDING, kind, score, "i" * 32))
        chatty = replace(survey(), wording=LONG_WORDING, reminder=Nudge(NEXT), chaser=Nudge(NEXT))
        assert_slack_takes(
            prompt.preview(
                LONG_WORDING,
                kind,
                rhythm="r" * 999,
                owners=owners,
                further=nudges.further(chatty),
            )
        )
    for stopped in (None, "*"):
        assert_slack_takes(
            prompt.answered(
                LONG_WORDING, score, "i" * 32, correctable=True, no_contact=False, stopped=stopped
            )
        )
    replies = {question.key: "&" * 3_000 for question in LONG_WORDING.questions(band_of(score))}
    assert_slack_takes(followup.modal(LONG_WORDING, band_of(score), score, "i" * 32, replies))
    assert_slack_takes(followup.change_score_modal(LONG_WORDING, score, "i" * 32, counts=False))
    assert_slack_takes(followup.stop_modal(LONG_WORDING, "i" * 32))
    assert_slack_takes(followup.anonymous_modal(LONG_WORDING, band_of(score), "i" * 32))


def test_an_anonymous_prompt() -> None:
    """An operator is as long as a brand, and a column as a title."""
    wording = replace(LONG_WORDING, operator=LONG_WORDING.brand)
    for reminding in (False, True):
        assert_slack_takes(
            prompt.prompt(
                wording,
                Anonymity(1_000, LONG_WORDING.title),
                "i" * 32,
                rhythm="r" * 999,
                owners=["U" * 32] * 9,
                snooze=not reminding,
                reminding=reminding,
            )
        )


@pytest.mark.parametrize("typed", NASTY)
@pytest.mark.parametrize("number", [1, 4, 60])
def test_an_alert(typed: str, number: int) -> None:
    replies = tuple(Reply(f"q{n}", typed, typed, n) for n in range(number))
    everything = alert(
        person_name=typed,
        account=typed,
        earlier=tuple(EarlierScore(10, NOON) for _ in range(5)),
        replies=replies,
        no_contact=True,
        case=CaseRow("U1", NOON, "U2", NOON, None),
    )
    assert_slack_takes(alert_view.alert(replace(everything, title=typed)))


WAVES = tuple(
    wave_figures(number, dict.fromkeys(SCORES, 100_000), 9_999_999, is_break=number == 12)
    for number in range(TREND_WAVES)
)


@pytest.mark.parametrize("typed", NASTY)
@pytest.mark.parametrize("charts", [True, False])
def test_a_report_and_a_summary(typed: str, charts: bool) -> None:
    comments = tuple(
        Comment("U1", typed, typed, 3, typed, typed, NOON) for _ in range(LATEST_COMMENTS)
    )
    large = report(WAVES, comments, total=300, recovery=Recovery(10_000, 10_000))
    large = replace(large, title=typed, question=typed)
    assert_slack_takes(report_view.report(large, "s" * 32, charts=charts))
    assert_slack_takes(report_view.shared(large, "U1", charts=charts))
    board = Summary(
        typed, typed, WAVES[-1], change(WAVES), WAVES[-2].wave.day, Recovery(10_000, 10_000)
    )
    assert_slack_takes(summary.scoreboard(board))


@pytest.mark.parametrize("typed", NASTY)
def test_status_and_home(typed: str) -> None:
    case = OpenCase("i1", "customer", 1, "U1", typed, typed, 0, NOON, "C1", "1795521600.000200")
    unclaimed = Unclaimed((case,) * CASES, 1_000)
    trouble = Trouble("a" * 32, "prompt", "unknown", "customer", "U1", "C1", typed, NOON, False)
    running = (RunningWave(WAVES[0].wave, 9_999_999, 9_999_999, 9_999_999, NOON),) * 3
    one = SurveyStatus(typed, typed, Pause(NOON, "U1"), running, NOON, "Antarctica/McMurdo")
    overview = Status((one,) * 40, unclaimed, (trouble,) * TROUBLES, 1_000, NOON)
    url = "https://a-workspace-with-a-long-name.enterprise.slack.com/"
    assert_slack_takes(status_view.status(overview, url, KINDS.labels()))
    replies = tuple(Reply(f"q{n}", typed, typed, n) for n in range(10))
    answers = tuple(
        OwnAnswer(f"i{number}", typed, typed, 3, NOON, replies, True) for number in range(ANSWERS)
    )
    stopped = tuple(OptedOut(f"s{number}", typed) for number in range(40))
    owned = (OwnedSurvey(typed, WAVES[-1], change(WAVES), WAVES[-2].wave.day, running),) * 40
    taken_part = (TakenPart(typed, NOON),) * ANSWERS
    everything = Home(answers, 1_000, stopped, owned, unclaimed, NOON, taken_part)
    assert_slack_takes(home.home(everything, url))


@settings(max_examples=50, deadline=None)
@given(typed=st.text(min_size=1, max_size=3_000))
def test_whatever_people_type(typed: str) -> None:
    said = alert(person_name=typed, account=typed, replies=(Reply("reason", "Why?", typed, 0),))
    assert_slack_takes(alert_view.alert(said))
    words = replace(LONG_WORDING, brand=typed, question=typed, title=typed)
    assert_slack_takes(followup.modal(words, Band.DETRACTOR, 3, "i1", {"reason": typed}))
