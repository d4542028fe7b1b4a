"""Where a message goes: a person's direct messages, or a channel of the team that outsiders cannot
read."""

from __future__ import annotations

from dataclasses import replace

from nps_bot.errors import NpsBotError
from nps_bot.services.delivering import Place, ToChannel, ToPerson, ToShared, ToStanding
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.storage import people

UNKNOWN_METHOD = "unknown_method"


class ExternalChannelError(NpsBotError):
    """A channel that people of other organisations read; nothing internal is posted there."""

    def __init__(self, channel: str, name: str) -> None:
        super().__init__(
            f"Nothing was posted in {name}: people outside your organisation can read it. What"
            " stands there already was left as it is. Choose an internal channel in the survey's"
            " file and restart."
        )
        self.channel = channel


async def find_place(edge: Edge, place: Place) -> str:
    """Return the id of the channel a message goes to.

    A direct message is opened, and its id committed, before the first message goes there, so that
    there is a history to look in.

    Raises:
        NotInSlackError: there is no such channel or person.
        SlackCallError: Slack could not say.
    """
    match place:
        case ToPerson(_, str() as channel) | ToShared(channel) | ToStanding(channel):
            return channel
        case ToPerson(ref):
            return await _open_dm(edge, ref)
        case ToChannel(ref):
            return await _channel_id(edge, ref)


def asked_to_find(place: Place) -> tuple[str, ...]:
    """Return which of Slack's methods :func:`find_place` may call."""
    match place:
        case ToPerson(_, str()) | ToShared() | ToStanding():
            return ()
        case ToPerson():
            return ("users.info", "users.lookupByEmail", "conversations.open")
        case ToChannel():
            return ("conversations.list",)


def found(place: Place, channel: str) -> Place:
    """Return the place with what was found, so that it need not be found again."""
    return replace(place, channel=channel) if isinstance(place, ToPerson) else place


async def refuse_outsiders(edge: Edge, place: Place, channel: str) -> None:
    """Check right before a post that no outsiders read what is meant for the team.

    Channels become shared later, so this is asked at every post.

    Args:
        edge: reaches Slack.
        place: where the message goes.
        channel: what :func:`find_place` said of it.

    Raises:
        ExternalChannelError: outsiders read the channel.
        SlackCallError: Slack could not say.
    """
    if not isinstance(place, ToChannel):
        return
    try:
        sharing = await edge.messenger.sharing(channel)
    except SlackCallError as error:
        if error.code == UNKNOWN_METHOD:  # where channels have no details, none is shared
            return
        raise
    if sharing.outsiders:
        raise ExternalChannelError(channel, sharing.name)


async def _open_dm(edge: Edge, ref: str) -> str:
    member = await edge.directory.person(ref)
    if member is None:
        raise NotInSlackError(f"Slack knows nobody called {ref}.")
    try:
        channel = await edge.messenger.open_dm(member.id)
    except SlackCallError as error:
        if error.code == UNKNOWN_METHOD:  # chat.postMessage to a person opens the DM as well
            return member.id
        raise
    await edge.database.write(people.save_dm_channel, member.id, channel)
    return channel


async def _channel_id(edge: Edge, ref: str) -> str:
    try:
        return await edge.directory.channel_id(ref)
    except SlackCallError as error:
        if error.code == UNKNOWN_METHOD:  # chat.postMessage takes names as well
            return ref
        raise
