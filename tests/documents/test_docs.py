"""The documents say what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import create_model
from pydantic.fields import FieldInfo

from nps_bot.anonymous.rules.disclosure import MEDIUM_WITHIN, NARROW_WITHIN, Figure
from nps_bot.anonymous.rules.privacy import MARGIN, STRONGEST_BOUND, disclose, seal
from nps_bot.base.settings import VARIABLES, Mode
from nps_bot.nps.bands import Band
from nps_bot.surveys.files.defaults import CHASERS, FOLLOW_UPS, QUESTIONS, REMINDER, THANK_YOUS
from nps_bot.surveys.files.explaining import keys_of, model_in
from nps_bot.surveys.files.loading import load_survey
from nps_bot.surveys.files.schema import KINDS
from nps_bot.surveys.rules.survey import COMMENTS_FROM, LEAST_THRESHOLD, Anonymity, Kind
from tests.asking.test_eligibility import WEEKLY

ROOT = Path(__file__).parents[2]
SURVEYS = (ROOT / "docs" / "surveys.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

Row = tuple[str, ...]


def rows(document: str) -> list[Row]:
    """Return the cells of all tables."""
    lines = [line for line in document.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def survey_keys(keys: Mapping[str, FieldInfo], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key of a survey file, those of the three bands as one."""
    for key, field in keys.items():
        path = prefix + re.sub(rf"^({'|'.join(Band)})$", "<band>", key)
        yield path, field
        if inner := model_in(field.annotation):
            listed = "[]" if "tuple[" in str(field.annotation) else ""
            yield from survey_keys(keys_of(inner), f"{path}{listed}.")


KEYS = dict(each for kind in reversed(KINDS) for each in survey_keys(keys_of(kind)))
DOCUMENTED = {
    row[0].strip("`"): row for row in rows(SURVEYS) if len(row) == 3 and row[0].strip("`") in KEYS
}


def shown(n: int) -> int:
    """Return the bound that is shown where all of ``n`` people are promoters."""
    chance = Random(1)  # noqa: S311  # to be repeated, not to be secret
    found = disclose(
        seal([(None, 10, n)], ()), invited=n, threshold=3, population_known=False, chance=chance
    )
    assert isinstance(found, Figure)
    return found.score.points


def test_every_key_of_a_survey_is_documented_once() -> None:
    tables = SURVEYS.split("| key | default | meaning |")[1:]
    keys = [row[0].strip("`") for table in tables for row in rows(table.split("\n\n")[0])]
    assert sorted(keys) == sorted(KEYS)


def test_the_meaning_of_a_key_is_the_models() -> None:
    for key, field in KEYS.items():
        meaning = DOCUMENTED[key][2]
        assert field.description is not None
        if "<band>" not in key:  # told for all bands at once
            assert meaning.startswith(field.description)


def test_the_default_of_a_key_is_the_models() -> None:
    for key, field in KEYS.items():
        told = DOCUMENTED[key][1]
        if field.is_required():
            assert told.startswith("required") or key == "anonymous", key
        elif model_in(field.annotation) is field.annotation:
            assert told == "see below", key
        elif key == "follow_ups.<band>":
            assert told == "the standard ones"
        elif field.default is None:
            assert told not in {"", "required"}, key
            assert "`" not in told, key
        else:
            assert parsed(field, told.strip("`")) == field.default, key


def parsed(field: FieldInfo, text: str) -> Any:
    """Return what the value ``text`` means to ``field``."""
    definition: Any = (field.annotation, field)
    one: Any = create_model("One", value=definition)
    instance = one.model_validate({field.alias or "value": [] if text == "[]" else text})
    return instance.value


def test_the_words_by_default_are_shown() -> None:
    shown = set(rows(SURVEYS))
    for kind in Kind:
        assert (f"`{kind}`", QUESTIONS[kind]) in shown
        for band in Band:
            assert (f"`{kind}`", f"`{band}`", THANK_YOUS[kind][band]) in shown
    for band in Band:
        for each in FOLLOW_UPS[band]:
            assert (f"`{band}`", f"`{each.key}`", each.question) in shown
        assert (f"`chaser.{band}`", CHASERS[band]) in shown
    assert ("`reminder`", REMINDER) in shown


@pytest.mark.parametrize("number", range(4))
def test_the_examples_are_surveys(number: int, tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", SURVEYS, re.DOTALL)
    whole = examples[number].startswith("key:")
    text = examples[number] if whole else examples[0] + examples[number]
    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_survey(path).key == "customer"


def test_the_limits_of_a_weekly_survey_are_limits(tmp_path: Path) -> None:
    """That they ask everybody each week is tested with the budget."""
    (limits,) = re.findall(r"`(budget: \{.*\})`", SURVEYS)
    smallest = re.findall(r"```yaml\n(.*?)```", SURVEYS, re.DOTALL)[0]
    path = tmp_path / "weekly.yaml"
    path.write_text(f"{smallest}\n{limits}\n", encoding="utf-8")
    assert load_survey(path).budget == WEEKLY


def test_every_setting_is_documented_with_its_default() -> None:
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows(CONFIGURATION)}
    for name, default in VARIABLES.items():
        assert documented.get(name) == (default or "none")
    assert {name for name in documented if name.isupper() and " " not in name} == set(VARIABLES)


def test_every_mode_is_documented() -> None:
    assert set(re.findall(r"\| `(\w+)`[:;]", CONFIGURATION)) == set(Mode)


def test_links_between_documents_lead_somewhere() -> None:
    for document in (ROOT / "docs").glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


PRIVACY = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "said",
    [
        f"{Anonymity().threshold} unless its file says otherwise, never below {LEAST_THRESHOLD}",
        f"from {COMMENTS_FROM} answers (or k + 1, if that is more)",
        f"*narrow* (at most {NARROW_WITHIN} points either way), *medium* (at most {MEDIUM_WITHIN})",
        f'"above +{STRONGEST_BOUND}" or "below −{STRONGEST_BOUND}"',
        f"where {MARGIN} answers or fewer are missing to unanimity",
        f'"above +{shown(6)}" of six answers',
    ],
)
def test_the_numbers_of_the_privacy_page_are_the_codes(said: str) -> None:
    assert said in " ".join(PRIVACY.split())


def test_from_how_many_answers_the_bound_is_the_strongest() -> None:
    least = next(n for n in range(LEAST_THRESHOLD + 1, 100) if shown(n) == STRONGEST_BOUND)
    assert f"With fewer than {least} answers the bound is lower" in " ".join(PRIVACY.split())
