"""The judge: what the sandbox's ledger says was done, beside what the database believes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from nps_bot.storage.database import Database
from nps_bot.storage.tables import Invitation, Outbox, Response, ScoreChange, Wave
from slack_sandbox import Sandbox
from tests.campaign.crowd import Click

_UNDER_WAY = or_(
    Outbox.status.in_(("pending", "claimed")),
    (Outbox.status == "unknown") & Outbox.lease_until.is_not(None),
)


@dataclass(slots=True)
class Verdict:
    """What went wrong, case by case; and how much there was to judge."""

    invitations: int = 0
    messages: int = 0
    clicks: int = 0
    parked: int = 0
    duplicates: list[str] = field(default_factory=list)
    """Messages that stand in Slack more than once."""
    forgotten: list[str] = field(default_factory=list)
    """Messages that must be sent, are posted nowhere, and are not parked."""
    lost_clicks: list[str] = field(default_factory=list)
    """Clicks that were answered and are not in the database."""
    untrue: list[str] = field(default_factory=list)
    """What the database believes of Slack and is not so."""

    @property
    def faults(self) -> list[str]:
        """All that went wrong."""
        return [*self.duplicates, *self.forgotten, *self.lost_clicks, *self.untrue]


async def under_way(database: Database) -> Counter[str]:
    """Return how many messages of each kind are not settled yet; ``resolving`` counts waves."""
    return await database.read(_count_under_way)


async def waiting(database: Database) -> int:
    """Return how many prompts wait to be claimed."""
    prompts = select(func.count()).where(Outbox.kind == "prompt", Outbox.status == "pending")
    return await database.read(lambda connection: connection.scalar(prompts) or 0)


def _count_under_way(connection: Connection) -> Counter[str]:
    kinds = (
        select(Outbox.kind, func.count().label("number")).where(_UNDER_WAY).group_by(Outbox.kind)
    )
    waves = select(func.count()).where(Wave.state == "resolving")
    found = Counter({row.kind: row.number for row in connection.execute(kinds)})
    found["resolving"] = connection.scalar(waves) or 0
    return +found


async def judge(
    sandbox: Sandbox, database: Database, clicks: Sequence[Click], people: int | None
) -> Verdict:
    """Judge a campaign that has come to rest.

    Arguments:
        sandbox: its ledger says what Slack has done.
        database: the bot's.
        clicks: those that were answered.
        people: how many every wave must have invited; None where waves differ.
    """
    verdict = Verdict(clicks=len(clicks))
    rows = await _rows(database, select(Outbox))
    _judge_messages(verdict, sandbox, rows)
    invited: Counter[int] = Counter()
    prompts = {row.invitation_id for row in rows if row.kind == "prompt"}
    for one in await _rows(database, select(Invitation)):
        verdict.invitations += 1
        invited[one.wave_id] += 1
        if one.id not in prompts:
            verdict.forgotten.append(f"the invitation {one.id} has no prompt")
    for wave in await _rows(database, select(Wave)):
        if wave.state == "resolving" or invited[wave.id] != (people or invited[wave.id] or 1):
            verdict.forgotten.append(f"wave {wave.id} ({wave.state}) invited {invited[wave.id]}")
    await _judge_clicks(verdict, database, clicks)
    return verdict


def _judge_messages(verdict: Verdict, sandbox: Sandbox, rows: Iterable[Any]) -> None:
    """Compare each message of the outbox with the posts that Slack has done."""
    posted: Counter[str] = Counter()
    for call in sandbox.ledger.of("chat.postMessage"):
        if call.done:
            posted[call.arguments["metadata"]["event_payload"]["id"]] += 1
    posted_at = {
        (message.channel, message.ts)
        for channel in sandbox.workspace.channels
        for message in sandbox.workspace.posted(channel).values()
    }
    for row in rows:
        times = posted.pop(row.id, 0)
        verdict.messages += times
        told = f"{row.dedupe_key} ({row.status}, {row.reason})"
        if row.status == "unknown":
            verdict.parked += 1
        if times > 1:
            verdict.duplicates.append(f"{told} was posted {times} times")
        elif times == 0 and row.status not in {"unknown", "cancelled"}:
            verdict.forgotten.append(f"{told} was never posted")
        elif times == 1 and row.status != "unknown" and (row.channel, row.ts) not in posted_at:
            verdict.untrue.append(f"{told} stands at {row.channel} {row.ts}, they say")
        if row.status == "cancelled" and row.kind == "prompt":
            verdict.forgotten.append(f"{told} was given up")
    verdict.untrue += [f"a message of nobody was posted: {one}" for one in posted]


async def _judge_clicks(verdict: Verdict, database: Database, clicks: Iterable[Click]) -> None:
    """Find each answered click among the scores and their history."""
    stored: defaultdict[str, set[int]] = defaultdict(set)
    newest: defaultdict[str, int] = defaultdict(int)
    invitation_of: dict[str, str] = {}
    for response in await _rows(database, select(Response)):
        invitation_of[response.id] = response.invitation_id
        stored[response.invitation_id] |= {response.score, response.latest_score}
        newest[response.invitation_id] = response.action_ts
    for change in await _rows(database, select(ScoreChange)):
        stored[invitation_of[change.response_id]] |= {change.from_score, change.to_score}
    verdict.lost_clicks += [
        str(click)
        for click in clicks
        if click.score not in stored[click.invitation] or newest[click.invitation] < click.at
    ]


async def _rows(database: Database, statement: Select[Any]) -> list[Any]:
    """Return rows with the names of their columns, of a whole table too."""
    table = statement.subquery()
    return await database.read(lambda connection: list(connection.execute(select(table))))
