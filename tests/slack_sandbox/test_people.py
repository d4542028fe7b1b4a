"""Lumen Coffee is as the surveys and documents describe it."""

from __future__ import annotations

from slack_sandbox import ChannelKind, lumen_coffee
from slack_sandbox.api.shapes import channel_json, user_json
from slack_sandbox.connect import ANCHOR, share, two_companies
from slack_sandbox.people import HARBOR


def names(members: list[str]) -> set[str]:
    workspace = lumen_coffee()
    return {workspace.users[member].name for member in members}


def test_who_there_is() -> None:
    workspace = lumen_coffee()
    staff = {"priya", "tom", "mei", "sam", "noor", "lucia", "jack"}
    guests = {user.name for user in workspace.users.values() if user.is_restricted}
    assert guests == {"ada", "kenji", "grace", "oscar"}
    assert {user.name for user in workspace.users.values() if user.is_bot} == {"nps", "polly"}
    zones = {workspace.user(name).tz for name in staff | guests}
    assert len(zones) >= 8
    assert workspace.user("priya").email == "priya@lumen.example"
    assert workspace.user("priya").is_admin
    outsiders = [u.name for u in workspace.users.values() if u.team_id != workspace.team.id]
    assert outsiders == ["helena"]


def test_which_channels_there_are() -> None:
    workspace = lumen_coffee()
    assert names(workspace.channel("customers").members) == {
        *{"nps", "priya", "tom", "mei"},
        *{"ada", "kenji", "grace", "oscar"},
    }
    assert workspace.channel("leadership").kind is ChannelKind.PRIVATE
    assert workspace.channel("ext-harbor").is_ext_shared
    assert "helena" in names(workspace.channel("ext-harbor").members)
    without_bot = [
        channel.name
        for channel in workspace.channels.values()
        if workspace.bot.id not in channel.members
    ]
    assert without_bot == ["leadership"]


def test_ids_are_the_same_every_time() -> None:
    assert list(lumen_coffee().users) == list(lumen_coffee().users)
    assert list(lumen_coffee().channels) == list(lumen_coffee().channels)


def test_a_channel_becomes_shared_and_two_companies_read_there() -> None:
    workspace = lumen_coffee()
    coast = two_companies(workspace)
    shown = channel_json(workspace, coast)
    assert shown["is_ext_shared"]
    assert shown["shared_team_ids"] == sorted([workspace.team.id, HARBOR.id, ANCHOR.id])

    summary = workspace.channel("nps-summary")
    staff = list(summary.members)
    assert not channel_json(workspace, summary)["is_ext_shared"]
    for _ in range(2):
        share(workspace, "#nps-summary", "anja")
    assert channel_json(workspace, summary)["is_ext_shared"]
    assert summary.members == [*staff, workspace.user("anja").id]


def test_who_shares_no_channel_is_a_stranger() -> None:
    workspace = lumen_coffee()
    two_companies(workspace)

    def is_stranger(handle: str) -> bool:
        user = workspace.user(handle)
        shown = user_json(workspace, user, with_email=True, with_locale=True)
        return bool(shown.get("is_stranger"))

    assert [is_stranger(one) for one in ("anja", "helena", "tom")] == [False, False, False]
    workspace.channel("ext-coast").is_ext_shared = False
    assert [is_stranger(one) for one in ("anja", "helena", "tom")] == [True, False, False]
