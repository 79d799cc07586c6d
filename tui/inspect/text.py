"""The passage at the top of Inspect: its cursor, and what a panel says of each of its characters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.inspect.panel import LEVELS, Shades
from tui.text import common_prefix, visible_char
from tui.width import Cluster
from tui.wrap import Wrapped

_MARKS = "·░▒▓█"
"""The shades where there are no colours, from none."""


class PassageText(ScrollView, can_focus=False):
    """A text with a cursor. Where there are colours the characters lie on shades; where there are none each
    line has a line of marks below it."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "inspect--cursor",
        "inspect--marks",
        *(f"inspect--for-{i}" for i in range(1, LEVELS + 1)),
        *(f"inspect--against-{i}" for i in range(1, LEVELS + 1)),
    }

    class Pointed(Message):
        """The user clicked on a character."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._wrapped = Wrapped(80)
        self._cursor = 0
        self._shades: Shades | None = None
        self._styles: dict[str, Style] = {}

    # -- its contents

    def show(self, text: str, cursor: int) -> None:
        """Show a text, in a form safe to show, with its cursor on a character or after the last."""
        wrapped = self._wrapped
        if text != wrapped.text:
            same = len(wrapped.text) if text.startswith(wrapped.text) else None
            if same is None:
                same = len(common_prefix([wrapped.text, text]))
                wrapped.truncate(same)
            wrapped.extend(text[same:])
        elif cursor == self._cursor:
            return
        self._cursor = cursor
        self._measure()

    def shade(self, shades: Shades | None) -> None:
        """Shade the text in another way."""
        if (shades is None) != (self._shades is None):
            before, self._shades = self._rows, shades
            self._measure(anew=self._rows != before)
        self._shades = shades
        self.refresh()

    def beside(self, index: int, lines: int) -> int:
        """The character so many lines below another one, or above it."""
        wrapped = self._wrapped
        line = max(0, min(wrapped.line_of(index) + lines, len(wrapped) - 1))
        return wrapped.nearest(line, wrapped.column_of(index))

    # -- layout

    @property
    def _rows(self) -> int:
        """Rows of the screen that a line takes."""
        return 2 if self._shades is not None and not self._coloured else 1

    @property
    def _coloured(self) -> bool:
        """Whether shades are told by colours."""
        return not (self.app.no_color or self.app.native_ansi_color)

    def on_resize(self) -> None:
        self._wrapped.rewrap(max(2, self.size.width - 2))
        self._measure()

    def _measure(self, anew: bool = False) -> None:
        """Keep the cursor in sight; if the lines are `anew` of another height, in the last row."""
        self.virtual_size = Size(self.size.width, len(self._wrapped) * self._rows)
        top, height = self.scroll_offset.y, self.size.height
        y = self._wrapped.line_of(self._cursor) * self._rows
        if anew or not top <= y <= top + height - self._rows:
            self.scroll_to(y=max(0, y - height + self._rows), animate=False, immediate=True)
        self.refresh()

    # -- painting

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles = {}
        self.refresh()

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(f"inspect--{name}")
        return self._styles[name]

    def render_line(self, y: int) -> Strip:
        width, plain = self.size.width, self.rich_style
        line, below = divmod(self.scroll_offset.y + y, self._rows)
        if line >= len(self._wrapped):
            return Strip.blank(width, plain)
        parts = self._marks(line) if below else self._characters(line, plain, self._coloured)
        return Strip(parts).extend_cell_length(width, plain).crop(0, width)

    def _characters(self, line: int, plain: Style, coloured: bool) -> Iterator[Segment]:
        """The characters of a line, in runs of one style."""
        styled = ((c.shown, self._name_of(c, coloured)) for c in self._clusters(line))
        for name, run in groupby(styled, key=lambda each: each[1]):
            yield Segment("".join(text for text, _ in run), self._style(name) if name else plain)

    def _clusters(self, line: int) -> Iterator[Cluster]:
        """What is shown in a line: its line end, too, if the cursor is there or it has a shade."""
        beyond, wrapped = 0, self._wrapped
        for cluster in wrapped.clusters(line):
            beyond = cluster.column + cluster.cells
            yield cluster
        end = wrapped.span(line)[1]
        if wrapped.line_of(end) == line and (end == self._cursor or self._level(end, end + 1)):
            mark = visible_char("\n") if end < len(wrapped.text) else " "
            yield Cluster(end, end + 1, beyond, 1, mark)

    def _name_of(self, cluster: Cluster, coloured: bool) -> str:
        """The name of the style of a cluster; empty if it has none of its own."""
        if cluster.start <= self._cursor < cluster.end:
            return "cursor"
        level = self._level(cluster.start, cluster.end) if coloured else 0
        return f"for-{level}" if level > 0 else f"against-{-level}" if level else ""

    def _level(self, start: int, end: int) -> int:
        """The strongest shade of the characters [start, end)."""
        if (shades := self._shades) is None:
            return 0
        within = shades.levels[max(0, start - shades.first) : max(0, end - shades.first)]
        return max((int(level) for level in within), key=abs, default=0)

    def _marks(self, line: int) -> Iterator[Segment]:
        """The row of marks below a line."""
        style, row = self._style("marks"), ""
        shades = self._shades
        last = shades.first + len(shades.levels) if shades else 0
        for cluster in self._clusters(line):
            known = shades is not None and shades.first <= cluster.start < last
            mark = _MARKS[abs(self._level(cluster.start, cluster.end))] if known else " "
            row = row.ljust(cluster.column) + mark
        yield Segment(row, style)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset_capture(self) + self.scroll_offset
        if (line := offset.y // self._rows) < len(self._wrapped):
            self.post_message(self.Pointed(self._wrapped.nearest(line, offset.x)))
