"""Every metric is explained, and nothing is explained that is not told."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from prometheus_client.core import Metric

from nps_bot.base.metrics import REGISTRY
from nps_bot.home.measures import Measures, SurveyMeasures
from nps_bot.home.probes import families
from nps_bot.nps.bands import Band
from nps_bot.slack.errors import OUTCOMES

OPERATING = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
STATUSES = {"pending": 4, "claimed": 3, "unknown": 2, "failed": 1}
MEASURES = Measures(
    {"customer": SurveyMeasures(1, 20, 10, {Band.DETRACTOR: 2}, 1)},
    STATUSES,
    1,
    timedelta(minutes=2),
    7.5,
)


def told() -> dict[str, Metric]:
    """Return all metrics by the name they are scraped by."""
    counters = {f"{metric.name}_total": metric for metric in REGISTRY.collect()}
    return counters | {metric.name: metric for metric in families(MEASURES)}


def documented() -> dict[str, str]:
    """Return the documented metrics with their kind and labels."""
    return dict(re.findall(r"^\| `(nps_\w+)` \| ([^|]+) \|", OPERATING, re.MULTILINE))


def test_every_metric_is_documented_with_its_kind_and_labels() -> None:
    assert set(documented()) == set(told())
    for name, metric in told().items():
        kind, *labels = re.findall(r"\w+", documented()[name].replace("by", ""))
        assert kind == metric.type
        for sample in metric.samples:
            assert set(sample.labels) == set(labels), name


def test_every_value_of_a_label_is_documented() -> None:
    for value in (*Band, *STATUSES, *OUTCOMES.values(), "ok"):
        assert f"`{value}`" in OPERATING, value


def test_every_metric_explains_itself() -> None:
    for name, metric in told().items():
        assert metric.documentation, name


def test_the_figures_are_told_as_they_are() -> None:
    expected: dict[tuple[str, ...], float] = {
        ("nps_outbox_messages", status): number for status, number in STATUSES.items()
    }
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in families(MEASURES)
        for sample in metric.samples
    }
    assert samples == expected | {
        ("nps_database_up",): 1,
        ("nps_waves_open", "customer"): 1,
        ("nps_people_asked", "customer"): 20,
        ("nps_people_left", "customer"): 10,
        ("nps_cases_unclaimed", "customer"): 1,
        ("nps_responses", "customer", "detractor"): 2,
        ("nps_outbox_parked",): 1,
        ("nps_outbox_overdue_seconds",): 120,
        ("nps_pace_messages_per_second",): 7.5,
    }
