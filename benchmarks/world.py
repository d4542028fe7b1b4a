"""People to ask and prompts to click, put into a database by the project's own services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, literal, select, update

from nps_bot.asking import launching
from nps_bot.asking.launching import NOMINAL, ByHand, Page
from nps_bot.asking.rules.message_types import PROMPT
from nps_bot.base.clock import SystemClock
from nps_bot.cases.outgoing import ALERT
from nps_bot.slack.profiles import Member
from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox, Person, Response, Wave
from nps_bot.surveys.rules.survey import Survey

_FIRST_MINUTE = datetime(2020, 1, 1, tzinfo=UTC)
_TS = "1700000000.000001"
_STRANGERS = 1_000_000
"""The number of the first person nobody ever wrote to."""


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was asked: what a click needs to know."""

    invitation_id: str
    person_id: str

    @property
    def channel(self) -> str:
        """The direct messages with them."""
        return f"D{self.person_id[1:]}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a database holds of a wave.

    Attributes:
        responses: answers given.
        alerts: alerts owed, posted or not.
        prompts_sent: prompts that stand in Slack in their newest state.
    """

    responses: int
    alerts: int
    prompts_sent: int


class World:
    """A migrated database in which one survey asks the same people wave after wave."""

    def __init__(self, database: Database, survey: Survey) -> None:
        """Ask ``survey`` in ``database``."""
        self._database = database
        self._survey = survey
        self._clock = SystemClock()

    async def owe(self, people: int, *, strangers: bool = False) -> int:
        """Start a wave that owes a prompt to each of ``people``, now; returns the wave.

        Args:
            people: how many.
            strangers: whether these are people the bot never wrote to before, whose direct messages
                must be opened first.
        """
        first = _STRANGERS if strangers else 1
        members = [_member(number) for number in range(first, first + people)]
        return await self._database.write(
            _owe, self._survey, members, strangers=strangers, now=self._clock.now()
        )

    async def asked(self, people: int) -> tuple[int, list[Invited]]:
        """Start a wave whose prompts stand in Slack already; returns it and whom it asked."""
        members = [_member(number) for number in range(1, people + 1)]
        return await self._database.write(_asked, self._survey, members, self._clock.now())

    async def kept(self, wave: int) -> Kept:
        """Return what the database holds of a wave."""
        return await self._database.read(_kept, wave)

    async def withdraw_alerts(self) -> None:
        """Take back what waits for Slack's pace of one message a second in a channel."""
        await self._database.write(_withdraw_alerts)


def _member(number: int) -> Member:
    return Member(
        id=f"U{number:08}", name=f"Person {number}", time_zone="Europe/London", is_guest=True
    )


def _owe(
    connection: Connection,
    survey: Survey,
    members: list[Member],
    *,
    strangers: bool,
    now: datetime,
) -> int:
    """Start a wave, in a minute of its own: it is what tells waves apart."""
    earlier = connection.scalar(select(func.count()).select_from(Wave)) or 0
    nominal = (_FIRST_MINUTE + timedelta(minutes=earlier)).strftime(NOMINAL)
    wave = launching.start_by_hand(connection, survey, ByHand(nominal, at_once=True), now)
    assert wave is not None
    launching.add_page(connection, survey, wave, Page(None, members, None), now)
    if not strangers:
        channel = literal("D") + func.substr(Person.id, 2)
        connection.execute(
            update(Person).where(Person.dm_channel.is_(None)).values(dm_channel=channel)
        )
    return wave


def _asked(
    connection: Connection, survey: Survey, members: list[Member], now: datetime
) -> tuple[int, list[Invited]]:
    wave = _owe(connection, survey, members, strangers=False, now=now)
    theirs = Outbox.wave_id == wave
    connection.execute(
        update(Outbox)
        .where(theirs)
        .values(status="sent", ts=_TS, channel="C0SUMMARY", delivered_version=1, settled_at=now)
    )
    connection.execute(
        update(Outbox)
        .where(theirs, Outbox.kind == PROMPT.name)
        .values(channel=literal("D") + func.substr(Outbox.person_id, 2))
    )
    connection.execute(update(Invitation).where(Invitation.wave_id == wave).values(asked_at=now))
    rows = connection.execute(
        select(Invitation.id, Invitation.person_id).where(Invitation.wave_id == wave)
    )
    return wave, [Invited(id_, person or "") for id_, person in rows]


def _kept(connection: Connection, wave: int) -> Kept:
    responses = connection.scalar(
        select(func.count())
        .select_from(Response)
        .join(Invitation)
        .where(Invitation.wave_id == wave)
    )
    of_wave = select(func.count()).select_from(Outbox).where(Outbox.wave_id == wave)
    alerts = connection.scalar(of_wave.where(Outbox.kind == ALERT.name))
    sent = connection.scalar(
        of_wave.where(
            Outbox.kind == PROMPT.name,
            Outbox.status == "sent",
            Outbox.delivered_version == Outbox.version,
        )
    )
    return Kept(responses or 0, alerts or 0, sent or 0)


def _withdraw_alerts(connection: Connection) -> None:
    connection.execute(
        update(Outbox)
        .where(Outbox.kind == ALERT.name, Outbox.status == "pending")
        .values(status="cancelled")
    )
