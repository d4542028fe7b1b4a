"""Survey files: what they become, and what is said about wrong ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nps_bot.base.errors import SurveyFileError
from nps_bot.nps.bands import Band
from nps_bot.surveys import load_surveys, load_surveys_apart
from nps_bot.surveys.files.loading import load_survey
from nps_bot.surveys.rules.cadence import Cron, Every, Unit
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import (
    Anonymity,
    Audience,
    BandPlan,
    FollowUp,
    Kind,
    Link,
    Nudge,
    Survey,
    Wording,
)
from nps_bot.surveys.rules.wording import wording_digest, wording_document, wording_from_document

READY_MADE = Path(__file__).parents[2] / "config" / "surveys"

SMALLEST = """
key: customer
title: Customer survey
brand: Lumen Coffee
kind: relationship
audience:
  channels: ["#customers"]
cadence:
  every: 3 months
  on: tuesday
  at: "10:00"
  start: 2026-01-01
channels:
  summary: "#nps-summary"
  alerts: "#nps-alerts"
owners:
  - priya@lumen.example
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
    return str(caught.value).splitlines()


def changed(old: str, new: str, text: str = SMALLEST) -> str:
    assert old in text
    return text.replace(old, new)


def with_cadence(*lines: str) -> str:
    before, _, after = SMALLEST.partition("cadence:\n")
    rest = after[after.index("channels:") :]
    return before + "cadence:\n" + "".join(f"  {line}\n" for line in lines) + rest


def test_the_smallest_file_is_a_whole_survey(load: Load) -> None:
    survey = load(SMALLEST)

    assert survey.key == "customer"
    assert survey.budget == Limits()
    assert survey.kind is Kind.RELATIONSHIP
    assert survey.audience == Audience(channels=("#customers",))
    assert survey.cadence == Every(3, Unit.MONTH, time(10), date(2026, 1, 1), weekday=1)
    assert survey.time_zone is None
    assert survey.quiet_hours == QuietHours(time(18), time(9))
    assert survey.closes_after == timedelta(days=7)
    assert survey.correctable_for == timedelta(hours=24)
    assert (survey.summary_channel, survey.alerts_channel) == ("#nps-summary", "#nps-alerts")
    assert survey.owners == ("priya@lumen.example",)
    assert survey.admins_manage is False
    wording = survey.wording
    assert (
        wording.question == "How likely are you to recommend Lumen Coffee to a friend or colleague?"
    )
    assert [each.key for each in wording.questions(Band.DETRACTOR)] == [
        "reason",
        "went_wrong",
        "happier",
        "change_mind",
    ]
    assert wording.questions(Band.PASSIVE)[0].question == "What is the main reason for your score?"
    assert "Lumen Coffee's customer team will be in touch" in wording.detractor.thank_you
    assert wording.promoter.links == ()


