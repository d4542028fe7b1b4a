"""The contact budget: whether somebody may be asked again, across all surveys, or why not yet.

What is counted is a *sequence*: one question and at most one further message to it (asked once more
after *Ask me in 3 days*, a reminder or a chaser). Whether a new one may begin is decided from what
the person got before, from the limits of the survey that wants to ask, and from the moment.

Every rule but one holds until a moment that only the past decides. So rules are monotone: whoever
may be asked at one moment may be asked at any later one, until they are; more contacts or longer
limits never free anybody earlier; and everybody who did not opt out is free some day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from operator import itemgetter

from nps_bot.surveys.rules.limits import EVERYBODY, Limits

DAY = timedelta(days=1)
_PARTS = 10_000
"""Places on the circle of a rotation: a hundred for each per cent."""


class Rule(StrEnum):
    """Why somebody is not asked now; the earlier one is told where two hold equally long."""

    OPTED_OUT = "opted_out"
    OPEN = "open"
    AFTER_ANSWER = "after_answer"
    AFTER_SILENCE = "after_silence"
    AFTER_ANONYMOUS = "after_anonymous"
    EVERY = "every"
    NEWCOMER = "newcomer"
    SHARE = "share"
    DAILY = "daily"

    @property
    def words(self) -> str:
        """The reason as people read it after a name: "Ada *answered not long ago*"."""
        return _WORDS[self]


_WORDS = {
    Rule.OPTED_OUT: "asked not to get this survey",
    Rule.OPEN: "has a question that is still open",
    Rule.AFTER_ANSWER: "answered not long ago",
    Rule.AFTER_SILENCE: "was asked not long ago and did not answer",
    Rule.AFTER_ANONYMOUS: "was asked anonymously not long ago",
    Rule.EVERY: "was asked not long ago",
    Rule.NEWCOMER: "is new",
    Rule.SHARE: "has their turn in another wave",
    Rule.DAILY: "did not fit into the days of this wave",
}


@dataclass(frozen=True, slots=True)
class Contact:
    """One sequence: what a person got of one survey in one wave.

    Attributes:
        survey: the survey's key.
        asked_at: when the question came; when it is due, while ``planned``.
        further_at: when the further message came; None without one.
        answered_at: when the person answered; None while they have not.
        open_until: until when the question takes an answer it has not got; None where it is over.
        planned: the question is on its way: nobody has read it yet.
        lost: the same, but nobody knows whether it arrived.
        anonymous: nothing here depends on whether they answered: neither ``answered_at``, which is
            None, nor until when the question is open.
    """

    survey: str
    asked_at: datetime
    further_at: datetime | None = None
    answered_at: datetime | None = None
    open_until: datetime | None = None
    planned: bool = False
    lost: bool = False
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a person.

    Attributes:
        contacts: all sequences that may still hold them back, in any order.
        first_seen: when the bot first saw them; None where they were there before it looked.
        opted_out: they do not want this survey, or any.
    """

    contacts: Sequence[Contact] = ()
    first_seen: datetime | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class BudgetBlock:
    """Somebody is not asked.

    Attributes:
        rule: why.
        until: when this is over; None for good.
        contact: the sequence that is the cause, where one is.
    """

    rule: Rule
    until: datetime | None
    contact: Contact | None = None


def blocked_by(history: History, limits: Limits, now: datetime) -> BudgetBlock | None:
    """Decide whether a sequence may begin; None where it may.

    Of several rules the binding one is told: the one that holds longest.

    Args:
        history: what is known of the person.
        limits: of the survey that wants to ask.
        now: the moment at which it would.
    """
    if history.opted_out:
        return BudgetBlock(Rule.OPTED_OUT, None)
    holding = [hold for hold in _holds(history, limits) if hold[0] > now]
    if not holding:
        return None
    until, rule, contact = max(holding, key=itemgetter(0))  # the first of those that hold longest
    return BudgetBlock(rule, until, contact)


_Hold = tuple[datetime, Rule, Contact | None]


def _holds(history: History, limits: Limits) -> Iterator[_Hold]:
    """Yield until when each rule holds, in the order in which rules of one end are told."""
    clocks = [hold for contact in history.contacts for hold in _clocks(contact, limits)]
    rules = list(Rule)
    yield from sorted(clocks, key=lambda hold: rules.index(hold[1]))
    if history.first_seen is not None:
        yield history.first_seen + limits.newcomers, Rule.NEWCOMER, None


def _clocks(contact: Contact, limits: Limits) -> Iterator[_Hold]:
    if limits.spaced:  # else what is on its way would hold back until it is due
        yield contact.asked_at + limits.every, Rule.EVERY, contact
    if contact.open_until is not None and limits.spaced:
        yield contact.open_until, Rule.OPEN, contact
    if contact.anonymous:
        # One clock for whoever answered and whoever did not, and it runs from what both have got.
        if not contact.planned:
            rest = max(limits.after_answer, limits.after_silence)
            yield contact.asked_at + rest, Rule.AFTER_ANONYMOUS, contact
    elif contact.answered_at is not None:
        yield contact.answered_at + limits.after_answer, Rule.AFTER_ANSWER, contact
    elif not contact.planned:
        last = max(contact.asked_at, contact.further_at or contact.asked_at)
        yield last + limits.after_silence, Rule.AFTER_SILENCE, contact


# --- steady quotas ----------------------------------------------------------------------------


def waves_until_turn(survey: str, person_id: str, share: int, number: int) -> int:
    """Return how many waves after wave ``number`` it is a person's turn; 0 for this very one.

    Everybody has a place on a circle, by a hash that nobody chooses. Each wave asks those of the
    arc that follows the last one's, as long as the share: within 100 / share waves (rounded up)
    everybody's turn comes, and within 100 / share (rounded down) nobody's comes twice.

    Args:
        survey: the survey's key: each has a circle of its own.
        person_id: whom it may be the turn of.
        share: in per cent.
        number: counts the survey's waves from 0.
    """
    digest = sha256(f"{survey}:{person_id}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") % _PARTS
    arc = share * _PARTS // EVERYBODY
    return (place - number * arc) % _PARTS // arc


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a wave leaves room for.

    Attributes:
        end: when the wave closes.
        daily: how many first questions it has for a day; None for any number.
        taken: how many of them are given away, by day in UTC.
    """

    end: datetime
    daily: int | None
    taken: Mapping[date, int]

    def on(self, moment: datetime) -> bool:
        """Return whether there is room on the day of ``moment``, in UTC."""
        return self.daily is None or self.taken.get(moment.date(), 0) < self.daily


def first_free_moment(
    moments: Iterable[datetime], hold: BudgetBlock | None, room: Capacity
) -> datetime | None:
    """Return when a wave asks somebody; None where it cannot any more.

    That is the first of their moments; or, where something holds them back then or the day is full,
    the first later one that is free and leaves them a day to answer.

    Args:
        moments: when the person could be asked, in UTC: day after day at their own hour, for ever.
        hold: what holds them back at the first of these moments.
        room: what the wave leaves room for.
    """
    if hold is not None and hold.until is None:
        return None
    for number, moment in enumerate(moments):
        if number and moment > room.end - DAY:
            break
        if (hold is None or hold.until is None or moment >= hold.until) and room.on(moment):
            return moment
    return None
