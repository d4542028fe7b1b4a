"""The composition root: everything is built and wired here, and nowhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_token_skipped
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from nps_bot.asking import launching
from nps_bot.asking.scheduler import build_scheduler
from nps_bot.asking.stopping import halted
from nps_bot.clock import Clock, SettableClock, passing
from nps_bot.delivery.dispatcher import Dispatcher
from nps_bot.errors import SettingsError, StorageUnavailableError
from nps_bot.figures.measures import Measures, measure
from nps_bot.home.probes import Probes
from nps_bot.interaction.access import Access
from nps_bot.interaction.context import BotContext
from nps_bot.kinds import KINDS
from nps_bot.listeners import register
from nps_bot.metrics import REQUESTS
from nps_bot.reactions import REACTIONS
from nps_bot.settings import Mode, Settings
from nps_bot.slack.background import Background
from nps_bot.slack.calls import NotSent, RateLimited, Unknown
from nps_bot.slack.charts import Charts
from nps_bot.slack.directory import Directory
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.http import HttpServer, Web
from nps_bot.slack.http import listen as open_socket
from nps_bot.slack.messenger import Messenger
from nps_bot.slack.profiles import Identity
from nps_bot.slack.web_api import WebApi, open_session
from nps_bot.storage.database import PATIENCE, Database
from nps_bot.storage.migrate import ensure_migrated
from nps_bot.storage.notify import Notifier, Wake, listen
from nps_bot.storage.serving import ServingLock
from nps_bot.surveys.rules.survey import Survey

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = 3.0
"""Seconds for answers to Slack when the bot stops: it waits no longer for them."""
DRAIN_TIMEOUT = 5.0
"""Seconds for what follows a click (modals, rewritten prompts) when the bot stops. Together with
the answers less than the ten that hosting platforms wait, as is a call to Slack."""
SET_CLOCK_EVERY = 20.0
"""Seconds between settings of the clock by the database's."""
RETRY_SLACK = 5.0
"""Seconds between attempts to reach Slack at the start."""


class Role(Flag):
    """What a process does. One does everything, or several share it over PostgreSQL."""

    LISTEN = auto()
    """Take clicks and commands."""
    WORK = auto()
    """Open waves and deliver messages."""
    ALL = LISTEN | WORK


@dataclass(frozen=True, slots=True)
class Bot:
    """The running bot.

    Attributes:
        edge: what its listeners work with.
        port: where HTTP is served; None where it is not, as in Socket Mode without PORT.
    """

    context: BotContext
    port: int | None


def open_database(url: str, *, patience: float = PATIENCE) -> Database:
    """Return the bot's database, with all that follows from the events recorded in it.

    Args:
        url: the address of the database.
        patience: seconds after which a write gives up.

    Raises:
        SettingsError: ``url`` cannot be used.
    """
    return Database(url, reactions=REACTIONS, patience=patience)


@asynccontextmanager
async def connected(
    settings: Settings,
    surveys: Mapping[str, Survey],
    clock: SettableClock,
    *,
    wake: asyncio.Event,
    patient: bool = True,
    lease_clock: Clock | None = None,
) -> AsyncIterator[BotContext]:
    """Give what every use of the bot needs: the migrated database and Slack.

    Args:
        settings: with credentials.
        surveys: all surveys, by key.
        clock: tells the time.
        wake: set when something is owed.
        patient: whether to wait for a Slack that cannot be reached.
        lease_clock: tells real time, by which leases last; ``clock`` where there is no other.

    Raises:
        NpsBotError: the database cannot be used, or Slack refuses the token.
    """
    if settings.slack_bot_token is None:
        raise SettingsError("SLACK_BOT_TOKEN is not set.")
    await asyncio.to_thread(ensure_migrated, settings.database_url)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_url))
        owed = wake.set
        if database.shared:
            await _set_clock(clock, database)
            await stack.enter_async_context(background_task(_keep_clock(clock, database)))
            notifier = Notifier(database)
            await stack.enter_async_context(background_task(notifier.run()))

            def owed() -> None:
                wake.set()
                notifier.tell()

        session = await stack.enter_async_context(open_session(settings.slack_api_url))
        api = WebApi(session, settings.slack_bot_token, settings.slack_api_url)
        messenger, directory = Messenger(api), Directory(api, lease_clock or clock)
        identity = await _reach(messenger, patient=patient)
        background = Background()
        stack.push_async_callback(background.drain, DRAIN_TIMEOUT)
        charts = Charts(database)
        await charts.recall()
        await database.write(launching.see_surveys, surveys, clock.now())

        def current_surveys() -> Mapping[str, Survey]:
            return surveys

        yield BotContext(
            current_surveys=current_surveys,
            database=database,
            clock=clock,
            lease_clock=lease_clock or clock,
            messenger=messenger,
            directory=directory,
            access=Access(directory, current_surveys),
            background=background,
            charts=charts,
            workspace_url=identity.url,
            message_labels=KINDS.labels(),
            wake_dispatcher=owed,
        )


