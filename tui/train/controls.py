"""The widgets for choosing a text and typing the settings of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from engine.cells import CELLS
from engine.config import TrainConfig, check_device
from tui.text import visible
from tui.train.choice import TextChoice
from tui.train.fields import FIELDS, FOUND, Field, given, processes

_AUTO = "auto"


class NumberInput(Input):
    """An input whose backspace keeps its order. As a binding it could be overtaken by later keys."""

    def key_backspace(self, event: Key) -> None:
        event.stop()
        self.action_delete_left()


def control(field: Field) -> Input | Select[str]:
    """The widget of a field. Its id is the field's key."""
    if field.choices:
        options = [(choice, choice) for choice in field.choices]
        return Select(options, value=field.usual, id=field.key, allow_blank=False, compact=True)
    return NumberInput(field.usual, id=field.key, compact=True)


def mark(form: Widget, key: str) -> None:
    """Mark the row of the field that is wrong, and no other; none if `key` is empty."""
    for row in form.query(".row"):
        row.set_class(bool(key and row.query(f"#{key}")), "-wrong")


class Controls(VerticalScroll):
    """The choice of a text, and one row per field: its label, its widget and a hint."""

    SCOPED_CSS = False  # the rules depend on classes of the pane
    DEFAULT_CSS = """
    Controls {
        height: 1fr; padding: 1 2 0 2;
        .row { height: 1; margin-bottom: 1; }
        .row .label { width: 16; text-style: bold; }
        .row.-wrong .label { color: $text-error; text-style: bold reverse; }
        .row .hint {
            width: 1fr; padding-left: 2; color: $text-muted;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        .row Input, .row Select { width: 40; }
        .row #corpus { width: 1fr; max-width: 80; }
        SelectCurrent #label { text-wrap: nowrap; text-overflow: ellipsis; }
        #advice { color: $text-muted; margin-bottom: 1; }
        .row Input:focus { background-tint: $primary 20%; text-style: bold; }
        .row #length { width: 20; }
        .row #unit { width: 20; }
    }
    TrainPane.-short Controls {
        padding: 0 1;
        .row, #advice { margin-bottom: 0; }
    }
    TrainPane.-narrow Controls {
        scrollbar-size-vertical: 1;
        .row .label { width: 14; }
        .row .hint { padding-left: 1; }
        .row Input, .row Select { width: 16; }
        .row #file { width: 28; }
        .row #length { width: 12; }
        .row #unit { width: 16; }
    }
    TrainPane.-narrowest Controls {
        .row .hint { display: none; }
        .row #file { width: 1fr; }
        .row #length { width: 9; }
        .row #unit { width: 13; }
    }
    TrainPane.-lowest Controls #advice { display: none; }
    """

    def compose(self) -> ComposeResult:
        fields = {field.key: field for field in FIELDS}
        unit = fields.pop("unit")
        yield Static("Just start: auto finds a value for the text and the time.", id="advice")
        yield TextChoice()
        for field in fields.values():
            with Horizontal(classes="row"):
                yield Static(field.label, classes="label")
                yield control(field)
                if field.key == "length":
                    yield control(unit)
                yield Static(field.hint, id=f"{field.key}-hint", classes="hint", markup=False)

    def on_resize(self) -> None:
        """Keep the field that is typed in in sight, as when the line with a problem takes room."""
        focused = self.screen.focused
        if focused and self in focused.ancestors:
            focused.scroll_visible(animate=False)

    def values(self) -> dict[str, str]:
        """What is typed and chosen, by field."""
        inputs = {str(control.id): control.value for control in self.query(Input)}
        return inputs | {str(control.id): str(control.value) for control in self.query(Select)}

    def given(self, devices: Sequence[str]) -> tuple[dict[str, Any], int]:
        """The settings, and the number of processes to train in, on a machine with these devices, if they
        are known.

        Raises UsageError.
        """
        values = self.values()
        found = given(values)
        number = processes(values, found)
        if devices:
            check_device(values["device"], TrainConfig.dtype, devices)
        return found, number

    def hint(self, key: str, text: str) -> None:
        """Change the hint beside a field."""
        self.query_one(f"#{key}-hint", Static).update(visible(text))

    def show_found(self, config: TrainConfig | None) -> None:
        """Show the values found by the recipe in the empty fields."""
        for key in FOUND:
            found = config and getattr(config, key, getattr(config.model, key, None))
            text = _AUTO if found is None else f"{_AUTO}: {found:g}"
            self.query_one(f"#{key}", Input).placeholder = text

    @on(Select.Changed, "#cell")
    def _name_cell(self, changed: Select.Changed) -> None:
        self.hint("cell", CELLS[str(changed.value)].hint)
