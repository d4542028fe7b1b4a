"""``/nps why``: what somebody got, when they are asked next, and the rule that holds them back."""

from __future__ import annotations

from collections.abc import Mapping

from nps_bot.asking.explain import Outlook, Why
from nps_bot.asking.rules.budget import Contact
from nps_bot.asking.views.exclusion_text import cause
from nps_bot.interaction.context import DeliveryMode
from nps_bot.slack.block_kit import (
    TEXT,
    Block,
    as_list,
    context,
    count,
    day,
    escape,
    header,
    section,
    shorten,
    when,
)
from nps_bot.slack.message import Message
from nps_bot.surveys.rules.survey import Delivery

_NAME = 80
_TITLE = 100
Modes = Mapping[Delivery, DeliveryMode]
_SURVEYS = 20
"""Surveys that are told of: a message holds fifty blocks and must stay readable."""


def why(facts: Why, titles: Mapping[str, str], modes: Modes) -> Message:
    """Return why somebody was, will be or is not asked. It shows no scores.

    Args:
        facts: what there is to know.
        titles: the names of all surveys, by key.
        modes: how surveys reach people.
    """
    name = escape(facts.member.name, _NAME)
    shown = facts.outlooks[:_SURVEYS]
    blocks: list[Block] = [
        header(shorten(f"When is {facts.member.name} asked?", _TITLE)),
        section(_contacts(facts, titles)),
        *(section(_outlook(one, titles, modes[one.survey.delivery])) for one in shown),
    ]
    if more := len(facts.outlooks) - len(shown):
        blocks.append(context(f"and {count(more, 'more survey')} of yours"))
    return Message(f"What {name} got, and when they are asked next.", blocks)


def _contacts(facts: Why, titles: Mapping[str, str]) -> str:
    if not facts.total:
        return "*What they got:* nothing so far"
    lines = [f"• {_name(one.survey, titles)}: {_told(one)}" for one in facts.contacts]
    return as_list("*What they got*, the latest first:", lines, facts.total, TEXT)


def _told(contact: Contact) -> str:
    if contact.lost:
        return f"sent {when(contact.asked_at)}, and nobody knows whether it arrived"
    if contact.planned:
        return f"on its way, for {when(contact.asked_at)}"
    then = []
    if contact.answered_at is not None:
        then.append((contact.answered_at, "answered"))
    if contact.further_at is not None:
        # What comes after a score does not ask for it once more: it is a chaser.
        chased = contact.answered_at is not None and contact.answered_at < contact.further_at
        then.append((contact.further_at, "asked for a reason" if chased else "once more"))
    happened = [(contact.asked_at, "asked"), *sorted(then)]
    told = ", ".join(f"{what} {when(at)}" for at, what in happened)
    if contact.answered_at is not None:
        return told
    if contact.anonymous:
        return f"{told}, anonymously"
    if contact.open_until is not None:
        return f"{told}, not answered, open until {when(contact.open_until)}"
    return f"{told}, not answered"


def _outlook(outlook: Outlook, titles: Mapping[str, str], mode: DeliveryMode) -> str:
    survey = outlook.survey
    lines = [f"*{escape(survey.wording.title, _TITLE)}* (`{survey.key}`)"]
    hold = outlook.held
    if outlook.private:
        lines.append("Anonymous surveys are explained only to the person themselves.")
    if mode.nobody_in_person is not None:
        lines.append(mode.nobody_in_person)
    elif outlook.excluded is not None:
        lines.append(f"Not asked: this person {outlook.excluded.words}.")
    elif outlook.outside:
        lines.append("Not asked: this person is not in its audience.")
    if hold is not None:
        title = _name(hold.contact.survey, titles) if hold.contact else ""
        reason = cause(hold, survey.budget, title, day)
        until = "for good" if hold.until is None else f"until {when(hold.until)}"
        lines.append(f"Held back {until}: {reason}.")
    if outlook.asked_next is not None:
        lines.append(f"Asked next: {when(outlook.asked_next)}.")
        if outlook.paused:
            lines.append("The survey is paused, though: nobody is asked until it is resumed.")
    if len(lines) == 1:
        lines.append("No wave to ask them is in sight.")
    return "\n".join(lines)


def _name(key: str, titles: Mapping[str, str]) -> str:
    return f"“{escape(titles.get(key, key), _TITLE)}”"
