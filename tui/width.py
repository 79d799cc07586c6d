"""How many terminal cells a text takes, and which of its characters are shown as one (a cluster).

Widths come from `rich.cells.cell_len`, which Textual and rich use for layout: two cells for a joined emoji,
for one with a skin tone, and for a flag; none for a combining mark. But `cell_len` also joins a letter that
follows a joiner, which no terminal does. So a line is first cut into clusters, and each is measured by
itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len, get_character_cell_size

from tui.text import PICTURE, ZWJ

TAB = 4
"""Cells between two tab stops, as in Textual's text areas."""
INSIDE = "\u2060"
"""Stands for a byte of an incomplete character; it is shown with the byte that completes it."""
_ENDLESS = sys.maxsize
_LETTER, _PICTURE, _FLAG, _EXTENDS, _JOINER, _INSIDE = range(6)


class _Kinds(dict[str, int]):
    """What a character does to the cluster before it. Looks each character up once."""

    def __missing__(self, char: str) -> int:
        self[char] = kind = _kind(char)
        return kind


def _kind(char: str) -> int:
    if char == INSIDE:
        return _INSIDE
    if char == ZWJ:
        return _JOINER
    if "\U0001f1e6" <= char <= "\U0001f1ff":  # a flag is two of these
        return _FLAG
    if not get_character_cell_size(char) and char != "\t":
        return _EXTENDS
    return _PICTURE if PICTURE.match(char) else _LETTER


_kinds = _Kinds()


class Cluster(NamedTuple):
    """The characters [start, end) of a line that are shown as one, in cells [column, column + cells)."""

    start: int
    end: int
    column: int
    cells: int
    shown: str


def clusters(line: str, width: int) -> Iterator[Cluster]:
    """The clusters of a line of at most `width` cells, without its newline. A tab at its end may be cut."""
    if is_plain(line):
        yield from (Cluster(i, i + 1, i, 1, char) for i, char in enumerate(line))
        return
    column = 0
    for start, end in spans(line):
        text = line[start:end]
        taken = cells(text, column, width)
        shown = " " * taken if text[0] == "\t" else text.replace(INSIDE, "")
        yield Cluster(start, end, column, taken, shown)
        column += taken


def is_plain(line: str) -> bool:
    """Whether every character takes exactly one cell."""
    return line.isascii() and "\t" not in line


def cells(cluster: str, column: int, width: int) -> int:
    """The cells that a cluster takes at a column. A tab reaches to the next tab stop or the end of the
    line, and takes at least one."""
    if cluster[0] == "\t":
        return max(1, min(TAB - column % TAB, width - column))
    return cell_len(cluster.replace(INSIDE, ""))


def spans(line: str) -> Iterator[tuple[int, int]]:
    """The clusters of a line as [start, end)."""
    start = 0
    for end in _boundaries(line):
        yield start, end
        start = end
    if line:
        yield start, len(line)


def _boundaries(line: str) -> Iterator[int]:
    """Where each cluster but the first begins."""
    held, base, joined = -1, -1, False
    for i, char in enumerate(line):
        kind = _kinds[char]
        if kind == _INSIDE:
            held = i if held < 0 else held
            continue
        pair = kind == base == _FLAG
        if base < 0:
            base = kind
        elif pair:
            base = _PICTURE
        elif kind < _EXTENDS and not (joined and kind != _LETTER):
            yield i if held < 0 else held
            base = kind
        held, joined = -1, kind == _JOINER and base in (_PICTURE, _FLAG)


def expanded(text: str) -> str:
    """A text with its tabs expanded to spaces."""
    if "\t" not in text:
        return text
    lines = text.split("\n")
    return "\n".join("".join(c.shown for c in clusters(line, _ENDLESS)) for line in lines)


def cut(text: str, width: int) -> str:
    """A line of text, cut to `width` cells with an ellipsis if it is longer."""
    if cell_len(text) <= width:
        return text
    end = 0
    for cluster in clusters(text, width):
        if cluster.column + cluster.cells > width - 1:
            break
        end = cluster.end
    return f"{text[:end]}…"
