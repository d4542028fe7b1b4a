"""One survey file -> one frozen survey, checked before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nps_bot.errors import SurveyFileError
from nps_bot.surveys.files.building import build, quiet_hours
from nps_bot.surveys.files.explaining import explain
from nps_bot.surveys.files.in_channels import problems_in_channels
from nps_bot.surveys.files.reading import read_yaml
from nps_bot.surveys.files.schema import CadenceGroup, ChannelsGroup, QuietHoursGroup, SurveyFile
from nps_bot.surveys.rules.cadence import times_of_day
from nps_bot.surveys.rules.survey import Survey


def load_survey(path: Path) -> Survey:
    """Return the survey of one file.

    Raises:
        SurveyFileError: the file is wrong; one line per problem, each with the file, the key and
            what is allowed.
    """
    values, problems = read_yaml(path)
    try:
        file = SurveyFile.model_validate(values) if values else None
    except ValidationError as error:
        file = None
        problems += explain(error, SurveyFile)
    problems += [*problems_in_channels(values), *_hours_in_quiet_hours(values)]
    problems += _at_odds_with_anonymity(values)
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
        quiet = quiet_hours(QuietHoursGroup.model_validate(values.get("quiet_hours", {})))
    except ValidationError:
        return []
    hours = [f"{at:%H:%M}" for at in times_of_day(cadence.cadence()) if quiet.covers(at)]
    key = "cadence.at" if cadence.cron is None else "cadence.cron"
    return [
        f"'{key}' asks at {hour}, inside the quiet hours {quiet.start:%H:%M}-{quiet.end:%H:%M};"
        f" choose an hour from {quiet.end:%H:%M} until {quiet.start:%H:%M}, or change quiet_hours"
        for hour in hours[:1]
    ]


_NEED_NAMES = {
    "chaser": "nobody can tell who wrote nothing",
    "correctable_for": "nobody can find an answer again to correct it",
    "thank_you": "everybody reads the same words, so that they tell nothing of the answer",
}
"""What an anonymous survey cannot have, and why."""


def _at_odds_with_anonymity(values: Mapping[str, Any]) -> list[str]:
    """Return what does not go with an anonymous survey, or is missing in a named one.

    Checked on the raw values, so that it is told together with other problems of the file.
    """
    if "anonymous" in values:
        return [
            f"'{key}' does not go with 'anonymous', because {why}; remove it"
            for key, why in _NEED_NAMES.items()
            if key in values and str(values[key]).lower() != "off"
        ]
    channels = values.get("channels")
    if not isinstance(channels, dict) or "alerts" in channels:
        return []
    return [f"'channels.alerts' is missing: {ChannelsGroup.model_fields['alerts'].description}"]
