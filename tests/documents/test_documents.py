"""README, ARCHITECTURE, CONTRIBUTING and the pages about Slack and statistics say what is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import replace
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from docs.generate import BLOCKS, written
from nps_bot.anonymous.report import TREND_WAVES
from nps_bot.app.listeners import WORDS
from nps_bot.asking.scheduler import TICK
from nps_bot.delivery import rules as delivery
from nps_bot.delivery.rules import UPDATE_DELAY
from nps_bot.demo.people import MANIFEST as PATH
from nps_bot.nps.score import (
    DIRECTIONAL_BELOW,
    SCORE_INTERVAL_BELOW,
    Distribution,
    interval,
    no_answer_bounds,
    nps,
)
from nps_bot.slack.numbers import points
from nps_bot.storage import database
from slack_sandbox import Manifest, Sandbox
from tests.helpers.lumen import start_lumen

ROOT = Path(__file__).parents[2]
BOT = ROOT / "nps_bot"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


README, ARCHITECTURE, CONTRIBUTING = map(read, ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"))
SLACK_APP, STATISTICS = read("docs/slack-app.md"), read("docs/statistics.md")
COMMAND_LINE, CONFIGURATION = read("docs/commands.md"), read("docs/configuration.md")
DESIGN = read("docs/design.md")
MANIFEST: dict[str, Any] = json.loads(read("manifest.json"))
PROJECT = tomllib.loads(read("pyproject.toml"))["project"]


def quoted(text: str) -> list[str]:
    """Return what stands in single backticks."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)


def table(document: str, heading: str) -> dict[str, list[str]]:
    """Return the rows of the table with this first heading: further cells by the first one."""
    lines = iter(document.splitlines())
    assert any(line.startswith(f"| {heading} |") for line in lines), heading
    next(lines)
    found = {}
    for line in lines:
        if not line.startswith("|"):
            break
        first, *others = (cell.strip() for cell in line.strip("|").split("|"))
        found[first] = others
    return found


def keys(document: str, heading: str) -> list[str]:
    return [key for cell in table(document, heading) for key in quoted(cell)]


# --- all of them ----------------------------------------------------------------------------------


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize(
    "document", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda path: path.name
)
def test_links_lead_somewhere(document: Path) -> None:
    for path, anchor in re.findall(
        r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", document.read_text(encoding="utf-8")
    ):
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


@pytest.mark.parametrize("document", [README, CONTRIBUTING])
def test_every_verb_of_make_exists(document: str) -> None:
    targets = set(re.findall(r"^(\w+):", read("Makefile"), re.MULTILINE))
    commands = "\n".join(commands_in(document))
    verbs = set(re.findall(r"^(?:\w+=\S* )?make (\w+)", commands, re.MULTILINE))
    assert verbs <= targets


def commands_in(document: str) -> list[str]:
    """Return what a reader may copy: quoted words and lines of shell blocks."""
    return [*quoted(document), *re.findall(r"```sh\n(.*?)```", document, re.DOTALL)]


def test_the_version_is_in_the_changelog() -> None:
    assert f"## [{PROJECT['version']}]" in read("CHANGELOG.md")


def test_the_license_is_the_one_that_is_declared() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in read("LICENSE")
    assert "The NPS bot authors" in read("LICENSE")


# --- README ---------------------------------------------------------------------------------------


