"""``python -m tests.recording`` plays the run and writes the golden file anew.

``python -m tests.recording FILE`` writes it somewhere else.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from tests.recording.ledger import Ledger
from tests.recording.play import GOLDEN, play

_LATEST = 20
"""How many lines are shown of a run that breaks off."""


def main() -> None:
    """Play the run and write what was recorded."""
    file = Path(sys.argv[1] if sys.argv[1:] else GOLDEN).resolve()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder).resolve())
        try:
            asyncio.run(play(ledger, Path(folder).resolve()))
        except BaseException:
            print("It came as far as this:", *ledger.lines[-_LATEST:], sep="\n", file=sys.stderr)
            raise
    file.write_text("\n".join(ledger.lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
