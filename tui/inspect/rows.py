"""Lines of a panel, as runs of one style, put side by side, wrapped, and made into content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap

from rich.cells import cell_len
from textual.content import Content

from tui.curves.picture import Row
from tui.width import cut

QUIET = "quiet"
"""The style of what explains."""


def beside(columns: Sequence[Sequence[Row]], width: int, gap: int = 2) -> list[Row]:
    """Columns of lines side by side, each `width` cells wide."""
    lines = list[Row]()
    for parts in zip_longest(*columns, fillvalue=()):
        line = Row()
        for part in parts:
            line += [*part, (" " * (width + gap - cells(part)), "")]
        lines.append(line)
    return lines


def cells(row: Iterable[tuple[str, str]]) -> int:
    """The cells that a line takes."""
    return sum(cell_len(text) for text, _ in row)


def titled(parts: Sequence[tuple[str, str]], width: int) -> Row:
    """Parts with spaces between them, cut to a width."""
    line, room = Row(), width
    for text, style in parts:
        shown = cut(text, room)
        if room <= 0 or not shown:
            break
        line.append((shown, style))
        line.append(("  ", ""))
        room -= cell_len(shown) + 2
    return line[:-1]


def sentence(text: str, width: int, style: str = QUIET) -> list[Row]:
    """A sentence in lines of a width."""
    return [[(line, style)] for line in wrap(text, max(20, width))]


def content(rows: Iterable[Row], styles: Mapping[str, str]) -> Content:
    """Lines in the styles that their names stand for."""
    lines = (
        Content.assemble(*((text, styles.get(style, "")) for text, style in row)) for row in rows
    )
    return Content("\n").join(lines)
