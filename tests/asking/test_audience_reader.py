"""Reading an audience: page by page, and again from where it stopped."""

from __future__ import annotations

from typing import Any

import pytest

from nps_bot.asking.audience_reader import audience_page
from nps_bot.base.time_zones import FALLBACK_ZONE
from nps_bot.slack.directory import Directory, NotInSlackError
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.survey import Audience
from slack_sandbox import Channel, ChannelKind, Fault, Sandbox, User, UserGroup
from tests.slack.conftest import MovableClock, api, clock, directory, sandbox

__all__ = ["api", "clock", "directory", "sandbox"]  # fixtures

TEAM = "T0LUMEN01"


async def everybody(directory: Directory, audience: Audience) -> list[Member]:
    """Read all pages of an audience."""
    members: list[Member] = []
    cursor: str | None = None
    while True:
        page = await audience_page(directory, audience, cursor)
        members.extend(page.members)
        cursor = page.next_cursor
        if cursor is None:
            return members


def names(members: list[Member]) -> set[str]:
    return {member.name.split()[0] for member in members}


def add_people(sandbox: Sandbox, count: int) -> list[str]:
    """Add so many colleagues; returns their ids."""
    people = [
        User(f"U1{number:07}", f"person{number}", f"Person {number}", TEAM, "Europe/Paris")
        for number in range(count)
    ]
    for person in people:
        sandbox.workspace.put_user(person)
    return [person.id for person in people]


def add_channel(sandbox: Sandbox, name: str, members: list[str]) -> None:
    channel = Channel(f"C1{name.upper():07}", name, ChannelKind.PUBLIC, members)
    sandbox.workspace.put_channel(channel)


class TestAudience:
    async def test_everyone_comes_with_what_surveys_must_know(self, directory: Directory) -> None:
        members = {m.id: m for m in await everybody(directory, Audience(everyone=True))}
        assert members["U0MEI0000"] == Member("U0MEI0000", "Mei Tan", "Asia/Singapore", TEAM)
        assert members["U0ADA0000"].is_guest
        assert members["U0POLLY01"].is_bot
        assert members["U0ROWAN01"].is_deleted
        assert members["U0ROWAN01"].time_zone == FALLBACK_ZONE
        assert members["U0WENDY01"].is_invited
        assert "USLACKBOT" in members
        assert "U0HELENA1" not in members  # Slack lists nobody of another workspace

    async def test_a_channel(self, directory: Directory) -> None:
        members = await everybody(directory, Audience(channels=("#customers",)))
        assert names(members) == {"NPS", "Priya", "Tom", "Mei", "Ada", "Kenji", "Grace", "Oscar"}

    async def test_a_shared_channel_has_outsiders(self, directory: Directory) -> None:
        members = await everybody(directory, Audience(channels=("C0HARBOR1",)))
        assert {member.name for member in members if member.is_outsider} == {"Helena Voss"}

    async def test_a_group(self, directory: Directory) -> None:
        assert names(await everybody(directory, Audience(groups=("@success",)))) == {"Tom", "Mei"}

    async def test_named_people_also_if_one_is_not_there(
        self, directory: Directory, caplog: pytest.LogCaptureFixture
    ) -> None:
        named = Audience(people=("U0NOOR000", "TOM@lumen.example", "gone@lumen.example"))
        assert names(await everybody(directory, named)) == {"Noor", "Tom"}
        [line] = [one for one in caplog.records if one.name == "nps_bot.asking.audience_reader"]
        assert "gone@" not in line.getMessage() + str(line.__dict__)

    async def test_the_union_of_all_sources(self, directory: Directory) -> None:
        audience = Audience(channels=("#ext-harbor",), groups=("@success",), people=("U0SAM0000",))
        assert names(await everybody(directory, audience)) == {
            *("NPS", "Priya", "Tom", "Helena"),
            "Mei",
            "Sam",
        }

    async def test_no_source_is_nobody(self, directory: Directory) -> None:
        assert await everybody(directory, Audience()) == []

    @pytest.mark.parametrize("source", ["everyone", "channel", "group", "people"])
    async def test_many_people_come_in_pages(
        self, sandbox: Sandbox, directory: Directory, source: str
    ) -> None:
        ids = add_people(sandbox, 450)
        add_channel(sandbox, "crowd", ids)
        sandbox.workspace.put_group(UserGroup("S0CROWD00", "crowd", "Crowd", tuple(ids)))
        audience = {
            "everyone": Audience(everyone=True),
            "channel": Audience(channels=("#crowd",)),
            "group": Audience(groups=("@crowd",)),
            "people": Audience(people=tuple(ids)),
        }[source]
        first = await audience_page(directory, audience, None)
        assert len(first.members) <= 200
        members = await everybody(directory, audience)
        assert len(members) == len({member.id for member in members})
        assert {member.id for member in members} >= set(ids)

    async def test_a_channel_that_does_not_exist(self, directory: Directory) -> None:
        with pytest.raises(NotInSlackError):
            await audience_page(directory, Audience(channels=("#nowhere",)), None)


class TestResuming:
    async def test_a_429_says_when_and_what_was_read_is_kept(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        add_channel(sandbox, "crowd", add_people(sandbox, 50))
        audience = Audience(channels=("#crowd",))
        for _ in range(3):
            sandbox.faults.add("users.info", Fault(), times=10)
            sandbox.faults.add("users.info", Fault(error="ratelimited", retry_after=30), times=4)
            with pytest.raises(SlackCallError) as raised:
                await audience_page(directory, audience, None)
            assert raised.value.retry_after == 30
            sandbox.faults.clear()
        page = await audience_page(directory, audience, None)
        assert len(page.members) == 50
        # Read once each, but for the few that were on their way when the 429 came.
        assert len(sandbox.ledger.of("users.info", ok=True)) < 50 + 3 * 4

    async def test_another_process_goes_on_from_the_cursor(
        self, sandbox: Sandbox, directory: Directory, api: Any, clock: MovableClock
    ) -> None:
        ids = add_people(sandbox, 250)
        add_channel(sandbox, "crowd", ids)
        audience = Audience(channels=("#crowd",), groups=("@success",))
        first = await audience_page(directory, audience, None)
        assert first.next_cursor is not None
        rest: list[Member] = []
        cursor: str | None = first.next_cursor
        while cursor is not None:
            page = await audience_page(Directory(api, clock), audience, cursor)
            rest.extend(page.members)
            cursor = page.next_cursor
        assert len(rest) == 152
        assert not {m.id for m in rest} & {m.id for m in first.members}

    async def test_an_audience_that_changed_meanwhile_is_read_anew(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        add_channel(sandbox, "crowd", add_people(sandbox, 250))
        first = await audience_page(directory, Audience(channels=("#crowd",)), None)
        changed = Audience(groups=("@success",))
        page = await audience_page(directory, changed, first.next_cursor)
        assert names(list(page.members)) == {"Tom", "Mei"}

    async def test_a_stale_cursor_of_slacks_begins_the_source_again(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        add_channel(sandbox, "crowd", add_people(sandbox, 250))
        audience = Audience(channels=("#crowd",))
        first = await audience_page(directory, audience, None)
        sandbox.faults.add("conversations.members", Fault(error="invalid_cursor"))
        again = await audience_page(directory, audience, first.next_cursor)
        assert again.members == first.members
        assert again.next_cursor is not None
