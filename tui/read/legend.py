"""What the colours of a page tell."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from tui.read.page import Page
from tui.write.colours import SURPRISAL
from tui.write.legend import levels_told


class SurpriseLegend(Widget, can_focus=False):
    """The levels of surprisal in the styles of the page, or as digits, each with its range in bits."""

    ALLOW_SELECT = False

    def render(self) -> RenderResult:
        wide = self._line(f" {SURPRISAL.title}  ", "  ")
        return (
            wide if wide.cell_length <= self.size.width else self._line(f" {SURPRISAL.short} ", "")
        )

    def _line(self, title: str, gap: str) -> Content:
        styles = self.screen.query_one(Page).surprise
        return levels_told(SURPRISAL, styles, self.app.no_color, title, gap)
