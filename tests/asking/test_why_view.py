"""``/nps why``, and the reasons wherever they are told: exact, plain, and without scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nps_bot.app.wiring import MODES
from nps_bot.asking.eligibility import Reason
from nps_bot.asking.explain import Outlook, Why
from nps_bot.asking.rules.budget import BudgetBlock, Contact, Rule
from nps_bot.asking.views import exclusion_text
from nps_bot.asking.views import why as view
from nps_bot.home.status import RunningWave, Status, SurveyStatus, Unclaimed
from nps_bot.home.views import status as status_view
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.limits import Limits
from tests.factories import CLOSES_TOKEN, NOON, NOON_TOKEN, survey, wave_figures
from tests.helpers.reading import assert_slack_takes, lines

DAY = timedelta(days=1)
ADA = Member("UADA", "Ada <L>")
CUSTOMER = replace(survey(), budget=Limits())
TITLES = {"customer": "Customers & friends"}


def shown(*outlooks: Outlook, contacts: tuple[Contact, ...] = (), total: int = 0) -> list[str]:
    message = view.why(Why(ADA, contacts, total or len(contacts), outlooks), TITLES, MODES)
    assert_slack_takes(message)
    return lines(message)


def test_what_somebody_got_is_told_without_a_score() -> None:
    closes = NOON + 7 * DAY
    said = shown(
        contacts=(
            Contact("customer", NOON, planned=True, open_until=closes),
            Contact("customer", NOON, planned=True, lost=True, open_until=closes),
            Contact("gone", NOON, open_until=closes),
            Contact("customer", NOON, further_at=closes),
            Contact("customer", NOON, closes, answered_at=NOON),
            Contact("customer", NOON, NOON, answered_at=closes),
        ),
        total=11,
    )
    assert said == [
        "When is Ada <L> asked?",
        "*What they got*, the latest first:",
        f"• “Customers &amp; friends”: on its way, for {NOON_TOKEN}",
        f"• “Customers &amp; friends”: sent {NOON_TOKEN}, and nobody knows whether it arrived",
        f"• “gone”: asked {NOON_TOKEN}, not answered, open until {CLOSES_TOKEN}",
        f"• “Customers &amp; friends”: asked {NOON_TOKEN}, once more {CLOSES_TOKEN}, not answered",
        (
            f"• “Customers &amp; friends”: asked {NOON_TOKEN}, answered {NOON_TOKEN},"
            f" asked for a reason {CLOSES_TOKEN}"
        ),
        (
            f"• “Customers &amp; friends”: asked {NOON_TOKEN}, once more {NOON_TOKEN},"
            f" answered {CLOSES_TOKEN}"
        ),
        "and 5 more",
    ]


def test_each_survey_says_when_it_asks_and_why_not_before() -> None:
    hold = BudgetBlock(Rule.EVERY, NOON + 7 * DAY, Contact("customer", NOON))
    said = shown(Outlook(CUSTOMER, held=hold, asked_next=NOON + 7 * DAY))
    assert said[1:3] == [
        "*What they got:* nothing so far",
        "*Customer survey* (`customer`)",
    ]
    assert said[3].startswith(f"Held back until {CLOSES_TOKEN}: “Customers &amp; friends” came on")
    assert said[3].endswith("and two questions to one person are at least 30 days apart.")
    assert said[4:] == [f"Asked next: {CLOSES_TOKEN}."]


def test_whom_no_wave_asks_reads_why() -> None:
    for outlook, sentence in (
        (
            Outlook(CUSTOMER, excluded=Exclusion.GUEST),
            "Not asked: this person is a guest, and this survey does not ask guests.",
        ),
        (Outlook(CUSTOMER, outside=True), "Not asked: this person is not in its audience."),
        (
            Outlook(CUSTOMER, held=BudgetBlock(Rule.OPTED_OUT, None)),
            "Held back for good: they asked not to get this survey.",
        ),
        (Outlook(CUSTOMER), "No wave to ask them is in sight."),
    ):
        assert shown(outlook)[3:] == [sentence]
    paused = shown(Outlook(CUSTOMER, paused=True, asked_next=NOON))
    assert paused[-1] == "The survey is paused, though: nobody is asked until it is resumed."


def test_an_anonymous_survey_is_not_explained_to_others() -> None:
    assert shown(Outlook(CUSTOMER, private=True))[3:] == [
        "Anonymous surveys are explained only to the person themselves."
    ]


def test_an_anonymous_question_is_told_without_whether_it_was_answered() -> None:
    contact = Contact("customer", NOON, open_until=NOON + 7 * DAY, anonymous=True)
    said = shown(contacts=(contact,))
    assert said[2] == f"• “Customers &amp; friends”: asked {NOON_TOKEN}, anonymously"


def test_many_surveys_fit_into_a_message() -> None:
    contacts = tuple(Contact("x" * 40, NOON, NOON, NOON) for _ in range(8))
    title = replace(CUSTOMER.wording, title="&" * 50)
    hold = BudgetBlock(Rule.AFTER_ANSWER, NOON, Contact("customer", NOON, answered_at=NOON))
    one = Outlook(replace(CUSTOMER, wording=title), Exclusion.OUTSIDER, held=hold, asked_next=NOON)
    assert shown(*(one,) * 45, contacts=contacts)[-1] == "and 25 more surveys of yours"


# --- the exact rule ---------------------------------------------------------------------------

LIMITS = Limits(every=DAY, after_answer=timedelta(hours=36), share=25, daily=1)
ASKED = Contact("customer", datetime(2026, 11, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("rule", "contact", "words"),
    [
        (Rule.OPTED_OUT, None, "they asked not to get this survey"),
        (Rule.OPEN, ASKED, "Q, asked on 1 Nov, is still open"),
        (
            Rule.OPEN,
            replace(ASKED, planned=True),
            "Q is on its way to them, for 1 Nov, and will be open",
        ),
        (
            Rule.OPEN,
            replace(ASKED, planned=True, lost=True),
            "Q of 1 Nov may have reached them, and would be open",
        ),
        (
            Rule.EVERY,
            replace(ASKED, planned=True, lost=True),
            (
                "Q may have reached them on 1 Nov, and two questions to one person are at least"
                " 1 day apart"
            ),
        ),
        (
            Rule.AFTER_ANSWER,
            replace(ASKED, answered_at=ASKED.asked_at + DAY),
            "they answered Q on 2 Nov, and an answer is followed by 36 hours of rest",
        ),
        (
            Rule.AFTER_SILENCE,
            ASKED,
            "they left Q of 1 Nov unanswered, and silence is followed by 30 days of rest",
        ),
        (
            Rule.AFTER_SILENCE,
            replace(ASKED, further_at=ASKED.asked_at + 3 * DAY),
            "they left Q of 4 Nov unanswered, and silence is followed by 30 days of rest",
        ),
        (
            Rule.AFTER_ANONYMOUS,
            replace(ASKED, anonymous=True),
            "Q asked them anonymously on 1 Nov, and that is followed by 30 days of rest",
        ),
        (
            Rule.EVERY,
            ASKED,
            "Q came on 1 Nov, and two questions to one person are at least 1 day apart",
        ),
        (
            Rule.EVERY,
            replace(ASKED, planned=True),
            (
                "Q is on its way to them, for 1 Nov, and two questions to one person are at least"
                " 1 day apart"
            ),
        ),
        (Rule.NEWCOMER, None, "they are new, and nobody is asked in their first 30 days"),
        (Rule.SHARE, None, "each wave asks 25% of the audience, and it is not their turn"),
        (Rule.DAILY, None, "a wave asks at most 1 person a day, and its days are full"),
    ],
)
def test_the_exact_rule_is_told_in_plain_words(
    rule: Rule, contact: Contact | None, words: str
) -> None:
    held = BudgetBlock(rule, NOON, contact)
    assert exclusion_text.cause(held, LIMITS, "Q", lambda at: f"{at.day} {at:%b}") == words


# --- counted ----------------------------------------------------------------------------------


def test_reasons_are_counted_in_one_order() -> None:
    counted: dict[Reason, int] = {Rule.NEWCOMER: 2, Exclusion.BOT: 1, Rule.OPEN: 1_200}
    assert exclusion_text.not_asked(counted) == (
        "Not asked: 1 bot, 1,200 people with an open question and 2 newcomers"
    )


def test_every_reason_can_be_counted() -> None:
    everything = exclusion_text.not_asked(dict.fromkeys((*Exclusion, *Rule), 1))
    assert everything.count(" 1 ") == len(Exclusion) + len(Rule)


def test_a_wave_in_the_status_says_whom_it_does_not_ask() -> None:
    running = RunningWave(wave_figures(1, {}, 0).wave, 5, 1, 0, None, {Rule.AFTER_ANSWER: 1})
    next_nominal = datetime(2027, 1, 5, 10, 0)  # noqa: DTZ001 - nominal times have no zone
    one = SurveyStatus("customer", "Customer survey", None, (running,), next_nominal, None)
    message = status_view.status(Status((one,), Unclaimed((), 0), (), 0, NOON), "", {})
    assert_slack_takes(message)
    assert lines(message)[3] == "Not asked: 1 person who answered lately"
