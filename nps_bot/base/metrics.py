"""What this process counts for Prometheus as it works; what the database knows is asked there.

Labels come from short lists of ours: no id, name or word of a person is ever one.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's; else each has a twin

REGISTRY = CollectorRegistry()
"""Ours alone, so that no library adds to what docs/operating.md explains."""

REQUESTS = Counter(
    "nps_requests",
    "What Slack sent and this process answered: clicks, modals, commands and events",
    ("kind", "outcome"),
    registry=REGISTRY,
)
CALLS = Counter(
    "nps_slack_calls",
    "Calls to Slack by this process",
    ("method", "outcome"),
    registry=REGISTRY,
)


def counted() -> bytes:
    """Return the counters in Prometheus' text format."""
    return generate_latest(REGISTRY)