@asynccontextmanager
async def background_task(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have something run that never ends by itself, while the context lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _set_clock(clock: SettableClock, database: Database) -> None:
    """Set a clock by the database's: by the quickest of some answers, which says it best."""
    answers = []
    for _ in range(5):
        asked = passing()
        moment = await database.moment()
        answered = passing()
        answers.append((answered - asked, moment, (asked + answered) / 2))
    _, moment, passed = min(answers)
    clock.set(moment, passed)


async def _keep_clock(clock: SettableClock, database: Database) -> None:
    """Set a clock again and again: all clocks run a little too fast or too slow."""
    while True:
        await asyncio.sleep(SET_CLOCK_EVERY)
        with suppress(StorageUnavailableError):  # it goes on as it was
            await _set_clock(clock, database)


async def _reach(messenger: Messenger, *, patient: bool) -> Identity:
    """Return who the bot is; wait for a Slack that cannot be reached, not for one that says no."""
    while True:
        try:
            return await messenger.auth_test()
        except SlackCallError as error:
            if not patient or not isinstance(error.failure, NotSent | RateLimited | Unknown):
                raise
            log.warning("Slack cannot be reached (%s); trying again", error.reason)
            await asyncio.sleep(error.retry_after or RETRY_SLACK)


@asynccontextmanager
async def running(
    settings: Settings,
    surveys: Mapping[str, Survey],
    clock: SettableClock,
    role: Role = Role.ALL,
    lease_clock: Clock | None = None,
) -> AsyncIterator[Bot]:
    """Run the bot while the context lasts; leaving it stops cleanly.

    Args:
        settings: with credentials.
        surveys: all surveys, by key.
        clock: tells the time.
        role: what this process does.
        lease_clock: tells real time, by which leases last; ``clock`` where there is no other.

    Raises:
        NpsBotError: it cannot start; the text says why and what to do.
    """
    wake = asyncio.Event()
    dispatcher: Dispatcher | None = None
    async with AsyncExitStack() as stack:
        stack.enter_context(ServingLock(settings.database_url))
        context = await stack.enter_async_context(
            connected(settings, surveys, clock, wake=wake, lease_clock=lease_clock)
        )
        if Role.WORK in role:
            dispatcher = await stack.enter_async_context(_working(settings, context, wake))
        stack.push_async_callback(context.background.drain, DRAIN_TIMEOUT)
        port = None
        if Role.LISTEN in role:
            port = await stack.enter_async_context(_listening(settings, context))
        elif settings.port_given:
            port = await stack.enter_async_context(_serving(settings, _probes(context)))
        if dispatcher is not None:  # it stops while the rest does: supervisors wait ten seconds
            stack.callback(dispatcher.stop)
        yield Bot(context, port)


@asynccontextmanager
async def _working(
    settings: Settings, context: BotContext, wake: asyncio.Event
) -> AsyncIterator[Dispatcher]:
    """Deliver and tick. Should the courier ever break, so does the process: a bot that takes
    answers and tells nobody would be worse than one its supervisor starts anew.
    """
    scheduler = build_scheduler(context)
    lane_free = asyncio.Event()
    dispatcher = Dispatcher(context, KINDS, halted, wake, lane_free)
    try:
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(dispatcher.run())]
            if context.database.shared:
                wakes = {Wake.OWED: wake.set, Wake.LANE_FREE: lane_free.set}
                hearing = listen(settings.database_url, context.database.name, wakes)
                work.append(tasks.create_task(hearing))
            scheduler.start()
            try:
                yield dispatcher
            finally:
                scheduler.shutdown(wait=False)
                for task in work:
                    task.cancel()
    except ExceptionGroup as group:  # what failed beside the courier comes out as it was raised
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None


