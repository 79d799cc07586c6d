"""A passage as a picture: an SVG file that fetches nothing, in lines of equally wide cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import count
from typing import NamedTuple

from tui.width import Cluster
from tui.wrap import Wrapped
from tui.write.passage import Passage
from tui.write.saved_page import Page, legend_of, page_of, style

_COLUMNS = 80
_CELL, _LINE, _MARGIN = 8.4, 20, 16
"""The width of a cell, the height of a line, and the margin, in pixels."""
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="{width}" height="{height}"
 viewBox="0 0 {width} {height}">
<title>{model}</title>
<style>
{style}
text {{ font: 14px monospace; white-space: pre; unicode-bidi: isolate }}
</style>
<rect class="page" width="100%" height="100%"/>
"""


class _Run(NamedTuple):
    """Text in one style, in cells of a line."""

    column: int
    cells: int
    text: str
    classes: str


def svg(passage: Passage) -> Iterator[str]:
    """The picture of a passage as it is now, in parts."""
    return _svg(page_of(passage))


def _svg(page: Page) -> Iterator[str]:
    head = Wrapped(_COLUMNS)
    head.extend("\n".join((page.model, " · ".join(page.facts))))
    text = Wrapped(_COLUMNS)
    text.extend(page.text)
    height = 2 * _MARGIN + (len(head) + 2 + len(text)) * _LINE
    yield _HEAD.format(
        width=round(2 * _MARGIN + (_COLUMNS + 1) * _CELL),
        height=height,
        model=escape(page.model),
        style=style(".{} {{ fill: {} }}", ".{} {{ fill: {} }}"),
    )
    row = count()
    for line in range(len(head)):
        yield _text(next(row), _merged((c, "") for c in head.clusters(line)))
    yield _text(next(row), _legend(page))
    next(row)
    for line in range(len(text)):
        clusters = ((c, page.classes(c.start, c.end)) for c in text.clusters(line))
        yield _text(next(row), _merged(clusters))
    yield "</svg>\n"


def _legend(page: Page) -> Iterator[_Run]:
    title = "surprisal in bits:"
    yield _Run(0, len(title), title, "")
    column = len(title)
    for text, classes in legend_of(page):
        yield _Run(column + 1, len(text), text, classes)
        column += 1 + len(text)


def _merged(clusters: Iterable[tuple[Cluster, str]]) -> Iterator[_Run]:
    """Clusters and their classes as runs. What is not one character in one cell stands by itself, so that
    what follows it is in its cell whatever the font."""
    last: _Run | None = None
    joins = False
    for cluster, classes in clusters:
        run = _Run(cluster.column, cluster.cells, cluster.shown, classes)
        simple = len(run.text) == run.cells
        if last and joins and simple and last.classes == classes:
            last = _Run(last.column, last.cells + run.cells, last.text + run.text, classes)
            continue
        if last:
            yield last
        last, joins = run, simple
    if last:
        yield last


def _text(row: int, runs: Iterable[_Run]) -> str:
    """A line of the picture; empty for one without text."""
    parts = "".join(map(_part, runs))
    y = _MARGIN + row * _LINE + 15
    return f'<text class="text" y="{y}">{parts}</text>\n' if parts else ""


def _part(run: _Run) -> str:
    classes = f' class="{run.classes}"' if run.classes else ""
    width = f' textLength="{run.cells * _CELL:.1f}"' if run.cells else ""
    x = _MARGIN + run.column * _CELL
    return f'<tspan x="{x:.1f}"{width}{classes}>{escape(run.text)}</tspan>'
