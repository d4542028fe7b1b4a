"""Whether to ask in a channel shared with a customer: the owner is asked, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.asking.views.stop import stopped_words
from nps_bot.shared_channels.posting import Found, Request
from nps_bot.shared_channels.rules import Choice, PostState
from nps_bot.shared_channels.store import Post
from nps_bot.slack.block_kit import (
    Block,
    actions,
    as_list,
    button,
    context,
    count,
    escape,
    header,
    listed,
    mention,
    section,
    when,
)
from nps_bot.slack.message import Message

PREFIX = "post_"
"""What the action ids of these buttons begin with."""
_NAME = 100
_QUESTION = 1_000
_REASON = 300
_NAMED = 10
"""Accounts that are named; the rest is counted."""


def request(request: Request) -> Message:
    """Return the request to post a question, as it stands now."""
    if request.post.state is PostState.ASKED and not request.over:
        return _open(request)
    text = _outcome(request)
    if request.post.state is not PostState.NEVER:
        return Message(text, [section(text)])
    again = button("Ask there again", f"{PREFIX}{Choice.ASK_AGAIN}", request.post.id)
    return Message(text, [section(text), actions("again", [again])])


def plan(title: str, found: Sequence[Found], send_id: str) -> Message:
    """Return in which channels a wave would ask, and why not in others, before it starts.

    Args:
        title: the survey's name.
        found: the channels; those with an obstacle are left out.
        send_id: travels with *Ask* and *Cancel*.
    """
    name = escape(title, _NAME)
    asking = [post for post in found if post.obstacle is None]
    others = [post for post in found if post.obstacle is not None]
    why = [
        f"• {escape(post.account, _NAME)} in {shown(post.channel)}: {escape(post.obstacle or '')}"
        for post in others[:_NAMED]
    ]
    left_out: list[Block] = [section(as_list("Not asked:", why, len(others)))] if others else []
    if not asking:
        text = f"“{name}” has no channel to ask in now."
        return Message(text, [section(text), *left_out])
    channels = count(len(asking), "channel")
    lines = [f"• {escape(post.account, _NAME)} in {shown(post.channel)}" for post in asking]
    heading = f"*{name}* would ask in {channels}, each once somebody has said *Post it*:"
    choice = [
        button("Ask the account owners", "send_confirm", send_id, style="primary"),
        button("Cancel", "send_cancel", send_id),
    ]
    blocks: list[Block] = [
        header(f"Ask in {channels} now?"),
        section(as_list(heading, lines[:_NAMED], len(asking))),
        *left_out,
        actions("send", choice),
    ]
    return Message(f"“{name}” would ask in {channels}. Nothing is sent yet.", blocks)


def started(title: str) -> Message:
    """Return what the question becomes once somebody said yes."""
    text = (
        f"“{escape(title, _NAME)}” is on its way: whoever looks after each account decides whether"
        " it is posted. `/nps status` shows how far it is."
    )
    return Message(text, [section(text)])


def in_channels(wave: WaveHead, posts: Sequence[Post], answers: int) -> str:
    """Return how far a wave in channels is, and where it does not ask."""
    asked = sum(post.posted_at is not None for post in posts)
    words = f"posted in {asked:,} of {count(len(posts), 'channel')}, {count(answers, 'answer')}"
    stop = stopped_words(wave.stopped_at, wave.stopped_by)
    if stop is not None:
        return f"{stop}; {words}; answers count until {when(wave.closes_at)}"
    waiting = [post for post in posts if post.state is PostState.ASKED]
    if waiting:
        whose = listed(escape(post.account, _NAME) for post in waiting[:_NAMED])
        more = f" and {len(waiting) - _NAMED:,} more" if len(waiting) > _NAMED else ""
        words += f"; waits for somebody to decide on {whose}{more}"
    return words


def left_out(posts: Sequence[Post]) -> str | None:
    """Return in which channels a wave does not ask, and why; None where it asks in all."""
    skipped = [post for post in posts if post.state is PostState.SKIPPED]
    if not skipped:
        return None
    lines = []
    for post in skipped[:_NAMED]:
        why = escape(post.reason or "", _REASON)
        lines.append(f"• {escape(post.account, _NAME)} in {shown(post.channel)}: {why}")
    return as_list("Not asked:", lines, len(skipped))


def shown(channel: str) -> str:
    """Return a channel as Slack shows it; one that Slack does not know has only its name."""
    return escape(channel, _NAME) if channel.startswith("#") else f"<#{channel}>"


def _open(request: Request) -> Message:
    post, wording = request.post, request.survey.wording
    account, title = escape(post.account, _NAME), escape(wording.title, _NAME)
    wish = f"“{title}” would like to ask {account} in {shown(post.channel)}."
    question = f"> {escape(wording.question, _QUESTION)}"
    how = (
        f"One message, which everybody in the channel sees. Only answers from people of {account}"
        " count, one each; nobody sees anybody else's, and nobody is reminded."
    )
    choices: list[Block] = [
        button("Post it", f"{PREFIX}{Choice.POST}", post.id, style="primary"),
        button("Never in this channel", f"{PREFIX}{Choice.NOT_THIS_ONE}", post.id),
        button("Skip this wave", f"{PREFIX}{Choice.NOT_THIS_TIME}", post.id),
    ]
    until = (
        f"It can be decided until {when(post.closes_at)}, and is posted outside quiet hours."
        f" *Never in this channel*: this survey never asks in {shown(post.channel)}, until you take"
        " it back. *Skip this wave*: the next round asks you again."
    )
    blocks: list[Block] = [
        header(f"Ask {post.account[:_NAME]}?"),
        section(f"{wish}\n{question}\n{how}"),
        actions("posting", choices),
        context(until),
    ]
    return Message(f"{wish} Shall it be posted?", blocks)


def _outcome(request: Request) -> str:
    post = request.post
    account, title = escape(post.account, _NAME), escape(request.survey.wording.title, _NAME)
    what = f"“{title}” for {account} in {shown(post.channel)}"
    by = mention(post.decided_by) if post.decided_by else "Somebody"
    match post.state:
        case PostState.APPROVED:
            return f"{by} said yes to {what}. {_posted(request)}"
        case PostState.DECLINED:
            return f"{by} said not this time to {what}: nothing is posted. The next round asks you."
        case PostState.NEVER:
            return f"{by} said not this one to {what}: this survey does not ask there any more."
        case _:
            return f"Nobody decided in time on {what}, so nothing is posted. The next round asks."


def _posted(request: Request) -> str:
    post = request.post
    if post.posted_at is not None:
        return f"It was posted {when(post.posted_at)}."
    if request.failure is not None:
        return f"It could not be posted: {escape(request.failure, _REASON)}."
    if request.over:
        return "The round ended before it was posted."
    if request.due_at is None:
        return "It is being posted."
    return f"It is posted {when(request.due_at)}."
