"""How the app opens the screens that read a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static, TextArea

from engine.errors import HeloError
from tui.dialogs import Dialog
from tui.keys import KeyNames
from tui.read.game import GamePane
from tui.read.pane import ReadPane
from tui.read.screen import Back, PaneScreen
from tui.read.text import Text, pasted, text_of
from tui.text import one_line
from tui.told import in_app
from tui.write.asked import GameAsked, ReadAsked
from tui.write.pane import WritePane
from tui.write.prompt import PromptInput
from tui.write.session import Opened
from tui.write.slash import GAME, READ


class OpensTexts(App[int]):
    """The part of the app that opens them."""

    _names: KeyNames

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        write = self.query_one(WritePane)
        yield SystemCommand("Read", f"{READ} (/read)", partial(write.command, "read"))
        yield SystemCommand("Shannon's game", f"{GAME} (/game)", partial(write.command, "game"))

    @on(ReadAsked)
    def _read_asked(self, event: ReadAsked) -> None:
        """Read the text that is named, or one that the user types or pastes."""
        if event.ref:
            again = partial(self.query_one(PromptInput).fill, f"/read {event.ref}")
            self._read(text_of(event.ref, event.opened), event.opened, again)
        else:
            self._ask_to_paste(event.opened, "")

    @on(GameAsked)
    def _game_asked(self, event: GameAsked) -> None:
        """Play on the text that is named, or on the usual one."""
        text = text_of(event.ref, event.opened) if event.ref else None
        again = partial(self.query_one(PromptInput).fill, f"/game {event.ref}".rstrip())
        self._show(lambda back: GamePane(text, event.opened, back), again)

    def _ask_to_paste(self, opened: Opened, before: str) -> None:
        """Read what the user types or pastes, where `before` stands already."""

        def typed(text: str | None) -> None:
            if text:
                self._read(pasted(text), opened, partial(self._ask_to_paste, opened, text))

        self.push_screen(PasteDialog(before), typed)

    def _read(self, text: Text, opened: Opened, again: Callable[[], None]) -> None:
        """Show a text in Read. If it cannot be read, say why and call `again`."""
        self._show(lambda back: ReadPane(text, opened, back), again)

    def _show(self, make: Callable[[Back], Widget], again: Callable[[], None]) -> None:
        """Show a pane on a screen of its own. If it leaves with an error, say it and call `again`."""

        def back(error: HeloError | None) -> None:
            self.pop_screen()
            if error:
                self.notify(one_line(in_app(error)), severity="error", markup=False)
                self.call_later(again)  # as the app: the answer to a dialog goes to who opened it

        self.query_one(WritePane).pause()
        self.push_screen(PaneScreen(make(back), self._names))


class PasteArea(TextArea):
    """Where a text is typed or pasted. Enter ends it, and ctrl+j makes a line end, as in the prompt."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.take", "Read", show=False, priority=True),
        Binding("ctrl+j", "newline", "Line end", show=False),
    ]

    def action_newline(self) -> None:
        self.insert("\n")


class PasteDialog(Dialog[str | None]):
    """Asks for a text; None if the user goes back."""

    DEFAULT_CSS = """
    PasteDialog {
        & > Vertical { width: 76; }
        & TextArea { height: 12; max-height: 50vh; margin-top: 1; }
        &.-lowest TextArea { height: 4; border: none; margin-top: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Change nothing")]

    def __init__(self, before: str) -> None:
        super().__init__()
        self._before = before

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Type or paste the text that the model reads", classes="question")
            yield PasteArea(self._before, soft_wrap=True, show_line_numbers=False)
            yield Static("Enter: read it · ctrl+j: line end · Esc: cancel", classes="note")

    def action_take(self) -> None:
        self.dismiss(self.query_one(TextArea).text)