def commands_of(*group: str) -> Iterator[str]:
    """Yield the commands of `python bot.py` as they are typed, from its own help."""
    help_ = subprocess.run(
        [sys.executable, "bot.py", *group, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    commands = help_.partition("\nCommands:\n")[2].partition("\n\n")[0]
    for name in re.findall(r"^  (\w+)", commands, re.MULTILINE):
        if name in {"surveys", "people", "outbox"} and not group:
            yield from commands_of(name)
        if name not in {"surveys", "people"} or group:
            yield " ".join((*group, name))


def test_every_command_is_explained() -> None:
    written = re.findall(r"`python bot\.py ?([^`]*)`", COMMAND_LINE)
    words = {re.sub(r" ?[\[A-Z].*", "", command) for command in written}
    assert words == {"", *commands_of()}


def test_every_word_of_nps_is_in_the_readme() -> None:
    written = [word for word in keys(README, "command") if word.startswith("/nps ")]
    assert {word.removeprefix("/nps ") for word in written} == {word.usage for word in WORDS}


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 1300
    assert README.count("![") == 3


def test_every_page_is_in_the_index() -> None:
    index = set(re.findall(r"\]\(([a-z-]+\.md)\)", read("docs/README.md")))
    assert index == {path.name for path in ROOT.glob("docs/*.md")} - {"README.md"}


# --- ARCHITECTURE ---------------------------------------------------------------------------------

FIRST_PAGE, APPENDIX = ARCHITECTURE.split("## Glossary")


def test_the_first_page_is_short() -> None:
    assert len(FIRST_PAGE.split()) <= 900


def test_every_room_is_in_the_architecture() -> None:
    rooms = {
        path.name if path.suffix else f"{path.name}/"
        for path in BOT.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"__init__.py"} <= set(quoted(FIRST_PAGE))


@pytest.mark.parametrize("document", [FIRST_PAGE, CONTRIBUTING, STATISTICS, DESIGN])
def test_every_path_that_is_named_exists(document: str) -> None:
    paths = {word for word in quoted(document) if re.fullmatch(r"[\w./-]+(\.py|/)", word)}
    assert paths
    assert [path for path in paths if not ((ROOT / path).exists() or (BOT / path).exists())] == []


def test_every_function_that_is_named_exists() -> None:
    named = [word for word in quoted(DESIGN) if re.fullmatch(r"[a-z_]+(/[a-z_]+)*\.\w.*", word)]
    found = 0
    for word in named:
        path, _, attributes = word.partition(".")
        folder = BOT / path
        if attributes not in ("py", "js") and (
            folder.is_dir() or folder.with_suffix(".py").exists()
        ):
            attrgetter(attributes)(import_module(f"nps_bot.{path.replace('/', '.')}"))
            found += 1
    assert found > 20


def test_the_rooms_stand_in_the_order_that_is_checked() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    layers = contracts["importlinter:contract:rooms"]["layers"].replace("nps_bot.", "")
    checked = [layer for layer in re.split(r"[\s|]+", layers) if layer]
    rows = [line.split("|")[1] for line in FIRST_PAGE.splitlines() if line.startswith("| `")]
    shown = [quote.strip("/").removesuffix(".py") for row in rows for quote in quoted(row)]
    assert [room for room in checked if room in shown] == [
        room for room in shown if room in checked
    ]
    assert {room for room in checked if (BOT / room).is_dir()} <= set(shown)


@pytest.mark.parametrize("name", BLOCKS)
def test_what_comes_from_the_code_is_up_to_date(name: str) -> None:
    file, text = BLOCKS[name]
    assert written(read(file), name, text()) == read(file), "run: make docs"


def test_the_numbers_are_those_of_the_code() -> None:
    text = " ".join(DESIGN.split())
    certain = delivery.LEASE + delivery.LOOKUP_AFTER
    numerals = ("no", "one", "two", "three", "four")
    for words in (
        f"every {TICK.seconds} seconds",
        f"a lease of {delivery.LEASE.seconds} seconds",
        f"Not there, {certain.seconds} seconds after the claim",
        f"{numerals[int(database.PATIENCE)]} seconds, the person reads",
        f"rewrites the prompt {numerals[UPDATE_DELAY.seconds]} seconds later",
    ):
        assert words in text, words
    assert delivery.CLOCK_SKEW.seconds == 5 * 60  # "five minutes before the claim"
    assert delivery.backoff(1).seconds == 2
    assert delivery.backoff(99).seconds == 5 * 60


# --- CONTRIBUTING ---------------------------------------------------------------------------------


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=]", requirement)[0] for requirement in requirements}


def test_every_dependency_has_its_reason() -> None:
    bots, tools = CONTRIBUTING.split("For development:")
    assert set(keys(bots, "package")) == names(PROJECT["dependencies"])
    assert set(keys(tools, "package")) == names(PROJECT["optional-dependencies"]["dev"])


# --- the Slack app --------------------------------------------------------------------------------

SCOPES = table(SLACK_APP, "scope")
METHOD = re.compile(r"(?:auth|chat|conversations|usergroups|users|views)\.[A-Za-z.]+")


def test_every_scope_of_the_manifest_is_explained_and_none_else() -> None:
    assert [scope.strip("`") for scope in SCOPES] == MANIFEST["oauth_config"]["scopes"]["bot"]


def test_every_event_is_explained() -> None:
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert keys(SLACK_APP, "event") == subscribed


def test_every_setting_of_the_app_is_explained_with_its_value() -> None:
    features = MANIFEST["features"]
    settings = {**features["app_home"], **features["bot_user"], **features["slash_commands"][0]}
    settings |= MANIFEST["settings"]["interactivity"]
    settings |= {k: v for k, v in MANIFEST["settings"].items() if isinstance(v, bool)}
    for words in ("description", "usage_hint"):
        del settings[words]
    documented = {
        quoted(setting)[0]: quoted(cells[0])[0]
        for setting, cells in table(SLACK_APP, "setting").items()
    }
    assert documented == {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in settings.items()
    }


def test_every_method_that_is_called_is_explained() -> None:
    called = {
        name
        for path in (BOT / "slack").rglob("*.py")
        for name in re.findall(rf'"({METHOD.pattern})"', path.read_text(encoding="utf-8"))
    }
    assert len(called) > 10
    assert called <= set(METHOD.findall(SLACK_APP))


def test_the_manifest_for_http_differs_by_its_addresses_only() -> None:
    (shown,) = map(json.loads, re.findall(r"```json\n(.*?)```", SLACK_APP, re.DOTALL))
    expected = json.loads(read("manifest.json"))
    address = "https://YOUR-HOST/slack/events"
    expected["features"]["slash_commands"][0]["url"] = address
    expected["settings"]["event_subscriptions"]["request_url"] = address
    expected["settings"]["interactivity"]["request_url"] = address
    expected["settings"]["socket_mode_enabled"] = False
    assert shown["settings"] == expected["settings"]
    assert shown["features"]["slash_commands"] == expected["features"]["slash_commands"]


CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "chat:write": ("chat.postMessage", {"channel": "C0GENERAL", "text": "Hello"}),
    "im:write": ("conversations.open", {"users": "U0ADA0000"}),
    "im:history": ("conversations.history", {"channel": "a direct message"}),
    "users:read": ("users.info", {"user": "U0ADA0000"}),
    "users:read.email": ("users.lookupByEmail", {"email": "priya@lumen.example"}),
    "channels:read": ("conversations.info", {"channel": "C0GENERAL"}),
    "channels:history": ("conversations.history", {"channel": "C0GENERAL"}),
    "groups:read": ("conversations.list", {"types": "public_channel,private_channel"}),
    "groups:history": ("conversations.history", {"channel": "C0LEADERS"}),
    "usergroups:read": ("usergroups.list", {}),
}
"""One call for each scope that is needed by one."""


