"""What an operator's platform asks over HTTP: does it live, can it work, what does it measure."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from nps_bot.base import metrics
from nps_bot.base.errors import NpsBotError
from nps_bot.home.measures import Measures, SurveyMeasures
from nps_bot.slack.asgi import Receive, Scope, Send, answer

log = logging.getLogger(__name__)


class Probes:
    """Serves ``/healthz`` (the process lives), ``/readyz`` (it can work) and ``/metrics``."""

    def __init__(
        self, ready: Callable[[], Awaitable[None]], measure: Callable[[], Awaitable[Measures]]
    ) -> None:
        """Prepare to serve.

        Args:
            ready: raises an :class:`NpsBotError` that says what is missing.
            measure: reads the figures; raises the same.
        """
        self._ready = ready
        self._measure = measure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's signature
        """Answer one request (ASGI 3)."""
        if scope["type"] != "http":
            return
        match scope["path"]:
            case "/healthz":
                await answer(send, 200, "alive")
            case "/readyz":
                await self._say_ready(send)
            case "/metrics":
                await self._tell(send)
            case _:
                await answer(send, 404, "Nothing is served here.")

    async def _say_ready(self, send: Send) -> None:
        try:
            await self._ready()
        except NpsBotError as error:  # its text names hosts: it is for the log, not the world
            log.warning("Not ready: %s", error)
            await answer(send, 503, "The database does not answer; the log says why.")
        else:
            await answer(send, 200, "ready")

    async def _tell(self, send: Send) -> None:
        """Tell the figures; while the database is away what this process counted, and that."""
        try:
            figures = families(await self._measure())
        except NpsBotError as error:
            log.warning("The figures cannot be read: %s", error)
            figures = [_gauge(_DATABASE, 0)]
        text = metrics.counted() + _written(figures)
        await answer(send, 200, text.decode(), content_type=CONTENT_TYPE_LATEST)


# --- figures -> Prometheus ------------------------------------------------------------------------

_DATABASE = ("nps_database_up", "Whether the database answered: without it the rest is missing")


def families(measures: Measures) -> list[Metric]:
    """Return the figures as Prometheus knows them."""
    return [
        _gauge(_DATABASE, 1),
        *_of_surveys(measures.surveys),
        _by(
            ("nps_outbox_messages", "Messages that are not done with, by where they stand"),
            ("status",),
            [((status,), number) for status, number in sorted(measures.outbox.items())],
        ),
        _gauge(
            ("nps_outbox_parked", "Messages only a person can settle: python bot.py outbox"),
            measures.parked,
        ),
        _gauge(
            ("nps_outbox_overdue_seconds", "How long the oldest due message has been waiting"),
            measures.overdue.total_seconds(),
        ),
        _gauge(
            ("nps_pace_messages_per_second", "How fast Slack takes messages, as learnt last"),
            measures.posting_rate,
        ),
    ]


def _of_surveys(surveys: Mapping[str, SurveyMeasures]) -> Iterator[Metric]:
    """Yield what is told for each survey."""
    per = surveys.items()
    for name, told, values in (
        ("nps_waves_open", "Waves that take answers", {k: each.waves for k, each in per}),
        ("nps_people_asked", "People asked in open waves", {k: each.asked for k, each in per}),
        ("nps_people_left", "People open waves still ask", {k: each.left for k, each in per}),
        (
            "nps_cases_unclaimed",
            "Cases nobody takes care of",
            {k: each.unclaimed for k, each in per},
        ),
    ):
        yield _by((name, told), ("survey",), [((key,), n) for key, n in values.items()])
    yield _by(
        ("nps_responses", "Responses in open waves, by band"),
        ("survey", "band"),
        [((key, band), n) for key, each in per for band, n in each.responses.items()],
    )


def _gauge(told: tuple[str, str], value: float) -> Metric:
    return GaugeMetricFamily(*told, value=value)


def _by(
    told: tuple[str, str], labels: Sequence[str], values: Sequence[tuple[Sequence[str], float]]
) -> Metric:
    family = GaugeMetricFamily(*told, labels=labels)
    for each, value in values:
        family.add_metric(each, value)
    return family


class _Read(Collector):
    """Figures that were read already."""

    def __init__(self, figures: Sequence[Metric]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._figures


def _written(figures: Sequence[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Read(figures))
    return generate_latest(registry)
