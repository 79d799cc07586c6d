"""The Inspect screen: the passage of Write with its cursor, and one panel below it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from engine.inspecting.latest import SPAN, Near
from engine.network.stepper import Stepper
from engine.vocab import Ids
from engine.writing.generate import Generation
from tui.inspect.keys import INSPECT_BINDINGS
from tui.inspect.panel import Panel, Place
from tui.inspect.panels import PANELS
from tui.inspect.text import PassageText
from tui.inspect.units import UnitsPanel
from tui.text import one_line
from tui.trouble import TellsTrouble

_FRAME = 1 / 20
"""Seconds between two looks at the passage."""


class Passage(Protocol):
    """The text that is looked at."""

    @property
    def generation(self) -> Generation: ...

    @property
    def cursor(self) -> int: ...

    @property
    def shown(self) -> int: ...

    @property
    def glyphs(self) -> str: ...

    def ids(self) -> Ids: ...


class Walked(Protocol):
    """Where the passage is written and walked through: the Write screen."""

    @property
    def passage(self) -> Passage | None: ...

    @property
    def writing(self) -> bool: ...

    @property
    def looked_at(self) -> int:
        """The character that is looked at: while writing, the last one; else the one after the cursor."""

    def action_walk(self, way: int) -> None: ...

    def action_go(self, index: int) -> None: ...

    def action_run(self) -> None: ...

    def action_pause(self) -> None: ...


class InspectPane(TellsTrouble, Vertical):
    """The text, the line of panels, and the panel that is open. What is written is Write's: this pane looks
    at it some times a second while it is shown, and hands Write the keys that walk."""

    BINDING_GROUP_TITLE = "Inspect"
    BINDINGS: ClassVar[list[BindingType]] = INSPECT_BINDINGS

    def __init__(
        self,
        walked: Walked,
        path_of: Callable[[Stepper], Path | None],
        hold: Callable[[str, float | None], None],
        *,
        id: str,
    ) -> None:
        """`path_of` gives the file of a model, if it is known. `hold` writes on from the cursor, in a new
        passage, with a unit held at a value or let go."""
        super().__init__(id=id)
        self._walked, self._path_of, self._hold_unit = walked, path_of, hold
        self._panels = [panel(id=f"panel-{i}") for i, panel in enumerate(PANELS, 1)]
        self._open = 0
        """The number of the panel that is shown, from 0."""
        self._seen: Place | str | None = None
        """What the panel was last asked to look at, or what was said in its place."""

    def compose(self) -> ComposeResult:
        yield PassageText(id="inspect-text")
        yield Static(id="inspect-bar")
        yield Static(id="inspect-note", markup=False)
        yield from self._panels

    def on_mount(self) -> None:
        self._text = self.query_one(PassageText)
        self._bar = self.query_one("#inspect-bar", Static)
        self._note = self.query_one("#inspect-note", Static)
        self.set_interval(_FRAME, self._follow)
        self._follow()

    @property
    def panel(self) -> Panel:
        """The panel that is shown."""
        return self._panels[self._open]

    # -- what is looked at

    def _follow(self) -> None:
        """Look at the passage again."""
        if not self.display:
            return
        seen = self._place()
        if isinstance(seen, Place) and isinstance(self._seen, Place):
            same = seen.live == self._seen.live and seen.same_as(self._seen)
        else:
            same = seen == self._seen
        if not same:
            self._look(seen)

    def _look(self, seen: Place | str) -> None:
        self._seen = seen
        passage = self._walked.passage
        at = len(seen.ids) if isinstance(seen, Place) else passage.cursor if passage else 0
        self._text.show(passage.glyphs if passage else "", at)
        self._bar.update(self._told(seen), layout=False)
        shown = isinstance(seen, Place)
        self._note.display = not shown
        for panel in self._panels:
            panel.display = shown and panel is self.panel
        if isinstance(seen, Place):
            self.panel.look(seen)
            if self.screen.focused not in self._panels and self.screen.focused is not None:
                return
            self.panel.focus()
        else:
            self._text.shade(None)
            self._note.update(seen)

    def _place(self) -> Place | str:
        """The place that is looked at, or why nothing can be said."""
        passage = self._walked.passage
        if passage is None:
            return (
                "Nothing is written yet. Go to Write, type how a text should begin and press Enter; then "
                "each of its characters can be explained here."
            )
        generation, at = passage.generation, self._walked.looked_at
        if not isinstance(stepper := generation.stepper, Stepper):
            return "Two models write this text together. Inspect looks into one: begin a text without /mix."
        if not at:
            return "The first character is given: nothing was read before it. → goes on."
        if at > len(generation):
            return f"Reading the prompt: {len(generation):,} of {passage.shown:,} characters…"
        ids = passage.ids()
        came = int(ids[at]) if at < len(ids) else None
        near = Near(*generation.nearest(max(0, at - SPAN)))
        live = self._walked.writing
        return Place(stepper, self._path_of(stepper), ids[:at], came, near, live)

    def _told(self, seen: Place | str) -> Content:
        """The line of panels, and where the cursor is."""
        parts = []
        for i, panel in enumerate(self._panels):
            style = "bold $text-primary" if i == self._open else "$foreground 60%"
            parts.append(Content.styled(f" {i + 1} {panel.title} ", style))
        parts.append(Content.styled(f" {len(parts) + 1} lesson ", "$foreground 60%"))
        if isinstance(seen, Place) and (passage := self._walked.passage):
            name = one_line(seen.stepper.model.name)
            where = f"│ {seen.index:,} of {passage.shown:,} │ {name}"
            parts.append(Content.styled(f" {where}", "$foreground 60%"))
        return Content.assemble(*parts)

    @on(Panel.Shaded)
    def _shaded(self, event: Panel.Shaded) -> None:
        if event.panel is self.panel and isinstance(self._seen, Place):
            self._text.shade(event.shades)

    @on(PassageText.Pointed)
    def _pointed(self, event: PassageText.Pointed) -> None:
        self._walked.action_go(event.index)
        self._follow()

    @on(UnitsPanel.Hold)
    def _hold(self, event: UnitsPanel.Hold) -> None:
        self._hold_unit(event.unit, event.value)

    # -- keys

    def action_walk(self, way: int) -> None:
        if self._walked.passage:
            self._walked.action_walk(way)
            self._follow()

    def action_line(self, way: int) -> None:
        if passage := self._walked.passage:
            self._walked.action_go(self._text.beside(passage.cursor, way))
            self._follow()

    def action_go(self, index: int) -> None:
        self._walked.action_go(index)
        self._follow()

    def action_run(self) -> None:
        if self._walked.passage:
            self._walked.action_run()
            self._follow()

    def action_pause(self) -> None:
        self._walked.action_pause()

    def action_scroll_panel(self, way: int) -> None:
        scroll = self.panel.scroll_page_up if way < 0 else self.panel.scroll_page_down
        scroll(animate=False)

    def action_panel(self, number: int) -> None:
        """Show another panel."""
        if number != self._open:
            self._open = number
            self._text.shade(None)
            self._look(self._place())
