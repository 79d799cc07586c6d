"""A growing text, wrapped at words. Widths are in terminal cells.

A line ends after its last space, tab or wide character if the next word does not fit. A word longer than a
line is cut between clusters. A space that does not fit hangs: it takes one cell beyond the width.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from tui.width import Cluster, cells, clusters, is_plain, spans


class Wrapped:
    """A text and where its display lines begin. After a final newline there is an empty line."""

    def __init__(self, width: int) -> None:
        self.text = ""
        self.width = max(2, width)
        self.starts = [0]

    def __len__(self) -> int:
        """The number of display lines, at least one."""
        return len(self.starts)

    def extend(self, text: str) -> None:
        """Append to the text. Its last two lines are wrapped again."""
        self.text += text
        del self.starts[max(1, len(self.starts) - 1) :]
        self.starts.extend(_breaks(self.text, self.starts[-1], self.width))

    def truncate(self, length: int) -> None:
        """Keep the first `length` characters."""
        self.text = self.text[:length]
        # What is left of a word that was cut may now fit into the line before.
        del self.starts[max(1, bisect_right(self.starts, length) - 1) :]
        self.extend("")

    def rewrap(self, width: int) -> None:
        """Wrap the same text at another width."""
        if (width := max(2, width)) != self.width:
            self.width = width
            self.starts = [0, *_breaks(self.text, 0, width)]

    def span(self, line: int) -> tuple[int, int]:
        """The characters of a line as [start, end), without its newline."""
        start = self.starts[line]
        last = line + 1 == len(self.starts)
        end = len(self.text) if last else self.starts[line + 1]
        return start, end - (end > start and self.text[end - 1] == "\n")

    def clusters(self, line: int) -> Iterator[Cluster]:
        """The clusters of a line from the left. Their starts and ends are positions in the whole text."""
        start, end = self.span(line)
        for cluster in clusters(self.text[start:end], self.width):
            yield cluster._replace(start=start + cluster.start, end=start + cluster.end)

    def line_of(self, index: int) -> int:
        """The line that contains character `index`, or would contain it at the end of the text."""
        return bisect_right(self.starts, index) - 1

    def column_of(self, index: int) -> int:
        """The cell of its line at which character `index` is shown."""
        column = 0
        for cluster in self.clusters(self.line_of(index)):
            if index < cluster.end:
                return cluster.column
            column = cluster.column + cluster.cells
        return column

    def index_at(self, line: int, column: int) -> int:
        """The first character of the cluster at a cell of a line; beyond the last cluster, the line's
        end."""
        on = (c.start for c in self.clusters(line) if column < c.column + c.cells)
        return next(on, self.span(line)[1])

    def index_from(self, line: int, column: int) -> int:
        """The first character of the first cluster at or after a cell; the line's end if there is none."""
        after = (c.start for c in self.clusters(line) if column <= c.column)
        return next(after, self.span(line)[1])

    def nearest(self, line: int, column: int) -> int:
        """`index_at`, or the nearest character on the same line."""
        index = self.index_at(line, column)
        if self.line_of(index) == line:
            return index
        return max(c.start for c in self.clusters(line))


def _breaks(text: str, start: int, width: int) -> Iterator[int]:
    """Where the lines after the one at `start` begin."""
    while True:
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline
        find = _plain_breaks if is_plain(text[start:end]) else _any_breaks
        yield from (start + to for to in find(text[start:end], width))
        if newline < 0:
            return
        start = newline + 1
        yield start


def _plain_breaks(part: str, width: int) -> Iterator[int]:
    """`_any_breaks` for a text in which every character takes one cell."""
    start = 0
    while len(part) - start > width:
        full = start + width
        to = full + 1 if part[full] == " " else part.rfind(" ", start, full) + 1
        if to <= full and not part[start:to].strip(" "):
            to = full
        if to == len(part):
            return
        yield to
        start = to


def _any_breaks(part: str, width: int) -> Iterator[int]:
    column, word = 0, False
    gap = gap_column = 0
    for begin, end in spans(part):
        cluster = part[begin:end]
        tab = cluster[0] == "\t"
        blank = tab or cluster == " "
        taken = cells(cluster, column, width)
        if column + taken > width and not (cluster == " " and column == width):
            moves = gap and taken == 1 and not tab
            yield gap if moves else begin
            column = column - gap_column if moves else 0
            word, gap = column > 0, 0
            taken = cells(cluster, column, width)
        column += taken
        word = word or not blank
        if word and (blank or taken == 2):
            gap, gap_column = end, column
