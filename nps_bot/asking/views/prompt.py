"""What a respondent reads: the question, and what becomes of it.

No colours, emoji or band names stand beside the buttons: they would lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from nps_bot.nps.bands import SCORES, Band, band_of
from nps_bot.slack.block_kit import (
    Block,
    actions,
    button,
    confirm,
    context,
    escape,
    link,
    listed,
    mention,
    section,
    when,
)
from nps_bot.slack.message import Message
from nps_bot.surveys.files.defaults import REMINDER
from nps_bot.surveys.rules.survey import Anonymity, Kind, Wording, comments_from

Readers = Kind | Anonymity
"""Who reads an answer: by the kind of its survey, or nobody, where it has no name."""

LOWEST = "0 = not at all likely"
HIGHEST = "10 = extremely likely"
_NAME = 300
"""Characters of a brand or title: enough for any, and a message with several stays in limits."""


def prompt(
    wording: Wording,
    readers: Readers,
    invitation_id: str,
    *,
    rhythm: str,
    owners: Sequence[str],
    snooze: bool,
    reminding: bool = False,
) -> Message:
    """Return the question with its eleven buttons.

    Args:
        wording: the wave's wording.
        readers: who is said to read the answer.
        invitation_id: travels with every click.
        rhythm: how often the survey asks, from ``domain.cadence.describe``.
        owners: Slack ids of those who set the survey up; may be empty.
        snooze: whether *Ask me in 3 days* is offered; the second ask does not offer it again.
        reminding: whether it was asked before, and this is the reminder of it: the last ask.
    """
    later = [button("Ask me in 3 days", "snooze", invitation_id)] if snooze else []
    stop = button("Stop these surveys", "stop", invitation_id)
    who, *question = _question(wording, readers, "", invitation_id)
    blocks = [
        section(escape(reminder_words(wording))) if reminding else who,
        *question,
        context(origin_words(rhythm, owners)),
        actions("later", [*later, stop]),
    ]
    spoken = _spoken(wording, readers)
    return Message(f"A reminder: {spoken}" if reminding else spoken, blocks)


def reminder_words(wording: Wording) -> str:
    """Return what a reminder begins with, not escaped."""
    return wording.reminder or REMINDER.format(brand=wording.brand)


def preview(
    wording: Wording,
    readers: Readers,
    *,
    rhythm: str,
    owners: Sequence[str],
    further: Sequence[Block] = (),
) -> Message:
    """Return the prompt as others get it, for its owner to look at; no button counts.

    Every action id begins with ``preview_``. ``further`` tells what may follow the prompt.
    """
    blocks = [
        section("*Preview: not counted.* This is what people get; its buttons record nothing."),
        *_question(wording, readers, "preview_", "preview"),
        context(origin_words(rhythm, owners)),
        actions(
            "later",
            [
                button("Ask me in 3 days", "preview_snooze", "preview"),
                button("Stop these surveys", "preview_stop", "preview"),
            ],
        ),
        *further,
    ]
    return Message(f"Preview, not counted. {_spoken(wording, readers)}", blocks)


def answered(
    wording: Wording,
    score: int,
    invitation_id: str,
    *,
    correctable: bool,
    no_contact: bool,
    stopped: str | None,
) -> Message:
    """Return what the prompt becomes once it was answered.

    Args:
        wording: the wave's wording.
        score: what the person last said.
        invitation_id: travels with every click.
        correctable: whether the wave still takes changes and replies.
        no_contact: whether the person said *Please don't contact me*.
        stopped: the survey key the person opted out of, "*" for all; None while they take part.
    """
    band = band_of(score)
    plan = wording.plan(band)
    blocks = [
        section(f"*You answered {score}.*\n{escape(wording.question, 2_000)}"),
        section(NO_CONTACT if no_contact else escape(plan.thank_you)),
    ]
    if plan.links:
        links = [link(each.text, f"link_{n}", each.url) for n, each in enumerate(plan.links)]
        blocks.append(actions("links", links))
    if correctable:
        details = button("Add details", "add_details", invitation_id)
        blocks.append(
            actions("answer", [details, button("Change score", "change_score", invitation_id)])
        )
    if stopped is not None:
        blocks.append(context(stopped_words(wording, stopped)))
    wishes = _wishes(band, invitation_id, no_contact=no_contact, stopped=stopped)
    return Message(f"You answered {score}. {escape(wording.question)}", [*blocks, wishes])


def snoozed(wording: Wording, until: datetime, invitation_id: str) -> Message:
    """Return what the prompt becomes after *Ask me in 3 days*.

    Args:
        wording: the wave's wording.
        until: when the question comes again, if the wave is still open then.
        invitation_id: travels with every click.
    """
    promise = f"We'll ask you again on {when(until, '{date_long} at {time}')}."
    return Message(
        promise,
        [
            section(f"*Not now, that's fine.* {promise}\n{escape(wording.question, 2_000)}"),
            actions("later", [button("Stop these surveys", "stop", invitation_id)]),
        ],
    )


def stopped(wording: Wording, survey_key: str) -> Message:
    """Return what an unanswered prompt becomes after *Stop these surveys*.

    Args:
        wording: the wave's wording.
        survey_key: the survey opted out of, "*" for all; *Undo* carries it.
    """
    text = stopped_words(wording, survey_key)
    undo = button("Undo", "home_resume", survey_key, label="Undo: take part again")
    return Message(text, [section(text), actions("later", [undo])])


def closed(wording: Wording) -> Message:
    """Return what an unanswered prompt becomes when it is clicked after its wave has closed."""
    text = f"This round of “{escape(wording.title, _NAME)}” has closed, so nothing was recorded."
    return Message(text, [section(text), context("Thank you all the same: we'll ask again.")])


def deleted(wording: Wording) -> Message:
    """Return what a prompt becomes once no answer is kept and none is asked for in this wave.

    The person deleted the answer, or stopped the survey and takes part again from the next wave.
    """
    title = escape(wording.title, _NAME)
    text = f"No answer of yours is kept for this round of “{title}”. We'll ask you the next time."
    return Message(text, [section(text)])


def voted() -> Message:
    """Return what the prompt of an anonymous survey becomes once it was answered.

    It is the same for every answer, and has no buttons: nothing here tells what was said.
    """
    return Message(VOTED, [section(VOTED)])


VOTED = (
    "Thank you, your answer is in. It isn't shown here, because workspace owners may be able to"
    " export direct messages."
)


def privacy_line(wording: Wording, readers: Readers) -> str:
    """Return who sees the answer, as escaped mrkdwn."""
    if isinstance(readers, Anonymity):
        return _anonymously(wording, readers)
    brand = escape(wording.brand, _NAME)
    see = {
        Kind.RELATIONSHIP: f"{brand}'s customer team sees",
        Kind.TRANSACTIONAL: f"{brand}'s customer team sees",
        Kind.EMPLOYEE: f"the colleagues who run this survey at {brand} see",
    }
    return f"Not anonymous: {see[readers]} your name, score and comments, and may contact you."


def _anonymously(wording: Wording, anonymity: Anonymity) -> str:
    """Return what is kept of an anonymous answer, from when on it is shown, and what no software
    can promise.
    """
    least = anonymity.threshold + 1
    kept = "Your name is not stored with your answer or shown in results."
    if anonymity.segment is not None:
        column = escape(anonymity.segment, _NAME)
        kept += f" Your {column} is stored with it; a {column} with few answers is never shown."
    return (
        f"{kept} We record _that_ you answered, so that we don't remind you. Results are shown"
        f" after closing, from {least} answers; comments in random order, from"
        f" {comments_from(anonymity.threshold)}. You can't change your answer later."
        f" {escape(wording.operator or wording.brand, _NAME)} runs this bot; someone with full"
        " control of its server could intercept answers."
    )


def score_rows(invitation_id: str, prefix: str = "", *, final: bool = False) -> list[Block]:
    """Return the eleven buttons in two rows, with what the first and the last mean.

    One actions block would hold them, but every client would wrap it elsewhere.

    Args:
        invitation_id: travels with every click.
        prefix: stands before the action ids.
        final: whether the answer is anonymous; then each button asks first.
    """
    made = _ballot_buttons(prefix) if final else _score_buttons(prefix)
    buttons = [{**each, "value": invitation_id} for each in made]
    return [
        context(LOWEST),
        actions("scores_low", buttons[:6]),
        actions("scores_high", buttons[6:]),
        context(HIGHEST),
    ]


def delete_button(invitation_id: str) -> Block:
    """Return the button that deletes an answer, with its question back."""
    sure = confirm(
        "Delete your answer?",
        "Your score and everything you wrote will be gone. This can't be undone.",
        yes="Delete it",
        no="Keep it",
    )
    return button("Delete my answer", "home_delete", invitation_id, asking=sure)


NO_CONTACT = "Thank you. As you asked, nobody will contact you about this answer."


# What all prompts of a wave have in common is made once for all of them: a wave is thousands.


@lru_cache
def _score_buttons(prefix: str) -> list[Block]:
    return [
        button(str(score), f"{prefix}score_{score}", "", label=f"{score} out of 10")
        for score in SCORES
    ]


@lru_cache
def _ballot_buttons(prefix: str) -> list[Block]:
    return [
        button(
            str(score),
            f"{prefix}ballot_{score}",
            "",
            label=f"{score} out of 10",
            asking=confirm(
                f"Your answer is {score}?",
                "It is final: it is kept apart from your name, so it can't be found and changed"
                " later.",
                yes=f"Answer {score}",
                no="Go back",
                style="primary",
            ),
        )
        for score in SCORES
    ]


def _question(wording: Wording, readers: Readers, prefix: str, value: str) -> list[Block]:
    """Return who asks and why, the question, two rows of buttons, and who reads the answer."""
    who, what, privacy = _framing(wording, readers)
    final = isinstance(readers, Anonymity)
    return [who, what, *score_rows(value, prefix, final=final), privacy]


@lru_cache
def _framing(wording: Wording, readers: Readers) -> tuple[Block, Block, Block]:
    return (
        section(
            f"One question from *{escape(wording.brand, _NAME)}*. We ask so that we know what to"
            " keep and what to improve."
        ),
        section(f"*{escape(wording.question, 2_000)}*"),
        context(privacy_line(wording, readers)),
    )


@lru_cache
def _spoken(wording: Wording, readers: Readers) -> str:
    """Return all that matters of the prompt for those who hear it instead of seeing it."""
    return (
        f"{escape(wording.question, 2_000)} Eleven buttons, from {LOWEST} to {HIGHEST}."
        f" {privacy_line(wording, readers)}"
    )


def origin_words(rhythm: str, owners: Sequence[str]) -> str:
    """Return who set the survey up, how often it asks and that it can be stopped."""
    by = f"Set up by {listed(map(mention, owners[:5]))}. " if owners else ""
    return f"{by}Asked {escape(rhythm, _NAME)}. You can stop these surveys at any time, right here."


def stopped_words(wording: Wording, survey_key: str) -> str:
    what = "surveys from us" if survey_key == "*" else f"“{escape(wording.title, _NAME)}”"
    return f"Done: you won't get {what} any more."


def _wishes(band: Band, invitation_id: str, *, no_contact: bool, stopped: str | None) -> Block:
    """Return the row of what else the person can ask for after an answer."""
    wishes = []
    if band is Band.DETRACTOR and not no_contact:
        wishes.append(button("Please don't contact me", "no_contact", invitation_id))
    wishes.append(delete_button(invitation_id))
    if stopped is None:
        wishes.append(button("Stop these surveys", "stop", invitation_id))
    else:
        wishes.append(button("Undo stop", "home_resume", stopped, label="Undo: take part again"))
    return actions("wishes", wishes)
