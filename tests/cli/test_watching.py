"""`send` at a real terminal: a bar follows the running bot, and Ctrl-C only looks away."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select
from time import monotonic
from zoneinfo import ZoneInfo

from tests.cli.test_commands import inbox, page_of
from tests.helpers.terminal import PATIENCE, Page, Terminal

ONE = ("send", "customer", "--to", "@grace", "--yes")


class Screen:
    """A terminal somebody sits at: what it has shown so far, and its keyboard."""

    def __init__(self, keyboard: int, process: subprocess.Popen[bytes]) -> None:
        self._keyboard = keyboard
        self._process = process
        self.shown = ""

    def until(self, words: str) -> None:
        """Read on until ``words`` are shown."""
        deadline = monotonic() + PATIENCE
        while words not in self.shown:
            assert monotonic() < deadline, self.shown
            self.shown += self._more()

    def _more(self) -> str:
        if not select([self._keyboard], [], [], 1)[0]:
            return ""
        try:
            return os.read(self._keyboard, 1_000).decode()
        except OSError:  # Linux says so where nobody writes any more
            raise AssertionError(f"it ended:\n{self.shown}") from None

    def ctrl_c(self) -> None:
        """Do what the terminal does when somebody presses Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def ends(self) -> int:
        """Wait for the end; return the exit code."""
        return self._process.wait(PATIENCE)


@contextmanager
def sitting_at(terminal: Terminal, *words: str) -> Iterator[Screen]:
    """Run a command at a terminal, where Ctrl-C counts, whatever whoever runs the tests ignores."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    keyboard, line = pty.openpty()
    with subprocess.Popen(  # our own command
        [sys.executable, "bot.py", *words],
        cwd=terminal.folder,
        env=terminal.variables(TERM="xterm", COLUMNS="100"),
        stdin=line,
        stdout=line,
        stderr=line,
    ) as process:
        os.close(line)
        try:
            yield Screen(keyboard, process)
        finally:
            process.kill()
            os.close(keyboard)


def test_a_bar_follows_the_wave_and_ctrl_c_only_ends_the_watching(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.ask_at_any_hour()
    with terminal.serving("--empty") as served:
        page: Page = page_of(served)
        page.until("grace", inbox)
        with sitting_at(terminal, *ONE) as screen:
            screen.until("Asked 1 person.")
            assert screen.ends() == 0
        assert re.search(r"Asking +\[#+\] +1/1", screen.shown)
        page.until("grace", lambda seen: len(inbox(seen)) == 2)

        now = datetime.now(ZoneInfo("America/New_York"))
        quiet = [f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 3)]
        survey = terminal.surveys / "customer.yaml"
        text = re.sub(r"\nquiet_hours: .*\n", "\n", survey.read_text())
        text = re.sub(r'at: "[^"]*"', f'at: "{quiet[1]}"', text, count=1)
        hours = f'quiet_hours: {{from: "{quiet[0]}", until: "{quiet[1]}"}}'
        survey.write_text(f"{text}\n{hours}\n")
        with sitting_at(terminal, *ONE) as screen:
            screen.until("about 3 hours left")
            screen.until("; Ctrl-C ends the watching")
            end = (now + timedelta(hours=3)).astimezone(UTC)
            later = end.date() != datetime.now(UTC).date()
            day = f"{end.day} {end:%b} " if later else ""
            assert f"about 3 hours left, until {day}{end:%H:%M} UTC; Ctrl-C" in screen.shown
            screen.ctrl_c()
            screen.until("The running bot goes on asking. `/nps status` shows how far it is.")
            assert screen.ends() == 0
        assert "Traceback" not in screen.shown
