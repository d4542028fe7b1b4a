"""The composition root: everything is built and wired here, and nowhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from nps_bot.app.kinds import KINDS
from nps_bot.app.listeners import ACTIONS, WORDS
from nps_bot.app.reactions import REACTIONS
from nps_bot.asking import launching
from nps_bot.asking.direct_messages import DirectMessages
from nps_bot.asking.scheduler import build_scheduler
from nps_bot.asking.stopping import halted
from nps_bot.base.clock import Clock, SettableClock, passing
from nps_bot.base.errors import SettingsError, StorageUnavailableError
from nps_bot.base.settings import Mode, Settings
from nps_bot.delivery.dispatcher import Dispatcher
from nps_bot.home.listeners import publish
from nps_bot.home.measures import Measures, measure
from nps_bot.home.probes import Probes
from nps_bot.interaction.access import Access
from nps_bot.interaction.batched_writes import BatchedWrites
from nps_bot.interaction.context import BotContext, DeliveryMode
from nps_bot.interaction.registration import register
from nps_bot.shared_channels.mode import SharedChannels
from nps_bot.slack.background import Background
from nps_bot.slack.bolt import build_bolt
from nps_bot.slack.calls import NotSent, RateLimited, Unknown
from nps_bot.slack.charts import Charts
from nps_bot.slack.directory import Directory
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.http import Web, serving
from nps_bot.slack.messenger import Messenger
from nps_bot.slack.profiles import Identity
from nps_bot.slack.socket import socket_mode
from nps_bot.slack.web_api import WebApi, open_session
from nps_bot.storage.database import PATIENCE, Database
from nps_bot.storage.migrate import ensure_migrated
from nps_bot.storage.notify import Notifier, Wake, listen
from nps_bot.storage.serving import ServingLock
from nps_bot.surveys.rules.survey import Delivery, Survey

log = logging.getLogger(__name__)

MODES: Mapping[Delivery, DeliveryMode] = {
    Delivery.DIRECT_MESSAGES: DirectMessages(),
    Delivery.CHANNELS: SharedChannels(),
}
"""How surveys reach people."""

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
        context: what its listeners work with.
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
            owed = await stack.enter_async_context(_shared(database, clock, wake))
        session = await stack.enter_async_context(open_session(settings.slack_api_url))
        api = WebApi(session, settings.slack_bot_token, settings.slack_api_url)
        identity = await _reach(Messenger(api), patient=patient)
        clocks = (clock, lease_clock or clock)
        context = _context(database, api, identity, surveys, clocks, owed)
        stack.push_async_callback(context.background.drain, DRAIN_TIMEOUT)
        await context.charts.recall()
        await database.write(launching.see_surveys, surveys, clock.now())
        yield context


def _context(
    database: Database,
    api: WebApi,
    identity: Identity,
    surveys: Mapping[str, Survey],
    clocks: tuple[Clock, Clock],
    wake_dispatcher: Callable[[], None],
) -> BotContext:
    """Return what listeners are handed; ``clocks`` are those of people and of leases."""
    clock, lease_clock = clocks
    directory, background = Directory(api, lease_clock), Background()

    def current_surveys() -> Mapping[str, Survey]:
        return surveys

    return BotContext(
        current_surveys=current_surveys,
        database=database,
        clock=clock,
        lease_clock=lease_clock,
        messenger=Messenger(api),
        directory=directory,
        access=Access(directory, current_surveys),
        background=background,
        charts=Charts(database),
        modes=MODES,
        workspace_url=identity.url,
        message_labels=KINDS.labels(),
        wake_dispatcher=wake_dispatcher,
        publish_home=publish,
        batched_writes=BatchedWrites(database, background, clock),
    )


@asynccontextmanager
async def _shared(
    database: Database, clock: SettableClock, wake: asyncio.Event
) -> AsyncIterator[Callable[[], None]]:
    """Share a database with other processes: keep its time; gives what tells all that a message
    is owed.
    """
    await _set_clock(clock, database)
    notifier = Notifier(database)

    def owed() -> None:
        wake.set()
        notifier.tell()

    async with background_task(_keep_clock(clock, database)), background_task(notifier.run()):
        yield owed


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
            port = await stack.enter_async_context(serving(_probes(context), settings.port))
        if dispatcher is not None:  # it stops while the rest does: supervisors wait ten seconds
            stack.callback(dispatcher.stop)
        yield Bot(context, port)


@asynccontextmanager
async def _working(
    settings: Settings, context: BotContext, wake: asyncio.Event
) -> AsyncIterator[Dispatcher]:
    """Deliver and tick. Should the dispatcher ever break, so does the process: a bot that takes
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
    except ExceptionGroup as group:  # what failed beside the dispatcher comes out as it was raised
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from None


@asynccontextmanager
async def _listening(settings: Settings, context: BotContext) -> AsyncIterator[int | None]:
    bolt = build_bolt(settings.slack_bot_token, settings.slack_api_url, context.background)
    register(bolt, context, ACTIONS, WORDS)
    probes = _probes(context)
    if settings.mode is Mode.SOCKET:
        probing = serving(probes, settings.port) if settings.port_given else nullcontext(None)
        async with socket_mode(bolt, settings.slack_app_token), probing as port:
            yield port
    else:
        web = Web(bolt, settings.slack_signing_secret or "", probes)
        async with serving(web, settings.port) as port:
            yield port


def _probes(context: BotContext) -> Probes:
    async def measured() -> Measures:
        return await context.database.read(measure, context.surveys, context.clock.now())

    return Probes(context.database.ping, measured)
