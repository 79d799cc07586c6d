"""A screen above the tabs that shows one pane and its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from engine.errors import HeloError
from tui.frame import KeyHints
from tui.help import HelpScreen
from tui.keys import KeyNames

Back = Callable[[HeloError | None], object]
"""Leaves the screen of a pane, with an error if there is nothing to show."""


class PaneScreen(Screen[None]):
    """Holds one pane, laid out as Write is."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", "Help", id="app.help", tooltip="Keys and commands"),
    ]
    DEFAULT_CSS = """
    PaneScreen {
        #page {
            width: 1fr; height: 1fr; border: round $foreground 20%; padding: 0 1;
            overflow-x: hidden; overflow-y: auto;
            scrollbar-gutter: stable; scrollbar-size-vertical: 1;
            &:focus { border: round $accent; }
        }
        #surprise, #facts { height: 1; }
        .beside { height: 1fr; }
        &.-narrow .beside { layout: vertical; }
    }
    """

    def __init__(self, pane: Widget, names: KeyNames) -> None:
        super().__init__()
        self._pane, self._names = pane, names

    def compose(self) -> ComposeResult:
        yield self._pane
        yield KeyHints(id="hints")

    def action_help(self) -> None:
        """Show every key of this screen."""
        self.app.push_screen(HelpScreen([self._pane, self.app], self._names))
