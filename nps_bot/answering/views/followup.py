"""The modals a respondent may fill in after a score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nps_bot.asking.views.prompt import score_rows
from nps_bot.nps.bands import Band
from nps_bot.slack.block_kit import (
    INPUT_LABEL,
    MODAL_TITLE,
    OPTION,
    REPLY,
    Block,
    escape,
    option,
    plain,
    section,
    shorten,
)
from nps_bot.surveys.rules.survey import FollowUp, Wording


def modal(
    wording: Wording, band: Band, score: int, invitation_id: str, replies: Mapping[str, str]
) -> dict[str, Any]:
    """Return the questions of ``band``, every one of them optional.

    Args:
        wording: the wave's wording.
        band: whose questions to ask.
        score: what the person said.
        invitation_id: travels in ``private_metadata``.
        replies: what was written before, by question key.
    """
    saved = section("Your score is saved. Everything below is optional.")
    blocks = [saved, *_questions(wording, band, replies)]
    title = f"You answered {score}"
    return _modal("followup", title, invitation_id, blocks, submit="Send", close="Skip")


def anonymous_modal(wording: Wording, band: Band, token: str) -> dict[str, Any]:
    """Return the questions of ``band`` for whoever has answered anonymously.

    Args:
        wording: the wave's wording.
        band: whose questions to ask.
        token: travels in ``private_metadata``; it stands for the person, who is not named.
    """
    kept = section(
        "Your answer is in. Everything below is optional, and you can send it once. Your words are"
        " kept apart from your name and your score, and shown as you write them: leave out what"
        " would tell who you are."
    )
    blocks = [kept, *_questions(wording, band, {})]
    title = "Your answer is in"
    return _modal("anonymous_followup", title, token, blocks, submit="Send", close="Skip")


def change_score_modal(
    wording: Wording, score: int, invitation_id: str, *, counts: bool
) -> dict[str, Any]:
    """Return the eleven buttons once more; a click there saves like one in the prompt.

    Args:
        wording: the wave's wording.
        score: what the person last said.
        invitation_id: travels with every click.
        counts: whether the official score follows; after the correction time it stands.
    """
    note = (
        "A new score replaces it."
        if counts
        else "The time for corrections is over, so it stays in the result; a new score is kept"
        " beside it and shown to the team."
    )
    blocks = [
        section(f"*{escape(wording.question, 2_000)}*"),
        *score_rows(invitation_id),
        section(f"You answered *{score}*. {note}"),
    ]
    title = "Change your score"
    return _modal("change_score", title, invitation_id, blocks, close="Keep it")


def stop_modal(wording: Wording, invitation_id: str) -> dict[str, Any]:
    """Return the modal that asks which surveys to stop: this one, or all."""
    this = f"Only “{shorten(wording.title, OPTION - len('Only “”'))}”"
    choices = [option(this, "this"), option("All surveys from us", "all")]
    blocks = [
        {
            "type": "input",
            "block_id": "which",
            "label": plain("Which surveys should stop?"),
            "element": {
                "type": "radio_buttons",
                "action_id": "which",
                "options": choices,
                "initial_option": choices[0],
            },
            "hint": plain("You can undo this at any time in this app's Home tab."),
        }
    ]
    title = "Stop these surveys"
    return _modal("stop", title, invitation_id, blocks, submit="Stop", close="Cancel")


def _questions(wording: Wording, band: Band, replies: Mapping[str, str]) -> list[Block]:
    reason, *further = wording.questions(band)
    blocks = [_ask(reason, replies)]
    if further:
        blocks.append(section("*If you have another minute*"))
        blocks += [_ask(question, replies) for question in further]
    return blocks


def _ask(question: FollowUp, replies: Mapping[str, str]) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": "reply",
        "multiline": True,
        "max_length": REPLY,
    }
    if reply := replies.get(question.key):
        element["initial_value"] = reply
    return {
        "type": "input",
        "block_id": question.key,
        "optional": True,
        "label": plain(question.question, INPUT_LABEL),
        "element": element,
    }


def _modal(
    callback_id: str,
    title: str,
    metadata: str,
    blocks: list[Block],
    *,
    close: str,
    submit: str | None = None,
) -> dict[str, Any]:
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": plain(title, MODAL_TITLE),
        "close": plain(close, MODAL_TITLE),
        "blocks": blocks,
    }
    return view if submit is None else {**view, "submit": plain(submit, MODAL_TITLE)}
