"""Where a message goes: a person's direct messages, or a channel of the team that outsiders cannot
read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nps_bot.base.errors import NpsBotError
from nps_bot.interaction.context import BotContext
from nps_bot.people import store as people
from nps_bot.slack.directory import NotInSlackError
from nps_bot.slack.errors import SlackCallError

UNKNOWN_METHOD = "unknown_method"


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """The direct messages with one person.

    Attributes:
        ref: Slack id or e-mail address.
        channel: the DM's id, once it was opened.
    """

    ref: str
    channel: str | None


@dataclass(frozen=True, slots=True)
class TeamChannel:
    """A channel of the team, by ``#name`` or id; outsiders must not read there."""

    ref: str


@dataclass(frozen=True, slots=True)
class SharedChannel:
    """A channel that is shared with a customer, by id; outsiders are meant to read there."""

    channel: str


@dataclass(frozen=True, slots=True)
class ExistingMessage:
    """The channel of a message that is taken away, or says less from now on.

    Outsiders may read it: the change only removes information.
    """

    channel: str


Destination = DirectMessage | TeamChannel | SharedChannel | ExistingMessage


class ExternalChannelError(NpsBotError):
    """A channel that people of other organisations read; nothing internal is posted there."""

    def __init__(self, channel: str, name: str) -> None:
        super().__init__(
            f"Nothing was posted in {name}: people outside your organisation can read it. What"
            " stands there already was left as it is. Choose an internal channel in the survey's"
            " file and restart."
        )
        self.channel = channel


async def find_channel(context: BotContext, destination: Destination) -> str:
    """Return the id of the channel a message goes to.

    A direct message is opened, and its id committed, before the first message goes there, so that
    there is a history to look in.

    Raises:
        NotInSlackError: there is no such channel or person.
        SlackCallError: Slack could not say.
    """
    match destination:
        case DirectMessage(_, str() as channel) | SharedChannel(channel) | ExistingMessage(channel):
            return channel
        case DirectMessage(ref):
            return await _open_dm(context, ref)
        case TeamChannel(ref):
            return await _channel_id(context, ref)


def methods_to_find(destination: Destination) -> tuple[str, ...]:
    """Return which of Slack's methods :func:`find_channel` may call."""
    match destination:
        case DirectMessage(_, str()) | SharedChannel() | ExistingMessage():
            return ()
        case DirectMessage():
            return ("users.info", "users.lookupByEmail", "conversations.open")
        case TeamChannel():
            return ("conversations.list",)


def with_channel(destination: Destination, channel: str) -> Destination:
    """Return the destination with what was found, so that it need not be found again."""
    return (
        replace(destination, channel=channel)
        if isinstance(destination, DirectMessage)
        else destination
    )


async def refuse_outsiders(context: BotContext, destination: Destination, channel: str) -> None:
    """Check right before a post that no outsiders read what is meant for the team.

    Channels become shared later, so this is asked at every post.

    Args:
        context: reaches Slack.
        destination: where the message goes.
        channel: what :func:`find_channel` said of it.

    Raises:
        ExternalChannelError: outsiders read the channel.
        SlackCallError: Slack could not say.
    """
    if not isinstance(destination, TeamChannel):
        return
    try:
        sharing = await context.messenger.sharing(channel)
    except SlackCallError as error:
        if error.code == UNKNOWN_METHOD:  # where channels have no details, none is shared
            return
        raise
    if sharing.outsiders:
        raise ExternalChannelError(channel, sharing.name)


async def _open_dm(context: BotContext, ref: str) -> str:
    member = await context.directory.person(ref)
    if member is None:
        raise NotInSlackError(f"Slack knows nobody called {ref}.")
    try:
        channel = await context.messenger.open_dm(member.id)
    except SlackCallError as error:
        if error.code == UNKNOWN_METHOD:  # chat.postMessage to a person opens the DM as well
            return member.id
        raise
    await context.database.write(people.save_dm_channel, member.id, channel)
    return channel


async def _channel_id(context: BotContext, ref: str) -> str:
    try:
        return await context.directory.channel_id(ref)
    except SlackCallError as error:
        if error.code == UNKNOWN_METHOD:  # chat.postMessage takes names as well
            return ref
        raise
