"""The help panel: every key of the current tab and of the app, and the slash commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import KeyNames
from tui.text import visible
from tui.write.command import SCREEN
from tui.write.slash import FORMS, commands

_CHANGE = (
    "The id of a key stands after its meaning. In config.toml, a line under [keys] gives it another key, "
    'as in "app.help" = "f9". helo config writes that file, with every id.'
)


_CLOSE = Binding("escape,f1,question_mark,q", "dismiss(None)", "Close", id="help.close")


class HelpScreen(ModalScreen[None]):
    """Help generated from the bindings themselves, so that it is always right."""

    BINDING_GROUP_TITLE = "Help"
    BINDINGS: ClassVar[list[BindingType]] = [_CLOSE]

    def __init__(self, nodes: list[DOMNode], names: KeyNames) -> None:
        super().__init__()
        self._documented = nodes
        self._names = names

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = "help"
            scroll.border_subtitle = f"↑↓ scroll · {self._names.first_of(_CLOSE)} closes"
            for node in self._documented:
                if rows := self._rows(node):
                    yield Static(Content(str(node.BINDING_GROUP_TITLE)), classes="title")
                    yield from _table(rows)
            yield Static("Slash commands, in the prompt input", classes="title")
            rows = [(c.usage, c.about_on_screen(self._names.of), "") for c in commands(SCREEN)]
            yield from _table([*rows, *((typed, about, "") for typed, about in FORMS)])
            yield Static("To change a key", classes="title")
            yield Static(Content(_CHANGE), classes="note")

    def _rows(self, node: DOMNode) -> list[tuple[str, str, str]]:
        """(keys, meaning, ids) of the bindings that helo's own classes declare for a node."""
        own = [
            Binding(*entry) if isinstance(entry, tuple) else entry
            for cls in type(node).__mro__
            if cls.__module__.startswith("tui.")
            for entry in cls.__dict__.get("BINDINGS", ())
        ]
        return key_rows(own, self._names)


def key_rows(own: Iterable[Binding], names: KeyNames) -> list[tuple[str, str, str]]:
    """(keys, meaning, ids) of bindings, a row for those that belong together."""
    rows = []
    for _, entries in groupby(own, key=lambda b: b.group or b.action):
        every = list(entries)
        bindings = [b for b in every if b.show] or every
        keys = " ".join(names.all_of(binding) for binding in bindings)
        meanings = dict.fromkeys(b.tooltip or b.description for b in bindings)
        ids = [b.id for b in every if b.id]
        shown = f"{ids[0]} … {ids[-1]}" if len(ids) > 2 else " ".join(ids)
        rows.append((keys, " / ".join(meanings), shown))
    return rows


def _table(rows: list[tuple[str, str, str]]) -> Iterator[Horizontal]:
    """A table with keys on the left, and on the right their meanings and ids."""
    width = max(len(keys) for keys, _, _ in rows) + 4
    for keys, meaning, ids in rows:
        left = Static(Content(f"  {visible(keys)}  "), classes="keys")
        left.styles.width = width
        right = Content(visible(meaning))
        if ids:
            right = Content.assemble(right, "  ", Content.styled(ids, "italic $foreground 70%"))
        yield Horizontal(left, Static(right, classes="meaning"), classes="row")