def test_every_key_is_heard(load: Load) -> None:
    survey = load(
        """
key: staff-2
title:   Our
  survey
brand: Lumen & Co
kind: Employee
audience:
  everyone: true
  groups: ["@success", S0123]
  people: [U012AB3CD, Ada@Lumen.example]
  guests: true
  outsiders: True
question: Would you work for {brand} again?
cadence:
  cron: 30 9 * * MON
  start: 2026-03-01
  time_zone: Europe/London
quiet_hours: {from: 20:00, until: 8:15}
budget: {every: 0 days, after_answer: 26 weeks, after_silence: 36 hours, share: 25%, daily: 200}
closes_after: 2 weeks
correctable_for: 0 hours
channels: {summary: C0123, alerts: "#a-ö_1"}
owners: [W1, u@x.example]
admins_manage: true
follow_ups:
  reason: Why?
  detractor: []
  passive:
    - What keeps you with us today?
    - {key: mine, question: What about {brand}?}
  promoter:
    - "Und sonst?"
thank_you:
  links: [{text: Review, url: "https://x.example/{brand}?a=b"}]
  detractor: {text: "Sorry,\\n{brand}", links: []}
  passive: {links: [{text: Other, url: "http://y.example"}]}
""".replace("What about {brand}?", '"What about {brand}?"')
    )

    assert survey.kind is Kind.EMPLOYEE
    assert survey.audience == Audience(
        everyone=True,
        groups=("@success", "S0123"),
        people=("U012AB3CD", "ada@lumen.example"),
        guests=True,
        outsiders=True,
    )
    assert survey.cadence == Cron("30 9 * * MON", date(2026, 3, 1))
    assert survey.time_zone == "Europe/London"
    assert survey.quiet_hours == QuietHours(time(20), time(8, 15))
    assert survey.budget == Limits(
        timedelta(0),
        timedelta(weeks=26),
        timedelta(hours=36),
        timedelta(days=30),
        share=25,
        daily=200,
    )
    assert survey.closes_after == timedelta(weeks=2)
    assert survey.correctable_for == timedelta(0)
    assert (survey.summary_channel, survey.alerts_channel) == ("C0123", "#a-ö_1")
    assert survey.owners == ("W1", "u@x.example")
    assert survey.admins_manage is True
    review = (Link("Review", "https://x.example/{brand}?a=b"),)
    assert survey.wording.title == "Our survey"
    assert survey.wording.question == "Would you work for Lumen & Co again?"
    assert survey.wording.reason == "Why?"
    assert survey.wording.detractor == BandPlan((), "Sorry,\nLumen & Co", ())
    keeps, mine = survey.wording.passive.follow_ups
    assert keeps == FollowUp("keeps_you", "What keeps you with us today?")
    assert mine == FollowUp("mine", "What about Lumen & Co?")
    assert survey.wording.passive.links == (Link("Other", "http://y.example"),)
    assert survey.wording.promoter.links == review
    assert "colleagues who run this survey at Lumen & Co" in survey.wording.promoter.thank_you