def test_every_scope_is_needed_by_a_call_or_the_slash_command() -> None:
    assert {scope.strip("`") for scope in SCOPES} == {*CALLS, "commands"}
    assert MANIFEST["features"]["slash_commands"]
    for scope, (method, _) in CALLS.items():
        assert method in quoted(SCOPES[f"`{scope}`"][1]), scope


@pytest.mark.parametrize("scope", CALLS)
async def test_without_its_scope_a_call_is_refused(scope: str) -> None:
    full = Manifest.load(PATH)
    method, arguments = CALLS[scope]
    for manifest in (full, replace(full, scopes=tuple(set(full.scopes) - {scope}))):
        sandbox = await start_lumen(manifest=manifest)
        workspace = sandbox.workspace
        workspace.channel("leadership").members.append(workspace.bot.id)
        try:
            if scope == "im:history":
                opened = await call(sandbox, "conversations.open", users="U0ADA0000")
                arguments = {"channel": opened["channel"]["id"]}
            answer = await call(sandbox, method, **arguments)
        finally:
            await sandbox.stop()
        assert answer.get("needed") == (None if manifest is full else scope)
        assert answer["ok"] is (manifest is full), answer


async def call(sandbox: Sandbox, method: str, **arguments: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {sandbox.bot_token}"}
    url = sandbox.api_url + method
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=arguments, headers=headers) as response,
    ):
        answer: dict[str, Any] = await response.json()
        return answer


# --- statistics -----------------------------------------------------------------------------------


def test_the_examples_are_computed_so() -> None:
    examples = table(STATISTICS, "promoters")
    assert examples
    for promoters, (passives, detractors, score, customers, employees) in examples.items():
        counts = [0] * 11
        counts[9], counts[7], counts[0] = int(promoters), int(passives), int(detractors)
        answers = Distribution(tuple(counts))
        population = re.search(r"N = (\d+)", employees)
        assert population is not None
        value, stands_for_more = nps(answers), interval(answers)
        census = interval(answers, population=int(population[1]))
        assert value is not None
        assert stands_for_more is not None
        assert census is not None
        assert score == points(value)
        assert customers == f"{points(stands_for_more.lower)} to {points(stands_for_more.upper)}"
        assert employees.startswith(f"{points(census.lower)} to {points(census.upper)} ")


def test_the_bounds_are_computed_so() -> None:
    counts = (9, 0, 0, 0, 0, 0, 0, 12, 0, 20, 0)
    bounds = no_answer_bounds(Distribution(counts), 90)
    assert bounds is not None
    assert f"For 20, 12 and 9 of 90 that is {points(bounds.lower)} to {points(bounds.upper)}." in (
        STATISTICS
    )


def test_the_limits_of_the_statistics_are_those_of_the_code() -> None:
    assert f"Below {DIRECTIONAL_BELOW} answers" in STATISTICS
    assert SCORE_INTERVAL_BELOW == 10  # "From ten answers on", "Below ten"
    assert f"Up to {TREND_WAVES} waves" in STATISTICS
