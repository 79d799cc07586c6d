"""The rows of the forms: a field's label, its widget and a hint."""

from __future__ import annotations

from textual.containers import Horizontal
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from tui.train.fields import Field


class FieldInput(Input):
    """An input whose backspace keeps its order. As a binding it could be overtaken by later keys."""

    def key_backspace(self, event: Key) -> None:
        event.stop()
        self.action_delete_left()


class Row(Horizontal):
    """The row of a field, with other widgets beside its own, whose id is the field's key."""

    def __init__(self, field: Field, *more: Widget) -> None:
        hint = Static(field.hint, id=f"{field.key}-hint", classes="hint", markup=False)
        label = Static(field.label, classes="label")
        super().__init__(label, control(field), *more, hint, classes="row")

    def on_resize(self) -> None:
        """Keep the whole row in sight when its hint takes another line."""
        if self.has_focus_within:
            self.scroll_visible(animate=False)


def control(field: Field) -> Input | Select[str]:
    """The widget of a field. Its id is the field's key."""
    if field.choices:
        options = [(choice, choice) for choice in field.choices]
        return Select(options, value=field.usual, id=field.key, allow_blank=False, compact=True)
    return FieldInput(field.usual, id=field.key, compact=True)


def mark(form: Widget, key: str) -> None:
    """Mark the row of the field that is wrong, and no other; none if `key` is empty."""
    wrong = [row for control in form.query(f"#{key}") for row in control.ancestors] if key else []
    for row in form.query(".row"):
        row.set_class(row in wrong, "-wrong")
