"""The bot as an operator meets it: real processes, their words, their exit codes."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from slack_sandbox import Sandbox
from tests.helpers.terminal import Page, Served, Terminal, messages
from tests.helpers.voting import anonymous_file

OPEN = "Your sandbox Slack is open at "


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Return a terminal in which nothing is set but a free port."""
    return Terminal(tmp_path)


def page_of(served: Served) -> Page:
    """Return the page at the address that a sandbox prints."""
    return Page(served.line_with(OPEN).removeprefix(OPEN).split(". ")[0])


def inbox(seen: dict[str, Any]) -> list[str]:
    """Return the texts of all direct messages from the bot."""
    return [message["text"] for message in messages(seen, "dm")]


# --- words ------------------------------------------------------------------------------------


def test_help_says_what_each_command_does(terminal: Terminal) -> None:
    whole = terminal.prints("--help")
    assert whole.startswith("Usage: python bot.py [OPTIONS] [COMMAND] [ARGS]...")
    commands = whole.partition("Commands:")[2]
    assert re.findall(r"^  (\w+)  ", commands, re.MULTILINE) == [
        *("web", "worker", "sandbox", "surveys", "people", "send", "stop", "outbox", "report"),
        "forget",
    ]
    assert "..." not in commands  # nothing is cut off


REFUSALS: dict[tuple[str, ...], str] = {
    ("sned", "customer"): "Error: No command 'sned'. Did you mean 'send'? There are: web, worker",
    ("send", "custmer"): "Error: There is no survey 'custmer'. Did you mean 'customer'?",
    ("sandbox", "--fault", "chat.postMessag=429"): "no method 'chat.postMessag'. Did you mean 'c",
    ("forget", "Nobody"): "'Nobody' is nobody this bot has stored, or several people: use the Slac",
    ("forget", "@ada"): "Error: Only Slack could say who @ada is: use the Slack id instead.",
}
WRONG_SETTINGS: tuple[tuple[dict[str, str], str], ...] = (
    ({"PORT": "30OO"}, "Error: PORT must be a whole number from 0 to 65535, not '30OO'."),
    ({"DATABASE_URL": "sqlite:///surveys/customer.yaml"}, "file is not a database"),
    (
        {"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/d"},
        "Error: The database is not available",
    ),
)
HTTP = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "a" * 32}


def test_what_is_wrong_is_one_sentence_and_exit_code_2(terminal: Terminal) -> None:
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda words: terminal.refuses(*words), REFUSALS))
        wrong = list(pool.map(lambda each: terminal.refuses(**each[0]), WRONG_SETTINGS))
        apart = list(pool.map(lambda name: terminal.refuses(name, **HTTP), ("web", "worker")))
    for (words, sentence), said in zip(REFUSALS.items(), told, strict=True):
        assert sentence in said, words
    for (_, sentence), said in zip(WRONG_SETTINGS, wrong, strict=True):
        assert sentence in said
        assert "secret" not in said
    for name, said in zip(("web", "worker"), apart, strict=True):
        assert "Error: DATABASE_URL names SQLite, which one process serves: " in said
        assert f"`python bot.py {name}` needs PostgreSQL" in said


def test_survey_files_are_checked_and_listed(terminal: Terminal) -> None:
    assert terminal.prints("surveys", "check").startswith(
        f"{terminal.surveys}: 2 surveys, all fine"
    )
    listed = terminal.prints("surveys", "list")
    assert "customer: Customer survey (relationship)\n  asks every 3 months on the first" in listed
    assert "summary #nps-summary, alerts #nps-alerts, owners priya@lumen.example" in listed

    employee, third = terminal.surveys / "employee.yaml", terminal.surveys / "third.yaml"
    employee.write_text(employee.read_text().replace("guests: false", "guests: maybe\n  gests: no"))
    third.write_text("key: [")
    said = terminal.refuses("surveys", "check")
    lines = said.removeprefix("Error: ").splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(employee), str(employee), str(third)]
    assert "gests" in said
    assert "Did you mean 'guests'?" in said


