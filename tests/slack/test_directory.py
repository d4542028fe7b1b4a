"""Finding people, channels and groups by their names, and remembering them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nps_bot.base.time_zones import FALLBACK_ZONE
from nps_bot.slack.directory import Directory, NotInSlackError
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.profiles import Identity, Member, profile_of
from slack_sandbox import Channel, ChannelKind, Fault, Sandbox
from tests.slack.conftest import MovableClock

TEAM = "T0LUMEN01"
US = Identity(TEAM, "Lumen Coffee", "https://lumen-coffee.slack.com/", "U0NPSBOT1", None)


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
        sandbox.workspace.put_channel(Channel("C1CROWD", "crowd", ChannelKind.PUBLIC, []))
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
