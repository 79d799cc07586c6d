"""The list of the Library."""

from __future__ import annotations

from textual import events
from textual.widgets import OptionList


class Items(OptionList):
    """A list in which a click selects an item, and a click on the selected one opens it."""

    def on_click(self, event: events.Click) -> None:
        clicked = event.style.meta.get("option")
        if clicked is not None and clicked != self.highlighted:
            event.prevent_default()
            if not self.get_option_at_index(clicked).disabled:
                self.highlighted = clicked