@asynccontextmanager
async def _listening(settings: Settings, context: BotContext) -> AsyncIterator[int | None]:
    bolt = bolt_app(settings, context)
    if settings.mode is Mode.SOCKET:
        probing = _serving(settings, _probes(context)) if settings.port_given else nullcontext(None)
        handler = AsyncSocketModeHandler(bolt, settings.slack_app_token)
        answering = _Answering(handler)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's is untyped
        try:
            async with probing as port:
                yield port
        finally:
            await answering.finish()
            await handler.close_async()  # type: ignore[no-untyped-call]  # likewise
        return
    async with _serving(
        settings, Web(bolt, settings.slack_signing_secret or "", _probes(context))
    ) as port:
        yield port


@asynccontextmanager
async def _serving(settings: Settings, app: Web | Probes) -> AsyncIterator[int]:
    server = HttpServer(app, open_socket(settings.port))
    await server.start()
    try:
        yield server.port
    finally:
        await server.stop()


def _probes(context: BotContext) -> Probes:
    async def measured() -> Measures:
        return await context.database.read(measure, context.surveys, context.clock.now())

    return Probes(context.database.ping, measured)


class _Answering:
    """What Socket Mode is answering now; closing the socket below it would swallow the answers."""

    def __init__(self, handler: AsyncSocketModeHandler) -> None:
        self._handler = handler
        self._running: set[asyncio.Task[None]] = set()
        handler.client.socket_mode_request_listeners[:] = [self._answer]

    async def _answer(self, _: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        task = asyncio.create_task(self._handler.handle(self._handler.client, request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await task
        except ConnectionError as error:
            # The work is done; whoever waited for it was told by Slack that nobody answered.
            log.warning("An answer did not reach Slack: %s", error)

    async def finish(self) -> None:
        """Take nothing more and answer what was taken; it ends with the writer's patience."""
        self._handler.client.socket_mode_request_listeners.clear()
        if self._running:
            await asyncio.wait(self._running, timeout=ANSWER_TIMEOUT)


class _CountedApp(AsyncApp):
    """Bolt that counts what it is given, over socket and HTTP alike, and tells that it answers."""

    def __init__(self, background: Background, **settings: Any) -> None:
        super().__init__(**settings)
        self._background = background

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer a request."""
        with self._background.answering():
            response = await super().async_dispatch(req)
        type_ = "command" if "command" in req.body else str(req.body.get("type"))
        kind = _KINDS.get(type_, "other")
        REQUESTS.labels(kind, "ok" if response.status == 200 else "error").inc()
        return response


_KINDS = {
    "block_actions": "click",
    "view_submission": "modal",
    "command": "command",
    "event_callback": "event",
}


def bolt_app(settings: Settings, context: BotContext) -> AsyncApp:
    """Return Bolt with all listeners.

    ``process_before_response`` makes an answer mean that the work is committed, over HTTP too.
    """
    # Bolt warns that it leaves SLACK_BOT_TOKEN aside where it is told who we are: so it should.
    logging.getLogger(f"slack_bolt.{AsyncApp.__name__}").addFilter(
        lambda record: record.getMessage() != warning_token_skipped()
    )
    known = AuthorizeResult(enterprise_id=None, team_id=None, bot_token=settings.slack_bot_token)

    async def authorize() -> AuthorizeResult:
        """Say who we are without asking Slack: a first click must not wait for auth.test."""
        return known

    bolt = _CountedApp(
        context.background,
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=False,  # nps_bot.slack.http has done it, cheaper
        # For what this bot does not use; each would look at every click.
        attaching_function_token_enabled=False,
        ignoring_self_assistant_message_events_enabled=False,
    )
    bolt.client.base_url = settings.slack_api_url  # Bolt copies it for every request
    register(bolt, context)
    return bolt