def test_the_key_of_a_question_depends_on_its_words_alone(load: Load) -> None:
    first = load(SMALLEST + "follow_ups: {passive: ['What now?', 'Und sonst?', 何ですか]}")
    turned = load(SMALLEST + "follow_ups: {passive: [何ですか, 'Und sonst?', 'What now?']}")
    other = load(SMALLEST + "follow_ups: {passive: ['What now then?']}")

    keys = {each.question: each.key for each in first.wording.passive.follow_ups}
    assert keys == {each.question: each.key for each in turned.wording.passive.follow_ups}
    assert len(set(keys.values())) == 3
    assert other.wording.passive.follow_ups[0].key not in keys.values()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("owners:", "ownrs:", "unknown key 'ownrs'. Did you mean 'owners'?"),
        (
            '"#customers"]',
            '"#customers"]\n  gests: true',
            "unknown key 'audience.gests'. Did you mean 'guests'?",
        ),
        (
            "owners:",
            "zzz: 1\nowners:",
            (
                "unknown key 'zzz'. Allowed here: key, title, brand, kind, in, question, cadence,"
                " quiet_hours, closes_after, owners, admins_manage, follow_ups, audience, budget,"
                " confirm_above, reminder, channels, correctable_for, thank_you, chaser, anonymous,"
                " accounts."
            ),
        ),
        (
            'summary: "#nps-summary"',
            "summary: #nps-summary",
            "'channels.summary' is missing: the running score: \"#name\" in quotes, or its id.",
        ),
        (
            "#nps-summary",
            "#NPS",
            (
                "'channels.summary' must be a channel: \"#name\" in quotes, lower case, or its id,"
                " not '#NPS'."
            ),
        ),
        ('["#customers"]', "a", "'audience.channels' must be a list, not 'a'."),
        (
            '["#customers"]',
            "[C1, C2, C1]",
            "'audience.channels' names 'C1' more than once.",
        ),
        (
            'channels: ["#customers"]',
            "guests: true",
            "'audience' asks nobody: name channels, groups or people, or set everyone to true.",
        ),
        (
            'channels: ["#customers"]',
            "groups: [success]",
            (
                "'audience.groups[1]' must be a user group: \"@handle\" in quotes, or its id, not"
                " 'success'."
            ),
        ),
        (
            "- priya@lumen.example",
            "- priya@lumen.example\n  - '@priya'",
            "'owners[2]' must be a Slack id such as U012AB3CD or an e-mail address, not '@priya'.",
        ),
        ("- priya@lumen.example", "[]", "'owners' must name at least one."),
        (
            "kind: relationship",
            "kind: relationshp",
            (
                "'kind' must be one of relationship, transactional, employee, not 'relationshp'."
                " Did you mean 'relationship'?"
            ),
        ),
        (
            "key: customer",
            "key: Customer",
            (
                "'key' must be 1 to 40 lower-case letters, digits, - or _, the first a letter, not"
                " 'Customer'."
            ),
        ),
        ("title: Customer survey", "title: [a]", "'title' must be text, not a list."),
        (
            "title: Customer survey",
            f"title: {'x' * 51}",
            "'title' must have at most 50 characters, not 51.",
        ),
        ("brand: Lumen Coffee", 'brand: ""', "'brand' must not be empty."),
        ("brand: Lumen Coffee", 'brand: "a\\0b"', "'brand' holds a control character."),
        (
            "brand: Lumen Coffee",
            f"brand: '{'&' * 16}'",
            "'brand' must have at most 75 characters, not 80.",
        ),
        (
            "on: tuesday",
            "on: tusday",
            (
                "'cadence.on' must be one of monday, tuesday, wednesday, thursday, friday,"
                " saturday, sunday, not 'tusday'. Did you mean 'tuesday'?"
            ),
        ),
        (
            '"10:00"',
            "24:00",
            (
                '\'cadence.at\' must be a time of day such as "10:00", from "00:00" to "23:59", not'
                " '24:00'."
            ),
        ),
        (
            "2026-01-01",
            "2026-02-30",
            (
                "'cadence.start' must be a date such as 2026-01-05, from 2000 to 2099, not"
                " '2026-02-30'."
            ),
        ),
        (
            "owners:",
            "budget: {share: 0}\nowners:",
            "'budget.share' must be a whole number from 1 to 100, not '0'.",
        ),
        (
            "owners:",
            "budget: {daily: many}\nowners:",
            "'budget.daily' must be a whole number from 1 to 100000, not 'many'.",
        ),
        (
            "owners:",
            "budget: {every: 731 days}\nowners:",
            "'budget.every' must be from 0 hours to 730 days, not '731 days'.",
        ),
        ("3 months", "25 months", "'cadence.every' must be 1 to 24 months, not '25 months'."),
        (
            "3 months",
            "often",
            (
                "'cadence.every' must be a number of days, weeks or months, such as '3 months' or"
                " 'week', not 'often'."
            ),
        ),
    ],
)
def test_one_sentence_says_what_is_wrong(load: Load, old: str, new: str, sentence: str) -> None:
    assert problems(load, changed(old, new)) == [f"s.yaml: {sentence}"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ["every: 3 days", "on: monday", "at: 10:00", "start: 2026-01-01"],
            "'cadence' has on, which goes with weeks and months, not with days: remove it.",
        ),
        (
            ["every: week", "start: 2026-01-01"],
            "'cadence' lacks at: every needs a local time, such as at: \"10:00\".",
        ),
        (
            ["every: week", "at: 10:00"],
            "'cadence' lacks start: every counts from a date, such as start: 2026-01-05.",
        ),
        (
            ["every: week", "at: 10:00", "start: 2026-01-01", "cron: 0 10 * * 2"],
            "'cadence' has both cron and every: keep one of them.",
        ),
        (["start: 2026-01-01"], "'cadence' needs either cron or every."),
        (
            ["cron: 0 10 * * 2", "at: 10:00"],
            "'cadence' has a cron, which says day and hour itself: remove on and at.",
        ),
        (
            ["cron: 0 10 30 2 *"],
            "'cadence' is impossible: cron '0 10 30 2 *' has an impossible day-of-month.",
        ),
        (
            ["cron: 0 10 * *"],
            (
                "'cadence' is impossible: cron '0 10 * *' does not have five fields: minute, hour,"
                " day of month, month, day of week."
            ),
        ),
        (
            ['cron: "* 10 * * 2"'],
            (
                "'cadence' asks at 60 minutes of the hour with cron '* 10 * * 2'; its first field"
                " must be one number from 0 to 59."
            ),
        ),
        (
            ["cron: 0 10 * * 2", "time_zone: europe/londn"],
            (
                "'cadence.time_zone' must be an IANA time zone such as Europe/London, not"
                " 'europe/londn'. Did you mean 'Europe/London'?"
            ),
        ),
        (
            ["every: week", "at: 18:00", "start: 2026-01-01"],
            (
                "'cadence.at' asks at 18:00, inside the quiet hours 18:00-09:00; choose an hour"
                " from 09:00 until 18:00, or change quiet_hours."
            ),
        ),
        (
            ["cron: 5 10,17-20 * * *"],
            (
                "'cadence.cron' asks at 18:05, inside the quiet hours 18:00-09:00; choose an hour"
                " from 09:00 until 18:00, or change quiet_hours."
            ),
        ),
    ],
)
def test_a_cadence_must_make_sense(load: Load, lines: list[str], sentence: str) -> None:
    assert problems(load, with_cadence(*lines)) == [f"s.yaml: {sentence}"]


