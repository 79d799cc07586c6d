"""The widget that a page of the lesson is drawn on."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.lesson.figure import BOLD, DIM, FALL, HERE, PLAIN, RISE, Line


class Sheet(Widget, can_focus=False):
    """Shows lines, and draws only those anew that have changed."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"sheet--{name}" for name in (BOLD, DIM, FALL, HERE, RISE)
    }
    DEFAULT_CSS = """
    Sheet {
        & > .sheet--bold { text-style: bold; }
        & > .sheet--dim { color: $foreground 60%; }
        & > .sheet--rise { color: $text-success; text-style: bold; }
        & > .sheet--fall { color: $text-error; }
        & > .sheet--here { text-style: bold reverse; }
    }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: list[Line] = []

    def show(self, lines: list[Line]) -> None:
        """Show these lines, from the top."""
        before, self._lines = self._lines, lines
        width = self.outer_size.width
        for y in range(max(len(before), len(lines))):
            if before[y : y + 1] != lines[y : y + 1]:
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        plain = self.rich_style
        segments = []
        for name, pieces in groupby(
            self._lines[y] if y < len(self._lines) else [], key=lambda piece: piece[1]
        ):
            style = plain if name == PLAIN else self.get_component_rich_style(f"sheet--{name}")
            segments.append(Segment("".join(text for text, _ in pieces), style))
        return Strip(segments).adjust_cell_length(self.size.width, plain)
