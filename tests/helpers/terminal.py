"""An operator's terminal: a folder of its own, real processes, and the sandbox's page."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.request import Request, urlopen

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds for one command."""


@dataclass
class Served:
    """A process that serves: its output so far, read line by line."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def line_with(self, text: str) -> str:
        """Return the next line that holds ``text``."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if text in line:
                return line.rstrip()
        raise AssertionError(f"it ended without saying {text!r}:\n{''.join(self.said)}")

    def ends_on(self, number: signal.Signals) -> int:
        """Send a signal; return the exit code, and keep what was said until then."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.said.append(rest)
        return self.process.returncode

    @property
    def output(self) -> str:
        """All that was said."""
        return "".join(self.said)


class Terminal:
    """Runs ``python bot.py`` in a folder of its own, with nothing but these variables set."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.surveys = folder / "surveys"
        shutil.copytree(ROOT / "config" / "surveys", self.surveys)
        for name in ("bot.py", "Procfile"):
            (folder / name).symlink_to(ROOT / name)
        self._variables = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "NPS_SURVEYS": str(self.surveys),
            "PORT": "0",
            **variables,
        }

    def variables(self, **others: str) -> dict[str, str]:
        """Return the environment, with some variables set otherwise."""
        return {**self._variables, **others}

    def run(self, *words: str, typed: str = "", **others: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end, with ``typed`` at the keyboard."""
        return subprocess.run(  # our own command
            [sys.executable, "bot.py", *words],
            cwd=self.folder,
            env=self.variables(**others),
            input=typed,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def prints(self, *words: str, typed: str = "", **others: str) -> str:
        """Run one command that must go well; return what it prints."""
        done = self.run(*words, typed=typed, **others)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refuses(self, *words: str, typed: str = "", **others: str) -> str:
        """Run one command that must be refused; return the sentence."""
        done = self.run(*words, typed=typed, **others)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    @contextmanager
    def serving(self, *words: str, command: Sequence[str] = (), **others: str) -> Iterator[Served]:
        """Run a process that serves; it is killed at the end if it still runs.

        Args:
            words: behind ``python bot.py``.
            command: what to run instead of it.
            others: variables that are set otherwise.
        """
        with subprocess.Popen(  # our own command
            command or [sys.executable, "bot.py", *words],
            cwd=self.folder,
            env=self.variables(PYTHONUNBUFFERED="1", **others),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                yield Served(process)
            finally:
                process.kill()

    def ask_at_any_hour(self) -> None:
        """Let nobody have quiet hours now, nor a contact budget: one minute of them, at another
        minute of the hour.

        Time zones differ by quarters of hours, so that it is another minute everywhere.
        """
        minute = (datetime.now(UTC).minute + 7) % 15
        quiet = f'quiet_hours: {{from: "03:{minute:02}", until: "03:{minute + 1:02}"}}'
        for path in self.surveys.glob("*.yaml"):
            groups = r"^(quiet_hours|budget):\n(  .*\n)+"
            text = re.sub(groups, "", path.read_text(), flags=re.MULTILINE)
            path.write_text(f"{text}\n{quiet}\n{_NO_LIMITS}\n")


_NO_LIMITS = (
    "budget: {every: 0 days, after_answer: 0 days, after_silence: 0 days, newcomers: 0 days}"
)


class Page:
    """The page of a sandbox that another process serves, seen as one person or another."""

    def __init__(self, address: str) -> None:
        self.address = address

    @property
    def port(self) -> str:
        """The port it is served on."""
        return self.address.rpartition(":")[2]

    def until(self, who: str, condition: Callable[[dict[str, Any]], T]) -> T:
        """Return what ``condition`` returns of what a person sees, once that is true."""
        deadline = monotonic() + PATIENCE
        events = Request(f"{self.address}/page/events?as={who}")  # noqa: S310  # our own server
        with _opened(events) as lines:
            for line in lines:
                if line.startswith(b"data: ") and (found := condition(json.loads(line[6:]))):
                    return found
                assert monotonic() < deadline, "it did not come true"
        raise AssertionError("the page ended")

    def message(self, who: str, channel: str, *words: str) -> dict[str, Any]:
        """Return the newest message in a channel ("dm": with the bot) with ``words``, once there.

        ``words`` are looked for in its text and blocks.
        """

        def found(seen: dict[str, Any]) -> list[dict[str, Any]]:
            return [
                message
                for message in messages(seen, channel)
                if all(word in f"{message['text']}{message['blocks']}" for word in words)
            ]

        return self.until(who, found)[-1]

    def click(self, who: str, message: Mapping[str, Any], action_id: str) -> None:
        """Press a button in a message."""
        for block in message["blocks"]:
            if action_id in str(block.get("elements")):
                self._act(who, message, block["block_id"], action_id)
                return
        raise AssertionError(f"there is no {action_id}")

    def _act(self, who: str, message: Mapping[str, Any], block_id: str, action_id: str) -> None:
        wanted = {
            "as": who,
            "do": "block_action",
            "channel": message["channel"],
            "ts": message["ts"],
        }
        body = json.dumps({**wanted, "block_id": block_id, "action_id": action_id}).encode()
        request = Request(  # noqa: S310  # our own server
            f"{self.address}/page/act", body, {"Content-Type": "application/json"}
        )
        with _opened(request) as answer:
            assert json.load(answer) == {"ok": True}

    def html(self) -> str:
        """Return the page itself, as a browser opens it."""
        with _opened(Request(self.address)) as answer:  # noqa: S310  # our own server
            return answer.read().decode()


def _opened(request: Request) -> HTTPResponse:
    answer = urlopen(request, timeout=PATIENCE)  # noqa: S310  # our own server
    assert isinstance(answer, HTTPResponse)
    return answer


def messages(seen: Mapping[str, Any], channel: str) -> list[dict[str, Any]]:
    """Return the messages of a channel ("dm": with the bot) that a person sees."""
    return [
        {**message, "channel": each["id"]}
        for each in seen["channels"]
        if channel == (each["kind"] if each["kind"] == "dm" else each["name"])
        for message in each["messages"]
    ]
