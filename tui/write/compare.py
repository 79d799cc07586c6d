"""Two branches of a passage side by side, from where they diverge."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from engine.words import counted
from tui.phrases import number
from tui.text import one_line
from tui.width import INSIDE, cut, expanded, spans
from tui.wrap import Wrapped
from tui.write.branch import CHOSEN, GIVEN, TYPED, Branch
from tui.write.passage import Passage

_CLUSTER = 64
"""Characters before a place among which the cluster begins that it lies in."""
_NAME = 24
"""Cells of a branch's name above its text."""
_TAIL = 2
"""Lines of the shared beginning."""


def diverge(one: Branch, other: Branch) -> int:
    """The first character in which two branches differ, or where the shorter one ends; before that, the
    beginning of what is shown as one with it."""
    a, b = one.ids(), other.ids()
    n = min(len(a), len(b))
    differ = np.flatnonzero(a[:n] != b[:n])
    n = int(differ[0]) if len(differ) else n
    first = max(0, n - _CLUSTER)
    begins = [n]
    for branch in (one, other):
        for start, end in spans(branch.glyphs.text[first : n + _CLUSTER]):
            if first + start < n < first + end:
                begins.append(first + start)
    return min(begins)


def tail(text: str, width: int) -> str:
    """The last lines of a text, wrapped; an ellipsis stands for what comes before."""
    wrapped = Wrapped(width - 1)
    wrapped.extend(text[-(_TAIL + 1) * width :])
    first = wrapped.starts[-_TAIL:][0]
    shown = wrapped.text[first:].replace(INSIDE, "")
    return shown if len(text) == len(wrapped.text) and not first else f"…{shown}"


class Side(Widget, can_focus=False):
    """A branch from a character on, wrapped. It shows the lines from `top` on."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"transcript--given", "transcript--chosen"}

    def __init__(self, branch: Branch, start: int) -> None:
        super().__init__()
        self._kinds = branch.kinds[start:]
        self.wrapped = Wrapped(0)
        self.wrapped.extend(branch.glyphs.text[start:])
        self.top = 0

    def on_resize(self) -> None:
        self.wrapped.rewrap(self.size.width - 1)

    def render_line(self, y: int) -> Strip:
        width, line = self.size.width, self.top + y
        if line >= len(self.wrapped):
            return Strip.blank(width, self.rich_style)
        styled = ((self._style(c.start), c.shown) for c in self.wrapped.clusters(line))
        segments = [
            Segment("".join(shown for _, shown in run), style)
            for style, run in groupby(styled, key=lambda pair: pair[0])
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, index: int) -> Style:
        kind = self._kinds[index]
        if kind == GIVEN:
            return self.get_component_rich_style("transcript--given")
        if kind in (CHOSEN, TYPED):
            return self.get_component_rich_style("transcript--chosen")
        return self.rich_style


class BranchesCompared(ModalScreen[None]):
    """The end of what two branches share, and the rest of each; both are scrolled together."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    DEFAULT_CSS = """
    BranchesCompared {
        background: $background;
        & .shared { height: auto; padding: 0 2; color: $foreground 60%; }
        & > Container { height: 1fr; layout: horizontal; }
        &.-narrow > Container { layout: vertical; }
        & Side { width: 1fr; height: 1fr; padding: 0 1; border: round $primary; }
        & .keys { height: 1; padding: 0 2; color: $foreground 60%; }
    }
    """
    BINDING_GROUP_TITLE = "Write: two branches"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,c,q", "dismiss(None)", "Back", id="compare.back"),
        Binding("up,k", "scroll(-1)", "Up", id="compare.up"),
        Binding("down,j", "scroll(1)", "Down", id="compare.down"),
        Binding("pageup", "page(-1)", "Page up", id="compare.page-up"),
        Binding("pagedown,space", "page(1)", "Page down", id="compare.page-down"),
        Binding("home", "scroll(-1_000_000_000)", "Start", id="compare.start"),
        Binding("end", "scroll(1_000_000_000)", "End", id="compare.end"),
    ]

    def __init__(self, passage: Passage, first: int, second: int) -> None:
        """`first` and `second` are ids of branches."""
        super().__init__()
        ids = list(passage.branches)
        self._branches = [(1 + ids.index(id), passage.branches[id]) for id in (first, second)]
        self._start = diverge(*(branch for _, branch in self._branches))

    def compose(self) -> ComposeResult:
        yield Static(classes="shared")
        with Container():
            for number_, branch in self._branches:
                side = Side(branch, self._start)
                side.border_title = Content(self._title(number_, branch))
                yield side
        yield Static("↑↓ PgUp PgDn scroll both · Esc back", classes="keys")

    def _title(self, place: int, branch: Branch) -> str:
        name = cut(one_line(branch.name), _NAME) or f"branch {place}"
        length = counted(branch.shown - self._start, "character")
        bits = number(branch.mean_bits(self._start), ".2f")
        return f"{name} · {length} · {bits} bits a character"

    def on_resize(self) -> None:
        text = self._branches[0][1].glyphs.text[: self._start]
        shared = f"Both begin with the same {counted(self._start, 'character')}:\n"
        told = Content.assemble((shared, "bold"), expanded(tail(text, self.size.width - 4)))
        self.query_one(".shared", Static).update(
            told if text else "They have no beginning in common"
        )
        self.call_after_refresh(self.action_scroll, 0)

    @property
    def _sides(self) -> list[Side]:
        return list(self.query(Side))

    def action_scroll(self, lines: int) -> None:
        sides = self._sides
        longest = max(len(side.wrapped) - side.size.height for side in sides)
        top = max(0, min(sides[0].top + lines, longest))
        for side in sides:
            side.top = top
            side.refresh()

    def action_page(self, way: int) -> None:
        self.action_scroll(way * max(1, self._sides[0].size.height - 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.action_scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.action_scroll(-3)
