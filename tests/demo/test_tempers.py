"""The people of the sandbox: who they are, and how they take a question."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from nps_bot.demo.cast import all_of_lumen_coffee
from nps_bot.demo.tempers import SEED, TEMPERS, intent

WORKSPACE = all_of_lumen_coffee()
LIVING = [WORKSPACE.user(name) for name in TEMPERS]


def test_about_thirty_people_live_in_many_zones() -> None:
    assert 25 <= len(LIVING) <= 35
    zones = {user.tz for user in LIVING if user.tz}
    assert len(zones) >= 12
    assert all(ZoneInfo(zone) for zone in zones)
    assert all(user.title and user.email for user in LIVING)
    assert len({user.real_name for user in LIVING}) == len(LIVING)


def test_whom_a_visitor_begins_as_does_nothing_alone() -> None:
    assert intent(WORKSPACE.user("ada"), 1) is None
    assert intent(WORKSPACE.user("priya"), 1) is None


def test_everything_follows_from_the_seed() -> None:
    assert [intent(user, 2) for user in LIVING] == [intent(user, 2) for user in LIVING]
    assert [intent(user, 2) for user in LIVING] != [intent(user, 2, SEED + 1) for user in LIVING]
    assert [intent(user, 2) for user in LIVING] != [intent(user, 3) for user in LIVING]


def test_people_differ() -> None:
    wanted = [one for number in (1, 2, 3) for user in LIVING if (one := intent(user, number))]
    scores = [one.score for one in wanted if one.score is not None]
    assert any(one.score is None for one in wanted)
    assert min(scores) <= 3
    assert max(scores) == 10
    assert min(one.after for one in wanted) < timedelta(hours=3)
    assert max(one.after for one in wanted) > timedelta(days=3)
    assert any(one.changed_to is not None for one in wanted)
    assert any(one.snoozes for one in wanted)
    assert any(one.leaves for one in wanted)
    assert all(one.changed_to is None or one.changed_to <= 10 for one in wanted)
    assert {len(one.words) for one in wanted} == {0, 1, 2}


def test_hardly_anybody_says_what_somebody_else_says_in_the_same_wave() -> None:
    for guests in (True, False):
        for number in range(1, 5):
            said = Counter(
                text
                for user in LIVING
                if user.is_restricted is guests and (one := intent(user, number))
                for text in one.words
            )
            assert sum(said.values()) - len(said) <= 1


def test_two_companies_sit_in_a_channel_of_ours() -> None:
    channel = WORKSPACE.channel("ext-tasting-club")
    teams = {WORKSPACE.users[member].team_id for member in channel.members}
    assert len(teams) == 3
    assert WORKSPACE.bot.id in channel.members
