"""What users see is what they saw when the golden file was written, byte for byte."""

from __future__ import annotations

import subprocess
import sys
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import pytest

from tests.recording.play import GOLDEN
from tests.recording.terminal import ROOT

PATIENCE = 600
"""Seconds: a run takes one tenth of it on a machine that does nothing else."""
_SHOWN, _WIDTH = 60, 400
"""How much of a difference is shown: lines, and characters of each."""


@pytest.mark.timeout(PATIENCE)
def test_the_run_is_what_it_was(tmp_path: Path) -> None:
    played = tmp_path / "played.txt"
    run = subprocess.run(
        [sys.executable, "-m", "tests.recording", str(played)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    old, new = (_lines(file) for file in (GOLDEN, played))
    if old != new:
        shown = "\n".join(
            line[:_WIDTH]
            for line in islice(unified_diff(old, new, "golden", "played", "", "", 2, ""), _SHOWN)
        )
        pytest.fail(
            f"The run is not what it was:\n{shown}\n\n"
            "Where that is meant, `python -m tests.recording` writes the golden file anew."
        )


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")