@pytest.mark.parametrize("zone", ["America", "EST", "../UTC", "localtime", "Europe/London\\0"])
def test_a_time_zone_must_be_one(load: Load, zone: str) -> None:
    (problem,) = problems(load, with_cadence("cron: 0 10 * * 2", f'time_zone: "{zone}"'))
    assert problem.startswith("s.yaml: 'cadence.time_zone' ")


def test_quiet_hours_can_be_none(load: Load) -> None:
    text = with_cadence("cron: 0 3 * * 2") + "quiet_hours: {from: 09:00, until: 09:00}"
    assert load(text).quiet_hours == QuietHours(time(9), time(9))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "detractor: [a, {question: b, key: B}]",
            (
                "'follow_ups.detractor[2].key' must be 1 to 60 lower-case letters, digits or _, the"
                " first a letter, not 'B'."
            ),
        ),
        (
            "detractor: [{quest: b}]",
            "unknown key 'follow_ups.detractor[1].quest'. Did you mean 'question'?",
        ),
        (
            "passive: [[a]]",
            "'follow_ups.passive[1]' must be a question, or its key and question, not a list.",
        ),
        (
            "passive: [{key: reason, question: b}]",
            (
                "'follow_ups' needs another key than 'reason' for 'b', because another question"
                " after a passive's score has it."
            ),
        ),
        (
            "passive: [{key: a, question: b}]\n  promoter: [{key: a, question: c}]",
            (
                "'follow_ups' has the key 'a' for two different questions; the reply to one would"
                " replace the other."
            ),
        ),
        (
            f"passive: [{', '.join('abcdefghijk')}]",
            "'follow_ups.passive' must have at most 10 entries, not 11.",
        ),
        (
            "passive: ['Is {company} good?']",
            "'follow_ups.passive[1].question' holds {company}, but only {brand} is filled in.",
        ),
        (
            f"reason: '{'{brand} ' * 27}.'",
            (
                "'follow_ups.reason' must have at most 2,000 characters, {brand} taken as 75, not"
                " 2,053."
            ),
        ),
    ],
)
def test_follow_ups_must_be_askable(load: Load, text: str, sentence: str) -> None:
    assert problems(load, f"{SMALLEST}follow_ups:\n  {text}\n") == [f"s.yaml: {sentence}"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://x.example", "x.example", "https://", "http://[x", "//x"]
)
def test_links_lead_to_the_web(load: Load, url: str) -> None:
    text = f'{SMALLEST}thank_you: {{links: [{{text: a, url: "{url}"}}]}}'
    assert problems(load, text) == [
        (
            "s.yaml: 'thank_you.links[1].url' must be an address that begins with https:// or"
            f" http://, not '{url}'."
        )
    ]


