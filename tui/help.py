"""The help panel: every key of the current tab and of the app, and the slash commands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.text import visible
from tui.write.slash import FORMS, SCREEN, commands


class HelpScreen(ModalScreen[None]):
    """Help generated from the bindings themselves, so that it is always right."""

    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,question_mark,q", "dismiss(None)", "Close", id="help.close"),
    ]

    def __init__(self, nodes: list[DOMNode], keymap: dict[str, str]) -> None:
        """`keymap` holds the keys that the user has changed, by binding id."""
        super().__init__()
        self._documented = nodes
        self._remapped = keymap

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = "help"
            scroll.border_subtitle = "↑↓ scroll · Esc closes"
            for node in self._documented:
                if rows := self._rows(node):
                    yield Static(Content(str(node.BINDING_GROUP_TITLE)), classes="title")
                    yield from _table(rows)
            yield Static("Slash commands, in the seed input", classes="title")
            rows = [(c.usage, c.about_on_screen) for c in commands(SCREEN)]
            yield from _table([*rows, *FORMS])

    def _rows(self, node: DOMNode) -> list[tuple[str, str]]:
        """(keys, meaning) of the bindings that helo's own classes declare for a node."""
        rows = []
        own = [
            Binding(*entry) if isinstance(entry, tuple) else entry
            for cls in type(node).__mro__
            if cls.__module__.startswith("tui.")
            for entry in cls.__dict__.get("BINDINGS", ())
        ]
        for _, entries in groupby(own, key=lambda b: b.group or b.action):
            every = list(entries)
            bindings = [b for b in every if b.show] or every
            keys = " ".join(self._keys(binding) for binding in bindings)
            meanings = dict.fromkeys(b.tooltip or b.description for b in bindings)
            rows.append((keys, " / ".join(meanings)))
        return rows

    def _keys(self, binding: Binding) -> str:
        keys = self._remapped.get(binding.id or "", "")
        if not keys and binding.key_display:
            return binding.key_display
        parts = (keys or binding.key).split(",")
        return " ".join(self.app.get_key_display(binding.with_key(key.strip())) for key in parts)


def _table(rows: list[tuple[str, str]]) -> Iterator[Horizontal]:
    """A table with keys on the left and their meanings on the right."""
    width = max(len(keys) for keys, _ in rows) + 4
    for keys, meaning in rows:
        left = Static(Content(f"  {visible(keys)}  "), classes="keys")
        left.styles.width = width
        yield Horizontal(left, Static(Content(visible(meaning)), classes="meaning"), classes="row")
