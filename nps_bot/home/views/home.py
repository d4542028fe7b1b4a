"""The app's Home tab: one's own answers, what one stopped, and an owner's figures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nps_bot.anonymous.disclosing import AnonymousWave
from nps_bot.anonymous.views import report as disclosed
from nps_bot.asking.views.prompt import delete_button
from nps_bot.figures.views.figures import answered_words, change_words, score_words
from nps_bot.home.home import Home, OptedOut, OwnAnswer, OwnedSurvey, TakenPart
from nps_bot.home.views.status import unclaimed_words, wave_progress
from nps_bot.slack.block_kit import (
    Block,
    actions,
    button,
    context,
    count,
    day,
    divider,
    escape,
    header,
    quote,
    section,
    when,
)
from nps_bot.slack.numbers import calendar_day

_NAME = 150
_QUESTION = 300
_WORDS = 1_200
"""Characters of all replies of one answer."""
_REPLIES = 4
_OWNED = 30
_OPT_OUTS = 20
_RUNNING = 3


def home(home: Home, workspace_url: str) -> dict[str, Any]:
    """Return the Home view of one person.

    Args:
        home: what they may see.
        workspace_url: the workspace's address, to link alerts: ``https://lumen.slack.com/``;
            empty where it is not known.
    """
    blocks = [*_answers(home), *_opt_outs(home)]
    if home.owned:
        blocks += [divider(), header("Your surveys")]
        blocks += [section(_owned(survey, home.made_at)) for survey in home.owned[:_OWNED]]
        blocks.append(section(unclaimed_words(home.unclaimed, workspace_url)))
    return {"type": "home", "blocks": [*blocks, context(f"As of {when(home.made_at)}")]}


def _answers(home: Home) -> list[Block]:
    blocks: list[Block] = [header("Your answers")]
    if not home.answers and not home.taken_part:
        return [
            *blocks,
            section(
                "You haven't answered a survey yet. When one asks you, it comes as a direct message"
                " with a single question, and your answer shows up here."
            ),
        ]
    for answer in home.answers:
        blocks += _answer(answer)
    more = home.answers_total - len(home.answers)
    if more:
        blocks.append(context(f"and {count(more, 'older answer')}"))
    return blocks + [_taken_part(one) for one in home.taken_part]


def _taken_part(taken: TakenPart) -> Block:
    title = f"“{escape(taken.title, _NAME)}”"
    return section(
        f"*You took part* in {title} of {day(taken.opens_at)}. Your answer can't be shown, not even"
        " to you."
    )


def _answer(answer: OwnAnswer) -> list[Block]:
    title = f"“{escape(answer.title, _NAME)}”"
    lines = [
        f"*You answered {answer.score}* to {title}, {when(answer.answered_at)}",
        escape(answer.question, _QUESTION),
    ]
    shown = answer.replies[:_REPLIES]
    for reply in shown:
        lines.append(f"_{escape(reply.question, _QUESTION)}_")
        lines.append(quote(reply.text, _WORDS // len(shown)))
    buttons = [delete_button(answer.invitation_id)]
    if answer.changeable:
        change = button("Change", "home_change", answer.invitation_id, label="Change this answer")
        buttons.insert(0, change)
    return [section("\n".join(lines)), actions(f"answer_{answer.invitation_id}", buttons)]


def _opt_outs(home: Home) -> list[Block]:
    if not home.opted_out:
        return []
    blocks: list[Block] = [header("Surveys you stopped")]
    return blocks + [_opt_out(stopped) for stopped in home.opted_out[:_OPT_OUTS]]


def _opt_out(stopped: OptedOut) -> Block:
    name = "All surveys from us" if stopped.title is None else f"“{escape(stopped.title, _NAME)}”"
    label = f"Ask me again: {stopped.title or 'all surveys'}"
    undo = button("Ask me again", "home_resume", stopped.survey_key, label=label)
    return section(name, accessory=undo)


def _owned(survey: OwnedSurvey, now: datetime) -> str:
    title = f"*{escape(survey.title, _NAME)}*"
    asking = [wave_progress(running, now) for running in survey.running[-_RUNNING:]]
    latest = survey.latest
    if latest is None:
        return "\n".join([title, *(asking or ["Nobody has been asked yet"])])
    if isinstance(latest, AnonymousWave):
        told = map(escape, disclosed.lines(latest))
        return "\n".join([f"{title}, wave of {calendar_day(latest.wave.day)}", *told, *asking])
    lines = [
        f"{title}, wave of {calendar_day(latest.wave.day)}",
        score_words(latest.figures),
        answered_words(latest.figures),
    ]
    if latest.figures.score is not None:
        lines.append(change_words(survey.change, survey.before, is_break=latest.is_break))
    return "\n".join([*lines, *asking])
