"""An operator's terminal that starts quickly, at a moment that stands still.

``python -m tests.recording.terminal`` reads one command a line, as JSON, and answers each with a
line. Each runs in a fork, so that the bot's modules are loaded once and not for every command.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any

ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds after which a command is ended that does not end by itself."""


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs commands, one after the other, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Terminal:
        """Load what commands need."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self._process.communicate()

    async def run(
        self, words: list[str], environment: Mapping[str, str], moment: datetime, typed: str = ""
    ) -> Said:
        """Run ``python bot.py`` with these words, and ``typed`` at the keyboard.

        The bot goes on meanwhile: commands call the sandbox that runs here.
        """
        asked = {
            "words": words,
            "environment": dict(environment),
            "moment": moment.isoformat(),
            "typed": typed,
            "folder": str(self._folder),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Said(**json.loads(await asyncio.to_thread(self._process.stdout.readline)))


def serve() -> None:
    """Run the commands that come, until no more do."""
    from tests.recording import adapter  # noqa: PLC0415  # it takes long, and only this process

    for line in sys.stdin:
        asked = json.loads(line)
        with (
            tempfile.TemporaryFile("w+") as typed,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
        ):
            typed.write(asked["typed"])
            typed.seek(0)
            child = os.fork()
            if child == 0:
                _become(asked, typed, out, err)
                moment = datetime.fromisoformat(asked["moment"])
                _end(partial(adapter.command_line, asked["words"], moment))
            _, status = os.waitpid(child, 0)
            said = {
                "code": os.waitstatus_to_exitcode(status),
                "out": _all_of(out),
                "err": _all_of(err),
            }
        print(json.dumps(said), flush=True)


def _become(asked: Mapping[str, Any], *streams: IO[str]) -> None:
    """Be a process of its own: its folder, environment and streams."""
    signal.alarm(PATIENCE)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # until the process ends


def _end(run: Callable[[], None]) -> None:
    """Run a command and end the process as the interpreter would."""
    code = 0
    try:
        run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter: what nobody caught is shown
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _all_of(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read()


if __name__ == "__main__":
    serve()
