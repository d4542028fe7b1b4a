"""The contact budget at work: whom a wave asks and when, and what holds back the others.

:mod:`nps_bot.asking.rules.budget` decides; here is read what it decides from, for many people at
once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count, islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from nps_bot.asking.rules.budget import (
    DAY,
    BudgetBlock,
    Capacity,
    Contact,
    History,
    Rule,
    blocked_by,
    first_free_moment,
    waves_until_turn,
)
from nps_bot.asking.store import contacts
from nps_bot.asking.store.contacts import ContactRow
from nps_bot.asking.store.invitations import InvitationState
from nps_bot.base.time_zones import zone_of
from nps_bot.people import store as people
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.cadence import nominal_times
from nps_bot.surveys.rules.limits import EVERYBODY, Limits
from nps_bot.surveys.rules.local_time import due_moment, next_allowed
from nps_bot.surveys.rules.survey import Survey

Reason = Exclusion | Rule
"""Why somebody of an audience is not asked; its value is what tables hold."""


def reason_of(value: str) -> Reason:
    """Return the reason that is stored as ``value``."""
    return Rule(value) if value in set(Rule) else Exclusion(value)


# --- what is known ----------------------------------------------------------------------------


def histories(
    connection: Connection, survey: Survey, ids: Collection[str], now: datetime
) -> dict[str, History]:
    """Return what is known of people, as it matters to ``survey``. Changes nothing."""
    seen = contacts.first_seen(connection, ids)
    return _histories(connection, survey, ids, seen, now)


def notice(
    connection: Connection, survey: Survey, ids: Collection[str], now: datetime
) -> dict[str, History]:
    """Return the same for the audience of a wave, and take note of who is in it.

    Until the transaction ends nobody else decides on the same people: two waves that are read at
    the same moment see what the other one has decided. Of those who opted out nothing is noted:
    some of them asked to be forgotten. Nor does anybody else give away a day's last places.
    """
    seen = _see(connection, survey, ids, now)
    if survey.budget.daily is not None:
        contacts.lock_survey(connection, survey.key)
    return _histories(connection, survey, ids, seen, now)


LOOK_EVERY = DAY
"""How often it is looked who is new in an audience: newcomers need not wait for a wave."""


def begin_look(connection: Connection, survey: Survey, now: datetime) -> bool:
    """Return whether it is time to look who is new; one process is told so, once a day."""
    return contacts.begin_look(connection, survey.key, before=now - LOOK_EVERY, now=now)


def look(
    connection: Connection, survey: Survey, ids: Collection[str], now: datetime, *, last: bool
) -> None:
    """Take note of a page of an audience, between two waves; ``last`` says that it is the last."""
    _see(connection, survey, ids, now)
    if last:
        contacts.mark_read(connection, survey.key, now)


def _see(
    connection: Connection, survey: Survey, ids: Collection[str], now: datetime
) -> dict[str, datetime | None]:
    """Take note of who is there, but of those who opted out; return since when they are known."""
    since = now if contacts.was_read(connection, survey.key) else None
    return contacts.see(connection, set(ids) - _out_of(connection, survey, ids), since)


def _histories(
    connection: Connection,
    survey: Survey,
    ids: Collection[str],
    seen: Mapping[str, datetime | None],
    now: datetime,
) -> dict[str, History]:
    out = _out_of(connection, survey, ids)
    asked = contacts.of_people(connection, ids, now - survey.budget.longest)
    unseen = now if contacts.was_read(connection, survey.key) else None
    return {
        one: History(
            contacts=tuple(each.contact for each in asked.get(one, ())),
            first_seen=seen.get(one, unseen),
            opted_out=one in out,
        )
        for one in ids
    }


def _out_of(connection: Connection, survey: Survey, ids: Collection[str]) -> set[str]:
    opt_outs = people.opt_outs_among(connection, ids)
    return {one for one, keys in opt_outs.items() if keys & {survey.key, people.ALL_SURVEYS}}


# --- whom a wave asks, and when ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WaveTiming:
    """A wave as far as it matters to whom it asks and when.

    Attributes:
        nominal: the local time it stands for; None for one by hand, which asks from now on.
        closes_at: when it closes.
        number: counts the survey's waves, for the rotation; None where it asks one person alone.
        at_once: asks everybody who has not opted out, at whatever hour (the sandbox's first wave).
    """

    nominal: datetime | None
    closes_at: datetime
    number: int | None
    at_once: bool = False


@dataclass(slots=True)
class Selection:
    """Whom a wave asks and when, and what holds back the others, by person."""

    due: dict[str, datetime] = field(default_factory=dict)
    held: dict[str, BudgetBlock] = field(default_factory=dict)


def choose(
    connection: Connection,
    survey: Survey,
    wave: WaveTiming,
    members: Collection[Member],
    known: Mapping[str, History],
    now: datetime,
) -> Selection:
    """Decide for each of ``members`` whether and when a wave asks them.

    Args:
        connection: an open connection.
        survey: which asks.
        wave: its wave.
        members: those of its audience who are not asked by it yet.
        known: their histories.
        now: the current moment.
    """
    daily = survey.budget.daily if wave.number is not None and not wave.at_once else None
    taken: Counter[date] = Counter()
    if daily is not None:
        due = contacts.due_moments(connection, survey.key, _midnight(now))
        for moment, number in due.items():
            taken[moment.date()] += number
    room = Capacity(wave.closes_at, daily, taken)
    choice = Selection()
    for member in members:
        found = _decide(survey, wave, member, known[member.id], room, now)
        if isinstance(found, BudgetBlock):
            choice.held[member.id] = found
        else:
            choice.due[member.id] = found
            taken[found.date()] += 1
    return choice


def _midnight(now: datetime) -> datetime:
    """Return when the day began on which daily numbers are counted, in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _decide(
    survey: Survey, wave: WaveTiming, member: Member, known: History, room: Capacity, now: datetime
) -> datetime | BudgetBlock:
    limits = Limits.none() if wave.at_once else survey.budget
    zone = zone_of(survey.time_zone or member.time_zone)
    hold = blocked_by(known, limits, next(_moments(survey, wave, zone, now)))
    if hold is not None and (hold.until is None or hold.until > room.end - DAY):
        return hold
    turn = 0
    if wave.number is not None and limits.share < EVERYBODY:
        turn = waves_until_turn(survey.key, member.id, limits.share, wave.number)
    if turn:
        return BudgetBlock(Rule.SHARE, _wave_after(survey, wave, zone, turn, now))
    moment = first_free_moment(_moments(survey, wave, zone, now), hold, room)
    if moment is not None:
        return moment
    return hold or BudgetBlock(Rule.DAILY, _wave_after(survey, wave, zone, 1, now))


def _moments(survey: Survey, wave: WaveTiming, zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """Yield when somebody in ``zone`` could be asked: day after day at their own hour, in UTC."""
    if wave.at_once:
        yield now.astimezone(UTC)
        return
    for days in (number * DAY for number in count()):
        if wave.nominal is None:
            yield next_allowed(now + days, zone, survey.quiet_hours)
        else:
            yield due_moment(wave.nominal + days, zone, survey.quiet_hours, now)


def _wave_after(
    survey: Survey, wave: WaveTiming, zone: ZoneInfo, number: int, now: datetime
) -> datetime:
    """Return when the ``number``-th scheduled wave after this one asks in ``zone``."""
    after = wave.nominal or now.astimezone(zone).replace(tzinfo=None)
    nominal = next(islice(nominal_times(survey.cadence, after), number - 1, None))
    return due_moment(nominal, zone, survey.quiet_hours, now)


# --- right before a prompt leaves -------------------------------------------------------------


def recheck_before_sending(
    connection: Connection,
    limits: Mapping[str, Limits],
    invitation_states: Collection[InvitationState],
    now: datetime,
) -> dict[str, BudgetBlock]:
    """Return what came up since some people were invited and holds back their prompts now.

    A prompt may have waited long, for a pause or an outage to end. What has not left itself does
    not hold back others: one of two would wait for the other.

    Args:
        connection: an open connection.
        limits: of the surveys, by key.
        standings: the invitations whose first prompt is about to leave.
        now: the current moment.

    Returns:
        What holds back, by invitation.
    """
    mine = {
        one.id: (one.person_id, limits[one.survey_key])
        for one in invitation_states
        if one.person_id is not None
        and not one.at_once
        and one.survey_key in limits
        and limits[one.survey_key].spaced
    }
    if not mine:
        return {}
    since = now - max(limit.longest for _, limit in mine.values())
    asked = contacts.of_people(connection, {person for person, _ in mine.values()}, since)
    batch = {one.id for one in invitation_states}
    found = {}
    for invitation_id, (person_id, limit) in mine.items():
        before = _before(asked.get(person_id, ()), invitation_id, batch)
        hold = blocked_by(History(tuple(each.contact for each in before)), limit, now)
        if hold is not None:
            found[invitation_id] = hold
    return found


@dataclass(slots=True)
class DailyQuota:
    """How many first questions surveys with a daily number may still send today.

    Attributes:
        left: by survey; a place is taken as a question leaves.
        ends: when there is room again.
        exempt: the waves for one person: nobody but a person's will sends these.
    """

    left: dict[str, int]
    ends: datetime
    exempt: Collection[int] = ()

    def take(self, invitation: InvitationState) -> BudgetBlock | None:
        """Take a place for a question that is about to leave; returns what holds it back where none
        is left.
        """
        if invitation.survey_key not in self.left or invitation.at_once:
            return None
        if invitation.wave_id in self.exempt:
            return None
        if self.left[invitation.survey_key] <= 0:
            return BudgetBlock(Rule.DAILY, self.ends)
        self.left[invitation.survey_key] -= 1
        return None


def room_today(
    connection: Connection,
    limits: Mapping[str, Limits],
    invitation_states: Collection[InvitationState],
    now: datetime,
) -> DailyQuota:
    """Return what is left of this day for invitations whose first prompt is about to leave.

    Days were planned when they were invited; those that waited, for a pause or an outage to end,
    would all leave on one.
    """
    today = _midnight(now)
    leaving = [one.id for one in invitation_states]
    left = {
        key: daily - contacts.asked_since(connection, key, today, but=leaving)
        for key in {one.survey_key for one in invitation_states}
        if key in limits and (daily := limits[key].daily) is not None
    }
    waves = {one.wave_id for one in invitation_states if one.survey_key in left}
    exempt = contacts.waves_for_one(connection, waves) if waves else ()
    return DailyQuota(left, today + DAY, exempt)


def _before(
    asked: Collection[ContactRow], invitation_id: str, batch: Collection[str]
) -> list[ContactRow]:
    """Return the contacts that count against an invitation whose prompt is about to leave: those
    that were made or are in flight, but of its own batch only the ones that were due before.
    """
    order = [each.invitation_id for each in asked]
    later = order[order.index(invitation_id) :] if invitation_id in order else []
    after = {one for one in later if one in batch}
    leaving = {each.invitation_id for each in asked if each.in_flight} - after
    counting = (each for each in asked if not each.contact.planned or each.invitation_id in leaving)
    return [each for each in counting if each.invitation_id != invitation_id]


# --- for people to read -----------------------------------------------------------------------


def all_contacts(connection: Connection, person_id: str, since: datetime) -> list[Contact]:
    """Return what a person got of any survey, oldest first."""
    found = contacts.of_people(connection, [person_id], since)
    return [each.contact for each in found.get(person_id, ())]


def foresee(
    survey: Survey, wave: WaveTiming, member: Member, known: History, opens: datetime
) -> datetime | BudgetBlock:
    """Return when a wave to come asks somebody, or what holds them back then.

    How many there are before them on a full day nobody can tell yet.
    """
    return _decide(survey, wave, member, known, Capacity(wave.closes_at, None, {}), opens)
