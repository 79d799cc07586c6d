"""The dialog in which a panel asks for one of a few things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.dialogs import Dialog
from tui.text import one_line


class Choice(Dialog[int | None]):
    """Gives the place of what was chosen, from 0, or None if the user goes back."""

    DEFAULT_CSS = """
    Choice {
        & OptionList {
            height: auto; max-height: 60vh; padding: 0; background: $surface;
            &, &:focus { border: none; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "dismiss(None)", "back", id="inspect.choice-back", tooltip="Change nothing"
        )
    ]

    def __init__(self, question: str, options: Sequence[str], takes: str) -> None:
        """`takes` says in a word or two what Enter does."""
        super().__init__()
        self._question, self._options, self._takes = question, options, takes

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._question, classes="question", markup=False)
            yield OptionList(*(Option(Content(one_line(each))) for each in self._options))
            yield Static(f"Enter: {self._takes} · Esc: back", classes="note", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)
