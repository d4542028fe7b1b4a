"""Why somebody is not asked, in plain words: how many for which reason, or exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from nps_bot.asking.eligibility import Reason
from nps_bot.asking.rules.budget import BudgetBlock, Contact, Rule
from nps_bot.slack.block_kit import count, listed
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.limits import Limits


def not_asked(reasons: Mapping[Reason, int]) -> str:
    """Return how many are not asked for which reason: "Not asked: 1 bot and 2 newcomers"."""
    order = list(_WHO)
    counted = [count(reasons[one], *_WHO[one]) for one in sorted(reasons, key=order.index)]
    return f"Not asked: {listed(counted)}"


_WHO: Mapping[Reason, tuple[str, str]] = {
    Exclusion.BOT: ("bot", "bots"),
    Exclusion.DELETED: ("deactivated account", "deactivated accounts"),
    Exclusion.GUEST: ("guest", "guests"),
    Exclusion.INVITED: ("person who has not joined yet", "people who have not joined yet"),
    Exclusion.MEMBER: ("member of this workspace", "members of this workspace"),
    Exclusion.OUTSIDER: ("person of another workspace", "people of other workspaces"),
    Exclusion.SLACKBOT: ("Slackbot", "Slackbots"),
    Exclusion.UNREACHABLE: (
        "person of another workspace whom Slack does not let the bot write to",
        "people of other workspaces whom Slack does not let the bot write to",
    ),
    Rule.OPTED_OUT: ("person who opted out", "people who opted out"),
    Rule.OPEN: ("person with an open question", "people with an open question"),
    Rule.AFTER_ANSWER: ("person who answered lately", "people who answered lately"),
    Rule.AFTER_SILENCE: ("person who stayed silent lately", "people who stayed silent lately"),
    Rule.AFTER_ANONYMOUS: (
        "person who was asked anonymously lately",
        "people who were asked anonymously lately",
    ),
    Rule.EVERY: ("person who was asked lately", "people who were asked lately"),
    Rule.NEWCOMER: ("newcomer", "newcomers"),
    Rule.SHARE: ("person whose turn is another wave", "people whose turn is another wave"),
    Rule.DAILY: ("person for whom no day had room", "people for whom no day had room"),
}


def cause(held: BudgetBlock, limits: Limits, title: str, day: Callable[[datetime], str]) -> str:
    """Return the exact rule that holds somebody back, to follow their name and a colon.

    Args:
        held: what holds them back.
        limits: of the survey that would ask.
        title: the name of the survey whose question is the cause, ready to be shown.
        day: writes down a date.
    """
    match held.rule:
        case Rule.OPTED_OUT:
            return "they asked not to get this survey"
        case Rule.NEWCOMER:
            return f"they are new, and nobody is asked in their first {span(limits.newcomers)}"
        case Rule.SHARE:
            return f"each wave asks {limits.share}% of the audience, and it is not their turn"
        case Rule.DAILY:
            people = count(limits.daily or 0, "person", "people")
            return f"a wave asks at most {people} a day, and its days are full"
    return "" if held.contact is None else _because_of(held.contact, held.rule, limits, title, day)


def _because_of(
    contact: Contact, rule: Rule, limits: Limits, title: str, day: Callable[[datetime], str]
) -> str:
    asked = day(contact.asked_at)
    if rule is Rule.OPEN and contact.lost:
        return f"{title} of {asked} may have reached them, and would be open"
    if rule is Rule.OPEN and contact.planned:
        return f"{title} is on its way to them, for {asked}, and will be open"
    if rule is Rule.OPEN:
        return f"{title}, asked on {asked}, is still open"
    if rule is Rule.AFTER_ANSWER:
        answered = day(contact.answered_at or contact.asked_at)
        wait = span(limits.after_answer)
        return f"they answered {title} on {answered}, and an answer is followed by {wait} of rest"
    if rule is Rule.AFTER_SILENCE:
        last = day(contact.further_at or contact.asked_at)
        wait = span(limits.after_silence)
        return f"they left {title} of {last} unanswered, and silence is followed by {wait} of rest"
    if rule is Rule.AFTER_ANONYMOUS:
        wait = span(max(limits.after_answer, limits.after_silence))
        return f"{title} asked them anonymously on {asked}, and that is followed by {wait} of rest"
    verb = "is on its way to them, for" if contact.planned else "came on"
    if contact.lost:
        verb = "may have reached them on"
    apart = f"two questions to one person are at least {span(limits.every)} apart"
    return f"{title} {verb} {asked}, and {apart}"


def span(length: timedelta) -> str:
    """Return a length of time as a survey's file would: "30 days", "12 hours"."""
    if length % timedelta(days=1):
        return count(length // timedelta(hours=1), "hour")
    return count(length.days, "day")
