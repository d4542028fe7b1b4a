"""Figures side by side, as text."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [_line(head, widths), "  ".join("-" * width for width in widths)]
    return "\n".join([*lines, *(_line(row, widths) for row in rows)])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.rjust(width) if at else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others])


def spread(values: Sequence[float]) -> str:
    """Return the median and, in brackets, the least and the greatest value."""
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def milliseconds(seconds: float) -> str:
    """Return a time in milliseconds, with two decimals."""
    return f"{seconds * 1000:.2f} ms"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(title: str, body: str) -> None:
    """Print a table below its title."""
    print(f"\n{title}\n\n{body}", flush=True)
