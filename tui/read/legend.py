"""What the colours of a page tell."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from tui.read.page import Page
from tui.write.colours import SURPRISAL


class SurpriseLegend(Widget, can_focus=False):
    """The levels of surprisal in the styles of the page, or as digits, each with its range in bits."""

    ALLOW_SELECT = False

    def render(self) -> RenderResult:
        wide = self._line(f" {SURPRISAL.title}  ", "  ")
        return (
            wide if wide.cell_length <= self.size.width else self._line(f" {SURPRISAL.short} ", "")
        )

    def _line(self, title: str, gap: str) -> Content:
        parts = [Content(title)]
        styles = self.screen.query_one(Page).surprise
        for level, (name, style) in enumerate(zip(SURPRISAL.names, styles, strict=True)):
            if self.app.no_color:
                parts.append(Content(f" {level or 'blank'}: {name} "))
            else:
                parts.append(Content.styled(f" {name} ", Style.from_rich_style(style)))
            parts.append(Content(gap))
        return Content.assemble(*parts)
