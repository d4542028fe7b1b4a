"""``/nps``: the owner's word. Slack is answered at once; what was asked for follows."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.domain.cadence import describe
from nps_bot.domain.delivery import Refused
from nps_bot.domain.survey import Survey
from nps_bot.errors import NpsBotError, StorageUnavailableError, nearest
from nps_bot.services import launching, owed, reporting
from nps_bot.services import status as standing
from nps_bot.services.launching import NOMINAL, ByHand
from nps_bot.services.owed import SharedReport
from nps_bot.services.periods import parse_period
from nps_bot.slack import payloads
from nps_bot.slack.edge import Edge
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.inviting import invite_everybody, whole_audience
from nps_bot.slack.listeners.answering import NOT_NOW, NOT_SAVED, tell
from nps_bot.slack.payloads import Origin, SendRequest, ShareRequest
from nps_bot.slack.views import help as help_view
from nps_bot.slack.views import notices, prompt, report, send, status
from nps_bot.slack.views.kit import listed
from nps_bot.slack.views.message import Message
from nps_bot.storage import waves

log = logging.getLogger(__name__)

NOT_AN_OWNER = (
    "/nps is for the owners of a survey, and you don't own one here. "
    "Your own answers are in this app's Home tab."
)


class CommandError(NpsBotError):
    """What was typed cannot be done; the text says what can."""


_Handler = Callable[["_Asked"], Awaitable[Sequence[Message]]]
"""Returns the answer, and behind it what to answer where Slack refuses its blocks."""


class _Asked:
    """One use of ``/nps``: who, where, what, and the surveys that person may steer."""

    def __init__(self, person_id: str, words: Sequence[str], managed: Sequence[Survey]) -> None:
        self.person_id = person_id
        self.words = list(words)
        self.managed = {survey.key: survey for survey in managed}

    def survey(self) -> Survey:
        """Take the survey from the words; it may be left out where there is just one.

        Raises:
            CommandError: no such survey, or several to choose from.
        """
        if self.words and (found := self.managed.get(self.words[0].lower())):
            self.words.pop(0)
            return found
        if self.words:
            hint = nearest(self.words[0], self.managed)
            raise CommandError(f"You own no survey '{self.words[0]}'.{hint} {self._choices()}")
        if len(self.managed) > 1:
            raise CommandError(f"Which survey? {self._choices()}")
        return next(iter(self.managed.values()))

    def survey_and_period(self) -> tuple[Survey, str | None]:
        """Take an optional survey and an optional period from the words."""
        if self.words and self.words[0].lower() not in self.managed and self._may_be_period():
            period = self.words.pop(0)
            return self.survey(), period
        found = self.survey()
        return found, self.words.pop(0) if self.words else None

    def done(self) -> None:
        """Refuse words that nobody has asked for.

        Raises:
            CommandError: there are some.
        """
        if self.words:
            raise CommandError(f"'{self.words[0]}' is one word too many. /nps help says more.")

    def _may_be_period(self) -> bool:
        return self.words[0][0].isdigit() or self.words[0].lower() == "all"

    def _choices(self) -> str:
        return f"You own {listed(sorted(self.managed))}."


class Commands:
    """The listeners of the slash command and of the buttons in its answers."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._handlers: Mapping[str, _Handler] = {
            "report": self._report,
            "status": self._status,
            "send": self._send,
            "preview": self._preview,
            "pause": self._pause,
            "resume": self._resume,
        }

    def register(self, app: AsyncApp) -> None:
        """Register the command and its buttons."""
        app.command("/nps")(self.nps)
        app.action("share_report")(self.share)
        app.action("send_confirm")(self.confirm_send)
        app.action("send_cancel")(self.cancel_send)

    async def nps(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Answer ``/nps``, to the person who asked and nobody else."""
        await ack()
        origin = payloads.origin(body)
        words = payloads.command_words(body)
        self._spawn(self._answer(origin.person_id, origin.response_url or "", words), origin)

    async def _answer(self, person_id: str, response_url: str, words: list[str]) -> None:
        try:
            answers = await self._do(person_id, words)
        except StorageUnavailableError as error:
            log.warning("/nps was not answered: %s", error, extra={"person": person_id})
            answers = [notices.sentence(NOT_NOW)]
        except NpsBotError as error:
            answers = [notices.sentence(str(error))]
        await self._respond(response_url, answers)

    async def _respond(self, response_url: str, answers: Sequence[Message]) -> None:
        """Whisper the first answer whose blocks the workspace takes."""
        first, *others = answers
        try:
            await self._edge.messenger.respond(response_url, first)
        except SlackCallError as error:
            if not others or not isinstance(error.failure, Refused):
                raise
            await self._respond(response_url, others)
            await self._edge.charts.refused()

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
        managed = await self._edge.access.managed(person_id)
        if not managed:
            raise CommandError(NOT_AN_OWNER)
        return await handler(_Asked(person_id, words, managed))

    # --- what stands behind each word --------------------------------------------------------

    async def _report(self, asked: _Asked) -> Sequence[Message]:
        edge = self._edge
        survey, typed = asked.survey_and_period()
        asked.done()
        now = edge.clock.now()
        period = parse_period(typed, now) if typed is not None else None
        figures = await edge.database.read(reporting.report, survey, period, now)
        share = ShareRequest(survey.key, typed, now.isoformat()).encoded()
        plain = report.report(figures, share, charts=False)
        return (
            [report.report(figures, share, charts=True), plain] if edge.charts.allowed else [plain]
        )

    async def _status(self, asked: _Asked) -> Sequence[Message]:
        edge = self._edge
        surveys = [asked.survey()] if asked.words else list(asked.managed.values())
        asked.done()
        facts = await edge.database.read(standing.status, surveys, edge.clock.now())
        return [status.status(facts, edge.workspace_url)]

    async def _preview(self, asked: _Asked) -> Sequence[Message]:
        survey = asked.survey()
        asked.done()
        owners = await self._edge.access.owners(survey)
        rhythm = describe(survey.cadence)
        return [prompt.preview(survey.wording, survey.kind, rhythm=rhythm, owners=owners)]

    async def _pause(self, asked: _Asked) -> Sequence[Message]:
        edge = self._edge
        survey = asked.survey()
        asked.done()
        title = survey.wording.title
        changed = await edge.database.write(
            launching.pause, survey.key, asked.person_id, edge.clock.now()
        )
        if not changed:
            return [notices.sentence(f"“{title}” is paused already. /nps resume goes on.")]
        return [
            notices.sentence(
                f"“{title}” is paused: nobody is asked until /nps resume. Answers still count."
            )
        ]

    async def _resume(self, asked: _Asked) -> Sequence[Message]:
        edge = self._edge
        survey = asked.survey()
        asked.done()
        title = survey.wording.title
        if not await edge.database.write(launching.resume, survey.key):
            return [notices.sentence(f"“{title}” is not paused.")]
        edge.wake_courier()
        return [notices.sentence(f"“{title}” goes on: what was held back is sent now.")]

    async def _send(self, asked: _Asked) -> Sequence[Message]:
        edge = self._edge
        survey = asked.survey()
        asked.done()
        if await edge.database.read(waves.is_paused, survey.key):
            raise CommandError(f"“{survey.wording.title}” is paused. /nps resume goes on with it.")
        now = edge.clock.now()
        members = await whole_audience(edge, survey)
        plan = await edge.database.read(launching.plan, survey, members, now)
        request = SendRequest(survey.key, now.strftime(NOMINAL), len(plan.due))
        return [send.plan(survey.wording.title, plan, request.encoded())]

    # --- buttons in the answers --------------------------------------------------------------

    async def confirm_send(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Start the wave that was previewed, once however often it is confirmed."""
        await ack()
        origin, request = payloads.origin(body), payloads.send_request(body)
        self._spawn(self._start(origin, request), origin)

    async def _start(self, origin: Origin, request: SendRequest) -> None:
        edge = self._edge
        try:
            survey = await self._managed(origin.person_id, request.survey_key)
            started = await edge.database.write(
                launching.start_by_hand, survey, ByHand(request.nominal), edge.clock.now()
            )
        except NpsBotError as error:
            await self._fail(origin, error)
            return
        shown = send.started(survey.wording.title, request.people)
        await edge.messenger.replace_original(origin.response_url or "", shown)
        if started is not None:
            log.info(
                "A wave was started by hand",
                extra={"survey": survey.key, "wave": started, "person": origin.person_id},
            )
            await invite_everybody(edge)

    async def cancel_send(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Start nothing, and say so."""
        await ack()
        origin, request = payloads.origin(body), payloads.send_request(body)
        survey = self._edge.surveys.get(request.survey_key)
        title = survey.wording.title if survey else request.survey_key
        self._spawn(
            self._edge.messenger.replace_original(origin.response_url or "", send.cancelled(title)),
            origin,
        )

    async def share(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Post the report in the channel, without comments; never where outsiders read."""
        await ack()
        origin, request = payloads.origin(body), payloads.share_request(body)
        self._spawn(self._share(origin, request, payloads.channel_id(body)), origin)

    async def _share(self, origin: Origin, request: ShareRequest, channel: str) -> None:
        edge = self._edge
        try:
            survey = await self._managed(origin.person_id, request.survey_key)
            if await edge.messenger.is_external(channel):
                raise CommandError(
                    "Not shared: people outside your organisation can read this channel."
                )
            sharing = SharedReport(origin.person_id, channel, request.period, request.made)
            await edge.database.write(owed.owe_shared_report, survey.key, sharing, edge.clock.now())
        except NpsBotError as error:
            await self._fail(origin, error)
            return
        edge.wake_courier()

    async def _managed(self, person_id: str, survey_key: str) -> Survey:
        """Return a survey the person may steer: what was so when the button came may have changed.

        Raises:
            CommandError: they may not, or it is gone.
        """
        survey = self._edge.surveys.get(survey_key)
        if survey is None or not await self._edge.access.may_manage(person_id, survey):
            raise CommandError(NOT_AN_OWNER)
        return survey

    async def _fail(self, origin: Origin, error: NpsBotError) -> None:
        sentence = NOT_SAVED if isinstance(error, StorageUnavailableError) else str(error)
        log.warning("A button of /nps failed: %s", error, extra={"person": origin.person_id})
        await tell(self._edge, origin, sentence)

    def _spawn(self, work: Coroutine[Any, Any, None], origin: Origin) -> None:
        self._edge.background.spawn(work, "Answering /nps", person=origin.person_id)
