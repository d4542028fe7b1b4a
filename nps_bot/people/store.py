"""People: profiles as last read from Slack, accounts as last imported, and opt-outs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from nps_bot.slack.profiles import Member
from nps_bot.storage.any_of import any_of
from nps_bot.storage.tables import AccountChannel, OptOut, Person, Sighting
from nps_bot.storage.upsert import insert_or

ALL_SURVEYS = "*"
"""The survey key of an opt-out from everything."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What a people file says of one person, matched to Slack."""

    member: Member
    account: str | None
    account_owner: str | None
    attributes: Mapping[str, str]


def save_members(connection: Connection, members: Iterable[Member], now: datetime) -> None:
    """Insert or refresh the profiles of ``members``; accounts and DM channels stay."""
    rows: list[dict[str, object]] = [
        {
            "id": member.id,
            "name": member.name,
            "time_zone": member.time_zone,
            "team_id": member.team_id,
            "is_guest": member.is_guest,
            "is_outsider": member.is_outsider,
            "attributes": {},
            "updated_at": now,
        }
        for member in sorted(members, key=lambda member: member.id)
    ]
    if not rows:
        return
    statement = insert_or(connection, Person)
    kept = ("id", "attributes")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[Person.id],
            set_={name: statement.excluded[name] for name in rows[0] if name not in kept},
        ),
        rows,
    )


def save_accounts(connection: Connection, rows: Iterable[AccountRow], now: datetime) -> int:
    """Store what a people file says, all of it or nothing; returns how many people it covers."""
    rows = list(rows)
    save_members(connection, (row.member for row in rows), now)
    if rows:
        connection.execute(
            update(Person).where(Person.id == bindparam("person")),
            [
                {
                    "person": row.member.id,
                    "account": row.account,
                    "account_owner": row.account_owner,
                    "attributes": dict(row.attributes),
                }
                for row in rows
            ],
        )
    return len(rows)


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel and the account it is shared with; no account takes it from the list."""

    channel: str
    account: str | None
    owner: str | None
    teams: tuple[str, ...]


def save_channels(connection: Connection, rows: Iterable[ChannelRow], now: datetime) -> int:
    """Store what a people file says of channels; returns how many it names."""
    number = 0
    for row in rows:
        number += 1
        if row.account is None:
            connection.execute(delete(AccountChannel).where(AccountChannel.channel == row.channel))
            continue
        values = {
            "account": row.account,
            "owner": row.owner,
            "teams": list(row.teams),
            "updated_at": now,
        }
        connection.execute(
            insert_or(connection, AccountChannel)
            .values(channel=row.channel, **values)
            .on_conflict_do_update(index_elements=[AccountChannel.channel], set_=values)
        )
    return number


def channels(connection: Connection) -> list[ChannelRow]:
    """Return all channels that people files named, by id."""
    columns = (
        AccountChannel.channel,
        AccountChannel.account,
        AccountChannel.owner,
        AccountChannel.teams,
    )
    rows = connection.execute(select(*columns).order_by(AccountChannel.channel))
    return [
        ChannelRow(channel, whose, owner, tuple(teams)) for channel, whose, owner, teams in rows
    ]


def meet(
    connection: Connection, member: Member, account: str, owner: str | None, now: datetime
) -> None:
    """Note who answered for an account, unless they are known; what is known of them stays."""
    connection.execute(
        insert_or(connection, Person)
        .values(
            id=member.id,
            name=member.name,
            time_zone=member.time_zone,
            team_id=member.team_id,
            is_guest=member.is_guest,
            is_outsider=member.is_outsider,
            attributes={},
            updated_at=now,
        )
        .on_conflict_do_nothing()
    )
    unplaced = update(Person).where(Person.id == member.id, Person.account.is_(None))
    connection.execute(unplaced.values(account=account, account_owner=owner))


def save_dm_channel(connection: Connection, person_id: str, channel: str) -> None:
    """Remember the direct-message channel of a person, so that it is opened once."""
    connection.execute(update(Person).where(Person.id == person_id).values(dm_channel=channel))


def dm_channel(connection: Connection, person_id: str) -> str | None:
    """Return the direct-message channel of a person, or None where it was never opened."""
    return connection.scalar(select(Person.dm_channel).where(Person.id == person_id))


def attribute(connection: Connection, person_id: str, column: str) -> str | None:
    """Return what the people file says of a person in one of its further columns."""
    found = connection.scalar(select(Person.attributes).where(Person.id == person_id))
    return (found or {}).get(column)


def opt_outs_of(connection: Connection, person_id: str) -> list[str]:
    """Return the survey keys a person opted out of; ``*`` stands for all."""
    return list(
        connection.scalars(
            select(OptOut.survey_key)
            .where(OptOut.person_id == person_id)
            .order_by(OptOut.survey_key)
        )
    )


def opt_outs_among(connection: Connection, people: Collection[str]) -> dict[str, set[str]]:
    """Return the survey keys opted out of by those of ``people`` who opted out of any."""
    found: dict[str, set[str]] = {}
    for person, key in connection.execute(_OPT_OUTS, {"people": people}):
        found.setdefault(person, set()).add(key)
    return found


# The dispatcher reads them with every claim: see storage.database.
_OPT_OUTS = select(OptOut.person_id, OptOut.survey_key).where(any_of(OptOut.person_id, "people"))


def add_opt_out(connection: Connection, person_id: str, survey_key: str, now: datetime) -> None:
    """Record that a person does not want ``survey_key`` (or ``*``); repeating changes nothing."""
    connection.execute(
        insert_or(connection, OptOut)
        .values(person_id=person_id, survey_key=survey_key, created_at=now)
        .on_conflict_do_nothing()
    )


def remove_opt_out(connection: Connection, person_id: str, survey_key: str) -> None:
    """Undo an opt-out; an absent one is no error."""
    connection.execute(
        delete(OptOut).where(OptOut.person_id == person_id, OptOut.survey_key == survey_key)
    )


def erase(connection: Connection, person_id: str) -> None:
    """Delete a person's profile, opt-outs and since when they are known."""
    connection.execute(delete(OptOut).where(OptOut.person_id == person_id))
    connection.execute(delete(Sighting).where(Sighting.person_id == person_id))
    connection.execute(delete(Person).where(Person.id == person_id))


def find(connection: Connection, reference: str) -> str | None:
    """Return the id of the stored person with this id or name, if there is exactly one."""
    name = reference.removeprefix("@")
    found = connection.scalars(
        select(Person.id).where(or_(Person.id == name, Person.name == name)).limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def forget_owner(connection: Connection, person_id: str) -> None:
    """Forget that this person looks after accounts."""
    owned = update(AccountChannel).where(AccountChannel.owner == person_id)
    connection.execute(owned.values(owner=None))
