"""The list of sessions: one is chosen to be opened, or deleted."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import HeloError
from engine.words import counted
from tui.dialogs import ConfirmDialog
from tui.text import one_line
from tui.width import cut
from tui.write.kept import shelf
from tui.write.kept.shelf import Summary

_WIDE = 60
"""Cells of a row that has room for the models."""
_WHEN, _LENGTH, _MODELS = 17, 10, 18
"""Cells of what stands beside the first words."""


def line(session: Summary, width: int) -> Content:
    """A session in one line of so many cells: when it was written to, its models, its first words, and its
    length."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(session.changed)).ljust(_WHEN)
    models = one_line(", ".join(session.models)) if width >= _WIDE else ""
    models = cut(models, _MODELS - 1)
    models += " " * (_MODELS - cell_len(models)) if width >= _WIDE else ""
    room = max(1, width - len(when) - cell_len(models) - _LENGTH)
    words = cut(one_line(session.opening), room)
    length = "open" if session.open else f"{session.length:,}"
    filled = " " * (room - cell_len(words))
    parts = (when, (models, "dim"), words, filled, (length.rjust(_LENGTH), "dim"))
    return Content.assemble(*parts)


class SessionList(ModalScreen[Path | None]):
    """The sessions, the last one first. Gives the file of the one to open; None if the user goes back."""

    DEFAULT_CSS = """
    SessionList {
        & > Vertical { border: round $primary; background: $background; padding: 0 1; }
        & OptionList {
            height: auto; max-height: 1fr; padding: 0; border: none; background: transparent;
            scrollbar-gutter: stable; text-wrap: nowrap;
            &:focus { border: none; background-tint: transparent; }
        }
        & .none { color: $foreground 60%; }
    }
    """
    BINDING_GROUP_TITLE = "Write: sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="sessions.back"),
        Binding("d", "delete", "Delete", id="sessions.delete", tooltip="Delete the session"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._sessions: list[Summary] = []

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "sessions"
            box.border_subtitle = "⏎ open  d delete  Esc back"
            yield OptionList(markup=False)
            yield Static("looking for them…", classes="none", markup=False)

    def on_mount(self) -> None:
        self._list = self.query_one(OptionList)
        self._list.focus()
        self._look()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    @work(exclusive=True)
    async def _look(self) -> None:
        self._sessions = await asyncio.to_thread(lambda: list(shelf.summaries()))
        none = self.query_one(".none", Static)
        none.update("Nothing is kept yet: what you write will be.")
        none.display = not self._sessions
        self._fill()

    def _fill(self) -> None:
        highlighted = self._list.highlighted or 0
        width = self._list.scrollable_content_region.width
        self._list.set_options([Option(line(session, width)) for session in self._sessions])
        self.query_one(Vertical).border_title = counted(len(self._sessions), "session")
        if self._sessions:
            self._list.highlighted = min(highlighted, len(self._sessions) - 1)

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._sessions[event.option_index].path)

    def action_delete(self) -> None:
        if (at := self._list.highlighted) is None:
            return
        session = self._sessions[at]
        if session.open:
            self.notify("what is open cannot be deleted", severity="error", markup=False)
            return

        def answered(sure: bool | None) -> None:
            if sure:
                self._delete(session)

        words = cut(one_line(session.opening), 24)
        question = f"The session “{words}” will be deleted: {counted(session.length, 'character')}."
        self.app.push_screen(ConfirmDialog(question, "Delete it", "Keep"), answered)

    def _delete(self, session: Summary) -> None:
        try:
            shelf.delete(session.path)
        except HeloError as error:
            self.notify(one_line(str(error)), severity="error", markup=False)
        else:
            self._sessions.remove(session)
            self.query_one(".none").display = not self._sessions
            self._fill()
