"""Paints the lines of a block of the transcript."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from rich.segment import Segment
from rich.style import Style

from tui.text import common_prefix, visible_char
from tui.width import Cluster
from tui.wrap import Wrapped
from tui.write.branch import CHOSEN, GIVEN, TYPED
from tui.write.colours import Colouring
from tui.write.passage import Passage
from tui.write.search import Search, Span

GAP = 1
"""Empty lines below each passage."""
MARGIN = 7
"""Cells that the mean of each line takes, with one for the scrollbar."""
STYLES = ("given", "chosen", "ahead", "note", "cursor", "found", "here")
_BOLD = Style(bold=True)


@dataclass(frozen=True)
class Palette:
    """The styles of a transcript under one theme."""

    written: Style
    given: Style
    chosen: Style
    ahead: Style
    note: Style
    cursor: Style
    found: Style
    here: Style
    """What was searched for, and the one place of it that is looked at."""
    surprise: tuple[Style, ...]
    """One per level, from what was expected to what was not."""


@dataclass(frozen=True)
class Look:
    """How all text is shown."""

    colouring: Colouring | None = None
    digits: bool = False
    """Whether levels are told by a digit below each character, not by colours."""
    search: Search | None = None
    """What is looked for, and marked."""

    @property
    def rows(self) -> int:
        """Rows of the screen that a line of a passage takes."""
        return 2 if self.digits and self.colouring else 1

    @property
    def margin(self) -> int:
        """Cells at the end of each line that are not for the text."""
        return MARGIN if self.colouring and self.colouring.averaged else 0


@dataclass(eq=False)
class Block:
    """A part of the transcript: a passage, or, if there is none, one of helo's own notes."""

    passage: Passage | None
    wrapped: Wrapped
    look: Look
    levels: bytearray = field(default_factory=bytearray)
    """The level of each character that the network has read, if there is a colouring."""
    branch: int = 0
    here: Span | None = None
    """The match that is looked at."""
    _found: tuple[Search | None, str, list[Span]] = (None, "", [])
    """What was looked for last, in what text, and where it stands."""

    @property
    def rows(self) -> int:
        """Rows of the screen that a line takes."""
        return self.look.rows if self.passage else 1

    @property
    def text_height(self) -> int:
        """Rows of the screen without the gap."""
        return len(self.wrapped) * self.rows

    @property
    def height(self) -> int:
        return self.text_height + (GAP if self.passage else 0)

    def row_of(self, index: int) -> int:
        """The row of the block in which character `index` is shown."""
        return self.wrapped.line_of(index) * self.rows

    def update(self, passage: Passage) -> int:
        """Take over what the passage shows now. Returns the first row that may have changed."""
        wrapped, text = self.wrapped, passage.glyphs
        if self.branch != passage.current:
            self.branch = passage.current
            wrapped.truncate(len(common_prefix([wrapped.text, text])))
            del self.levels[len(wrapped.text) :]
        line = max(0, len(wrapped) - 2)
        wrapped.extend(text[len(wrapped.text) :])
        if self.look.colouring:
            known = len(self.levels)
            self.levels += self.look.colouring.levels(passage.branch, known)
            line = min(line, wrapped.line_of(known))
        return line * self.rows

    def take(self, look: Look, width: int) -> None:
        """Use another look, with lines of this width."""
        if look.colouring != self.look.colouring:
            colouring, passage = look.colouring, self.passage
            new = colouring.levels(passage.branch, 0) if colouring and passage else b""
            self.levels = bytearray(new[: len(self.wrapped.text)])
        self.look = look
        self.wrapped.rewrap(width)

    def matches(self) -> list[Span]:
        """Where what is looked for stands in the text; nowhere in a note of helo's."""
        search, text = self.look.search, self.wrapped.text
        if search is None or self.passage is None:
            return []
        if self._found[:2] != (search, text):
            self._found = search, text, search.spans(text)
        return self._found[2]

    # -- painting

    def segments(
        self,
        own: int,
        line: int,
        palette: Palette,
        cursor: int | None,
        selected: tuple[tuple[int, int] | None, Style],
    ) -> list[Segment]:
        """Row `own` of the block, which is `line` of the transcript. `selected` holds the selected cells
        [start, end) and their style; an end of −1 is the end of the line."""
        of_text, below = divmod(own, self.rows)
        if below:
            return [Segment(digits(self.wrapped, self.levels, of_text), palette.note)]
        return runs(self._styled(of_text, palette, cursor, *selected), line)

    def mean(self, own: int) -> str:
        """The mean of what is told of a line, for the margin; empty if there is none."""
        of_text, below = divmod(own, self.rows)
        colouring, passage = self.look.colouring, self.passage
        if below or passage is None or colouring is None or not colouring.averaged:
            return ""
        values = colouring.values(passage.branch, *self.wrapped.span(of_text))
        return f"{np.mean(values.astype(float)):{MARGIN - 1}.2f}" if len(values) else ""

    def _styled(
        self,
        of_text: int,
        palette: Palette,
        cursor: int | None,
        span: tuple[int, int] | None,
        selection: Style,
    ) -> Iterator[tuple[Cluster, Style]]:
        """The clusters of a line and their styles, with the cursor and the selection."""
        first, last = span or (0, 0)
        wrapped, beyond = self.wrapped, 0
        matches = self._matches_in(*wrapped.span(of_text))
        for cluster in wrapped.clusters(of_text):
            beyond = cluster.column + cluster.cells
            if first < beyond and (cluster.column < last or last < 0):
                yield cluster, selection
            elif match := next((m for m in matches if _meet(m, cluster)), None):
                yield cluster, palette.here if match == self.here else palette.found
            else:
                yield cluster, self._style(cluster, palette, cursor)
        end = wrapped.span(of_text)[1]
        if cursor == end and wrapped.line_of(end) == of_text:
            mark = visible_char("\n") if end < len(wrapped.text) else " "
            yield Cluster(end, end, beyond, 1, mark), palette.cursor

    def _matches_in(self, start: int, end: int) -> list[Span]:
        """The matches that reach into the characters [start, end)."""
        matches = self.matches()
        first = bisect_right(matches, start, key=lambda match: match[1])
        return matches[first : bisect_left(matches, end, key=lambda match: match[0])]

    def _style(self, cluster: Cluster, palette: Palette, cursor: int | None) -> Style:
        if self.passage is None:
            return palette.note
        i, look = cluster.start, self.look
        kind = self.passage.kinds[i]
        if cursor is not None and i <= cursor < cluster.end:
            return palette.cursor
        if look.colouring and not look.digits and (levels := self.levels[i : cluster.end]):
            style = palette.surprise[look.colouring.styles[max(levels)]]
            return style + _BOLD if kind == GIVEN else style
        if kind == GIVEN:
            return palette.given
        if cursor is not None and i > cursor:
            return palette.ahead
        return palette.chosen if kind in (CHOSEN, TYPED) else palette.written


def _meet(match: Span, cluster: Cluster) -> bool:
    return match[0] < cluster.end and cluster.start < match[1]


def digits(wrapped: Wrapped, levels: bytearray, line: int) -> str:
    """The level of each cluster of a line, to stand below it; blank for the lowest level."""
    row = ""
    for cluster in wrapped.clusters(line):
        level = max(levels[cluster.start : cluster.end], default=0)
        row = row.ljust(cluster.column) + (str(level) if level else " ")
    return row


def runs(styled: Iterable[tuple[Cluster, Style]], line: int) -> list[Segment]:
    """The segments of a line, each a run of one style. Each carries its column, from which Textual finds
    what the mouse selects. Textual takes each character for one cell, so only clusters of which that is
    true are merged."""
    found: list[tuple[int, str, Style, bool]] = []
    for cluster, style in styled:
        text = cluster.shown
        simple = len(text) == cluster.cells and (cluster.cells == 1 or text.isspace())
        if simple and found and found[-1][2:] == (style, True):
            column, before, *_ = found.pop()
            found.append((column, before + text, style, True))
        else:
            found.append((cluster.column, text, style, simple))
    return [
        Segment(text, Style.from_meta({"offset": (column, line)}) + style)
        for column, text, style, _ in found
    ]