def test_a_links_text_fits_a_button(load: Load) -> None:
    text = f"{SMALLEST}thank_you: {{links: [{{text: {'x' * 76}, url: 'https://x.example'}}]}}"
    assert problems(load, text) == [
        "s.yaml: 'thank_you.links[1].text' must have at most 75 characters, not 76."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty; docs/surveys.md says what a survey needs."),
        ("# nothing", "is empty; docs/surveys.md says what a survey needs."),
        ("- a", "must be a group of keys, such as 'key: customer'."),
        (
            "a: [#b]\n",
            (
                "line 2, column 1: expected the node content, but found '<stream end>'; a"
                " text that begins with # or @ needs quotes."
            ),
        ),
        (
            "a: @b\n",
            (
                "line 1, column 4: found character '@' that cannot start any token; a text"
                " that begins with # or @ needs quotes."
            ),
        ),
        ("a: 'b", "line 1, column 6: found unexpected end of stream."),
        ("a: b\n---\nc: d", "line 2, column 1: but found another document."),
        ("a: 1\nb: \x07", "line 2: holds a control character."),
        ("a: " + "[" * 5000, "is nested too deeply to be a survey."),
        (
            "!!python/name:os.system a: 1",
            (
                "line 1, column 1: could not determine a constructor for"
                " the tag 'tag:yaml.org,2002:python/name:os.system'."
            ),
        ),
    ],
)
def test_a_file_must_be_yaml(load: Load, text: str, sentence: str) -> None:
    assert problems(load, text) == [f"s.yaml: {sentence}"]


def test_a_key_written_twice_is_refused(load: Load) -> None:
    line = len(SMALLEST.splitlines()) + 1
    assert problems(load, SMALLEST + "owners: [U1]") == [
        f"s.yaml: line {line}: key 'owners' was written before; keep one of them."
    ]


def test_all_problems_of_a_file_are_told_together(load: Load) -> None:
    text = changed("title:", "titel:", changed('"10:00"', "19:00")) + "brand: x\nclosses_after: 3"
    told = problems(load, text)

    assert [problem.split("'")[1] for problem in told] == [
        "brand",
        "titel",
        "closses_after",
        "cadence.at",
    ]


def test_a_file_must_be_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(changed("Lumen", "L\u00fcmen").encode("latin-1"))
    with pytest.raises(SurveyFileError, match=r"must be UTF-8, but byte 47 is not\.$"):
        load_survey(path)
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.encode())
    assert load_survey(path).key == "customer"


def test_the_ready_made_surveys_are_used_as_they_stand() -> None:
    surveys = load_surveys(READY_MADE)

    assert list(surveys) == ["customer", "employee"]
    assert surveys["customer"].audience == Audience(
        channels=("#customers",), members=False, guests=True
    )
    assert surveys["employee"].audience == Audience(everyone=True)
    for survey in surveys.values():
        assert survey.owners == ("priya@lumen.example",)
        assert (survey.summary_channel, survey.alerts_channel) == ("#nps-summary", "#nps-alerts")


def test_a_folder_is_checked_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SMALLEST)
    (tmp_path / "b.yml").write_text(SMALLEST)
    (tmp_path / "c.yaml").write_text("")
    (tmp_path / "notes.txt").write_text("no survey")

    with pytest.raises(SurveyFileError) as caught:
        load_surveys(tmp_path)
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/b.yml: 'key' is 'customer', which {tmp_path}/a.yaml has already.",
        f"{tmp_path}/c.yaml: is empty; docs/surveys.md says what a survey needs.",
    ]


