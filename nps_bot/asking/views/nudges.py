"""What a chaser says, and what an owner sees of reminders and chasers before they are sent."""

from __future__ import annotations

from datetime import timedelta

from nps_bot.asking.views.prompt import NO_CONTACT, privacy_line, reminder_words
from nps_bot.nps.bands import Band, band_of
from nps_bot.slack.block_kit import Block, actions, button, context, count, escape, section
from nps_bot.slack.message import Message
from nps_bot.surveys.files.defaults import CHASERS
from nps_bot.surveys.rules.survey import Kind, Survey, Wording

_WORDS = 2_000
_DAY = timedelta(days=1)
_SCORES = {Band.DETRACTOR: "0 to 6", Band.PASSIVE: "7 or 8", Band.PROMOTER: "9 or 10"}


def chaser(wording: Wording, kind: Kind, score: int, invitation_id: str) -> Message:
    """Return what asks for a few words after a bare score.

    Args:
        wording: the wave's wording.
        kind: what the question was about; decides who is said to read the words.
        score: what the person last said.
        invitation_id: travels with every click.
    """
    words = escape(_chaser_words(wording, band_of(score)), _WORDS)
    privacy = privacy_line(wording, kind)
    blocks = [
        section(f"*You answered {score}.*\n{escape(wording.question, _WORDS)}"),
        section(words),
        context(privacy),
        actions(
            "words",
            [
                button("Add a few words", "add_details", invitation_id),
                button("Stop these surveys", "stop", invitation_id),
            ],
        ),
    ]
    return Message(f"{words} {privacy}", blocks)


def thanks(invitation_id: str, *, correctable: bool) -> Message:
    """Return what a chaser becomes once words have come.

    Args:
        invitation_id: travels with every click.
        correctable: whether the wave still takes changes and replies.
    """
    text = "Thank you for taking the time: what you wrote is saved with your score."
    more = [actions("words", [button("Add details", "add_details", invitation_id)])]
    return Message(text, [section(text), *(more if correctable else [])])


def quiet(*, no_contact: bool) -> Message:
    """Return what a chaser becomes that asks for nothing any more.

    Args:
        no_contact: because the person said *Please don't contact me*; otherwise the wave closed.
    """
    text = NO_CONTACT if no_contact else "This round has closed. Thank you for your score."
    return Message(text, [section(text)])


def further(survey: Survey) -> list[Block]:
    """Return what may follow a prompt, for its owner to look at."""
    if survey.reminder is None:
        told = ["*No reminder* follows."]
    else:
        words = escape(reminder_words(survey.wording), _WORDS)
        told = [
            f"*Once, {_span(survey.reminder.after)} later, to whoever did not answer:*\n{words}"
        ]
    if survey.chaser is None:
        return [section(each) for each in [*told, "*Nobody is asked for words* after a score."]]
    after = _span(survey.chaser.after)
    for band, scores in _SCORES.items():
        words = escape(_chaser_words(survey.wording, band), _WORDS)
        told.append(f"*Once, {after} after a score of {scores} without a word:*\n{words}")
    return [section(each) for each in told]


def _chaser_words(wording: Wording, band: Band) -> str:
    return wording.plan(band).chaser or CHASERS[band].format(brand=wording.brand)


def _span(after: timedelta) -> str:
    if after % _DAY:
        return count(after // timedelta(hours=1), "hour")
    return count(after // _DAY, "day")
