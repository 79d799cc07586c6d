"""The transcript: the passages written since the app was opened, wrapped by character."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Offset, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.wrap import Wrapped
from tui.write.any_character import TakesCharacter
from tui.write.colours import LEVELS
from tui.write.painting import STYLES, Block, Look, Palette
from tui.write.passage import Passage
from tui.write.search import Search, Span

_KEPT = 300_000
"""How many characters are kept; beyond that, the oldest blocks are dropped."""
_CACHED = 1000


Match = tuple[Block, Span]
"""A place where what is looked for stands."""


class Transcript(TakesCharacter, ScrollView, can_focus=True, inherit_bindings=False):
    """Blocks of text from top to bottom. It follows its end unless the user has scrolled up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"transcript--{name}" for name in STYLES),
        *(f"transcript--surprise-{i}" for i in range(LEVELS)),
    }

    class Pointed(Message):
        """The user clicked on a character of a passage."""

        def __init__(self, passage: Passage, index: int) -> None:
            super().__init__()
            self.passage = passage
            self.index = index

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._look = Look()
        self._blocks: list[Block] = []
        self._tops: list[int] = [0]
        """The first line of each block, and the line after the last block."""
        self._strips: dict[int, Strip] = {}
        self._palette: Palette | None = None
        self._cursor: tuple[Passage, int] | None = None
        self.following = True
        self._welcome: list[str] = []

    # -- its contents

    @property
    def passages(self) -> list[Passage]:
        return [block.passage for block in self._blocks if block.passage]

    def add_note(self, text: str) -> None:
        """Add a line of helo's own at the end."""
        block = self._new_block(None)
        block.wrapped.extend(text)
        self._add(block)

    def add_passage(self, passage: Passage) -> None:
        self._add(self._new_block(passage))
        self.sync(passage)

    def _new_block(self, passage: Passage | None) -> Block:
        return Block(passage, Wrapped(self._wrap_width), self._look)

    @property
    def welcome(self) -> list[str]:
        """Lines shown in the middle while there is nothing else."""
        return self._welcome

    @welcome.setter
    def welcome(self, lines: list[str]) -> None:
        self._welcome = lines
        self._strips.clear()
        self.refresh()

    def clear(self) -> None:
        self._blocks.clear()
        self._cursor = None
        self._tops = [0]
        self._changed(0, 0)
        self.scroll_to(y=0, animate=False)

    def sync(self, passage: Passage) -> None:
        """Update the block of this passage to what it shows now."""
        i = next(i for i, block in enumerate(self._blocks) if block.passage is passage)
        self._changed(i, self._blocks[i].update(passage))

    def show_cursor(self, passage: Passage | None) -> None:
        """Mark the cursor of this passage; None marks nothing."""
        cursor = (passage, passage.cursor) if passage else None
        if cursor == self._cursor:
            return
        before, self._cursor = self._cursor, cursor
        lines = [self._line_of(*place) for place in (before, cursor) if place]
        if len({place[0] for place in (before, cursor) if place}) > 1 or not (before and cursor):
            self._strips.clear()
            self.refresh()
            return
        first, last = min(lines), max(lines)
        for y in range(first, last + 1):
            self._strips.pop(y, None)
        self.refresh_lines(first, last - first + 1)

    def bring_cursor(self) -> None:
        """Scroll to the cursor if it is out of view."""
        if self._cursor is None:
            return
        self._bring(self._line_of(*self._cursor))

    def _bring(self, row: int) -> None:
        top, height = self.scroll_offset.y, self.size.height
        if not top <= row < top + height:
            self.scroll_to(y=row - height // 2, animate=False, immediate=True)

    def take(self, look: Look) -> None:
        """Show all text in another way."""
        self._look = look
        self._lay_out()
        self._restyle()

    # -- what is found in it

    @property
    def seen_from(self) -> int:
        """The row of the cursor if it is in view, else the first row that is."""
        top = self.scroll_offset.y
        row = self._line_of(*self._cursor) if self._cursor else -1
        return row if top <= row < top + self.size.height else top

    def search(self, search: Search | None) -> list[Match]:
        """Mark every place where this stands, from now on. Returns those that there are, from the top."""
        self.take(replace(self._look, search=search))
        return [(block, span) for block in self._blocks for span in block.matches()]

    def row_of(self, match: Match) -> int:
        """The row in which a match begins."""
        block, span = match
        return self._tops[self._blocks.index(block)] + block.row_of(span[0])

    def show_match(self, match: Match | None) -> None:
        """Mark this match as the one that is looked at, and bring it into view."""
        for block in self._blocks:
            block.here = match[1] if match and block is match[0] else None
        self._restyle()
        if match:
            self._bring(self.row_of(match))

    def beside(self, passage: Passage, lines: int) -> int:
        """The character `lines` lines below (or, if negative, above) the cursor of a passage."""
        wrapped = self._block_of(passage).wrapped
        line = wrapped.line_of(passage.cursor) + lines
        column = wrapped.column_of(passage.cursor)
        return wrapped.nearest(max(0, min(line, len(wrapped) - 1)), column)

    # -- lines

    def _add(self, block: Block) -> None:
        self._blocks.append(block)
        while sum(len(b.wrapped.text) for b in self._blocks[:-2]) > _KEPT:
            del self._blocks[0]
        self._changed(0, 0)

    def _block_of(self, passage: Passage) -> Block:
        return next(block for block in self._blocks if block.passage is passage)

    def _line_of(self, passage: Passage, index: int) -> int:
        i = next(i for i, block in enumerate(self._blocks) if block.passage is passage)
        return self._tops[i] + self._blocks[i].row_of(index)

    def _changed(self, i: int, line: int) -> None:
        """Lay out again from this line of block i on."""
        heights = [block.height for block in self._blocks[i:]]
        self._tops[i:] = accumulate(heights, initial=self._tops[i] if i else 0)
        first = self._tops[i] + line
        if first == 0 or len(self._strips) > _CACHED:
            self._strips.clear()
        else:
            for y in [y for y in self._strips if y >= first]:
                del self._strips[y]
        following = self.following
        if self._tops[-1] != self.virtual_size.height:
            self.virtual_size = Size(self.size.width, self._tops[-1])
            if following:
                self.scroll_end(animate=False, immediate=True, x_axis=False)
            else:
                self._say_where()
        self.refresh_lines(first, self._tops[-1] - first + 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.following = new_value >= self.max_scroll_y
        if self.following:
            self._say_where()

    def _say_where(self) -> None:
        """Say whether text follows below what is shown; a passage may have become shorter."""
        self.following = self.scroll_y >= self.max_scroll_y
        self.border_subtitle = "" if self.following else "↓ more below · End"

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        following = self.following
        for block in self._blocks:
            block.take(self._look, self._wrap_width)
        self.following = following
        self._changed(0, 0)

    @property
    def _wrap_width(self) -> int:
        """After a full line there is room for a space that hangs, and for the cursor."""
        return (self.size.width or 80) - 2 - self._look.margin

    # -- painting

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyle()

    def selection_updated(self, selection: Selection | None) -> None:
        self._restyle()

    def _restyle(self) -> None:
        self._palette = None
        self._strips.clear()
        self.refresh()

    @property
    def palette(self) -> Palette:
        if self._palette is None:
            get = self.get_component_rich_style
            self._palette = Palette(
                written=self.rich_style,
                surprise=tuple(get(f"transcript--surprise-{i}") for i in range(LEVELS)),
                **{name: get(f"transcript--{name}") for name in STYLES},
            )
        return self._palette

    def render_line(self, y: int) -> Strip:
        line = self.scroll_offset.y + y
        strip = self._strips.get(line)
        if strip is None:
            self._strips[line] = strip = self._paint(line)
        return strip

    def _paint(self, line: int) -> Strip:
        width, palette = self.size.width, self.palette
        if not self._blocks:
            return self._welcome_line(line, width)
        if line >= self._tops[-1]:
            return Strip.blank(width, palette.written)
        i = bisect_right(self._tops, line) - 1
        block, own = self._blocks[i], line - self._tops[i]
        if own >= block.text_height:
            return Strip.blank(width, palette.written)
        selection = self.text_selection
        span = selection.get_span(line) if selection else None
        marked = self._cursor
        cursor = marked[1] if marked and marked[0] is block.passage else None
        selected = span, self.screen.get_component_rich_style("screen--selection")
        segments = block.segments(own, line, palette, cursor, selected)
        if mean := block.mean(own):
            room = self.scrollable_content_region.width - len(mean)  # beside the scrollbar
            strip = Strip(segments).adjust_cell_length(room, palette.written)
            segments = [*strip, Segment(mean, palette.note)]
        return Strip(segments).extend_cell_length(width, palette.written).crop(0, width)

    def _welcome_line(self, line: int, width: int) -> Strip:
        parts = [part for whole in self._welcome for part in Content(whole).wrap(max(1, width - 2))]
        lines = [part.plain.strip() for part in parts]
        i = line - max(0, (self.size.height - len(lines)) // 2)
        text = lines[i] if 0 <= i < len(lines) else ""
        text = text.center(width - cell_len(text) + len(text))
        return Strip([Segment(text, self.palette.note)]).adjust_cell_length(
            width, self.palette.written
        )

    # -- mouse

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected characters, unaltered."""
        last = self._tops[-1] - 1
        start = selection.start or Offset(0, 0)
        end = selection.end or Offset(self.size.width, last)
        parts = []
        for block, top in zip(self._blocks, self._tops, strict=False):
            beneath = top + block.text_height
            if top > end.y or beneath <= start.y:
                continue
            wrapped, rows = block.wrapped, block.rows
            above, below = start.y < top, end.y >= beneath
            first = 0 if above else wrapped.index_at((start.y - top) // rows, start.x)
            beyond = (
                len(wrapped.text) if below else wrapped.index_from((end.y - top) // rows, end.x)
            )
            text = wrapped.text[first:beyond]
            parts.append(block.passage.exact(first, beyond) if block.passage else text)
        return "\n".join(parts), "\n"

    def on_click(self, event: events.Click) -> None:
        if self.text_selection is not None or not self._blocks:
            return
        offset = event.get_content_offset_capture(self) + self.scroll_offset
        i = bisect_right(self._tops, offset.y) - 1
        if i >= len(self._blocks) or not (passage := self._blocks[i].passage):
            return
        block, wrapped = self._blocks[i], self._blocks[i].wrapped
        line = (offset.y - self._tops[i]) // block.rows
        if line < len(wrapped):
            self.post_message(self.Pointed(passage, wrapped.nearest(line, offset.x)))
