"""The sandbox knows no app by content either, and its README's example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "slack_sandbox"
OF_THE_BOT = re.compile(
    r"\bnps|nps\b|net promoter|survey|score|temper(s|ament)?\b|\bcrowd|\bguide|lumen|coffee"
    r"|\bwaves?\b|next_wave|promoter|detractor",
    re.IGNORECASE,
)
FILES = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_word_of_a_certain_app_stands_there(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if OF_THE_BOT.search(line)] == []


def test_the_readme_s_example_runs() -> None:
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    subprocess.run(  # our own text
        [sys.executable, "-c", example], cwd=PACKAGE.parent, check=True, timeout=60
    )
    assert len(readme.splitlines()) <= 65
