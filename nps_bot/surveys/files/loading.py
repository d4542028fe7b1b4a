"""One survey file -> one frozen survey, checked before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nps_bot.base.errors import SurveyFileError
from nps_bot.surveys.files.building import build
from nps_bot.surveys.files.explaining import explain
from nps_bot.surveys.files.groups import CadenceGroup, QuietHoursGroup
from nps_bot.surveys.files.reading import read_yaml
from nps_bot.surveys.files.schema import SurveyFile, kind_of
from nps_bot.surveys.rules.cadence import times_of_day
from nps_bot.surveys.rules.local_time import QuietHours
from nps_bot.surveys.rules.survey import Survey


def load_survey(path: Path) -> Survey:
    """Return the survey of one file.

    Raises:
        SurveyFileError: the file is wrong; one line per problem, each with the file, the key and
            what is allowed.
    """
    values, problems = read_yaml(path)
    kind = kind_of(values)
    file: SurveyFile | None = None
    try:
        file = kind.model_validate(values) if values else None
    except ValidationError as error:
        problems += explain(error, kind)
    problems += _hours_in_quiet_hours(values)
    if file is None or problems:
        raise SurveyFileError("\n".join(f"{path}: {_sentence(each)}" for each in problems))
    return build(file)


def _sentence(problem: str) -> str:
    """Return ``problem`` as one line, whatever a file quoted in it holds."""
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in problem)
    return line if line.endswith("?") else f"{line}."


def _hours_in_quiet_hours(values: Mapping[str, Any]) -> list[str]:
    """Return the hours at which the survey would ask in its own quiet hours.

    Checked on the raw values, so that it is told together with other problems of the file.
    """
    try:
        cadence = CadenceGroup.model_validate(values.get("cadence"))
        quiet = QuietHoursGroup.model_validate(values.get("quiet_hours", {})).made(QuietHours)
    except ValidationError:
        return []
    hours = [f"{at:%H:%M}" for at in times_of_day(cadence.cadence()) if quiet.covers(at)]
    key = "cadence.at" if cadence.cron is None else "cadence.cron"
    return [
        f"'{key}' asks at {hour}, inside the quiet hours {quiet.start:%H:%M}-{quiet.end:%H:%M};"
        f" choose an hour from {quiet.end:%H:%M} until {quiet.start:%H:%M}, or change quiet_hours"
        for hour in hours[:1]
    ]
