"""Acme, the company that a sandbox has by default, and a channel that becomes shared."""

from __future__ import annotations

from slack_sandbox import ChannelKind, example_workspace
from slack_sandbox.api.shapes import channel_json, user_json
from slack_sandbox.example import HARBOR
from tests.helpers.connect import ANCHOR, two_companies


def names(members: list[str]) -> set[str]:
    workspace = example_workspace()
    return {workspace.users[member].name for member in members}


def test_who_there_is() -> None:
    workspace = example_workspace()
    staff = {"priya", "tom", "mei", "sam", "noor", "lucia", "jack"}
    guests = {user.name for user in workspace.users.values() if user.is_restricted}
    assert guests == {"ada", "kenji", "grace", "oscar"}
    assert {user.name for user in workspace.users.values() if user.is_bot} == {"app", "polly"}
    zones = {workspace.user(name).tz for name in staff | guests}
    assert len(zones) >= 8
    assert workspace.user("priya").email == "priya@acme.example"
    assert workspace.user("priya").is_admin
    outsiders = [u.name for u in workspace.users.values() if u.team_id != workspace.team.id]
    assert outsiders == ["helena"]


def test_which_channels_there_are() -> None:
    workspace = example_workspace()
    assert names(workspace.channel("customers").members) == {
        *{"app", "priya", "tom", "mei"},
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
    assert list(example_workspace().users) == list(example_workspace().users)
    assert list(example_workspace().channels) == list(example_workspace().channels)


def test_a_channel_becomes_shared_and_two_companies_read_there() -> None:
    workspace = example_workspace()
    coast = two_companies(workspace)
    shown = channel_json(workspace, coast)
    assert shown["is_ext_shared"]
    assert shown["shared_team_ids"] == sorted([workspace.team.id, HARBOR.id, ANCHOR.id])

    summary = workspace.channel("summary")
    staff = list(summary.members)
    assert not channel_json(workspace, summary)["is_ext_shared"]
    for _ in range(2):
        workspace.share("#summary", "anja")
    assert channel_json(workspace, summary)["is_ext_shared"]
    assert summary.members == [*staff, workspace.user("anja").id]


def test_who_shares_no_channel_is_a_stranger() -> None:
    workspace = example_workspace()
    two_companies(workspace)

    def is_stranger(handle: str) -> bool:
        user = workspace.user(handle)
        shown = user_json(workspace, user, with_email=True, with_locale=True)
        return bool(shown.get("is_stranger"))

    assert [is_stranger(one) for one in ("anja", "helena", "tom")] == [False, False, False]
    workspace.channel("ext-coast").is_ext_shared = False
    assert [is_stranger(one) for one in ("anja", "helena", "tom")] == [True, False, False]
