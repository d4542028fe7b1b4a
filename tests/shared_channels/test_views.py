"""Questions in shared channels: in Slack's limits, escaped, and saying only what is so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from nps_bot.nps.bands import SCORES
from nps_bot.shared_channels.answers import OwnAnswer
from nps_bot.shared_channels.posting import Found, Request
from nps_bot.shared_channels.rules import PostState
from nps_bot.shared_channels.store import Post
from nps_bot.shared_channels.views import approval, question
from nps_bot.surveys.rules.survey import Kind
from tests.factories import NOON, NOON_TOKEN, WORDING, survey, wave_figures
from tests.helpers.reading import action_ids, assert_slack_takes, lines
from tests.slack.test_block_limits import LONG_WORDING, NASTY

MINE = OwnAnswer("p" * 32, "i" * 32, 1, "Harbor Hotels", 3, False, None, False)
POST = Post(
    id="p" * 32,
    wave_id=1,
    survey_key="customer",
    kind="relationship",
    wording_id=1,
    wave_state="ready",
    closes_at=NOON + timedelta(days=7),
    stopped_at=None,
    channel="C0COAST01",
    account="Harbor <Hotels>",
    owner="UTOM",
    teams=("T1",),
    state=PostState.ASKED,
    reason=None,
    decided_by=None,
    decided_at=None,
    posted_at=None,
)
ASKING = Request(POST, survey(), None, None, over=False)


RUNNING = wave_figures(1, {}, 0).wave


@pytest.mark.parametrize("account", [*NASTY, "Harbor Hotels"])
def test_slack_takes_whatever_an_account_is_called(account: str) -> None:
    owners = [f"U{number}" for number in range(50)]
    for kind in Kind:
        shown = question.question(
            LONG_WORDING, kind, account, "p" * 32, rhythm="r" * 999, owners=owners
        )
        assert_slack_takes(shown)
        assert_slack_takes(question.preview(LONG_WORDING, kind, rhythm="r" * 99, owners=owners))
    assert_slack_takes(question.closed(LONG_WORDING))
    assert_slack_takes(question.opted_out(account, "*", "p" * 32))
    for score, no_contact, closed, stopped in product(
        (None, *SCORES), (True, False), (True, False), (None, "*", "customer")
    ):
        mine = replace(MINE, score=score, no_contact=no_contact, closed=closed, stopped=stopped)
        assert_slack_takes(question.answered(LONG_WORDING, mine))
    assert_slack_takes(question.again(LONG_WORDING, MINE))
    assert_slack_takes(question.which_to_stop(LONG_WORDING, MINE))
    post = replace(POST, account=account, reason=account, channel="#" + "x" * 80)
    asking = replace(ASKING, survey=replace(survey(), wording=LONG_WORDING))
    for state, failure, over in product(PostState, (None, account), (True, False)):
        assert_slack_takes(
            approval.request(
                replace(asking, post=replace(post, state=state), failure=failure, over=over)
            )
        )
    found = [Found("C1", account, None, (), obstacle) for obstacle in (None, account)] * 60
    assert_slack_takes(approval.plan(account[:50], found, "v" * 100))
    many = [replace(post, state=state) for state in PostState] * 60
    assert len(approval.in_channels(RUNNING, many, 1)) < 2_500
    assert len(approval.left_out(many) or "") <= 3_000


def test_the_buttons_carry_the_question_and_no_name() -> None:
    shown = question.question(
        WORDING, Kind.RELATIONSHIP, "Harbor Hotels", "p" * 32, rhythm="each week", owners=["UTOM"]
    )
    assert action_ids(shown.blocks) == [f"channel_score_{score}" for score in SCORES]
    assert "One question from *Lumen &amp; Co* to everybody at *Harbor Hotels*." in lines(shown)[0]
    assert "Only you see what you answer here." in shown.text


def test_what_can_be_done_with_an_answer_fits_it() -> None:
    def actions(mine: OwnAnswer) -> list[str]:
        return action_ids(question.answered(WORDING, mine).blocks)

    both = ["add_details", "channel_change"]
    delete, stop = "channel_wish_delete", "channel_stop"
    assert actions(MINE) == [*both, "channel_wish_no_contact", delete, stop]
    assert actions(replace(MINE, score=7)) == [*both, delete, stop]
    assert actions(replace(MINE, no_contact=True)) == [*both, delete, stop]
    assert actions(replace(MINE, closed=True, score=8)) == [delete, stop]
    undo = "channel_wish_resume"
    assert actions(replace(MINE, stopped="*", score=8)) == ["add_details", delete, undo]
    assert actions(replace(MINE, score=None)) == []
    assert actions(replace(MINE, score=None, stopped="customer")) == [undo]


def test_a_request_names_what_it_is_about_and_offers_three_answers() -> None:
    shown = approval.request(ASKING)
    assert action_ids(shown.blocks) == ["post_post", "post_not_this_one", "post_not_this_time"]
    assert "“Customer survey” would like to ask Harbor &lt;Hotels&gt; in <#C0COAST01>." in lines(
        shown
    )


@pytest.mark.parametrize(
    ("state", "change", "sentence"),
    [
        (PostState.APPROVED, {}, "It is being posted."),
        (PostState.APPROVED, {"due_at": NOON}, f"It is posted {NOON_TOKEN}."),
        (PostState.APPROVED, {"over": True}, "The round ended before it was posted."),
        (PostState.APPROVED, {"failure": "not <in> it"}, "It could not be posted: not &lt;in&gt;"),
        (PostState.DECLINED, {}, "<@UTOM> said not this time"),
        (PostState.NEVER, {}, "this survey does not ask there any more."),
        (PostState.ASKED, {"over": True}, "Nobody decided in time"),
    ],
)
def test_a_request_shows_what_became_of_it(
    state: PostState, change: dict[str, object], sentence: str
) -> None:
    post = replace(POST, state=state, decided_by="UTOM", decided_at=NOON)
    shown = approval.request(replace(ASKING, post=post, **change))  # type: ignore[arg-type]
    assert sentence in shown.text
    assert action_ids(shown.blocks) == (["post_ask_again"] if state is PostState.NEVER else [])


def test_status_counts_channels_in_singular_and_plural() -> None:
    posted = replace(POST, state=PostState.APPROVED, posted_at=NOON)
    assert approval.in_channels(RUNNING, [posted], 1) == "posted in 1 of 1 channel, 1 answer"
    shown = approval.in_channels(RUNNING, [posted, POST], 2)
    assert shown.startswith("posted in 1 of 2 channels, 2 answers; waits for somebody to decide on")
    skipped = replace(POST, state=PostState.SKIPPED, reason="it is not shared", channel="#x")
    assert approval.left_out([skipped]) == (
        "Not asked:\n• Harbor &lt;Hotels&gt; in #x: it is not shared"
    )
    assert approval.left_out([posted]) is None
