"""What the sandbox begins with: nine months of waves, lived through in a second or two.

Nothing is made up behind the bot's back. Waves are opened, people asked, scores recorded, cases
claimed and waves closed by the bot's own services, only that ``now`` is months ago; and what the
outbox owes is rendered and put where Slack would have it.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import Connection

from nps_bot.answering import follow_ups, opt_out
from nps_bot.answering.opt_out import Scope
from nps_bot.answering.rules import Click, Refusal
from nps_bot.answering.score import record_score
from nps_bot.answering.snooze import snooze
from nps_bot.app.kinds import KINDS
from nps_bot.asking import launching, nudging
from nps_bot.asking.inviting import whole_audience
from nps_bot.asking.launching import Page
from nps_bot.asking.rules.message_types import PROMPT, REMINDER, REPROMPT
from nps_bot.asking.store import wave_heads
from nps_bot.base.clock import MovableClock
from nps_bot.cases import casework
from nps_bot.delivery.claim import Batch, Delivery, claim
from nps_bot.delivery.destinations import DirectMessage, TeamChannel
from nps_bot.delivery.kinds import Remove, RenderContext
from nps_bot.delivery.rules import Priority, Settlement, Status
from nps_bot.delivery.settle import settle_all
from nps_bot.delivery.store import backlog
from nps_bot.delivery.store.claims import Claimed, Waiting
from nps_bot.demo.tempers import SECOND_THOUGHTS, TEMPERS, Intent, intent
from nps_bot.interaction.context import BotContext
from nps_bot.nps.bands import Band, band_of
from nps_bot.slack.messenger import METADATA_TYPE
from nps_bot.slack.profiles import Member
from nps_bot.surveys.rules.local_time import earliest_opening
from nps_bot.surveys.rules.survey import Survey
from slack_sandbox import Message, Workspace
from slack_sandbox.blocks.ids import with_ids

_TEAM = ("tom", "mei")
"""Who look after unhappy people, in turn."""
_CLAIMED_AFTER, _WRITTEN_AFTER = timedelta(hours=5), timedelta(hours=26)
_WHILE = timedelta(minutes=30)
"""What comes within so short a time is done together."""
_MANY = 1_000

Deed = Callable[[Connection, datetime], "Sequence[Later]"]


@dataclass(frozen=True, slots=True)
class Later:
    """Something that is done at a moment; it returns what follows from it."""

    at: datetime
    deed: Deed


class Past:
    """Lives through the time before the sandbox was started.

    Args:
        context: the bot, with a clock that shows the past and with nobody who delivers.
        workspace: whose messages stand there in the end.
        clock: the edge's clock, and the workspace's.
    """

    def __init__(self, context: BotContext, workspace: Workspace, clock: MovableClock) -> None:
        self._context = context
        self._workspace = workspace
        self._clock = clock
        self._to_come: list[tuple[datetime, int, Deed]] = []
        self._order = count()
        self._asked: Counter[str] = Counter()

    async def live_through(self, nominals: Mapping[str, Sequence[datetime]]) -> None:
        """Open the waves of these nominal times, by survey key, and see each to its end."""
        for survey in self._context.surveys.values():
            members = [
                one for one in await whole_audience(self._context, survey) if self._lived(one)
            ]
            for nominal in nominals.get(survey.key, ()):
                at = earliest_opening(nominal, survey.time_zone)
                self._add(Later(at, _opening(survey, members, nominal)))
        while (moment := await self._next()) is not None:
            self._clock.ahead += moment + _WHILE - self._clock.now()
            await self._live_on()
        now = self._clock.now()
        batch = await self._context.database.write(self._claim, (), now, rewriting=True)
        await self._deliver(batch, rewriting=True)
        for channel in self._workspace.channels.values():
            for message in self._workspace.messages(channel)[-1:]:
                for member in channel.members:
                    self._workspace.put_read(member, channel.id, message.ts)

    def _lived(self, member: Member) -> bool:
        """Return whether somebody was there: those whom visitors begin as are new."""
        return self._workspace.users[member.id].name in TEMPERS

    def _add(self, *later: Later) -> None:
        for one in later:
            heapq.heappush(self._to_come, (one.at, next(self._order), one.deed))

    async def _next(self) -> datetime | None:
        """Return when something happens next."""
        moments = [self._to_come[0][0]] if self._to_come else []
        due = await self._context.database.read(backlog.next_post)
        return min([*moments, *([] if due is None else [due])], default=None)

    async def _live_on(self) -> None:
        """Do what is due by now, and deliver what the bot owes for it."""
        now = self._clock.now()
        due: list[tuple[datetime, Deed]] = []
        while self._to_come and self._to_come[0][0] <= now:
            at, _, deed = heapq.heappop(self._to_come)
            due.append((at, deed))

        def happen(connection: Connection) -> tuple[list[Later], Batch, bool]:
            follows = [later for at, deed in due for later in deed(connection, at)]
            nudging.enqueue_due(connection, self._context.surveys, now)
            closed = launching.close_due(connection, self._context.surveys, now)
            return follows, self._claim(connection, (), now, rewriting=bool(closed)), bool(closed)

        follows, batch, closed = await self._context.database.write(happen)
        self._add(*follows)
        await self._deliver(batch, rewriting=closed)

    async def _deliver(self, batch: Batch, *, rewriting: bool) -> None:
        """Put what was claimed, and what is due then, where Slack would have it.

        What stands there is rewritten only where ``rewriting``: when a wave closes is often enough.
        """
        while batch.deliveries:
            ended = [
                (one.message, await self._put(one))
                for one in batch.deliveries
                if not isinstance(one.content, Remove)
            ]
            batch = await self._context.database.write(
                self._claim, ended, self._clock.now(), rewriting=rewriting
            )

    def _claim(
        self,
        connection: Connection,
        ended: Sequence[tuple[Claimed, Settlement]],
        now: datetime,
        *,
        rewriting: bool,
    ) -> Batch:
        """Settle what was delivered, and claim what is due."""
        settle_all(connection, KINDS, ended, now)
        kinds = (False, True) if rewriting else (False,)
        wanted = [Waiting(_MANY, Priority.RESPONDENT, updating) for updating in kinds]
        return claim(connection, KINDS, self._context.surveys, wanted, now)

    async def _put(self, delivery: Delivery) -> Settlement:
        """Post or rewrite one message in the workspace."""
        message, workspace = delivery.message, self._workspace
        rendering = RenderContext(self._context, message.updating, charts=True)
        text = await delivery.kind.render(rendering, delivery.content)
        blocks = with_ids(list(text.blocks))
        if message.channel is not None and message.ts is not None:
            invitation = workspace.posted(message.channel)[message.ts]
            workspace.put_message(
                replace(invitation, text=text.text, blocks=blocks, edited_ts=workspace.next_ts())
            )
            return Settlement(Status.SENT, channel=message.channel, ts=message.ts)
        posted = Message(
            self._channel(delivery),
            workspace.next_ts(),
            workspace.bot.id,
            text.text,
            blocks,
            {"event_type": METADATA_TYPE, "event_payload": {"id": message.id}},
            bot_id=workspace.bot_id,
        )
        workspace.put_message(posted)
        if message.kind == PROMPT.name:
            self._plan(message)
        elif message.kind in (REPROMPT.name, REMINDER.name):
            self._plan(message, again=True)
        return Settlement(Status.SENT, channel=posted.channel, ts=posted.ts)

    def _channel(self, delivery: Delivery) -> str:
        match delivery.destination:
            case DirectMessage(ref):
                return self._workspace.dm(ref).id
            case TeamChannel(ref):
                return self._workspace.channel(ref).id
            case existing:
                return existing.channel

    def _plan(self, message: Claimed, *, again: bool = False) -> None:
        """Have somebody act on a question they got."""
        person_id, invitation_id = message.person_id or "", message.invitation_id or ""
        if not again:
            self._asked[person_id] += 1
        wanted = intent(self._workspace.users[person_id], self._asked[person_id])
        survey = self._context.surveys[message.survey_key or ""]
        now = self._clock.now()
        if wanted is not None and wanted.score is not None:
            one = _One(self._context.surveys, survey, invitation_id, person_id, wanted)
            putting_off = wanted.snoozes and not again
            self._add(Later(now + wanted.after, one.put_off if putting_off else one.answer))
        if survey.reminder is not None and not again:
            self._add(Later(now + survey.reminder.after, _nothing))


def _nothing(connection: Connection, now: datetime) -> Sequence[Later]:
    """Only look what is due."""
    del connection, now
    return ()


def _opening(survey: Survey, members: Sequence[Member], nominal: datetime) -> Deed:
    """Return what opens a wave and asks everybody there was."""

    def open_it(connection: Connection, now: datetime) -> Sequence[Later]:
        wave_id = launching.open_nominal(connection, survey, nominal, now)
        if wave_id is None:
            return ()
        launching.add_page(connection, survey, wave_id, Page(None, members, None), now)
        wave = wave_heads.head(connection, wave_id)
        return () if wave is None else [Later(wave.closes_at, _nothing)]

    return open_it


@dataclass(frozen=True, slots=True)
class _One:
    """Somebody with a question before them, and what they want to do about it."""

    surveys: Mapping[str, Survey]
    survey: Survey
    invitation_id: str
    person_id: str
    wanted: Intent

    def put_off(self, connection: Connection, at: datetime) -> Sequence[Later]:
        """Ask to be asked later."""
        snooze(connection, self.surveys, self.invitation_id, self.person_id, at)
        return ()

    def answer(self, connection: Connection, at: datetime) -> Sequence[Later]:
        """Give a score and the words with it; the rest follows."""
        wanted, score = self.wanted, self.wanted.score or 0
        if not self._scored(connection, score, at):
            return ()
        questions = self.survey.wording.questions(band_of(score))
        typed = {each.key: text for each, text in zip(questions, wanted.words, strict=False)}
        if typed:
            follow_ups.save_replies(connection, self.invitation_id, self.person_id, typed, at)
        follows = []
        if self.survey.chaser is not None and not typed:
            follows.append(Later(at + self.survey.chaser.after, _nothing))
        if wanted.changed_to is not None:
            follows.append(Later(at + SECOND_THOUGHTS, self._change))
        if wanted.leaves:
            follows.append(Later(at + timedelta(minutes=1), self._leave))
        if band_of(score) is Band.DETRACTOR:
            follows += _care(self.invitation_id, at)
        return follows

    def _change(self, connection: Connection, at: datetime) -> Sequence[Later]:
        self._scored(connection, self.wanted.changed_to or 0, at)
        return ()

    def _leave(self, connection: Connection, at: datetime) -> Sequence[Later]:
        opt_out.stop(connection, self.invitation_id, self.person_id, Scope.THIS, at)
        return ()

    def _scored(self, connection: Connection, score: int, at: datetime) -> bool:
        """Click on a score; return whether that changed anything."""
        clicked = int(at.timestamp() * 1_000_000)
        click = Click(self.invitation_id, self.person_id, score, clicked, in_prompt=False)
        recorded = record_score(connection, self.surveys, click, at)
        return not isinstance(recorded, Refusal) and recorded.changed


def _care(invitation_id: str, at: datetime) -> list[Later]:
    """Return what the team does about an unhappy answer."""
    carer = f"U0{_TEAM[at.day % len(_TEAM)].upper():0<7}"

    def claim(connection: Connection, at: datetime) -> Sequence[Later]:
        casework.claim(connection, invitation_id, carer, at)
        return ()

    def write(connection: Connection, at: datetime) -> Sequence[Later]:
        casework.contacted(connection, invitation_id, carer, at)
        return ()

    return [Later(at + _CLAIMED_AFTER, claim), Later(at + _WRITTEN_AFTER, write)]
