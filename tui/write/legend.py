"""A line that explains the colours of the transcript."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from tui.write.colours import legend
from tui.write.transcript import Transcript


class Legend(Widget, can_focus=False):
    """The levels of surprisal in the transcript's own styles, each with its range in bits."""

    ALLOW_SELECT = False

    def render(self) -> RenderResult:
        wide = self._line(" surprisal in bits  ", "  ")
        return wide if wide.cell_length <= self.size.width else self._line(" bits ", "")

    def _line(self, title: str, gap: str) -> Content:
        transcript = self.screen.query_one(Transcript)
        parts = [Content(title)]
        for bounds, style in zip(legend(), transcript.palette.surprise, strict=True):
            shown = Style.from_rich_style(style)
            parts += [Content.styled(f" {bounds} ", shown), Content(gap)]
        return Content.assemble(*parts)
