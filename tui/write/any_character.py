"""Waits for one character of any kind."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Label

from tui.width import spans

_NAMED = {"enter": "\n", "tab": "\t"}


class AnyCharacter(ModalScreen[str | None]):
    """A line over the status line. The next key is the answer, as a character: Enter is a line end, Tab a
    tab, and Esc None. Of a paste, the first character with all that belongs to it counts."""

    DEFAULT_CSS = """
    AnyCharacter {
        align: left bottom; background: transparent;
        & > Horizontal { height: 1; margin-bottom: 1; background: $background; }
        & .hint { color: $text-accent; }
    }
    """

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label(" TYPE ", classes="status--walk")
            hint = " any character, to stand here · Enter: a line end · Esc cancels"
            yield Label(hint, classes="hint")

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if event.key in ("escape", "ctrl+c"):
            self.dismiss(None)
        elif char := _NAMED.get(event.key, event.character):
            self.dismiss(char)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        for start, end in spans(event.text):
            self.dismiss(event.text[start:end])
            return
