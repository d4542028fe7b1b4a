"""Questions to shared channels, as the database keeps them: one a wave and channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from nps_bot.asking.store.wave_heads import Scope
from nps_bot.people import store as people
from nps_bot.people.store import ChannelRow
from nps_bot.shared_channels import store as channel_posts
from nps_bot.shared_channels.rules import PostState
from nps_bot.shared_channels.store import Accounts, NewPost
from nps_bot.storage.database import Database
from nps_bot.storage.tables import ChannelInvitation, ChannelPost, Invitation
from tests.factories import NOON, World

HARBOR = NewPost("C1", "Harbor Hotels", "UTOM", ("T1",))
CLIFF = NewPost("C2", "Cliff Inn", None, ("T2", "E2"))
DAY = timedelta(days=1)


def ids(connection: Connection, wave_id: int) -> dict[str, str]:
    """Return the posts of a wave by channel."""
    return {post.channel: post.id for post in channel_posts.of_waves(connection, [wave_id])}


async def test_a_wave_asks_once_in_a_channel_whatever_is_noted_later(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave = World(connection).wave(NOON, {})
        channel_posts.add(connection, wave, HARBOR)
        channel_posts.add(connection, wave, replace(HARBOR, account="Other", reason="no"))
        (post,) = channel_posts.of_waves(connection, [wave])
        assert (post.account, post.owner, post.teams) == ("Harbor Hotels", "UTOM", ("T1",))
        assert (post.state, post.reason, post.posted_at) == (PostState.ASKED, None, None)
        assert channel_posts.find(connection, post.id, lock=True) == post
        assert channel_posts.find(connection, "0" * 32) is None
        other = World(connection).wave(NOON + DAY, {})
        channel_posts.add(connection, other, replace(HARBOR, reason="it is not shared"))
        (skipped,) = channel_posts.of_waves(connection, [other])
        assert (skipped.state, skipped.reason) == (PostState.SKIPPED, "it is not shared")
        twice = {"id": "a" * 32, "wave_id": wave, "channel": "C1", "account": "x", "teams": []}
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(insert(ChannelPost).values(state="asked", **twice))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(
                insert(ChannelPost).values(**twice | {"channel": "C9", "state": "unheard of"})
            )

    await database.write(work)


async def test_whoever_clicks_is_invited_once(database: Database) -> None:
    def work(connection: Connection) -> None:
        wave = World(connection).wave(NOON, {})
        for new in (HARBOR, CLIFF):
            channel_posts.add(connection, wave, new)
        harbor, cliff = channel_posts.of_waves(connection, [wave])[::-1]
        assert channel_posts.invitation_of(connection, wave, "UHELENA") is None
        first = channel_posts.invite(connection, harbor, "UHELENA", NOON)
        assert channel_posts.invite(connection, harbor, "UHELENA", NOON + DAY) == first
        assert channel_posts.invite(connection, cliff, "UHELENA", NOON + DAY) == first
        assert channel_posts.invitation_of(connection, wave, "UHELENA") == first
        assert connection.execute(select(ChannelInvitation.post_id)).all() == [(harbor.id,)]
        assert connection.execute(select(Invitation.due_at, Invitation.asked_at)).all() == [
            (NOON, NOON)
        ]

    await database.write(work)


async def test_accounts_that_answered_and_those_that_stayed_silent(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave = world.wave(NOON, {})
        for new in (HARBOR, CLIFF, NewPost("C3", "Harbor Hotels", None, ("T1",))):
            channel_posts.add(connection, wave, new)
        channel_posts.add(connection, wave, NewPost("C4", "Unasked Ltd", None, ("T4",)))
        assert channel_posts.accounts_of(connection, [wave]) == {}
        posts = ids(connection, wave)
        for channel in ("C1", "C2", "C3"):
            channel_posts.mark_posted(connection, posts[channel], NOON)
        channel_posts.mark_posted(connection, posts["C1"], NOON + DAY)
        silent = Accounts((), ("Cliff Inn", "Harbor Hotels"))
        assert channel_posts.accounts_of(connection, [wave, 999]) == {wave: silent}
        assert channel_posts.asked_since(connection, NOON - DAY) == {"C1", "C2", "C3"}
        assert channel_posts.asked_since(connection, NOON) == set()

        post = channel_posts.find(connection, posts["C1"])
        assert post is not None
        for person in ("UHELENA", "UIVO"):
            invitation = channel_posts.invite(connection, post, person, NOON)
            world.answer_to(invitation, 7, NOON + DAY)
        spoken = Accounts(("Harbor Hotels",), ("Cliff Inn",))
        assert channel_posts.accounts_of(connection, [wave]) == {wave: spoken}
        scope = Scope("customer", "relationship", start=NOON - DAY, end=NOON + 2 * DAY)
        assert channel_posts.accounts_in(connection, scope) == spoken
        early = Scope("customer", "relationship", end=NOON - DAY)
        assert channel_posts.accounts_in(connection, early) is None

    await database.write(work)


async def test_a_refusal_holds_for_the_survey_and_the_channel(database: Database) -> None:
    def work(connection: Connection) -> None:
        world = World(connection)
        wave, other = world.wave(NOON, {}), world.wave(NOON, {}, survey_key="employee")
        for new in (HARBOR, CLIFF):
            channel_posts.add(connection, wave, new)
        channel_posts.add(connection, other, HARBOR)
        posts = ids(connection, wave)
        channel_posts.decide(connection, posts["C1"], PostState.NEVER, "UTOM", NOON)
        channel_posts.decide(connection, posts["C2"], PostState.DECLINED, "UTOM", NOON)
        assert channel_posts.refused(connection, "customer") == {"C1"}
        assert channel_posts.refused(connection, "employee") == set()
        channel_posts.decide(connection, posts["C1"], PostState.DECLINED, "UTOM", NOON)
        assert channel_posts.refused(connection, "customer") == set()

        channel_posts.forget_person(connection, "UTOM")
        for post in channel_posts.of_waves(connection, [wave]):
            assert (post.owner, post.decided_by) == (None, None)

    await database.write(work)


async def test_the_last_people_file_says_whose_a_channel_is(database: Database) -> None:
    harbor = ChannelRow("C1", "Harbor Hotels", "UTOM", ("T1", "E1"))
    cliff = ChannelRow("C2", "Cliff Inn", None, ())

    def work(connection: Connection) -> None:
        assert people.save_channels(connection, [harbor, cliff], NOON) == 2
        assert people.channels(connection) == [harbor, cliff]
        moved = replace(harbor, account="Harbor Group", teams=())
        gone = replace(cliff, account=None)
        assert people.save_channels(connection, [moved, gone], NOON) == 2
        assert people.channels(connection) == [moved]
        people.forget_owner(connection, "UTOM")
        assert people.channels(connection) == [replace(moved, owner=None)]

    await database.write(work)
