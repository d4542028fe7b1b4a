"""The native chart block.

Limits: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from __future__ import annotations

from typing import Any

from slack_sandbox.blocks.checks import (
    Problem,
    Problems,
    Where,
    anything,
    array,
    by_type,
    number,
    positive,
    shape,
    string,
)
from slack_sandbox.blocks.objects import BLOCK_ID

CHARTS_IN_A_MESSAGE = 2

_LABEL = string(20)
_SEGMENT = shape({"label": _LABEL, "value": positive})
_SERIES = shape(
    {"name": _LABEL, "data": array(shape({"label": _LABEL, "value": number}), 20)},
)
_AXES = shape(
    {"categories": array(_LABEL, 20)},
    {"x_label": string(50), "y_label": string(50)},
)


def _series_fit_categories(chart: dict[str, Any], where: Where, problems: Problems) -> None:
    categories = chart["axis_config"]["categories"]
    names = [series["name"] for series in chart["series"]]
    if len(set(names)) != len(names):
        problems.append(Problem((where, "series"), "series names must be unique"))
    for index, series in enumerate(chart["series"]):
        if [point["label"] for point in series["data"]] != categories:
            problems.append(
                Problem(
                    (((where, "series"), index), "data"), "labels must match axis_config categories"
                )
            )


_PLOT = shape(
    {"type": anything, "series": array(_SERIES, 6), "axis_config": _AXES},
    also=_series_fit_categories,
)

DATA_VISUALIZATION = shape(
    {
        "type": anything,
        "title": string(50),
        "chart": by_type(
            {
                "pie": shape({"type": anything, "segments": array(_SEGMENT, 6)}),
                "bar": _PLOT,
                "area": _PLOT,
                "line": _PLOT,
            }
        ),
    },
    {"block_id": BLOCK_ID},
)
