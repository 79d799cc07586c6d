"""The `next character` pane: the candidates, their probabilities, and what is said of the text so far."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import ClassVar

from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from engine.writing.mixture import Mixture
from tui.write import sections
from tui.write.meter import CopyMeter
from tui.write.passage import Passage, View
from tui.write.reason import Reason
from tui.write.sections import Form, Ink, Line
from tui.write.session import Session
from tui.write.shown import Shown, Tally, believed

_TITLE = "next character"
_GRID_BELOW = 9
"""With fewer rows than this, candidates are shown in columns."""
_BESIDE = 56
"""From this width on, what does not fit below the candidates stands beside them."""
_BETWEEN = 2
"""Cells between the two."""
_NAME = 3
"""Cells for a candidate's name. Once a longer name has been shown, all names get its width."""


class NextCharacter(Widget, can_focus=False):
    """Candidates with their probability: the model's own (bar and %), and after temperature and filters.

    An arrow marks the character that was written. With enough room this is a list, and below or beside it
    a summary and facts about the text, as far as there is room; otherwise a few columns.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "next--rank",
        "next--char",
        "next--bar",
        "next--number",
        "next--came",
        "next--quiet",
    }
    ALLOW_SELECT = False

    def __init__(self, session: Session | None = None, *, id: str) -> None:
        """With a session, it says why as well, if that is to be said."""
        super().__init__(id=id)
        self._shown = Shown()
        self._tally = Tally()
        self._share: float | None = None
        self.border_title = _TITLE
        self.meter = CopyMeter(self, self._look_again)
        self._reason = Reason(self, session, self._look_again) if session else None
        self._looked: tuple[Passage | None, int] = (None, 0)
        self._lines: list[Strip] = []
        self._named_styles: dict[str, Style] = {}
        self._names = _NAME

    def look(self, passage: Passage | None, index: int) -> None:
        """Show what was believed of the character at `index`, and in the title the weights of a mixture."""
        self._looked = passage, index
        share = passage.model.share if passage and isinstance(passage.model, Mixture) else None
        if share != self._share:
            self._share = share
            weights = "" if share is None else f" · {1 - share:.0%} + {share:.0%}"
            self.border_title = _TITLE + weights
        shown = believed(passage, index, self._tally)
        if passage and (view := shown.view):
            known = index + 1 if view.step else index
            why = self._reason.look(passage, index) if self._reason else ""
            shown = replace(shown, copied=self.meter.look(passage, known), why=why)
        self.show(shown)

    def _look_again(self) -> None:
        """Show what has become known since."""
        self.look(*self._looked)

    def show(self, shown: Shown) -> None:
        """Paint this, redrawing only lines that differ."""
        if shown == self._shown:
            return
        self._shown = shown
        if (
            shown.view and shown.view.prediction.top
        ):  # never narrower: bars do not move back and forth
            self._names = sections.names_width(shown, shown.view, self._names)
        before, self._lines = self._lines, self._strips()
        for y, (old, new) in enumerate(zip_longest(before, self._lines)):
            if old is None or new is None or old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = []
        self._named_styles = {}

    def on_resize(self) -> None:
        self._lines = []

    def _strips(self) -> list[Strip]:
        """All lines that fit."""
        width, height, style = *self.size, self.rich_style
        lines = self._paint(width, height)[:height]
        lines += [[]] * (height - len(lines))
        return [Strip(line).adjust_cell_length(width, style) for line in lines]

    def render_line(self, y: int) -> Strip:
        if len(self._lines) != self.size.height:
            self._lines = self._strips()
        return self._lines[y]

    # -- painting

    def _style(self, name: str) -> Style:
        if name not in self._named_styles:
            self._named_styles[name] = self.get_component_rich_style(f"next--{name}")
        return self._named_styles[name]

    def _paint(self, width: int, height: int) -> list[Line]:
        ink, shown = Ink(self._style, self._names), self._shown
        if (view := shown.view) is None:
            return [ink.line(shown.message)]
        if not view.prediction.top:
            return [ink.line("the first character is given")]
        if height < _GRID_BELOW:
            return sections.grid(shown, view, ink, width, height)
        if width >= _BESIDE:
            return self._beside(view, ink, width, height)
        facts = sections.summary(view, ink, width)
        lines = sections.listed(shown, view, ink, width, height - 3 - len(facts))
        lines += [[], *facts]
        return lines + sections.stacked(self._others(ink, width), height - len(lines))

    def _beside(self, view: View, ink: Ink, width: int, height: int) -> list[Line]:
        """The candidates, and beside them all else."""
        each = (width - _BETWEEN) // 2
        left = sections.listed(self._shown, view, ink, each, height)
        facts = sections.summary(view, ink, each)
        right = facts + sections.stacked(self._others(ink, each), height - len(facts))
        lines = []
        for a, b in zip_longest(left, right, fillvalue=Line()):
            begin = Strip(a).adjust_cell_length(each + _BETWEEN, self.rich_style)
            lines.append([*begin, *b])
        return lines

    def _others(self, ink: Ink, width: int) -> list[list[Form]]:
        """The sections below the summary, the most important first."""
        return [
            sections.why(self._shown, ink, width),
            sections.strip(self._shown, ink, width),
            sections.copied(self._shown, ink, width),
            sections.ranks(self._shown, ink, width),
            sections.not_copied(self._shown, ink, width),
        ]
