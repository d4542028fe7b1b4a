"""``/nps``: the owner's word. Slack is answered at once; what was asked for follows."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.answering.views import prompt
from nps_bot.asking import explain, launching
from nps_bot.asking.audience_reader import is_in
from nps_bot.asking.listeners.send import Starting
from nps_bot.asking.listeners.stop import Stopping
from nps_bot.asking.views import nudges, why
from nps_bot.delivery.rules import Refused
from nps_bot.errors import NpsBotError, StorageUnavailableError, nearest
from nps_bot.figures import report as reporting
from nps_bot.figures.listeners import CommandButtons
from nps_bot.figures.periods import parse_period
from nps_bot.figures.views import report
from nps_bot.home import status as standing
from nps_bot.home.views import help as help_view
from nps_bot.home.views import status
from nps_bot.interaction.command_args import Asked, CommandError, not_an_owner, paused
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_NOW, WENT_WRONG
from nps_bot.people import store as people
from nps_bot.shared_channels.views import question
from nps_bot.slack import notices, payloads
from nps_bot.slack.block_kit import listed
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.message import Message
from nps_bot.slack.payloads import ShareRequest
from nps_bot.surveys.rules.cadence_text import describe
from nps_bot.surveys.rules.survey import Delivery

log = logging.getLogger(__name__)

_Handler = Callable[[Asked], Awaitable[Sequence[Message]]]
"""Returns the answer, and behind it what to answer where Slack refuses its blocks."""


class Commands:
    """The listener of the slash command."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._starting, self._stopping = Starting(context), Stopping(context)
        self._handlers: Mapping[str, _Handler] = {
            "report": self._report,
            "status": self._status,
            "send": self._send,
            "stop": self._stop,
            "why": self._why,
            "preview": self._preview,
            "pause": self._pause,
            "resume": self._resume,
        }

    def register(self, app: AsyncApp) -> None:
        """Register the command, and the buttons in its answers."""
        app.command("/nps")(self.nps)
        CommandButtons(self._context).register(app)
        self._starting.register(app)
        self._stopping.register(app)

    async def nps(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Answer ``/nps``, to the person who asked and nobody else."""
        await ack()
        origin, words = payloads.origin(body), payloads.command_words(body)
        answering = self._answer(origin.person_id, origin.response_url or "", words)
        self._context.background.spawn(answering, "Answering /nps", person=origin.person_id)

    async def _answer(self, person_id: str, response_url: str, words: list[str]) -> None:
        try:
            answers = await self._do(person_id, words)
        except StorageUnavailableError as error:
            log.warning("/nps was not answered: %s", error, extra={"person": person_id})
            answers = [notices.sentence(NOT_NOW)]
        except NpsBotError as error:
            answers = [notices.sentence(str(error))]
        except Exception:  # nobody foresaw it, and who asked must not wait for nothing
            log.exception("/nps failed", extra={"person": person_id})
            answers = [notices.sentence(WENT_WRONG)]
        await self._respond(response_url, answers)

    async def _respond(self, response_url: str, answers: Sequence[Message]) -> None:
        """Whisper the first answer whose blocks the workspace takes."""
        first, *others = answers
        try:
            await self._context.messenger.respond(response_url, first)
        except SlackCallError as error:
            if not others or not isinstance(error.failure, Refused):
                raise
            await self._respond(response_url, others)
            await self._context.charts.refused()

    async def _do(self, person_id: str, words: list[str]) -> Sequence[Message]:
        verb = words.pop(0).lower() if words else "help"
        if verb == "help":
            return [help_view.help_()]
        handler = self._handlers.get(verb)
        if handler is None:
            known = [*self._handlers, "help"]
            raise CommandError(
                f"/nps knows no '{verb}'.{nearest(verb, known)} "
                f"It knows {listed(known)}; /nps help says more."
            )
        managed = await self._context.access.managed(person_id)
        if not managed:
            raise not_an_owner()
        return await handler(Asked(person_id, words, managed))

    # --- what stands behind each word --------------------------------------------------------

    async def _report(self, asked: Asked) -> Sequence[Message]:
        context = self._context
        survey, typed = asked.survey_and_period()
        now = context.clock.now()
        period = parse_period(typed, now) if typed is not None else None
        figures = await context.database.read(reporting.report, survey, period, now)
        share = ShareRequest(survey.key, typed, now.isoformat()).encoded()
        plain = report.report(figures, share, charts=False)
        return (
            [report.report(figures, share, charts=True), plain]
            if context.charts.allowed
            else [plain]
        )

    async def _status(self, asked: Asked) -> Sequence[Message]:
        context = self._context
        facts = await context.database.read(standing.status, asked.surveys(), context.clock.now())
        return [status.status(facts, context.workspace_url)]

    async def _why(self, asked: Asked) -> Sequence[Message]:
        context = self._context
        typed = asked.person()
        member = await context.directory.person(typed)
        if member is None and (known := await context.database.read(people.find, typed)):
            member = await context.directory.person(known)
        if member is None:
            raise CommandError(
                f"Slack shows me nobody called '{typed}'. Type @ and choose them from the list."
            )
        surveys = asked.surveys()
        inside = [
            survey.key
            for survey in surveys
            if await is_in(context.directory, survey.audience, member.id)
        ]
        facts = await context.database.read(
            explain.why, surveys, member, inside, asked.person_id, context.clock.now()
        )
        titles = {key: survey.wording.title for key, survey in context.surveys.items()}
        return [why.why(facts, titles)]

    async def _preview(self, asked: Asked) -> Sequence[Message]:
        survey = asked.survey()
        owners = await self._context.access.owners(survey)
        rhythm, wording = describe(survey.cadence), survey.wording
        if survey.delivery is Delivery.CHANNELS:
            return [question.preview(wording, survey.kind, rhythm=rhythm, owners=owners)]
        further, readers = nudges.further(survey), survey.anonymity or survey.kind
        return [prompt.preview(wording, readers, rhythm=rhythm, owners=owners, further=further)]

    async def _pause(self, asked: Asked) -> Sequence[Message]:
        context = self._context
        survey = asked.survey()
        changed = await context.database.write(
            launching.pause, survey.key, asked.person_id, context.clock.now()
        )
        if not changed:
            raise paused(survey)
        return [
            notices.sentence(
                f"“{survey.wording.title}” is paused: nobody is asked until /nps resume"
                f" {survey.key}. Answers still count."
            )
        ]

    async def _resume(self, asked: Asked) -> Sequence[Message]:
        context = self._context
        survey = asked.survey()
        title = survey.wording.title
        if not await context.database.write(launching.resume, survey.key):
            return [notices.sentence(f"“{title}” is not paused.")]
        context.wake_dispatcher()
        return [
            notices.sentence(
                f"“{title}” goes on: questions that were held back are sent now, or when the"
                " person's quiet hours are over."
            )
        ]

    async def _send(self, asked: Asked) -> Sequence[Message]:
        return [await self._starting.shown(asked)]

    async def _stop(self, asked: Asked) -> Sequence[Message]:
        return [await self._stopping.shown(asked)]
