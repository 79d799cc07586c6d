"""The list and the details of items, as text. All of it is untrusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, repeat

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from tui.library.shelf import Item, Kind
from tui.text import brief, one_line, visible
from tui.told import in_app
from tui.width import cut, expanded

_LABEL = 12
_LEAST = 20
_GAP = 2
_SHORTEST = 12
"""The least cells that remain of a column that is cut."""
_NAME = 12
"""The least cells for names in the list."""

_SAID = ("problem", "status")
"""The facts in words of the engine."""
HINTS = {
    Kind.MODEL: "no models yet: keep the model of a run",
    Kind.RUN: "no runs yet: start one in Train",
    Kind.CORPUS: "no corpora yet: import a text",
}


def details(item: Item, width: int) -> Content:
    """An item's facts, wrapped to `width` cells including their names, then its card."""
    lines = []
    for name, value in item.facts:
        style = "$text-error" if name == "problem" else ""
        value = in_app(value) if name in _SAID else value
        wrapped = Content(brief(value)).wrap(max(_LEAST, width - _LABEL)) if value else []
        for label, line in zip(chain([name], repeat("")), wrapped, strict=False):
            head = Content.styled(f"{label:<{_LABEL}}", "$foreground 60%")
            lines.append(head + line.rstrip().stylize(style))
    if item.text:
        lines += [Content(""), Content(expanded(visible(item.text)))]
    return Content("\n").join(lines)


def name_width(items: Iterable[Item]) -> int:
    """The cells that the longest of the items' names takes."""
    return max((cell_len(one_line(item.name)) for item in items), default=0)


def rows(items: list[Item], name: int, width: int) -> Iterator[Content]:
    """One line of `width` cells per item. Names are padded to `name` cells and always whole, even if the
    line gets too long; the columns after them are cut or left out if they do not fit."""
    name = min(max(name, _NAME), width)
    texts = [tuple(map(brief, item.columns)) for item in items]
    columns = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    for item, own in zip(items, texts, strict=True):
        style = "italic" if item.problem else "dim"  # no colour, so that the cursor's shows through
        line = Content(one_line(item.name))
        line = line.pad_right(max(0, name - line.cell_length))
        for text, size in zip(own, columns, strict=True):
            fits = min(size, width - line.cell_length - _GAP)
            if size and fits >= min(size, _SHORTEST):
                shown = set_cell_size(cut(text, fits), fits)
                line = line + Content.styled(f"{'':{_GAP}}{shown}", style)
        yield line
