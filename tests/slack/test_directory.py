"""Reading people, channels and groups: page by page, and again from where it stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nps_bot.slack.directory import Directory, NotInSlackError
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.messenger import Identity
from nps_bot.slack.profiles import profile_of
from nps_bot.surveys.rules.audience import FALLBACK_ZONE, Member
from nps_bot.surveys.rules.survey import Audience
from slack_sandbox import Channel, ChannelKind, Fault, Sandbox, User, UserGroup
from tests.slack.conftest import MovableClock

TEAM = "T0LUMEN01"
US = Identity(TEAM, "Lumen Coffee", "https://lumen-coffee.slack.com/", "U0NPSBOT1", None)


async def everybody(directory: Directory, audience: Audience) -> list[Member]:
    """Read all pages of an audience."""
    members: list[Member] = []
    cursor: str | None = None
    while True:
        page = await directory.audience_page(audience, cursor)
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
        [line] = [one for one in caplog.records if one.name == "nps_bot.slack.directory"]
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
        first = await directory.audience_page(audience, None)
        assert len(first.members) <= 200
        members = await everybody(directory, audience)
        assert len(members) == len({member.id for member in members})
        assert {member.id for member in members} >= set(ids)

    async def test_a_channel_that_does_not_exist(self, directory: Directory) -> None:
        with pytest.raises(NotInSlackError):
            await directory.audience_page(Audience(channels=("#nowhere",)), None)


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
                await directory.audience_page(audience, None)
            assert raised.value.retry_after == 30
            sandbox.faults.clear()
        page = await directory.audience_page(audience, None)
        assert len(page.members) == 50
        # Read once each, but for the few that were on their way when the 429 came.
        assert len(sandbox.ledger.of("users.info", ok=True)) < 50 + 3 * 4

    async def test_another_process_goes_on_from_the_cursor(
        self, sandbox: Sandbox, directory: Directory, api: Any, clock: MovableClock
    ) -> None:
        ids = add_people(sandbox, 250)
        add_channel(sandbox, "crowd", ids)
        audience = Audience(channels=("#crowd",), groups=("@success",))
        first = await directory.audience_page(audience, None)
        assert first.next_cursor is not None
        rest: list[Member] = []
        cursor: str | None = first.next_cursor
        while cursor is not None:
            page = await Directory(api, clock).audience_page(audience, cursor)
            rest.extend(page.members)
            cursor = page.next_cursor
        assert len(rest) == 152
        assert not {m.id for m in rest} & {m.id for m in first.members}

    async def test_an_audience_that_changed_meanwhile_is_read_anew(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        add_channel(sandbox, "crowd", add_people(sandbox, 250))
        first = await directory.audience_page(Audience(channels=("#crowd",)), None)
        changed = Audience(groups=("@success",))
        page = await directory.audience_page(changed, first.next_cursor)
        assert names(list(page.members)) == {"Tom", "Mei"}

    async def test_a_stale_cursor_of_slacks_begins_the_source_again(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        add_channel(sandbox, "crowd", add_people(sandbox, 250))
        audience = Audience(channels=("#crowd",))
        first = await directory.audience_page(audience, None)
        sandbox.faults.add("conversations.members", Fault(error="invalid_cursor"))
        again = await directory.audience_page(audience, first.next_cursor)
        assert again.members == first.members
        assert again.next_cursor is not None


class TestPeople:
    @pytest.mark.parametrize(
        "ref", ["U0PRIYA00", "priya@lumen.example", "Priya@Lumen.example", "@priya", "@PRIYA"]
    )
    async def test_is_found_by_id_email_and_handle(self, directory: Directory, ref: str) -> None:
        person = await directory.person(ref)
        assert person is not None
        assert (person.id, person.name) == ("U0PRIYA00", "Priya Raman")

    @pytest.mark.parametrize("ref", ["U0NOBODY1", "nobody@lumen.example", "@nobody"])
    async def test_nobody_of_that_name(self, directory: Directory, ref: str) -> None:
        assert await directory.person(ref) is None

    async def test_slack_out_of_reach_is_not_nobody(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        sandbox.faults.add("users.info", Fault(status=503))
        with pytest.raises(SlackCallError):
            await directory.person("U0PRIYA00")

    async def test_is_remembered_for_an_hour(
        self, sandbox: Sandbox, directory: Directory, clock: MovableClock
    ) -> None:
        def asked() -> int:
            return len(sandbox.ledger.of("users.info")) + len(
                sandbox.ledger.of("users.lookupByEmail")
            )

        await directory.person("priya@lumen.example")
        await directory.person("U0PRIYA00")
        await directory.is_admin("U0PRIYA00")
        clock.move(timedelta(minutes=59))
        await directory.person("priya@lumen.example")
        assert asked() == 1
        clock.move(timedelta(minutes=2))
        await directory.person("priya@lumen.example")
        assert asked() == 2

    async def test_who_is_an_admin(self, directory: Directory) -> None:
        assert await directory.is_admin("U0PRIYA00")
        assert not await directory.is_admin("U0TOM0000")
        assert not await directory.is_admin("U0NOBODY1")


class TestChannelsAndGroups:
    async def test_names_become_ids(self, directory: Directory) -> None:
        assert await directory.channel_id("#nps-alerts") == "C0ALERTS1"
        assert await directory.group_id("@success") == "S0SUCCESS"

    async def test_ids_stay_ids_and_cost_nothing(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        assert await directory.channel_id("C0ALERTS1") == "C0ALERTS1"
        assert await directory.group_id("S0SUCCESS") == "S0SUCCESS"
        assert sandbox.ledger == []

    async def test_an_unknown_name_gets_the_nearest_one(self, directory: Directory) -> None:
        with pytest.raises(NotInSlackError, match=r"no #nps-alert\..*Did you mean '#nps-alerts'\?"):
            await directory.channel_id("#nps-alert")
        with pytest.raises(NotInSlackError, match=r"no @sucess\..*Did you mean '@success'\?"):
            await directory.group_id("@sucess")

    async def test_a_private_channel_without_the_bot_does_not_exist_for_it(
        self, directory: Directory
    ) -> None:
        with pytest.raises(NotInSlackError, match="invite the bot"):
            await directory.channel_id("#leadership")

    async def test_the_list_is_read_once_and_for_a_miss_once_a_minute(
        self, sandbox: Sandbox, directory: Directory, clock: MovableClock
    ) -> None:
        async def miss() -> None:
            with pytest.raises(NotInSlackError):
                await directory.channel_id("#crowd")

        await directory.channel_id("#general")
        await directory.channel_id("#nps-alerts")
        await miss()
        assert len(sandbox.ledger.of("conversations.list")) == 1
        add_channel(sandbox, "crowd", [])
        clock.move(timedelta(seconds=59))
        await miss()
        clock.move(timedelta(seconds=1))
        assert (await directory.channel_id("#crowd")).startswith("C1")
        assert len(sandbox.ledger.of("conversations.list")) == 2

    async def test_a_failed_reading_is_tried_again(
        self, sandbox: Sandbox, directory: Directory
    ) -> None:
        sandbox.faults.add("conversations.list", Fault(error="ratelimited", retry_after=9))
        with pytest.raises(SlackCallError) as raised:
            await directory.channel_id("#general")
        assert raised.value.retry_after == 9
        assert await directory.channel_id("#general") == "C0GENERAL"


class TestProfiles:
    """Descriptions as Slack may send them, in which any field can be missing or null."""

    def test_an_id_is_enough(self) -> None:
        profile = profile_of({"id": "U1"}, US)
        assert profile.member == Member("U1", "U1", FALLBACK_ZONE)
        assert not profile.is_admin
        assert profile.handles == set()

    def test_nulls_are_nothing(self) -> None:
        fields = (
            *("name", "real_name", "tz", "team_id", "profile", "enterprise_user"),
            *("is_bot", "deleted", "is_restricted", "is_stranger", "is_admin"),
        )
        profile = profile_of({"id": "U1"} | dict.fromkeys(fields), US)
        assert profile.member == Member("U1", "U1", FALLBACK_ZONE)

    def test_a_name_that_is_known_to_all_comes_first(self) -> None:
        user: dict[str, Any] = {"id": "U1", "name": "jd", "profile": {"display_name": "Jojo"}}
        profile = profile_of(user, US)
        assert profile.member.name == "Jojo"
        assert profile.handles == {"jojo", "jd"}
        assert profile_of(user | {"real_name": "Jo Doe"}, US).member.name == "Jo Doe"
        user["profile"]["real_name"] = "Jo Doe"
        assert profile_of(user, US).member.name == "Jo Doe"

    @pytest.mark.parametrize(
        ("fields", "outsider"),
        [
            ({"team_id": TEAM}, False),
            ({"team_id": "T0OTHER01"}, True),
            ({"team_id": TEAM, "is_stranger": True}, True),
            ({"team_id": "T0OTHER01", "enterprise_user": {"enterprise_id": "E0ORG0001"}}, False),
            ({"team_id": "T0OTHER01", "enterprise_user": {"enterprise_id": "E0ELSE001"}}, True),
        ],
        ids=json.dumps,
    )
    def test_colleagues_of_the_organisation_are_no_outsiders(
        self, fields: dict[str, Any], outsider: bool
    ) -> None:
        organisation = replace(US, enterprise_id="E0ORG0001")
        assert profile_of({"id": "U1"} | fields, organisation).member.is_outsider is outsider

    def test_without_an_organisation_nobody_shares_it(self) -> None:
        user = {"id": "U1", "team_id": "T0OTHER01", "enterprise_user": {}}
        assert profile_of(user, US).member.is_outsider

    @pytest.mark.parametrize("role", ["is_admin", "is_owner"])
    def test_owners_are_admins_too(self, role: str) -> None:
        assert profile_of({"id": "U1", role: True}, US).is_admin
