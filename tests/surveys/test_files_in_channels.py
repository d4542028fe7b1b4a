"""Survey files that ask in shared channels, and what is refused in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nps_bot.base.errors import SurveyFileError
from nps_bot.surveys.files.declaring import unless
from nps_bot.surveys.files.explaining import keys_of, keys_of_all
from nps_bot.surveys.files.loading import load_survey
from nps_bot.surveys.files.schema import KINDS, SurveyFile
from nps_bot.surveys.rules.survey import IN_CHANNELS, AccountChannel, Audience, Delivery, Survey
from tests.surveys.test_files import SMALLEST

IN_PERSON = "audience:\n  channels: ['#customers']\n"
WHERE = SMALLEST.replace('audience:\n  channels: ["#customers"]\n', "in: channels\n").replace(
    "  start: 2026-01-01", "  start: 2026-01-01\n  time_zone: Europe/Berlin"
)
ACCOUNTS = """
accounts:
  - channel: "#ext-harbor"
    account: Harbor  Hotels
    owner: Tom@Lumen.example
  - channel: C0COAST01
    account: Cliff Inn
    teams: [T0CLIFF01, E0CLIFF01]
"""

Load = Callable[[str], Survey]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return a function that loads a survey from text, as the file s.yaml."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str) -> Survey:
        Path("s.yaml").write_text(text, encoding="utf-8")
        return load_survey(Path("s.yaml"))

    return load_text


def problems(load: Load, text: str) -> list[str]:
    with pytest.raises(SurveyFileError) as caught:
        load(text)
    return [line.removeprefix("s.yaml: ") for line in str(caught.value).splitlines()]


def test_a_survey_asks_in_its_accounts_channels(load: Load) -> None:
    survey = load(WHERE + ACCOUNTS)
    assert survey.delivery is Delivery.CHANNELS
    assert survey.accounts == (
        AccountChannel("#ext-harbor", "Harbor Hotels", "tom@lumen.example"),
        AccountChannel("C0COAST01", "Cliff Inn", None, ("T0CLIFF01", "E0CLIFF01")),
    )
    assert survey.audience == Audience()
    assert (survey.reminder, survey.chaser) == (None, None)
    assert survey.wording.layout == IN_CHANNELS


def test_without_accounts_the_people_file_says_where(load: Load) -> None:
    assert load(WHERE.replace("in: channels", "in: Channels")).accounts == ()
    assert load(WHERE + "reminder: off\nchaser: OFF\nbudget: {every: 60 days}").reminder is None


def test_a_survey_by_direct_message_stays_as_it_was(load: Load) -> None:
    survey = load(SMALLEST)
    assert load(SMALLEST + "in: direct_messages") == survey
    assert (survey.delivery, survey.accounts) == (Delivery.DIRECT_MESSAGES, ())
    assert survey.wording.layout != IN_CHANNELS
    assert survey.reminder is not None


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            IN_PERSON,
            (
                "'audience' does not go with in: channels: its accounts say in which channels it"
                " asks, and whoever reads there may answer; remove it."
            ),
        ),
        (
            "reminder: {after: 2 days}",
            "'reminder' does not go with in: channels: a channel is asked once; remove it.",
        ),
        (
            "chaser: {after: 2 days}",
            (
                "'chaser' does not go with in: channels: nobody is written to after an answer in a"
                " channel; remove it."
            ),
        ),
        (
            "confirm_above: 10",
            (
                "'confirm_above' does not go with in: channels: the owner of each account decides"
                " before anything is posted; remove it."
            ),
        ),
        (
            "budget: {share: 50}",
            "'budget.share' does not go with in: channels, which keep only budget.every.",
        ),
        (
            'accounts: [{channel: "#a", account: A}, {channel: "#a", account: B}]',
            "'accounts' names '#a' more than once.",
        ),
        (
            "accounts: [{channel: general, account: A}]",
            (
                "'accounts[1].channel' must be a channel: \"#name\" in quotes, lower case, or its"
                " id, not 'general'."
            ),
        ),
        (
            'accounts: [{channel: "#a"}]',
            "'accounts[1].account' is missing: the customer company that is asked there.",
        ),
        (
            'accounts: [{channel: "#a", account: A, teams: [t1]}]',
            "'accounts[1].teams[1]' must be the id of a workspace, such as T012AB3CD, not 't1'.",
        ),
        (
            'accounts: [{channel: "#a", account: A, owners: [U1]}]',
            "unknown key 'accounts[1].owners'. Did you mean 'owner'?",
        ),
    ],
)
def test_what_does_not_go_with_channels_is_said(load: Load, more: str, sentence: str) -> None:
    assert problems(load, f"{WHERE}{more}\n") == [sentence]


def test_a_survey_in_channels_needs_a_time_zone(load: Load) -> None:
    text = WHERE.replace("  time_zone: Europe/Berlin", "")
    assert problems(load, text) == [
        "'cadence.time_zone' is missing: a channel has no time of its own."
    ]


def test_accounts_belong_to_channels(load: Load) -> None:
    assert problems(load, SMALLEST + ACCOUNTS) == [
        "'accounts' goes with in: channels: write that too, or remove it."
    ]


def test_a_survey_needs_an_audience_or_channels(load: Load) -> None:
    text = SMALLEST.replace('audience:\n  channels: ["#customers"]\n', "")
    assert problems(load, text) == ["'audience' is missing: whom to ask."]
    assert problems(load, f"{text}in: chanels\n")[0] == (
        "'in' must be one of direct_messages, channels, not 'chanels'. Did you mean 'channels'?"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_key_of_another_kind_is_refused_with_why(
    kind: type[SurveyFile],
) -> None:
    own, everywhere = keys_of(kind), keys_of_all()
    for key in everywhere.keys() - own.keys() - {"anonymous", "accounts"}:
        assert unless(everywhere[key])[kind.name]


def test_the_nearest_key_is_one_that_channels_have(load: Load) -> None:
    assert problems(load, f"{WHERE}budget: {{shre: 1}}\n") == [
        "unknown key 'budget.shre'. Allowed here: every."
    ]
    assert problems(load, f"{WHERE}acounts: []\n") == [
        "unknown key 'acounts'. Did you mean 'accounts'?"
    ]
