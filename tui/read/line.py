"""A line of facts below a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from tui.text import one_line


class FactLine(Widget, can_focus=False):
    """A label, what is going on, and facts from the left, as many as fit."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--walk", "status--quiet", "status--doing"}

    def __init__(self, label: str, *, id: str) -> None:
        super().__init__(id=id)
        self._label = label
        self._doing = ""
        self._facts: tuple[str, ...] = ()

    def show(self, doing: str, facts: Sequence[str]) -> None:
        """Show these; empty facts are left out."""
        now = doing, tuple(one_line(fact) for fact in facts if fact)
        if now != (self._doing, self._facts):
            self._doing, self._facts = now
            self.refresh()

    def render(self) -> RenderResult:
        quiet = self.get_visual_style("status--quiet")
        parts = [Content.styled(f" {self._label} ", self.get_visual_style("status--walk"))]
        if self._doing:
            doing = self.get_visual_style("status--doing")
            parts.append(Content.styled(f" {one_line(self._doing)}", doing))
        room = self.size.width - sum(part.cell_length for part in parts)
        for fact in self._facts:
            between = Content.styled(" │ " if len(parts) > 1 else " ", quiet)
            piece = Content.assemble(between, Content(fact))
            if piece.cell_length <= room:
                room -= piece.cell_length
                parts.append(piece)
        return Content.assemble(*parts)
