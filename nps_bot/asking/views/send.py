"""``/nps send``: whom it would ask and when, before it does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from nps_bot.asking.launching import Plan
from nps_bot.asking.rules.approval import Approval
from nps_bot.asking.views.approval import decision, until
from nps_bot.asking.views.exclusion_text import not_asked
from nps_bot.slack.block_kit import (
    Block,
    about,
    actions,
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
from nps_bot.slack.numbers import calendar_day

_TITLE = 100
_NAME = 60
_NAMED = 25
"""People who are named; the rest is counted."""
_AT_ONCE = timedelta(minutes=5)
"""Within this time several people are asked at one moment, not "from" one "to" another."""


def plan(
    title: str,
    plan: Plan,
    send_id: str,
    *,
    takes: timedelta | None = None,
    above: int | None = None,
) -> Message:
    """Return how many would be asked, who and when, with the question whether to.

    Args:
        title: the survey's name.
        plan: whom a wave started now would ask.
        send_id: travels with *Send* and *Cancel*.
        takes: how long it takes until the last one is asked.
        above: where the reader needs a second person's word: from how many people on that is so.
    """
    if not plan.due:
        return _nobody(title, plan)
    people = count(len(plan.due), "person", "people")
    yes = f"Ask {people}"
    why: list[Block] = []
    if above is not None:
        yes = "Ask the owners"
        limit = count(above, "person", "people")
        wave = f"A wave of more than {limit}" if above else "Every wave of this survey"
        words = "needs a second person's word: an owner's, or another admin's."
        why = [section(f"{wave} {words}")]
    choice = actions(
        "send",
        [
            button(yes, "send_confirm", send_id, style="primary"),
            button("Cancel", "send_cancel", send_id),
        ],
    )
    return _shown(title, plan, takes, [*why, choice])


def requested(title: str, plan: Plan, approval: Approval, *, takes: timedelta) -> Message:
    """Return the same where somebody else asks for it and this reader may say yes.

    Args:
        title: the survey's name.
        plan: whom a wave started now would ask.
        approval: who asked for it.
        takes: how long it takes until the last one is asked.
    """
    if not plan.due:
        return _nobody(title, plan)
    people = count(approval.people, "person", "people")
    asker = mention(approval.asked_by)
    asked = section(f"{asker} asked for it, then {people}, {when(approval.asked_at)}.")
    return _shown(title, plan, takes, [asked, decision(approval), until(approval)])


def _nobody(title: str, plan: Plan) -> Message:
    text = f"“{escape(title, _TITLE)}” has nobody to ask now."
    return Message(text, [section(text), *_left_out(plan)])


def _shown(title: str, plan: Plan, takes: timedelta | None, choice: list[Block]) -> Message:
    name = escape(title, _TITLE)
    people = count(len(plan.due), "person", "people")
    blocks: list[Block] = [
        header(f"Ask {people} now?"),
        section(f"*{name}* would ask {people}, {_time(plan)}:\n{_names(plan)}"),
        *([] if takes is None else [context(pace_words(takes))]),
        *_left_out(plan),
        *([section(warning)] if (warning := asked_twice(plan, when)) else []),
        *choice,
    ]
    return Message(f"“{name}” would ask {people}, {_time(plan)}. Nothing is sent yet.", blocks)


def pace_words(takes: timedelta) -> str:
    """Return how long a wave takes until the last one is asked."""
    leaves = f"The last question leaves in {about(takes)}"
    return f"{leaves}: outside quiet hours, at the pace Slack allows."


def started(title: str, number: int) -> Message:
    """Return what the question becomes once somebody said yes; ``number`` people are asked."""
    people = count(number, "person", "people")
    text = (
        f"“{escape(title, _TITLE)}” is on its way to {people}. `/nps status` shows how far it is."
    )
    return Message(text, [section(text)])


def cancelled(title: str) -> Message:
    """Return what the question becomes once somebody said no."""
    text = f"Cancelled: “{escape(title, _TITLE)}” asks nobody now."
    return Message(text, [section(text)])


def asked_twice(plan: Plan, moment: Callable[[datetime], str]) -> str | None:
    """Return the warning that waves of the survey are still open; None where none is.

    Args:
        plan: whom a wave started now would ask.
        moment: writes down when a wave closes.
    """
    match plan.still_open:
        case ():
            return None
        case (one,):
            until = moment(one.closes_at)
            return (
                f"The wave of {calendar_day(one.day)} is still open, until {until}: whoever it"
                " asked would be asked a second time."
            )
        case several:
            until = moment(max(one.closes_at for one in several))
            return (
                f"{len(several)} waves are still open, the last one until {until}: whoever they"
                " asked would be asked once more."
            )


def _time(plan: Plan) -> str:
    moments = [moment for _, moment in plan.due]
    first, last = min(moments), max(moments)
    if last - first <= _AT_ONCE:
        return when(first)
    return f"from {when(first)} to {when(last)}, outside everybody's quiet hours"


def _names(plan: Plan) -> str:
    names = [escape(member.name, _NAME) for member, _ in plan.due[:_NAMED]]
    more = len(plan.due) - len(names)
    return listed([*names, f"{more:,} more"] if more else names)


def _left_out(plan: Plan) -> list[Block]:
    return [context(not_asked(plan.left_out))] if plan.left_out else []
