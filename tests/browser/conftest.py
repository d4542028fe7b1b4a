"""A real browser, looking at the bot as a newcomer starts it: `python bot.py`, no credentials."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]

expect.set_options(timeout=20_000)  # milliseconds, on a machine that is busy with other tests
_FLAGS = (
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")  # playwright's own event loop must be gone before other tests run
def browser() -> Iterator[Browser]:
    """Return Debian's chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("The browser tests need chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield started
        started.close()


@contextmanager
def opened_page(
    browser: Browser, *, width: int = 1440, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Page]:
    """Give a fresh page on which no script has failed by the end."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        locale="en-GB",
        color_scheme=scheme,
        reduced_motion="reduce",  # colours are looked at as they stand, not on their way
    )
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    yield opened
    context.close()
    assert broken == []


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a fresh page of a wide screen."""
    with opened_page(browser) as opened:
        yield opened


class Running:
    """`python bot.py` in a folder of its own.

    Arguments:
        folder: where it keeps its data.
        arguments: what follows ``bot.py``.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._folder = folder
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> str:
        """Start it and return the address it prints."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SLACK_", "NPS_", "DATABASE_"))
        }
        port = self.address.rpartition(":")[2] or "0"
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "bot.py"), *self._arguments],
            cwd=self._folder,
            env={**environment, "PORT": port, "NPS_SURVEYS": str(ROOT / "config" / "surveys")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        printed = []
        for line in self._process.stdout:
            printed.append(line)
            if "http://" in line:
                self.address = line[line.index("http://") :].split()[0].rstrip(".")
                return self.address
        raise AssertionError("".join(printed))

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to stop, and see that it does so cleanly."""
        if self._process is not None:
            assert self._end(signal.SIGTERM) == 0

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(15)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Running]:
    """Return the bot, not started yet, with its data in a temporary folder."""
    running = Running(tmp_path, "--empty")
    yield running
    running.stop()


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[str]:
    """Return the address of the sandbox Slack alone, without a bot beside it."""
    running = Running(tmp_path, "sandbox")
    yield running.start()
    running.stop()


@pytest.fixture
def act_as(page: Page) -> Callable[[str], None]:
    """Return what makes the page's visitor somebody else."""

    def become(name: str) -> None:
        page.get_by_test_id("act-as").click()
        page.get_by_test_id("act-as-search").fill(name)
        named = page.locator("strong", has_text=name)
        page.locator("#people [role=option]").filter(has=named).first.click()
        expect(page.get_by_test_id("act-as")).to_have_attribute("aria-label", re.compile(name))

    return become
