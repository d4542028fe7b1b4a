"""What a survey is: frozen values, parsed once from a file by :mod:`nps_bot.surveys`.

A survey has two halves. Its *wording* is what a person reads; it is stored with every wave, so that
changing the file never changes what an earlier answer answered. The rest steers: whom to ask, when,
and where the team sees it; there the file as it stands now always holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from nps_bot.nps.bands import Band
from nps_bot.surveys.rules.cadence import Cadence
from nps_bot.surveys.rules.limits import Limits
from nps_bot.surveys.rules.local_time import QuietHours


class Kind(StrEnum):
    """What the question is about; kinds are never pooled in one figure."""

    RELATIONSHIP = "relationship"
    TRANSACTIONAL = "transactional"
    EMPLOYEE = "employee"


class Delivery(StrEnum):
    """How a survey reaches the people it asks."""

    DIRECT_MESSAGES = "direct_messages"
    """Each person by a message of their own."""
    CHANNELS = "channels"
    """A customer company by one message in the channel shared with it."""


@dataclass(frozen=True, slots=True)
class AccountChannel:
    """A channel shared with a customer company.

    Attributes:
        channel: ``#name`` or id.
        account: the company.
        owner: Slack id or e-mail address of the colleague who looks after it; None for nobody.
        teams: the home workspaces (or organisations) of its people; empty where the channel is
            shared with no other company, so that Slack can tell.
    """

    channel: str
    account: str
    owner: str | None = None
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a survey asks: the union of its sources, less those it leaves out.

    Attributes:
        everyone: every member of the workspace.
        channels: members of these channels, by ``#name`` or id.
        groups: members of these user groups, by ``@handle`` or id.
        people: named people, by Slack id or e-mail address.
        members: whether the workspace's own full members are asked; a survey of customers who
            share channels with colleagues leaves them out.
        guests: whether guests (``is_restricted``) of this workspace are asked.
        outsiders: whether people of other workspaces (Slack Connect) are asked.
    """

    everyone: bool = False
    channels: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    members: bool = True
    guests: bool = False
    outsiders: bool = False


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One optional question asked after the score; ``key`` names its answers in tables."""

    key: str
    question: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link offered after an answer, such as a review page."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class BandPlan:
    """What follows a score of one band: the questions, then the words and links of thanks."""

    follow_ups: tuple[FollowUp, ...]
    thank_you: str
    links: tuple[Link, ...] = ()
    chaser: str | None = None
    """What asks for a reason after a bare score; None for the words every survey has."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything a respondent reads; kept with each wave."""

    title: str
    brand: str
    question: str
    reason: str
    """The main question after a score, the same for all bands so that answers compare."""
    detractor: BandPlan
    passive: BandPlan
    promoter: BandPlan
    layout: str = "two rows, 0-5 and 6-10"
    """How the buttons stand; a change of layout is a break in the trend."""
    reminder: str | None = None
    """What a reminder begins with; None for the words every survey has."""
    operator: str | None = None
    """Who runs the bot, as an anonymous survey's privacy line names them; None in a named one."""

    def plan(self, band: Band) -> BandPlan:
        """Return what follows a score of ``band``."""
        match band:
            case Band.DETRACTOR:
                return self.detractor
            case Band.PASSIVE:
                return self.passive
            case Band.PROMOTER:
                return self.promoter

    def questions(self, band: Band) -> tuple[FollowUp, ...]:
        """Return all questions of ``band`` in order: the main reason, then the band's own."""
        return (FollowUp(REASON_KEY, self.reason), *self.plan(band).follow_ups)


REASON_KEY = "reason"
IN_CHANNELS = "in a channel, two rows, 0-5 and 6-10"
"""The layout of a question that everybody in a channel sees."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """A further message to somebody who was asked: a reminder or a chaser.

    Attributes:
        after: how long after the prompt (a reminder) or the score (a chaser) it is due.
    """

    after: timedelta


LEAST_THRESHOLD = 3
"""No anonymous figure is made of fewer answers than this and one more, whatever a file says."""
NO_SEGMENTS = ("slack_id", "email", "account", "account_owner")
"""Columns of the people file that say who somebody is: too few people share their values."""


@dataclass(frozen=True, slots=True)
class Anonymity:
    """That answers are kept without names; a survey's, and for good each of its waves'.

    Attributes:
        threshold: figures are shown from one answer more than this; called k.
        segment: the one column of the people file that an answer keeps; None for none.
    """

    threshold: int = 5
    segment: str | None = None


COMMENTS_FROM = 10
"""From so many answers on comments are shown, or from one more than the threshold."""


def comments_from(threshold: int) -> int:
    """Return from how many answers on comments are shown."""
    return max(COMMENTS_FROM, threshold + 1)


@dataclass(frozen=True, slots=True)
class Survey:
    """One survey as its file defines it.

    Attributes:
        key: its name in commands and tables; never changes.
        kind: what the question is about.
        wording: what people read.
        audience: whom to ask.
        cadence: when, in nominal local time.
        time_zone: one IANA zone for everybody, or None for each person's own.
        quiet_hours: local hours in which nobody is asked.
        closes_after: how long after its opening a wave takes answers.
        correctable_for: how long a changed score counts; a later change is recovery.
        summary_channel, alerts_channel: ``#name`` or id; an anonymous survey alerts nobody.
        owners: Slack ids or e-mail addresses of those who may see and steer it.
        admins_manage: whether workspace admins may as well.
        confirm_above: a wave by hand of more people needs an owner's word, or a second person's.
        reminder: to those who did not answer; None for no reminders.
        chaser: to those who gave a score and not a word; None for no chasers.
        budget: how often one person may be asked, and how many at once.
        anonymity: how its answers are kept without names; None where they have names.
        delivery: whether people are asked by direct messages or in channels shared with them.
        accounts: with channels, those it asks in; empty for those of the people file.
    """

    key: str
    kind: Kind
    wording: Wording
    audience: Audience
    cadence: Cadence
    time_zone: str | None
    quiet_hours: QuietHours
    closes_after: timedelta
    correctable_for: timedelta
    summary_channel: str
    alerts_channel: str | None
    owners: tuple[str, ...]
    admins_manage: bool = False
    confirm_above: int = 50
    reminder: Nudge | None = None
    chaser: Nudge | None = None
    budget: Limits = field(default_factory=Limits)
    anonymity: Anonymity | None = None
    delivery: Delivery = Delivery.DIRECT_MESSAGES
    accounts: tuple[AccountChannel, ...] = ()
