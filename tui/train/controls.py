"""What a field of the form is typed into or chosen from."""

from __future__ import annotations

from textual.events import Key
from textual.widgets import Input, Select

from tui.train.fields import Field


class NumberInput(Input):
    """An input in which backspace is not overtaken by what is typed after it, as it is by a binding."""

    def key_backspace(self, event: Key) -> None:
        event.stop()
        self.action_delete_left()


def control(field: Field) -> Input | Select[str]:
    """The widget of a field; its id is the field's key."""
    if field.choices:
        options = [(choice, choice) for choice in field.choices]
        return Select(options, value=field.usual, id=field.key, allow_blank=False, compact=True)
    return NumberInput(field.usual, id=field.key, compact=True)
