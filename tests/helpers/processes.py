"""Runs a few lines in a process of their own, so that it can be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(lines: str, *arguments: str) -> Iterator[str]:
    """Run ``lines`` in a new Python; yield the first line they print; kill it (-9) at the end.

    The lines find their arguments in ``sys.argv[1:]``, and wait for their end in ``input()``.
    """
    command = [sys.executable, "-c", dedent(lines), *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, "the process ended before it printed a line"
            yield line.strip()
        finally:
            process.send_signal(signal.SIGKILL)