# --- trying it, in a sandbox of its own -------------------------------------------------------


PEOPLE = """email;account;account_owner;plan
ada@marshbakery.example;Marsh Bakery;tom@lumen.example;gold
kenji@morihotels.example;Mori Hotels;mei@lumen.example;
"""


def test_an_anonymous_survey_is_not_sent_to_one_person(terminal: Terminal) -> None:
    (terminal.surveys / "customer.yaml").write_text(anonymous_file(), encoding="utf-8")
    assert "summary #nps-summary, anonymous, owners" in terminal.prints("surveys", "list")
    assert terminal.refuses("send", "customer", "--to", "@ada", "--yes") == (
        "Error: customer is anonymous: of a wave for one person everybody would know whose answer"
        " it is. Leave --to out.\n"
    )


def test_without_credentials_it_runs_and_survives_a_restart(terminal: Terminal) -> None:
    accounts = terminal.folder / "people.csv"  # beside the surveys: the sandbox begins with it
    accounts.write_text(PEOPLE)
    with terminal.serving("--empty") as served:
        page = page_of(served)
        assert "<!doctype html>" in page.html().lower()
        prompt = page.message("ada", "dm", "How likely are you to recommend Lumen Coffee to a")
        page.message("sam", "dm", "How likely are you to recommend Lumen Coffee as a place to")
        page.click("ada", prompt, "score_3")
        page.message("tom", "nps-alerts", "Ada Marsh answered 3", "Marsh Bakery")
        page.message("ada", "dm", "You answered 3.")

        again = terminal.refuses()
        assert "Another process serves the sandbox Slack in var/sandbox.sqlite3 already" in again
        assert served.ends_on(signal.SIGTERM) == 0
        assert "Traceback" not in served.output

    accounts.write_text(PEOPLE.replace("Mori Hotels", "Other Hotels"))
    with terminal.serving("--empty") as served:
        page = page_of(served)
        page.message("priya", "nps-summary", "NPS −100")
        page.click("kenji", page.message("kenji", "dm", "How likely"), "score_0")
        page.message("tom", "nps-alerts", "Kenji Mori answered 0", "Mori Hotels")
        (answered,) = page.until("ada", inbox)
        assert answered.startswith("You answered 3.")
        assert len(page.until("sam", inbox)) == 1
        assert served.ends_on(signal.SIGINT) == 0
        assert "Traceback" not in served.output
    nobody = terminal.refuses("send", "customer", "--dry-run")
    assert "no sandbox is running in this folder" in nobody


def test_one_shot_commands_work_beside_the_running_bot(terminal: Terminal) -> None:
    terminal.ask_at_any_hour()
    file = terminal.folder / "people.csv"
    with terminal.serving("--empty") as served:
        page = page_of(served)

        file.write_text(PEOPLE.replace("kenji@", "kenzo@").replace("mei@", "may@"))
        assert terminal.refuses("people", "import", "people.csv") == (
            "Error: people.csv: line 3: Slack knows nobody called kenzo@morihotels.example.\n"
            "people.csv: line 3: Slack knows no account owner may@lumen.example.\n"
            "Nothing was imported.\n"
        )
        prompt = page.message("ada", "dm", "How likely")
        page.click("ada", prompt, "score_6")
        alert = page.message("tom", "nps-alerts", "Ada Marsh answered 6")
        assert "Marsh Bakery" not in str(alert)

        file.write_text(PEOPLE)
        for _ in range(2):
            done = terminal.prints("people", "import", "people.csv")
            assert done == "2 people imported from people.csv.\n"
        page.click("ada", page.message("ada", "dm", "You answered 6."), "no_contact")
        owner = "*Account:* Marsh Bakery, looked after by <@U0TOM0000>"
        page.message("tom", "nps-alerts", owner, "Please don't contact them")

        _sends(terminal, page)
        _reports(terminal)
        _forgets(terminal, page)
        assert served.ends_on(signal.SIGTERM) == 0


