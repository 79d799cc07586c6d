"""A text coloured by how surprising each of its characters is, with a cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.geometry import Offset, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.worker import get_current_worker

from tui.text import visible_char
from tui.width import Cluster
from tui.wrap import Wrapped
from tui.write.colours import LEVELS, SURPRISAL, Values
from tui.write.ordered import OrderedKeys
from tui.write.painting import digits, runs

_AT_ONCE = 100_000
"""Characters that are wrapped at once. Those of a longer text are wrapped in a thread."""
_CACHED = 1000


class Page(OrderedKeys, ScrollView, can_focus=True, inherit_bindings=False):
    """A text whose characters get their colours as they are read. The cursor is on one of them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript--cursor",
        *(f"transcript--surprise-{i}" for i in range(LEVELS)),
    }

    class Moved(Message):
        """The cursor is on another character."""

    class _Laid(Message):
        def __init__(self, wrapped: Wrapped) -> None:
            super().__init__()
            self.wrapped = wrapped

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.text = ""
        """The text in a form safe to show."""
        self.cursor = 0
        self._exact: Callable[[int, int], str] = lambda start, end: ""
        self._levels = bytearray()
        self._wrapped = Wrapped(80)
        self._strips: dict[int, Strip] = {}
        self._styles: tuple[Style, ...] = ()

    # -- its contents

    def show(self, text: str, exact: Callable[[int, int], str]) -> None:
        """Show another text, of which nothing is read yet. `exact` gives its characters [start, end),
        unaltered."""
        self.text, self._exact, self._levels = text, exact, bytearray()
        self.cursor = 0
        self._lay_out()
        self.scroll_to(y=0, animate=False)

    def colour(self, bits: Values) -> None:
        """Colour the next characters by their surprisal in bits (N,)."""
        if not len(bits):
            return
        first = self._row_of(len(self._levels))
        self._levels += SURPRISAL.levels_of(bits)
        beyond = self._row_of(len(self._levels) - 1) + self._rows
        for y in [y for y in self._strips if first <= y < beyond]:
            del self._strips[y]
        self.refresh_lines(first, beyond - first)

    def go(self, index: int) -> None:
        """Put the cursor on a character, or as near as possible, and bring it into view."""
        before = self.cursor
        self.cursor = max(0, min(index, len(self.text) - 1))
        for y in {self._row_of(before), self._row_of(self.cursor)}:
            self._strips.pop(y, None)
            self.refresh_lines(y, 1)
        self._bring_cursor()
        if self.cursor != before:
            self.post_message(self.Moved())

    def move_lines(self, lines: int) -> None:
        """Move the cursor down by lines, or up."""
        wrapped = self._wrapped
        line = wrapped.line_of(self.cursor) + lines
        line = max(0, min(line, len(wrapped) - 1))
        self.go(wrapped.nearest(line, wrapped.column_of(self.cursor)))

    def _bring_cursor(self) -> None:
        y, top, height = self._row_of(self.cursor), self.scroll_offset.y, self.size.height
        if not top <= y <= top + height - self._rows:
            self.scroll_to(y=y - height // 2, animate=False, immediate=True)

    # -- layout

    @property
    def _rows(self) -> int:
        """Rows of the screen that a line takes: without colours, digits stand below it."""
        return 2 if self.app.no_color else 1

    def _row_of(self, index: int) -> int:
        return self._wrapped.line_of(index) * self._rows

    @property
    def lines_shown(self) -> int:
        """How many lines of the text fit."""
        return self.size.height // self._rows

    @property
    def _wrap_width(self) -> int:
        """After a full line there is room for a space that hangs."""
        return (self.size.width or 80) - 2

    def on_resize(self) -> None:
        if self._wrapped.width != max(2, self._wrap_width):
            self._lay_out()

    def _lay_out(self) -> None:
        """Wrap the text: all of it, or its beginning now and the rest in a thread."""
        begun = Wrapped(self._wrap_width)
        begun.extend(self.text[:_AT_ONCE])
        if len(self.text) <= _AT_ONCE or self.cursor < _AT_ONCE // 2:
            self._take(begun)
        if len(self.text) > _AT_ONCE:
            self._wrap(self.text, self._wrap_width)

    @work(thread=True, exclusive=True, group="wrap", exit_on_error=False)
    def _wrap(self, text: str, width: int) -> None:
        worker, whole = get_current_worker(), Wrapped(width)
        for start in range(0, len(text), _AT_ONCE):
            if worker.is_cancelled:
                return
            whole.extend(text[start : start + _AT_ONCE])
        self.post_message(self._Laid(whole))

    def on_page__laid(self, event: _Laid) -> None:
        if event.wrapped.text == self.text and event.wrapped.width == max(2, self._wrap_width):
            self._take(event.wrapped)

    def _take(self, wrapped: Wrapped) -> None:
        self._wrapped = wrapped
        self._strips.clear()
        self.virtual_size = Size(self.size.width, len(wrapped) * self._rows)
        self._bring_cursor()
        self.refresh()

    # -- painting

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyle()

    def selection_updated(self, selection: Selection | None) -> None:
        self._restyle()

    def _restyle(self) -> None:
        self._styles = ()
        self._strips.clear()
        self.refresh()

    @property
    def surprise(self) -> tuple[Style, ...]:
        """A style per level of surprisal, from the likeliest."""
        if not self._styles:
            names = (f"transcript--surprise-{i}" for i in range(LEVELS))
            self._styles = tuple(map(self.get_component_rich_style, names))
        return self._styles

    def render_line(self, y: int) -> Strip:
        row = self.scroll_offset.y + y
        if (strip := self._strips.get(row)) is None:
            if len(self._strips) > _CACHED:
                self._strips.clear()
            self._strips[row] = strip = self._paint(row)
        return strip

    def _paint(self, row: int) -> Strip:
        width, plain = self.size.width, self.rich_style
        line, below = divmod(row, self._rows)
        if line >= len(self._wrapped):
            return Strip.blank(width, plain)
        if below:
            segments = [Segment(digits(self._wrapped, self._levels, line), plain)]
        else:
            segments = runs(self._styled(line, row), row)
        return Strip(segments).extend_cell_length(width, plain).crop(0, width)

    def _styled(self, line: int, row: int) -> Iterator[tuple[Cluster, Style]]:
        selection = self.text_selection
        first, last = (selection.get_span(row) if selection else None) or (0, 0)
        selected = self.screen.get_component_rich_style("screen--selection")
        on_cursor = self.get_component_rich_style("transcript--cursor")
        plain, beyond = self.rich_style, 0
        for cluster in self._wrapped.clusters(line):
            beyond = cluster.column + cluster.cells
            style = plain
            steps = self._levels[cluster.start : cluster.end]
            if steps and self._rows == 1:
                style = self.surprise[max(steps)]
            if first < beyond and (cluster.column < last or last < 0):
                style = selected
            elif cluster.start <= self.cursor < cluster.end:
                style = on_cursor
            yield cluster, style
        end = self._wrapped.span(line)[1]
        if end < len(self.text) and self.text[end] == "\n" and self._wrapped.line_of(end) == line:
            if self.cursor == end:
                yield Cluster(end, end + 1, beyond, 1, visible_char("\n")), on_cursor
            elif self._levels[end : end + 1] > b"\x02" and self._rows == 1:  # it surprises
                style = self.surprise[self._levels[end]]
                yield Cluster(end, end + 1, beyond, 1, visible_char("\n")), style

    # -- mouse

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        wrapped = self._wrapped
        start = selection.start or Offset(0, 0)
        end = selection.end or Offset(self.size.width, len(wrapped) * self._rows - 1)
        last = len(wrapped) - 1
        first = wrapped.index_at(min(start.y // self._rows, last), start.x)
        beyond = wrapped.index_from(min(end.y // self._rows, last), end.x)
        return self._exact(first, beyond), "\n"

    def on_click(self, event: events.Click) -> None:
        if self.text_selection is None and self.text:
            offset = event.get_content_offset_capture(self) + self.scroll_offset
            line = max(0, min(offset.y // self._rows, len(self._wrapped) - 1))
            self.go(self._wrapped.nearest(line, offset.x))
