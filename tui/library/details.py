"""What is known of the selected item, as text. All of it is untrusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from textwrap import wrap

from textual.content import Content

from tui.library.shelf import Item, Kind
from tui.text import one_line, visible
from tui.width import expanded

_LABEL = 12
_LEAST = 20
_COLUMNS = 4
_GAP = 2
_SHORTEST = 12
"""The least cells that are left of a column that is cut."""
_NAME = (12, 30)
"""The least and the most cells that a name takes in the list."""

HINTS = {
    Kind.MODEL: "no models yet: a run that has learnt can be kept as one",
    Kind.RUN: "no runs yet: the Train screen starts one",
    Kind.CORPUS: "no corpora yet: i imports a text",
}


def details(item: Item, width: int) -> Content:
    """Its facts, wrapped to `width` cells beside their names, then its card."""
    lines = []
    for name, value in item.facts:
        style = "$text-error" if name == "problem" else ""
        wrapped = wrap(one_line(value), max(_LEAST, width - _LABEL), break_on_hyphens=False)
        for label, line in zip(chain([name], repeat("")), wrapped, strict=False):
            lines.append(Content.assemble((f"{label:<{_LABEL}}", "$foreground 60%"), (line, style)))
    if item.text:
        lines += [Content(""), Content(expanded(visible(item.text)))]
    return Content("\n").join(lines)


def name_width(items: Iterable[Item]) -> int:
    """The cells for the names of these items, so that they stand in one column."""
    low, high = _NAME
    longest = max((Content(one_line(item.name)).cell_length for item in items), default=low)
    return min(high, max(low, longest))


def rows(items: list[Item], name: int, width: int) -> Iterator[Content]:
    """A line of at most `width` cells for each item, in columns; what does not fit is cut short
    or left out."""
    columns = (
        [max(len(item.columns[i]) for item in items) for i in range(_COLUMNS)] if items else []
    )
    for item in items:
        style = "italic" if item.problem else "dim"  # no colour: the cursor's must show through
        line = Content(one_line(item.name)).truncate(name, ellipsis=True, pad=True)
        for text, size in zip(item.columns, columns, strict=True):
            fits = min(size, width - line.cell_length - _GAP)
            if size and fits >= min(size, _SHORTEST):
                cut = text if len(text) <= fits else f"{text[: fits - 1]}…"
                line = line + Content.styled(f"{'':{_GAP}}{cut:<{fits}}", style)
        yield line
