"""A question in a channel shared with a customer: what all see, and what only one person sees.

What everybody sees never changes while answers are taken, so nobody learns who answered, or what.
"""

from __future__ import annotations

from collections.abc import Sequence

from nps_bot.asking.views.prompt import (
    HIGHEST,
    LOWEST,
    NO_CONTACT,
    origin_words,
    privacy_line,
    score_rows,
    stopped_words,
)
from nps_bot.nps.bands import Band, band_of
from nps_bot.shared_channels.answers import OwnAnswer, RespondentAction
from nps_bot.slack.block_kit import Block, actions, button, confirm, context, escape, link, section
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Kind, Wording

PREFIX = "channel_"
"""What the action ids of these buttons begin with."""
_NAME = 300


def question(
    wording: Wording,
    kind: Kind,
    account: str,
    post_id: str,
    *,
    rhythm: str,
    owners: Sequence[str],
    prefix: str = PREFIX,
) -> Message:
    """Return the question with its eleven buttons, for everybody in the channel.

    Args:
        wording: the wave's wording.
        kind: what the question is about; decides who is said to read the answer.
        account: the company that is asked.
        post_id: travels with every click.
        rhythm: how often the survey asks, from ``domain.cadence.describe``.
        owners: Slack ids of those who set the survey up; may be empty.
        prefix: stands before the action ids.
    """
    name, asked = escape(account, _NAME), escape(wording.question, 2_000)
    who = f"One question from *{escape(wording.brand, _NAME)}* to everybody at *{name}*."
    alone = "Only you see what you answer here."
    readers = f"{privacy_line(wording, kind)} {alone}"
    blocks = [
        section(f"{who} We ask so that we know what to keep and what to improve."),
        section(f"*{asked}*"),
        *score_rows(post_id, prefix),
        context(readers),
        context(origin_words(rhythm, owners)),
    ]
    spoken = f"{asked} Eleven buttons, from {LOWEST} to {HIGHEST}. {readers}"
    return Message(spoken, blocks)


def preview(wording: Wording, kind: Kind, *, rhythm: str, owners: Sequence[str]) -> Message:
    """Return the question as a channel gets it, for its owner to look at; no button counts."""
    shown = question(
        wording, kind, "your customer", "preview", rhythm=rhythm, owners=owners, prefix="preview_"
    )
    note = "*Preview: not counted.* This is what a channel gets; its buttons record nothing."
    return Message(f"Preview, not counted. {shown.text}", [section(note), *shown.blocks])


def closed(wording: Wording) -> Message:
    """Return what the question becomes once no answer is taken any more."""
    text = f"This round of “{escape(wording.title, _NAME)}” has closed. Thank you for every answer."
    return Message(text, [section(text)])


def answered(wording: Wording, mine: OwnAnswer) -> Message:
    """Return what somebody reads, and nobody else, of the answer they gave in the channel."""
    if mine.score is None:
        return _deleted(wording, mine)
    plan = wording.plan(band_of(mine.score))
    thanks = NO_CONTACT if mine.no_contact else escape(plan.thank_you)
    blocks = [section(f"*You answered {mine.score}.* Only you see this."), section(thanks)]
    if plan.links:
        links = [link(each.text, f"link_{n}", each.url) for n, each in enumerate(plan.links)]
        blocks.append(actions("links", links))
    if mine.stopped is not None:
        blocks.append(context(stopped_words(wording, mine.stopped)))
    return Message(f"You answered {mine.score}. Only you see this.", [*blocks, *_buttons(mine)])


def _buttons(mine: OwnAnswer) -> list[Block]:
    """Return the rows of what the person can do with their answer."""
    first = []
    if not mine.closed:
        first.append(button("Add details", "add_details", mine.invitation_id))
        if mine.stopped is None:
            first.append(button("Change score", f"{PREFIX}change", mine.post_id))
    wishes = []
    if mine.score is not None and band_of(mine.score) is Band.DETRACTOR and not mine.no_contact:
        wishes.append(_wish("Please don't contact me", RespondentAction.NO_CONTACT, mine.post_id))
    sure = confirm(
        "Delete your answer?",
        "Your score and everything you wrote will be gone. This can't be undone.",
        yes="Delete it",
        no="Keep it",
    )
    wishes.append(_wish("Delete my answer", RespondentAction.DELETE, mine.post_id, asking=sure))
    stop = button("Stop these surveys", f"{PREFIX}stop", mine.post_id)
    wishes.append(stop if mine.stopped is None else _undo(mine.post_id))
    rows = [actions("wishes", wishes)]
    return [actions("answer", first), *rows] if first else rows


def _deleted(wording: Wording, mine: OwnAnswer) -> Message:
    title = escape(wording.title, _NAME)
    text = f"No answer of yours is kept for this round of “{title}”."
    if mine.stopped is None:
        return Message(text, [section(text)])
    text = f"{text} {stopped_words(wording, mine.stopped)}"
    return Message(text, [section(text), actions("wishes", [_undo(mine.post_id)])])


def again(wording: Wording, mine: OwnAnswer) -> Message:
    """Return the eleven buttons once more, for the one person who wants to change their score."""
    text = f"You answered {mine.score}. A new score replaces it."
    blocks = [
        section(f"*{escape(wording.question, 2_000)}*"),
        *score_rows(mine.post_id, PREFIX),
        section(text),
        actions("keep", [button("Keep it", f"{PREFIX}keep", mine.post_id)]),
    ]
    return Message(text, blocks)


def which_to_stop(wording: Wording, mine: OwnAnswer) -> Message:
    """Return the question which surveys to stop: this one, or all."""
    text = "Which surveys should stop?"
    title = escape(wording.title, _NAME)
    explained = f"{text} Only “{title}”, or all surveys from us? An answer you gave stays."
    choices = [
        _wish("Only this one", RespondentAction.STOP_THIS, mine.post_id),
        _wish("All surveys from us", RespondentAction.STOP_ALL, mine.post_id),
        button("None", f"{PREFIX}keep", mine.post_id, label="None: go on as before"),
    ]
    return Message(text, [section(explained), actions("which", choices)])


def not_theirs(account: str, *, colleague: bool) -> str:
    """Return what somebody reads who is not asked: one of us, or of a third company."""
    if colleague:
        return f"This question is for {account}. Nothing was recorded."
    return (
        f"This question is for the people of {account}, so nothing was recorded. Thank you all the"
        " same."
    )


def opted_out(account: str, stopped: str, post_id: str) -> Message:
    """Return what somebody reads who clicks though they opted out: nothing was recorded."""
    what = "any surveys from us" if stopped == "*" else "this survey"
    text = (
        f"You asked not to get {what}, so nothing was recorded. If you would like to answer for"
        f" {escape(account, _NAME)} after all, take part again and then choose a score."
    )
    undo = _wish("Take part again", RespondentAction.RESUME, post_id)
    return Message(text, [section(text), actions("wishes", [undo])])


def _undo(post_id: str) -> Block:
    return _wish("Undo stop", RespondentAction.RESUME, post_id, label="Undo: take part again")


def _wish(
    text: str,
    wish: RespondentAction,
    post_id: str,
    *,
    label: str | None = None,
    asking: Block | None = None,
) -> Block:
    return button(text, f"{PREFIX}wish_{wish}", post_id, label=label, asking=asking)
