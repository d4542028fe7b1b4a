"""``/nps why``: what somebody got, when they are asked next, and what holds them back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from nps_bot.asking import eligibility, launching
from nps_bot.asking.eligibility import WaveTiming
from nps_bot.asking.rules.budget import BudgetBlock, Contact, History, blocked_by
from nps_bot.asking.store import contacts
from nps_bot.slack.profiles import Member
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.audience import Exclusion, exclusion
from nps_bot.surveys.rules.cadence import nominal_times
from nps_bot.surveys.rules.local_time import FIRST_ZONE, earliest_opening
from nps_bot.surveys.rules.survey import Survey

CONTACTS = 8
"""Contacts that are shown, the latest."""
_EVER = timedelta(days=36_500)
_WAVES = 500
"""Waves that are looked ahead: a limit of two years holds back no longer than a daily survey's."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """When one survey asks somebody next, and why not before.

    Attributes:
        survey: which.
        excluded: why its audience leaves them out; None where it does not.
        outside: they are in none of the sources of its audience.
        paused: nobody is asked until it is resumed.
        held: what holds them back now, or in the next wave; None where nothing does.
        asked_next: when they are asked next; None where that cannot be told.
        private: it is anonymous and somebody else asks: nothing of this is told.
    """

    survey: Survey
    excluded: Exclusion | None = None
    outside: bool = False
    paused: bool = False
    held: BudgetBlock | None = None
    asked_next: datetime | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """What there is to know of whether somebody is asked.

    Attributes:
        member: who.
        contacts: their latest contacts with any survey, the newest first.
        total: how many contacts there are.
        outlooks: one for each survey that was asked about.
    """

    member: Member
    contacts: tuple[Contact, ...]
    total: int
    outlooks: tuple[Outlook, ...]


def why(
    connection: Connection,
    surveys: Collection[Survey],
    member: Member,
    inside: Collection[str],
    asker: str,
    now: datetime,
) -> Why:
    """Return why somebody was, will be or is not asked. Changes nothing.

    Of anonymous surveys only the person themselves learns: whether somebody was reminded would tell
    that they had not answered yet.

    Args:
        connection: an open connection.
        surveys: of which to tell when they ask.
        member: who, as Slack describes them now.
        inside: the keys of the surveys in whose sources they were found.
        asker: who wants to know.
        now: the current moment.
    """
    themselves = member.id == asker
    ever = eligibility.all_contacts(connection, member.id, now - _EVER)
    got = [one for one in ever if themselves or not one.anonymous]
    paused = survey_store.paused(connection)
    outlooks = []
    for survey in surveys:
        if survey.anonymity is not None and not themselves:
            outlooks.append(Outlook(survey, private=True))
            continue
        excluded = exclusion(member, survey.audience)
        outside = survey.key not in inside
        known = eligibility.histories(connection, survey, [member.id], now)[member.id]
        hold, asked_next = None, None
        if (excluded is None and not outside) or known.opted_out:
            hold, asked_next = _next(connection, survey, member, known, now)
        outlooks.append(Outlook(survey, excluded, outside, survey.key in paused, hold, asked_next))
    return Why(member, tuple(reversed(got[-CONTACTS:])), len(got), tuple(outlooks))


def _next(
    connection: Connection, survey: Survey, member: Member, known: History, now: datetime
) -> tuple[BudgetBlock | None, datetime | None]:
    """Return what holds somebody back, and when the survey asks them next."""
    coming = [one for one in known.contacts if one.planned and not one.lost]
    if mine := [one for one in coming if one.survey == survey.key]:
        return None, mine[-1].asked_at
    if known.opted_out:
        return blocked_by(known, survey.budget, now), None
    hold = blocked_by(known, survey.budget, now)
    nominals = islice(_coming(connection, survey, now), _WAVES)
    for number, nominal in enumerate(nominals, contacts.waves_before(connection, survey.key)):
        opens = max(earliest_opening(nominal, survey.time_zone), now).astimezone(UTC)
        wave = WaveTiming(nominal, opens + survey.closes_after, number)
        found = eligibility.foresee(survey, wave, member, known, opens)
        if not isinstance(found, BudgetBlock):
            return hold, found
        hold = hold or found
    return hold, None


def _coming(connection: Connection, survey: Survey, now: datetime) -> Iterator[datetime]:
    """Yield the nominal times of the waves that are not open yet: one may be due this moment."""
    since = survey_store.cadences_since(connection).get(survey.key)
    due = None if since is None else launching.due_nominal(connection, survey, since, now)
    if due is not None:
        yield due
    first_clock = ZoneInfo(survey.time_zone) if survey.time_zone else FIRST_ZONE
    reading = now.astimezone(first_clock).replace(tzinfo=None)
    yield from nominal_times(survey.cadence, reading)
