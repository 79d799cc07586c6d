"""Character wrap of a text that grows at its end; widths are in terminal cells."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from rich.cells import get_character_cell_size


class Wrapped:
    """A text and where its display lines begin. A line ends at a newline, which belongs to it, or at the
    last character that fits; after a final newline an empty line stands."""

    def __init__(self, width: int) -> None:
        self.text = ""
        self.width = max(2, width)
        self.starts = [0]

    def __len__(self) -> int:
        """The number of display lines, at least one."""
        return len(self.starts)

    def extend(self, text: str) -> None:
        """Append to the text; only its last line is looked at again."""
        self.text += text
        self.starts.extend(_breaks(self.text, self.starts[-1], self.width))

    def truncate(self, length: int) -> None:
        """Keep the first `length` characters."""
        self.text = self.text[:length]
        del self.starts[max(1, bisect_right(self.starts, length)) :]

    def rewrap(self, width: int) -> None:
        """Break the same text at another width."""
        if (width := max(2, width)) != self.width:
            self.width = width
            self.starts = [0, *_breaks(self.text, 0, width)]

    def span(self, line: int) -> tuple[int, int]:
        """The characters of a line as [start, end), its newline not among them."""
        start = self.starts[line]
        last = line + 1 == len(self.starts)
        end = len(self.text) if last else self.starts[line + 1]
        return start, end - (end > start and self.text[end - 1] == "\n")

    def line_of(self, index: int) -> int:
        """The line that character `index` stands on, or would stand on at the end of the text."""
        return bisect_right(self.starts, index) - 1


def _breaks(text: str, start: int, width: int) -> Iterator[int]:
    """Where lines begin after the one that begins at `start`."""
    while True:
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline
        part = text[start:end]
        if part.isascii():
            yield from range(start + width, end, width)
        else:
            yield from _wide_breaks(part, start, width)
        if newline < 0:
            return
        start = newline + 1
        yield start


def _wide_breaks(part: str, start: int, width: int) -> Iterator[int]:
    column = 0
    for i, char in enumerate(part, start):
        cells = get_character_cell_size(char)
        if column + cells > width:
            yield i
            column = 0
        column += cells
