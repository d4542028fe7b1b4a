"""Lumen Coffee is as the surveys and documents describe it."""

from __future__ import annotations

from nps_bot.demo.people import lumen_coffee
from slack_sandbox import ChannelKind


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
