"""Waves: opened when they are due, filled page by page, closed when their time is up.

All of it is safe to run from any number of processes at any time: a wave's identity is (survey,
nominal time), an invitation's is (wave, person), and a page is added only where the wave's cursor
still is what the reader of that page began from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from nps_bot.asking import eligibility
from nps_bot.asking.eligibility import Reason, WaveTiming
from nps_bot.asking.events import WaveClosed, WaveOpened
from nps_bot.asking.outgoing import new_prompt
from nps_bot.asking.rules.approval import PREVIEW_VALID_FOR
from nps_bot.asking.rules.budget import BudgetBlock
from nps_bot.asking.selection import select_members
from nps_bot.asking.store import contacts, invitations, wave_heads, waves
from nps_bot.asking.store.invitations import NewInvitation
from nps_bot.asking.store.wave_heads import WaveHead
from nps_bot.asking.store.waves import NewWave, WaveRow
from nps_bot.base.events import record
from nps_bot.base.ids import new_id
from nps_bot.delivery.store import outbox
from nps_bot.people import store as people
from nps_bot.slack.profiles import Member
from nps_bot.surveys import store as survey_store
from nps_bot.surveys.rules.audience import Exclusion
from nps_bot.surveys.rules.cadence import MINUTE, cadence_length, due_wave, latest_nominal
from nps_bot.surveys.rules.local_time import earliest_opening
from nps_bot.surveys.rules.survey import Survey

NOMINAL = "%Y-%m-%dT%H:%M"
BATCH = 1_000
"""Messages of a wave that are changed in one transaction at most: everybody waits behind it."""


def see_surveys(connection: Connection, surveys: Mapping[str, Survey], now: datetime) -> None:
    """Take note of the surveys as their files stand now."""
    for survey in surveys.values():
        rhythm = f"{survey.cadence!r} in {survey.time_zone or 'own time zones'}"
        survey_store.see_survey(connection, survey.key, rhythm, now)


def open_due(connection: Connection, surveys: Mapping[str, Survey], now: datetime) -> list[int]:
    """Create the waves that are due and not there yet; returns their ids."""
    opened = []
    for key, since in survey_store.cadences_since(connection).items():
        survey = surveys.get(key)
        if survey is None:
            continue
        nominal = due_nominal(connection, survey, since, now)
        if nominal is None:
            continue
        created = open_nominal(connection, survey, nominal, now)
        if created is not None:
            opened.append(created)
    return opened


def open_nominal(
    connection: Connection, survey: Survey, nominal: datetime, now: datetime
) -> int | None:
    """Create the wave of a nominal time; returns its id, or None where it is there already."""
    # A wave that was missed opens late and is open as long as any other.
    opens_at = max(earliest_opening(nominal, survey.time_zone), now)
    wave = _new_wave(connection, survey, nominal.strftime(NOMINAL), opens_at)
    return waves.create(connection, wave, now)


def due_nominal(
    connection: Connection, survey: Survey, since: datetime, now: datetime
) -> datetime | None:
    """Return the nominal time of the wave that is to be opened now; None where there is none.

    ``since`` is when the survey's cadence was first seen.
    """
    nominal = due_wave(survey.cadence, survey.time_zone, since, now)
    if nominal is None or _asked_lately(connection, survey, nominal):
        return None
    return nominal


def _asked_lately(connection: Connection, survey: Survey, nominal: datetime) -> bool:
    """Return whether the survey has this wave, or a scheduled one so near to it that the same
    people would be asked twice because somebody moved the hour in the file.

    An earlier time of the very same cadence may be as near as the cadence has it.
    """
    found = waves.latest_scheduled(connection, survey.key)
    if found is None:
        return False
    latest = _read(found)
    if latest < nominal and latest_nominal(survey.cadence, latest) == latest:
        return False
    return nominal - latest < cadence_length(survey.cadence, nominal) / 2


def _read(nominal: str) -> datetime:
    return datetime.strptime(nominal, NOMINAL)  # noqa: DTZ007  # nominal: has no zone


def _new_wave(connection: Connection, survey: Survey, nominal: str, opens_at: datetime) -> NewWave:
    return NewWave(
        survey_key=survey.key,
        nominal=nominal,
        wording_id=survey_store.store_wording(connection, survey.key, survey.wording),
        kind=survey.kind,
        opens_at=opens_at,
        closes_at=opens_at + survey.closes_after,
        anonymity=survey.anonymity,
    )


@dataclass(frozen=True, slots=True)
class ByHand:
    """A wave started by a person.

    Attributes:
        nominal: the UTC minute in which it was asked for; confirming twice starts it once.
        only_person: the one person to ask, or None for the whole audience.
        at_once: ask now, quiet hours or not (the sandbox's first wave).
    """

    nominal: str
    only_person: str | None = None
    at_once: bool = False


def is_stale(nominal: str, now: datetime) -> bool:
    """Return whether a preview of this minute is too old to be confirmed."""
    return now - _read(nominal).replace(tzinfo=UTC) > PREVIEW_VALID_FOR


def start_by_hand(connection: Connection, survey: Survey, how: ByHand, now: datetime) -> int | None:
    """Create a wave by hand; returns its id, or None where it was started already."""
    minute = _read(how.nominal)
    taken = _in_a_row(connection, survey, minute)
    if any(one.by_hand and one.only_person == how.only_person for one in taken):
        return None
    wave = replace(
        _new_wave(connection, survey, _free(minute, taken), now),
        by_hand=True,
        at_once=how.at_once,
        only_person=how.only_person,
    )
    return waves.create(connection, wave, now)


def free_minute(connection: Connection, survey: Survey, now: datetime) -> str:
    """Return the nominal time of a wave by hand asked for now: this minute in UTC.

    Where a wave of the survey has it, it is the next one that none has: a wave must not get lost
    because another was started a moment before.
    """
    minute = now.astimezone(UTC)
    return _free(minute, _in_a_row(connection, survey, minute))


def _in_a_row(connection: Connection, survey: Survey, minute: datetime) -> list[WaveRow]:
    """Return the survey's waves of this minute, the next one, and so on up to a free one."""
    taken: list[WaveRow] = []
    while there := waves.of_nominal(connection, survey.key, _free(minute, taken)):
        taken.append(there)
    return taken


def _free(minute: datetime, taken: Sequence[WaveRow]) -> str:
    return (minute + len(taken) * MINUTE).strftime(NOMINAL)


def resolving(connection: Connection) -> list[WaveRow]:
    """Return the waves whose audience is still to be read."""
    return waves.resolving(connection)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an audience.

    Attributes:
        cursor: where the page began; None for the first.
        members: who stands on it.
        next_cursor: where the next one begins; None after the last.
    """

    cursor: str | None
    members: Sequence[Member]
    next_cursor: str | None


def add_page(
    connection: Connection, survey: Survey, wave_id: int, page: Page, now: datetime
) -> bool:
    """Invite those of a page who are to be asked; False where another process has done so.

    The last page makes the wave ready: it opens with its first invitation.
    """
    wave = waves.lock(connection, wave_id)
    if wave.state != "resolving" or wave.cursor != page.cursor:
        return False
    found = {one.id: one for one in page.members if wave.only_person in (None, one.id)}
    invited = invitations.already_invited(connection, wave.id, found.keys())
    _invite(connection, survey, wave, [one for one in found.values() if one.id not in invited], now)
    if page.next_cursor is not None:
        waves.save_cursor(connection, wave_id, page.next_cursor)
    else:
        make_ready(connection, survey, wave, now)
    return True


def _invite(
    connection: Connection, survey: Survey, wave: WaveRow, found: Sequence[Member], now: datetime
) -> None:
    """Invite those whom neither the audience nor the budget leaves out; count the others."""
    timing = _round(connection, wave)
    chosen = select_members(connection, survey, timing, found, now, eligibility.notice)
    # Nothing of the others is stored: some of them asked to be forgotten.
    people.save_members(connection, [member for member, _ in chosen.due], now)
    new = [NewInvitation(new_id(), member.id, due_at) for member, due_at in chosen.due]
    invitations.add(connection, wave.id, new)
    outbox.add(
        connection,
        [new_prompt(one.id, one.person_id, survey.key, wave.id, one.due_at) for one in new],
    )
    left_out = {str(reason): many for reason, many in chosen.left_out.items()}
    contacts.count_excluded(connection, wave.id, left_out)


def _round(connection: Connection, wave: WaveRow) -> WaveTiming:
    return WaveTiming(
        nominal=None if wave.by_hand else _read(wave.nominal),
        closes_at=wave.closes_at,
        number=(
            contacts.waves_before(connection, wave.survey_key, wave.id)
            if wave.only_person is None
            else None
        ),
        at_once=wave.at_once,
    )


def make_ready(connection: Connection, survey: Survey, wave: WaveRow, now: datetime) -> None:
    """Open a wave of which everything is known: its closing counts from its first question."""
    opens_at = waves.earliest_due(connection, wave.id) or now
    waves.mark_ready(connection, wave.id, opens_at, opens_at + survey.closes_after)
    if wave.only_person is None:
        contacts.mark_read(connection, survey.key, now)
    record(connection, [WaveOpened(wave, opens_at)], now)


def close_due(connection: Connection, surveys: Mapping[str, Survey], now: datetime) -> list[int]:
    """Close the waves whose time is up or whose survey file is gone; returns their ids."""
    due = waves.to_close(connection, surveys.keys(), now)
    for wave in due:
        waves.close(connection, wave.id, now)
        cancel_unsent(connection, wave.id)
    closed = [WaveClosed(wave, orphaned=wave.survey_key not in surveys) for wave in due]
    record(connection, closed, now)
    return [wave.id for wave in due]


def cancel_unsent(connection: Connection, wave_id: int) -> bool:
    """Cancel what a closed wave has not sent, a batch of it; returns whether there may be more.

    Should that never happen, the dispatcher drops each prompt when its turn comes.
    """
    cancelled = outbox.cancel_wave(connection, "the wave closed", wave_id=wave_id, limit=BATCH)
    return cancelled > 0


def pause(connection: Connection, survey_key: str, by: str, now: datetime) -> bool:
    """Send no prompt of a survey until it is resumed; answers still count.

    Its prompts stay as they are: the dispatcher claims none of a paused survey. Returns whether
    that changed anything.
    """
    return survey_store.set_paused(connection, survey_key, by, now)


def resume(connection: Connection, survey_key: str) -> bool:
    """Go on with a paused survey; returns whether that changed anything."""
    return survey_store.set_paused(connection, survey_key, None, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a wave by hand would do, for people to decide on.

    Attributes:
        due: who would be asked and when, earliest first.
        left_out: how many are not asked, by reason.
        still_open: the survey's waves that take answers, oldest first, where whom they asked would
            be asked a second time.
        not_asked: those who are counted in ``left_out``, with the reason of each.
    """

    due: tuple[tuple[Member, datetime], ...]
    left_out: Mapping[Reason, int]
    still_open: tuple[WaveHead, ...] = ()
    not_asked: tuple[tuple[Member, Exclusion | BudgetBlock], ...] = ()


def plan(
    connection: Connection,
    survey: Survey,
    members: Sequence[Member],
    now: datetime,
    *,
    alone: bool = False,
) -> Plan:
    """Return whom a wave started now would ask, and when. Changes nothing.

    ``alone`` says that it is for one person: neither share nor daily number matter.
    """
    found = {member.id: member for member in members}
    number = None if alone else contacts.waves_before(connection, survey.key)
    wave = WaveTiming(nominal=None, closes_at=now + survey.closes_after, number=number)
    chosen = select_members(connection, survey, wave, found.values(), now, eligibility.histories)
    due = sorted(chosen.due, key=lambda one: (one[1], one[0].name))
    unclosed = () if survey.budget.spaced else wave_heads.open_waves(connection, [survey.key])
    still_open = tuple(wave for wave in unclosed if wave.closes_at > now)
    return Plan(tuple(due), chosen.left_out, still_open, chosen.not_asked)
