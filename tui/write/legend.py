"""A line that explains what the colours of the transcript tell."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style as RichStyle
from textual.app import RenderResult
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from tui.write.colours import Colouring
from tui.write.painting import Look
from tui.write.transcript import Transcript


def levels_told(
    mode: Colouring, styles: Sequence[RichStyle], digits: bool, title: str, gap: str
) -> Content:
    """The title, and each level in its style, or as its digit, with its name."""
    parts = [Content(title)]
    for level, (name, style) in enumerate(zip(mode.names, styles, strict=True)):
        if digits:
            parts.append(Content(f" {level or 'blank'}: {name} "))
        else:
            parts.append(Content.styled(f" {name} ", Style.from_rich_style(style)))
        parts.append(Content(gap))
    return Content.assemble(*parts)


class Legend(Widget, can_focus=False):
    """The levels of the transcript in its own styles, or as its digits, each with its name."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._look = Look()

    def show(self, look: Look) -> None:
        self._look = look
        self.display = look.colouring is not None
        self.refresh()

    def render(self) -> RenderResult:
        if (mode := self._look.colouring) is None:
            return ""
        mean = " right: mean of the line" if mode.averaged else ""
        forms = (
            self._line(f" {mode.title}  ", "  ", mean),
            self._line(f" {mode.title}  ", "  ", ""),
            self._line(f" {mode.short} ", "", ""),
        )
        return next((f for f in forms if f.cell_length <= self.size.width), forms[-1])

    def _line(self, title: str, gap: str, end: str) -> Content:
        mode, palette = self._look.colouring, self.screen.query_one(Transcript).palette
        assert mode
        styles = [palette.surprise[style] for style in mode.styles]
        return levels_told(mode, styles, self._look.digits, title, gap).append(end)
