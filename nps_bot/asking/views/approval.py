"""A large wave that needs a second person's word: the question, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from nps_bot.asking.rules.approval import Approval, State
from nps_bot.base.slack_ids import is_person_id
from nps_bot.slack.block_kit import (
    Block,
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

_TITLE = 100
_OWNERS = 10


def approval(approval: Approval, title: str) -> Message:
    """Return a request to start a wave of the survey ``title``, as it stands now."""
    match approval.state:
        case State.OPEN:
            return _open(approval, title)
        case state:
            text = _ended(approval, escape(title, _TITLE), state)
            return Message(text, [section(text)])


def _open(approval: Approval, title: str) -> Message:
    people = count(approval.people, "person", "people")
    wish = f"{_who(approval.asked_by)} would like to send “{escape(title, _TITLE)}” to {people}."
    why = "That needs a second person's word, and yours counts."
    look = f"`/nps send {escape(approval.survey_key)}` shows who would be asked, and when."
    blocks: list[Block] = [
        header(f"Ask {people} now?"),
        section(f"{wish} {why}\n{look}"),
        decision(approval),
        until(approval),
    ]
    return Message(f"{wish} {why}", blocks)


def decision(approval: Approval) -> Block:
    """Return the two buttons."""
    return actions(
        "approval",
        [
            button("Send it", "approval_send", approval.id, style="primary"),
            button("Not now", "approval_decline", approval.id),
        ],
    )


def until(approval: Approval) -> Block:
    """Return how long there is to decide."""
    return context(f"It can be decided until {when(approval.expires_at)}, once. Who asked is told.")


def waiting(approval: Approval, title: str, limit: int, owners: Sequence[str]) -> Message:
    """Return what who asked reads meanwhile.

    Args:
        approval: what they asked for.
        title: the survey's name.
        limit: up to how many people nobody else is asked.
        owners: Slack ids of those who were asked.
    """
    people = count(approval.people, "person", "people")
    shown = [mention(one) for one in owners[:_OWNERS]]
    more = len(owners) - len(shown)
    asked = listed([*shown, f"{more:,} more"] if more else shown or ["Its owners"])
    verb = "was" if len(owners) == 1 else "were"
    large = f"it is for more than {count(limit, 'person', 'people')}, and " if limit else ""
    text = (
        f"“{escape(title, _TITLE)}” to {people} waits for a second person's word: {large}you are no"
        f" owner of it. {asked} {verb} asked and can say yes until {when(approval.expires_at)}."
        " You will read what becomes of it."
    )
    return Message(text, [section(text)])


def _ended(approval: Approval, name: str, state: State) -> str:
    people = count(approval.people, "person", "people")
    asker, by = _who(approval.asked_by), approval.decided_by
    if state is State.SENT:
        who = f"{_who(by)} said yes" if by else "It was confirmed"
        return (
            f"{who}: “{name}” is on its way, as {asker} asked. `/nps status` shows how far it is."
        )
    if state is State.DECLINED:
        no = f"Not now, says {_who(by)}: “{name}” was not sent"
        return f"{no} to the {people} that {asker} had asked for."
    return (
        f"Nobody decided within a day, so “{name}” was not sent to the {people} that"
        f" {asker} had asked for. `/nps send {escape(approval.survey_key)}` asks again."
    )


def _who(person_id: str | None) -> str:
    """Return a mention, or "somebody" where the person was forgotten."""
    return mention(person_id) if person_id and is_person_id(person_id) else "somebody"