def test_there_must_be_a_survey(tmp_path: Path) -> None:
    with pytest.raises(SurveyFileError, match="holds no survey: put at least one"):
        load_surveys(tmp_path)
    with pytest.raises(SurveyFileError, match="is no folder; NPS_SURVEYS names the one"):
        load_surveys(tmp_path / "absent")


@pytest.mark.parametrize("load", [load_surveys, load_surveys_apart])
def test_the_surveys_cannot_be_changed(load: Callable[[Path], Any]) -> None:
    surveys = load(READY_MADE)
    with pytest.raises(TypeError):
        surveys["customer"] = None


def test_another_process_reads_the_same_surveys_and_tells_the_same_problems(tmp_path: Path) -> None:
    assert load_surveys_apart(READY_MADE) == load_surveys(READY_MADE)
    (tmp_path / "a.yaml").write_text(changed("customer", "Customer!"))
    with pytest.raises(SurveyFileError) as here:
        load_surveys(tmp_path)
    with pytest.raises(SurveyFileError) as apart:
        load_surveys_apart(tmp_path)
    assert str(apart.value) == str(here.value)


def test_who_reads_the_surveys_apart_keeps_nothing_of_what_reads_them() -> None:
    code = (
        "import sys; from pathlib import Path; import bot; import nps_bot.cli.serving; "
        "from nps_bot.surveys import load_surveys_apart; "
        "print(*load_surveys_apart(Path(sys.argv[1])), 'pydantic' in sys.modules)"
    )
    told = subprocess.run(  # our own code
        [sys.executable, "-c", code, str(READY_MADE)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["customer", "employee", "False"]


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "from", "question", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([*list(yaml.safe_load(SMALLEST)), "quiet_hours"]), YAML_VALUES)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_stands_in_a_file_is_answered_in_sentences(
    load: Load, values: dict[str, Any]
) -> None:
    told = problems(load, yaml.safe_dump({**yaml.safe_load(SMALLEST), "owners": [], **values}))
    for problem in told:
        assert problem.startswith("s.yaml: ")
        assert problem.endswith((".", "?"))


def test_reminders_and_chasers_have_a_time_and_may_have_words(load: Load) -> None:
    survey = load(SMALLEST)
    assert survey.reminder == Nudge(timedelta(days=3))
    assert survey.chaser == Nudge(timedelta(days=1))
    assert survey.wording.reminder is None
    assert survey.wording.detractor.chaser is None

    own = load(
        f"""{SMALLEST}
reminder: {{after: 36 hours, text: "{{brand}} would still like to know."}}
chaser:
  after: 2 days
  detractor: What should {{brand}} mend?
"""
    )
    assert own.reminder == Nudge(timedelta(hours=36))
    assert own.chaser == Nudge(timedelta(days=2))
    assert own.wording.reminder == "Lumen Coffee would still like to know."
    assert own.wording.detractor.chaser == "What should Lumen Coffee mend?"
    assert own.wording.promoter.chaser is None


@pytest.mark.parametrize("off", ["off", "Off"])
def test_reminders_and_chasers_can_be_switched_off(load: Load, off: str) -> None:
    survey = load(f"{SMALLEST}reminder: {off}\nchaser: {off}\n")
    assert (survey.reminder, survey.chaser) == (None, None)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("reminder: no", "'reminder' must be off, or a group of keys (after, text), not 'no'."),
        (
            "chaser: [1 day]",
            (
                "'chaser' must be off, or a group of keys (after, detractor, passive, promoter),"
                " not a list."
            ),
        ),
        ("reminder: {after: soon}", None),
        ("reminder: {after: 0 hours}", "'reminder.after' must be from 1 hour to 90 days, not"),
        ("chaser: {afer: 1 day}", "unknown key 'chaser.afer'. Did you mean 'after'?"),
        ("reminder: {text: Hi {name}}", None),
    ],
)
def test_wrong_reminders_and_chasers(load: Load, lines: str, sentence: str | None) -> None:
    (problem,) = problems(load, f"{SMALLEST}{lines}\n")
    assert problem.startswith(f"s.yaml: {sentence or ''}")


