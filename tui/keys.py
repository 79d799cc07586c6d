"""The keys of the app itself, and how keys are named wherever they are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.binding import Binding

from tui.write.keys import WALK_BINDINGS
from tui.write.prompt import PromptInput

APP_BINDINGS = [
    Binding(
        "f1,question_mark",
        "help",
        "Help",
        id="app.help",
        tooltip="Keys and commands",
    ),
    Binding("f2", "show_tab('write')", "Write", show=False, id="app.write", tooltip="Write"),
    Binding(
        "f3",
        "show_tab('train')",
        "Train",
        show=False,
        id="app.train",
        tooltip="Train a network, watch a training",
    ),
    Binding(
        "f4",
        "show_tab('inspect')",
        "Inspect",
        show=False,
        id="app.inspect",
        tooltip="Why a network writes what it writes",
    ),
    Binding(
        "f5",
        "show_tab('library')",
        "Library",
        show=False,
        id="app.library",
        tooltip="Models, runs and corpora",
    ),
    Binding(
        "ctrl+g",
        "choose_tab",
        "Screens",
        show=False,
        id="app.screens",
        tooltip="Another screen by its first letter, if the terminal takes the function keys",
    ),
    Binding(
        "ctrl+p",
        "command_palette",
        "Palette",
        show=False,
        priority=True,
        id="app.palette",
        tooltip="All actions by name",
    ),
    Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit", tooltip="Leave helo"),
]


class KeyNames:
    """The names of keys, as the user has set them. Every place that shows a key asks here."""

    def __init__(self, display: Callable[[Binding], str], remapped: Mapping[str, str]) -> None:
        """`display` names the key of a binding; `remapped` holds the user's keys by binding id."""
        self._display = display
        self._remapped = remapped
        every = (*APP_BINDINGS, *PromptInput.BINDINGS, *WALK_BINDINGS)
        self._bindings = {b.id: b for b in every if isinstance(b, Binding)}

    def all_of(self, binding: Binding) -> str:
        """The keys of a binding, separated by spaces."""
        keys = self._remapped.get(binding.id or "", "")
        if not keys and binding.key_display:
            return binding.key_display
        parts = (keys or binding.key).split(",")
        return " ".join(self._display(binding.with_key(key.strip())) for key in parts)

    def of(self, id: str) -> str:
        """`first_of` a binding of the app or of Write."""
        return self.first_of(self._bindings[id])

    def first_of(self, binding: Binding) -> str:
        """The first key of a binding, to be named in a text."""
        first = self.all_of(binding).partition(" ")[0]
        return first.capitalize() if first.isalpha() and len(first) > 1 else first
