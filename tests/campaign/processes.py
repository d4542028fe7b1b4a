"""The bot's processes as users run them, to be killed, stopped and started again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from slack_sandbox import Sandbox
from tests.helpers.processes import ROOT

TOLD = {
    "found": "Looked for a message: it is there",
    "not there": "Looked for a message: it was not posted",
    "lease lost": "The lease of a delivery was lost",
    "errors": " ERROR ",
}
"""What is counted of what the bot logs."""
_PORT = re.compile(r"Ready on port (\d+)")


class Member:
    """One process of the bot; it calls the sandbox at a port of its own.

    Arguments:
        command: ``web``, ``worker``, or nothing for everything in one.
        environment: its settings.
        log: where all it writes goes.
        serves_at: told the port on which it takes clicks, each time it is ready.
    """

    def __init__(
        self,
        command: str,
        environment: Mapping[str, str],
        log: Path,
        serves_at: Callable[[int], None],
    ) -> None:
        self.command = command
        self.calls_at = urlsplit(environment["SLACK_API_URL"]).port
        self.told: Counter[str] = Counter()
        self.stopped = False
        self.ready = asyncio.Event()
        """Set while the process runs and has told that it is ready."""
        self._environment = environment
        self._log = log
        self._serves_at = serves_at
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process, and do not wait until it is ready."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "bot.py"),
            *self.command.split(),
            cwd=self._log.parent,
            env=self._environment,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        with self._log.open("ab") as log:
            async for line in process.stderr:
                log.write(line)
                text = line.decode()
                self.told.update(name for name, words in TOLD.items() if words in text)
                if port := _PORT.search(text):
                    self._serves_at(int(port[1]))
                if " Ready " in text:
                    self.ready.set()

    async def end(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal that ends the process; return its exit code."""
        assert self._process is not None
        assert self._reading is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        self.stopped = False
        code = await self._process.wait()
        await self._reading
        self.ready.clear()
        return code

    async def die(self) -> None:
        """Be killed; start again. That it lived until now is part of the proof."""
        assert await self.end() == -signal.SIGKILL, f"it ended by itself, see {self._log}"
        await self.start()

    def stop(self) -> None:
        """Stop where it is (SIGSTOP)."""
        self._signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self) -> None:
        """Go on (SIGCONT)."""
        self._signal(signal.SIGCONT)
        self.stopped = False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class Crew:
    """All processes of one bot: everything in one on SQLite; web and workers on PostgreSQL."""

    def __init__(self, members: list[Member]) -> None:
        self.members = members

    @classmethod
    async def of(
        cls, sandbox: Sandbox, database_url: str, surveys: Path, workers: int, folder: Path
    ) -> Crew:
        """Return a crew that does not run yet; without workers it is one process, in Socket Mode.

        Arguments:
            sandbox: whom they call, and who delivers clicks to them.
            database_url: a migrated database.
            surveys: the folder of the survey files.
            workers: how many, beside one web process.
            folder: where they run and log.
        """

        def serves_at(port: int) -> None:
            sandbox.deliver_to(f"http://127.0.0.1:{port}/slack/events")

        credential = (
            {"SLACK_SIGNING_SECRET": sandbox.signing_secret, "PORT": "0"}
            if workers
            else {"SLACK_APP_TOKEN": sandbox.app_token}
        )
        members = []
        for number, command in enumerate(["web", *["worker"] * workers] if workers else [""]):
            environment = {
                "PATH": os.environ["PATH"],
                "DATABASE_URL": database_url,
                "NPS_SURVEYS": str(surveys),
                "SLACK_API_URL": await sandbox.another_api_url(),
                "SLACK_BOT_TOKEN": sandbox.bot_token,
                **credential,
            }
            log = folder / f"{number}-{command or 'all'}.log"
            members.append(Member(command, environment, log, serves_at))
        return cls(members)

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    @property
    def workers(self) -> list[Member]:
        """Those that deliver and are not stopped."""
        return [one for one in self.members if one.command != "web" and not one.stopped]

    async def one_works(self) -> None:
        """Return once a process that delivers is ready."""
        waiting = [asyncio.create_task(one.ready.wait()) for one in self.workers]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    @property
    def listener(self) -> Member:
        """Who takes clicks."""
        return self.members[0]

    def at(self, port: int) -> Member:
        """Return who calls the sandbox at this port."""
        return next(one for one in self.members if one.calls_at == port)

    @property
    def told(self) -> Counter[str]:
        """How often the processes have logged what is counted."""
        return sum((one.told for one in self.members), Counter())
