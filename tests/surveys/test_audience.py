"""Who is asked, who is not and why, and in which time zone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nps_bot.base.time_zones import zone_of
from nps_bot.slack.profiles import SLACKBOT, Member
from nps_bot.surveys.rules.audience import Exclusion, exclusion
from nps_bot.surveys.rules.survey import Audience

ADA = Member("U1", "Ada", "Europe/London", "T1")
EVERYBODY = Audience(everyone=True, guests=True, outsiders=True)
INSIDERS = Audience(everyone=True)


@pytest.mark.parametrize("audience", [EVERYBODY, INSIDERS])
def test_an_ordinary_member_is_asked(audience: Audience) -> None:
    assert exclusion(ADA, audience) is None


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (replace(ADA, id=SLACKBOT), Exclusion.SLACKBOT),
        (replace(ADA, is_bot=True), Exclusion.BOT),
        (replace(ADA, is_deleted=True), Exclusion.DELETED),
        (replace(ADA, is_invited=True), Exclusion.INVITED),
        (replace(ADA, is_bot=True, is_deleted=True, is_guest=True), Exclusion.BOT),
        (replace(ADA, is_deleted=True, is_outsider=True), Exclusion.DELETED),
    ],
)
def test_who_is_never_asked(member: Member, reason: Exclusion) -> None:
    assert exclusion(member, EVERYBODY) is reason
    assert exclusion(member, INSIDERS) is reason


GUEST = replace(ADA, is_guest=True)
OUTSIDER = replace(ADA, is_outsider=True, team_id="T2")
THEIR_GUEST = replace(OUTSIDER, is_guest=True)


@pytest.mark.parametrize(
    ("guests", "outsiders", "reasons"),
    [
        (False, False, (Exclusion.GUEST, Exclusion.OUTSIDER, Exclusion.OUTSIDER)),
        (True, False, (None, Exclusion.OUTSIDER, Exclusion.OUTSIDER)),
        (False, True, (Exclusion.GUEST, None, None)),
        (True, True, (None, None, None)),
    ],
)
def test_guests_and_outsiders_are_asked_where_the_survey_says_so(
    guests: bool, outsiders: bool, reasons: tuple[Exclusion | None, ...]
) -> None:
    audience = Audience(everyone=True, guests=guests, outsiders=outsiders)
    people = (GUEST, OUTSIDER, THEIR_GUEST)
    assert tuple(exclusion(person, audience) for person in people) == reasons


def test_colleagues_are_left_out_of_a_survey_of_customers() -> None:
    audience = Audience(everyone=True, members=False, guests=True, outsiders=True)
    people = (ADA, GUEST, OUTSIDER)
    assert [exclusion(one, audience) for one in people] == [Exclusion.MEMBER, None, None]


def test_every_reason_has_its_own_words() -> None:
    words = {reason.words for reason in Exclusion}
    assert len(words) == len(Exclusion)
    assert Exclusion.INVITED.words == "was invited to the workspace but has not joined yet"


@pytest.mark.parametrize(
    "unusable",
    [
        pytest.param("", id="missing"),
        pytest.param("Mars/Olympus", id="unknown"),
        pytest.param("America", id="a folder of zones"),
        pytest.param("tzdata.zi", id="not a zone file"),
        pytest.param("../../etc/passwd", id="a path out of the zones"),
        pytest.param("Europe/\0London", id="a null byte"),
        pytest.param("Z" * 300, id="too long for a file name"),
    ],
)
def test_an_unusable_time_zone_becomes_utc(unusable: str) -> None:
    assert zone_of(unusable).key == "UTC"
    assert Member("U1", "Ada", unusable).time_zone == "UTC"


def test_a_known_time_zone_is_kept() -> None:
    assert zone_of("Asia/Kolkata").key == "Asia/Kolkata"
    assert ADA.time_zone == "Europe/London"
    assert zone_of(None).key == "UTC"


@given(st.text())
def test_no_text_from_a_profile_breaks_the_time_zone(text: str) -> None:
    assert Member("U1", "Ada", text).time_zone in {"UTC", text}
