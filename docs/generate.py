"""Writes the tables of the documents that come from the code: `make docs`.

A table stands between `<!-- name -->` and `<!-- /name -->`. A test compares each with what this
module would write, so a document and the code cannot drift apart.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from nps_bot.app.listeners import WORDS
from nps_bot.surveys.files import reference

ROOT = Path(__file__).resolve().parents[1]
BOT = ROOT / "nps_bot"
MANIFEST = ROOT / "manifest.json"


def modules() -> str:
    """Return each module of the bot with the first sentence of its docstring, by room."""
    return "\n".join(_rooms())


def _rooms() -> Iterator[str]:
    for folder in sorted({path.parent for path in BOT.rglob("*.py")}):
        rows = [row for path in sorted(folder.glob("*.py")) if (row := _row(path))]
        if rows:
            yield f"**`{folder.relative_to(ROOT).as_posix()}/`**\n"
            yield from ("| module | what is in it |", "|---|---|", *rows, "")


def _row(path: Path) -> str | None:
    """Return the row of a module; None for one that only makes its folder a package."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if docstring is None:
        return None
    first = " ".join(docstring.split("\n\n")[0].split()).replace("|", "\\|")
    return f"| `{path.name}` | {first} |"


def words() -> str:
    """Return the words of `/nps`."""
    rows = (f"| `/nps {word.usage}` | {word.details or word.help} |" for word in WORDS)
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def usage_hint() -> str:
    """Return what Slack shows behind `/nps` while somebody types."""
    return " | ".join(re.sub(r" \[.*", "", word.usage) for word in WORDS)


def table(rows: Callable[[], Iterable[Sequence[str]]]) -> str:
    """Return a table in Markdown, whose first row is its heading."""
    heading, *others = (f"| {' | '.join(row)} |" for row in rows())
    return "\n".join([heading, re.sub(r"[^|]+", "---", heading), *others])


BLOCKS: dict[str, tuple[str, Callable[[], str]]] = {
    "modules": ("ARCHITECTURE.md", modules),
    "words": ("README.md", words),
    **{name: ("docs/surveys.md", partial(table, rows)) for name, rows in reference.TABLES.items()},
}
"""What is written: the document and the text, by the name of the markers."""


def written(document: str, name: str, text: str) -> str:
    """Return a document with ``text`` between the markers of ``name``.

    Raises:
        ValueError: the document lacks these markers.
    """
    between = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    changed, number = between.subn(lambda _: f"\n{text.strip()}\n\n", document)
    if number != 1:
        raise ValueError(f"The document has no markers <!-- {name} --> and <!-- /{name} -->.")
    return changed


def main() -> None:
    """Write every block anew, and the manifest's hint."""
    for name, (file, text) in BLOCKS.items():
        path = ROOT / file
        path.write_text(written(path.read_text(encoding="utf-8"), name, text()), encoding="utf-8")
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    manifest["features"]["slash_commands"][0]["usage_hint"] = usage_hint()
    MANIFEST.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