def _sends(terminal: Terminal, page: Page) -> None:
    one = ("send", "customer", "--to", "@grace")
    with ThreadPoolExecutor(2) as pool:
        declining = pool.submit(terminal.prints, *one, typed="n\n")
        colleague = pool.submit(terminal.prints, "send", "customer", "--to", "@tom", "--yes")
        shown = terminal.prints("send", "customer", "--dry-run")
    nobody = "Customer survey would ask nobody now.\nIt would not ask 1 person; until when, who and"
    assert colleague.result().startswith(nobody)
    assert colleague.result().endswith("\nNothing was sent.\n")
    assert declining.result().endswith("Send it? [y/N]: Nothing was sent.\n")
    assert shown.startswith("Customer survey would ask 14 people:\n")
    assert re.search(r"\d\d:\d\d Asia/Tokyo +Kenji Mori \(U0KENJI00\)\n", shown)
    assert "\nIt would not ask 4 people; until when, who and why:\n" in shown
    assert re.search(r"\n  never +Tom Brandt \(U0TOM0000\): is a member of this workspace,", shown)
    assert shown.endswith("Nothing was sent.\n")
    for said in (shown, declining.result()):  # the sandbox began with a wave
        assert re.search(r"\nThe wave of .* is still open, until 2.* UTC: whoever it asked", said)

    assert len(page.until("grace", inbox)) == 1
    started = terminal.prints(*one, "--yes").splitlines()[-1]
    assert re.fullmatch(
        r"Started: (1 asked, nobody left to ask|0 asked, 1 person still to ask, a few seconds"
        r" left \(until 2.* UTC\))\. The running bot asks\. `/nps status` shows how far it is\.",
        started,
    )
    page.until("grace", lambda seen: len(inbox(seen)) == 2)
    assert len(page.until("oscar", inbox)) == 1


def _reports(terminal: Terminal) -> None:
    report = ("report", "customer", "all")
    with ThreadPoolExecutor(2) as pool:
        text, as_json = pool.map(
            lambda words: terminal.prints(*words), (report, (*report, "--json"))
        )
    assert text.startswith("Customer survey, all time\nHow likely are you")
    assert "NPS −100, 95% interval −100 to +59. Directional: fewer than 30 answers\n" in text
    assert "Detractors 1 (100%)" in text
    assert " 6 ████████████████████ 1\n" in text
    figures = json.loads(as_json)
    assert figures["score"] == -100
    assert figures["detractors"] == 1
    assert figures["period"]["name"] == "all"


def _forgets(terminal: Terminal, page: Page) -> None:
    assert "Nobody confirmed it, so nothing was done; --yes does" in terminal.refuses(
        "forget", "Ada Marsh"
    )
    page.message("ada", "dm", "You answered 6.")
    asked = terminal.prints("forget", "@ada", typed="y\n")
    assert "Forgetting @ada (U0ADA0000) deletes their answers, profile and messages." in asked
    assert "Forgotten: 1 invitation unlinked" in asked
    page.until("ada", lambda seen: not inbox(seen))
    page.message("tom", "nps-alerts", "Someone who asked to be forgotten")


