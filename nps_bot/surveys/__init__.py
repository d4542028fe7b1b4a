"""Survey files -> frozen surveys, all of them checked before the first one is used."""

from __future__ import annotations

from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType

from nps_bot.base.errors import SurveyFileError
from nps_bot.surveys.rules.survey import Survey

__all__ = ["load_surveys", "load_surveys_apart"]


def load_surveys(folder: Path) -> Mapping[str, Survey]:
    """Return the surveys of all ``*.yaml`` and ``*.yml`` files in ``folder`` by their keys.

    Args:
        folder: where the files stand; folders in it are not looked into.

    Returns:
        A mapping that cannot be changed, in the order of the keys.

    Raises:
        SurveyFileError: there is no survey, a file is wrong, or two have the same key; one line per
            problem, of all files.
    """
    return MappingProxyType(_load(folder))


def load_surveys_apart(folder: Path) -> Mapping[str, Survey]:
    """Return the same as :func:`load_surveys`, read by a process of its own.

    What reads the files (pydantic, YAML) takes nine megabytes, and a process that serves for
    months needs none of it once they are read.

    Raises:
        SurveyFileError: as above.
    """
    apart = get_context("fork")  # it knows all that this one knows, and so it is quick
    receiving, sending = apart.Pipe(duplex=False)
    process = apart.Process(target=_send, args=(folder, sending))
    process.start()
    sending.close()
    with receiving:
        try:
            found = receiving.recv()
        except EOFError:  # somebody killed it
            return load_surveys(folder)
        finally:
            process.join()
    if isinstance(found, SurveyFileError):
        raise found
    return MappingProxyType(found)


def _send(folder: Path, sending: Connection) -> None:
    try:
        sending.send(_load(folder))
    except SurveyFileError as error:
        sending.send(error)


def _load(folder: Path) -> dict[str, Survey]:
    from nps_bot.surveys.files.loading import load_survey  # noqa: PLC0415  # see load_surveys_apart

    if not folder.is_dir():
        raise SurveyFileError(f"{folder} is no folder; NPS_SURVEYS names the one with the surveys.")
    paths = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    if not paths:
        raise SurveyFileError(f"{folder} holds no survey: put at least one .yaml file there.")
    surveys: dict[str, tuple[Path, Survey]] = {}
    problems = []
    for path in paths:
        try:
            survey = load_survey(path)
        except SurveyFileError as error:
            problems.append(str(error))
            continue
        if survey.key in surveys:
            other = surveys[survey.key][0]
            problems.append(f"{path}: 'key' is '{survey.key}', which {other} has already.")
        else:
            surveys[survey.key] = (path, survey)
    if problems:
        raise SurveyFileError("\n".join(problems))
    return {key: surveys[key][1] for key in sorted(surveys)}
