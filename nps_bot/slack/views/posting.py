"""Whether to ask in a channel shared with a customer: the owner is asked, and what comes of it."""

from __future__ import annotations

from nps_bot.domain.channel_posts import Choice, PostState
from nps_bot.services.posting import Request
from nps_bot.slack.views.kit import (
    Block,
    actions,
    button,
    context,
    escape,
    header,
    mention,
    section,
    when,
)
from nps_bot.slack.views.message import Message

PREFIX = "post_"
"""What the action ids of these buttons begin with."""
_NAME = 100
_QUESTION = 1_000
_REASON = 300


def request(request: Request) -> Message:
    """Return the request to post a question, as it stands now."""
    if request.post.state is PostState.ASKED and not request.over:
        return _open(request)
    text = _outcome(request)
    if request.post.state is not PostState.NEVER:
        return Message(text, [section(text)])
    again = button("Ask there again", f"{PREFIX}{Choice.ASK_AGAIN}", request.post.id)
    return Message(text, [section(text), actions("again", [again])])


def _open(request: Request) -> Message:
    post, wording = request.post, request.survey.wording
    account, title = escape(post.account, _NAME), escape(wording.title, _NAME)
    wish = f"“{title}” would like to ask {account} in {_channel(post.channel)}."
    question = f"> {escape(wording.question, _QUESTION)}"
    how = (
        f"One message, which everybody in the channel sees. Only answers from people of {account}"
        " count, one each; nobody sees anybody else's, and nobody is reminded."
    )
    choices: list[Block] = [
        button("Post it", f"{PREFIX}{Choice.POST}", post.id, style="primary"),
        button("Not this one", f"{PREFIX}{Choice.NOT_THIS_ONE}", post.id),
        button("Not this time", f"{PREFIX}{Choice.NOT_THIS_TIME}", post.id),
    ]
    until = (
        f"It can be decided until {when(post.closes_at)}, and is posted outside quiet hours."
        f" *Not this one*: this survey never asks in {_channel(post.channel)}, until you take it"
        " back. *Not this time*: the next round asks you again."
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
    what = f"“{title}” for {account} in {_channel(post.channel)}"
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


def _channel(channel: str) -> str:
    return f"<#{channel}>"
