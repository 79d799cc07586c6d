"""The line in which the user types what to find in the transcript."""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from tui.text import visible
from tui.write.ordered import OrderedKeys
from tui.write.search import Search
from tui.write.transcript import Match, Transcript

_TYPING = "Enter or ↓ next · ↑ previous · Esc leaves "
_GOING = "n next · N previous · / other words · Esc leaves "


class _Words(OrderedKeys, Input):
    """What to find. Enter counts before the next key."""

    async def action_submit(self) -> None:
        await self.run_action("screen.go_through")


class Find(ModalScreen[Match | None]):
    """A line over the status line. It is answered by the match at which it was left, if there was one."""

    DEFAULT_CSS = """
    Find {
        align: left bottom; background: transparent;
        & > Horizontal { height: 1; margin-bottom: 1; background: $background; }
        & Input { width: 1fr; max-width: 40; margin: 0 1; }
        & .count { width: auto; min-width: 12; color: $foreground; }
        & .hint { width: 1fr; color: $foreground 60%; text-align: right; text-wrap: nowrap; }
        &.-narrow .hint { display: none; }
    }
    """
    BINDING_GROUP_TITLE = "Write: searching"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Leave", id="find.leave"),
        Binding("enter,down", "go(1)", "Next", id="find.next"),
        Binding("up", "go(-1)", "Previous", id="find.previous"),
        Binding("ctrl+f", "type", "Change", id="find.change", tooltip="Other words"),
    ]
    AUTO_FOCUS = "Input"

    def __init__(self, transcript: Transcript) -> None:
        super().__init__()
        self._transcript = transcript
        self._line = _Words(compact=True)
        self._going = False
        """Whether letters go through the matches; else they are typed."""
        self._matches: list[Match] = []
        self._at = 0
        """The match that is looked at, of all."""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Label(" FIND ", classes="status--walk")
            yield self._line
            yield Label("", classes="count", markup=False)
            yield Label(_TYPING, classes="hint", markup=False)

    def on_mount(self) -> None:
        self._from = self._transcript.seen_from

    def on_key(self, event: events.Key) -> None:
        """Handle what the input did not take: it comes after Enter, or before the input is there."""
        if not self._going:
            self._line.value += event.character if event.is_printable and event.character else ""
            self._line.cursor_position = len(self._line.value)
        elif way := {"n": 1, "N": -1}.get(event.key):
            self.action_go(way)
        elif event.character in ("/", "i"):
            self.action_type()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if (shown := visible(event.value)) != event.value:
            event.input.value = shown
            return
        self._look(shown)
        self._show(bisect_left(self._matches, self._from, key=self._transcript.row_of))

    def action_go_through(self) -> None:
        self._go_through(True)
        self.action_go(1)

    def action_type(self) -> None:
        self._go_through(False)

    def _go_through(self, going: bool) -> None:
        self._going = going
        self.set_focus(None if going else self._line)
        self.query_one(".hint", Label).update(_GOING if going else _TYPING)

    def action_go(self, way: int) -> None:
        before = self._matches[self._at] if self._matches else None
        self._look(self._line.value)
        if before in self._matches:
            self._show(self._matches.index(before) + way)
        else:
            self._show(0)

    def _look(self, text: str) -> None:
        self._matches = self._transcript.search(Search(text))

    def _show(self, at: int) -> None:
        count = len(self._matches)
        self._at = at % count if count else 0
        found = (
            f"{self._at + 1:,} of {count:,}" if count else "no match" if self._line.value else ""
        )
        self.query_one(".count", Label).update(found)
        self._transcript.show_match(self._matches[self._at] if count else None)

    def action_leave(self) -> None:
        match = self._matches[self._at] if self._matches else None
        self._transcript.search(None)
        self.dismiss(match)
