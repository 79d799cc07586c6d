"""The dialog that asks for a second model."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine import names
from tui.dialogs import Dialog
from tui.text import one_line

_NONE = "none"


class OtherModel(Dialog[str | None]):
    """Gives a model's name, an empty one for none, or None if the user goes back."""

    DEFAULT_CSS = """
    OtherModel {
        & OptionList {
            height: auto; max-height: 60vh; padding: 0; background: $surface;
            &, &:focus { border: none; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "dismiss(None)", "back", id="inspect.other-back", tooltip="Change nothing"
        )
    ]

    def __init__(self) -> None:
        super().__init__()
        self._names = ["", *sorted(set(names.models()))]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Which model should be drawn over this one?", classes="question")
            yield OptionList(*(Option(Content(one_line(name) or _NONE)) for name in self._names))
            yield Static("Enter: draw it · Esc: back", classes="note")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._names[event.option_index])