ANONYMOUS = (
    changed('  alerts: "#nps-alerts"\n', "", SMALLEST) + "anonymous:\n  operator: The IT team"
)


def test_an_anonymous_survey_has_what_needs_no_names(load: Load) -> None:
    survey = load(ANONYMOUS)
    assert survey.anonymity == Anonymity(threshold=5, segment=None)
    assert survey.wording.operator == "The IT team"
    assert survey.alerts_channel is None
    assert (survey.reminder, survey.chaser) == (Nudge(timedelta(days=3)), None)

    own = load(f"{ANONYMOUS}\n  threshold: 3\n  segment: team\nchaser: off\n")
    assert own.anonymity == Anonymity(threshold=3, segment="team")

    named = load(SMALLEST)
    assert (named.anonymity, named.wording.operator) == (None, None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"{ANONYMOUS}\nchaser: {{after: 1 day}}",
            "'chaser' does not go with 'anonymous', because nobody can tell who wrote nothing;",
        ),
        (
            f"{ANONYMOUS}\ncorrectable_for: 1 hour",
            "'correctable_for' does not go with 'anonymous', because nobody can find an answer",
        ),
        (
            f"{ANONYMOUS}\nthank_you: {{links: []}}",
            "'thank_you' does not go with 'anonymous', because everybody reads the same words",
        ),
        (
            f"{ANONYMOUS}\n  threshold: 2",
            "'anonymous.threshold' must be a whole number from 3 to 1000, not '2'.",
        ),
        (
            f"{ANONYMOUS}\n  segment: email",
            "'anonymous.segment' must be a further column, such as team,",
        ),
        (changed("operator: The IT team", "threshold: 5", ANONYMOUS), "'anonymous.operator' is"),
        (
            changed("\n  operator: The IT team", " yes", ANONYMOUS),
            "'anonymous' must be a group of keys (operator, threshold, segment), not 'yes'.",
        ),
        (
            changed('  alerts: "#nps-alerts"\n', ""),
            "'channels.alerts' is missing: a message for each unhappy person",
        ),
    ],
)
def test_what_an_anonymous_survey_cannot_have(load: Load, text: str, sentence: str) -> None:
    (problem,) = problems(load, f"{text}\n")
    assert problem.startswith(f"s.yaml: {sentence}")


TEXTS = st.text(max_size=30)
PLANS = st.builds(
    BandPlan,
    follow_ups=st.lists(st.builds(FollowUp, TEXTS, TEXTS), max_size=3).map(tuple),
    thank_you=TEXTS,
    links=st.lists(st.builds(Link, TEXTS, TEXTS), max_size=3).map(tuple),
    chaser=st.none() | TEXTS,
)
WORDINGS = st.builds(
    Wording,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    detractor=PLANS,
    passive=PLANS,
    promoter=PLANS,
    reminder=st.none() | TEXTS,
    operator=st.none() | TEXTS,
)


@given(WORDINGS)
def test_a_stored_wording_comes_back(wording: Wording) -> None:
    assert wording_from_document(wording_document(wording)) == wording


@given(WORDINGS, WORDINGS)
def test_a_digest_stands_for_a_wording(one: Wording, other: Wording) -> None:
    assert (wording_digest(one) == wording_digest(other)) == (one == other)


def test_a_digest_never_changes() -> None:
    """A digest is stored; another one for the same words would be a break in every trend."""
    plan = BandPlan((FollowUp("a", "Ä?"),), "Thanks", (Link("x", "https://x.example"),))
    wording = Wording("T", "B", "Q", "R", plan, plan, plan)
    assert (
        wording_digest(wording)
        == "bd2f3e94c91c568287b3958699f1897e285b708d1a172f619aa470819d20f2ee"
    )