def test_a_large_wave_needs_its_number_typed_and_a_running_one_is_stopped(
    terminal: Terminal,
) -> None:
    terminal.ask_at_any_hour()
    file = terminal.surveys / "customer.yaml"
    file.write_text(f"{file.read_text()}\nconfirm_above: 3\n")
    asked = "That is more than 3. Type 14 to send it: "
    with terminal.serving("--empty") as served:
        page = page_of(served)
        page.message("oscar", "dm", "How likely")
        with ThreadPoolExecutor(3) as pool:
            habit = pool.submit(terminal.prints, "send", "customer", typed="y\n")
            silent = pool.submit(terminal.refuses, "send", "customer")
            kept = pool.submit(terminal.prints, "stop", "customer", typed="n\n")
        assert habit.result().endswith(f"{asked}Nothing was sent.\n")
        assert "\nThe last question leaves in a few seconds: outside quiet hours" in habit.result()
        assert "Nobody confirmed it, so nothing was done; --yes does" in silent.result()
        assert kept.result().startswith("Customer survey:\n  wave of ")
        assert kept.result().endswith("Stop it? [y/N]: Nothing was stopped.\n")

        sent = terminal.prints("send", "customer", typed="14\n")
        assert f"{asked}Started: " in sent
        assert "The running bot asks. `/nps status` shows how far it is.\n" in sent
        page.until("oscar", lambda seen: len(inbox(seen)) == 2)
        stopped = terminal.prints("stop", "customer", "--yes")
        assert "Stopped. Answers to what was sent count until the wave closes.\n" in stopped
        assert stopped.count("  wave of ") == 4  # two of them, before and after
        nothing = "Customer survey has no open wave to stop.\n"
        assert terminal.prints("stop", "customer") == nothing
        assert served.ends_on(signal.SIGTERM) == 0


# --- in a workspace ---------------------------------------------------------------------------


def test_a_bot_with_credentials_serves_alone_and_stops_in_order(terminal: Terminal) -> None:
    with terminal.serving("sandbox") as other:
        page = page_of(other)
        lines = (other.line_with("SLACK_") for _ in range(3))
        slack = dict(line.split("=", 1) for line in lines)
        assert set(slack) == {"SLACK_API_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}

        with terminal.serving(**slack) as served:
            served.line_with("with 2 surveys: customer, employee")
            second = terminal.refuses(**slack)
            assert "Error: Another process already serves var/nps.sqlite3" in second
            assert "stop that one first, or use PostgreSQL" in second
            assert served.ends_on(signal.SIGTERM) == 0
            assert "Stopping" in served.output
        assert page.until("ada", lambda seen: not inbox(seen))  # a real workspace is not asked

        taken = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "a" * 32, "PORT": page.port}
        said = terminal.refuses(**{**slack, **taken})
        assert f"Error: PORT {page.port} cannot be used (Address already in use)" in said
        wrong = {**slack, "SLACK_BOT_TOKEN": "xoxb-of-another-app"}
        assert "Error: Slack's auth.test failed: " in terminal.refuses(**wrong)
        assert other.ends_on(signal.SIGINT) == 0

    with terminal.serving(**slack) as served:  # nobody answers there any more
        served.line_with("Slack cannot be reached")
        assert served.ends_on(signal.SIGINT) == 0
        assert "Traceback" not in served.output


async def test_web_and_worker_share_the_work_under_honcho(
    terminal: Terminal, sandbox: Sandbox, postgresql_database_url: str
) -> None:
    terminal.ask_at_any_hour()
    slack = {
        "SLACK_API_URL": sandbox.api_url,
        "SLACK_BOT_TOKEN": sandbox.bot_token,
        "SLACK_SIGNING_SECRET": sandbox.signing_secret,
        "DATABASE_URL": postgresql_database_url,
    }
    honcho = (sys.executable, "-m", "honcho", "start", "web", "worker")
    with terminal.serving(command=honcho, **slack) as served:
        ready = [await asyncio.to_thread(served.line_with, "Ready") for _ in range(2)]
        port = re.search(r"web\.1.*Ready on port (\d+)", "\n".join(ready))
        assert port is not None, ready
        sandbox.deliver_to(f"http://127.0.0.1:{port[1]}/slack/events")

        await asyncio.to_thread(
            terminal.prints, "send", "customer", "--to", "@ada", "--yes", **slack
        )
        ada = sandbox.person("ada")
        (prompt,) = await sandbox.until(lambda: ada.inbox)
        await ada.click(prompt, "score_3")
        alerts = sandbox.workspace.channel("nps-alerts")
        (alert,) = await sandbox.until(lambda: sandbox.workspace.messages(alerts))
        assert "Ada Marsh answered 3" in alert.text
        await asyncio.to_thread(served.ends_on, signal.SIGTERM)
        assert served.output.count("Stopping") == 2
        assert "Traceback" not in served.output
