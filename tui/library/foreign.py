"""Importing a model of another project: the dialog, and what comes after it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from engine import places
from engine.errors import HeloError, UsageError
from engine.foreign.alphabet import told
from engine.runs import library
from tui.dialogs import Dialog
from tui.library.importing import SourceInput
from tui.phrases import imported
from tui.text import one_line, visible
from tui.told import in_app


class Asked(NamedTuple):
    """What was typed."""

    source: str = ""
    name: str = ""
    alphabet: str = ""


_NOTHING = Asked()
_ROWS = (
    ("source", "File", "a file or folder; Tab completes it"),
    ("name", "Name", "same as the file"),
    ("alphabet", "Alphabet", "if the file stores none: its text, or printable"),
)


class ImportModelDialog(Dialog[Asked | None]):
    """Asks for a file, a name and an alphabet; None if the user goes back."""

    DEFAULT_CSS = """
    ImportModelDialog {
        & > Vertical { width: 72; max-width: 96%; }
        & .row { height: 1; }
        & .label { width: 10; text-style: bold; }
        & .row Input { width: 1fr; }
        & #offers, & #trouble { height: auto; max-height: 4; color: $text-muted; }
        & #question { height: auto; margin-bottom: 1; }
        & #offers { display: none; }
        & #trouble { color: $text-error; display: none; }
        &.-trouble #trouble { display: block; }
        &.-lowest {
            & > Vertical { border: none; }
            & #question { margin-bottom: 0; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Change nothing")]

    def __init__(self, asked: Asked = _NOTHING, problem: str = "") -> None:
        """`asked` is what is filled in; `problem` is what was wrong with it."""
        super().__init__()
        self._asked, self._problem = asked, problem

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Import a model of another project", id="question")
            yield Static(visible(self._problem), id="trouble", markup=False)
            for (key, label, empty), value in zip(_ROWS, self._asked, strict=True):
                with Horizontal(classes="row"):
                    yield Static(label, classes="label")
                    yield self._control(key, value, empty)
            yield Static("", id="offers", markup=False)
            yield Static(Content("Enter: import · Esc: cancel"), classes="note")

    def _control(self, key: str, value: str, empty: str) -> Widget:
        kind = Input if key == "name" else SourceInput  # an alphabet may be a file
        return kind(value, id=key, compact=True, placeholder=empty)

    def on_mount(self) -> None:
        self.set_class(bool(self._problem), "-trouble")
        wrong = "alphabet" if "“Alphabet”" in self._problem else "source"
        self.query_one(f"#{wrong}").focus()

    @on(Input.Changed)
    def _typed_on(self) -> None:
        self.query_one("#offers").display = False

    @on(Input.Submitted)
    def _enter(self) -> None:
        self.dismiss(Asked(*(self.query_one(f"#{key}", Input).value for key, *_ in _ROWS)))


async def import_model(app: App[object]) -> str | None:
    """Ask for a model of another project until one can be imported. Returns its name here, None if the user
    goes back.

    Must be awaited in a worker.
    """
    asked, problem = _NOTHING, ""
    while True:
        if (answer := await app.push_screen_wait(ImportModelDialog(asked, problem))) is None:
            return None
        asked = answer
        app.notify(f"importing {one_line(asked.source)} …", timeout=2, markup=False)
        try:
            path = await asyncio.to_thread(_import, asked)
            about = await asyncio.to_thread(library.entry, path)
        except HeloError as error:
            problem = f"✗ {in_app(error)}"
        else:
            app.notify(visible(imported(about)), markup=False)
            return about.name


def _import(asked: Asked) -> Path:
    """Raises HeloError as `library.import_model` does."""
    if not asked.source.strip():
        raise UsageError("name a file or folder")
    named = told(asked.alphabet) if asked.alphabet else None
    return library.import_model(
        places.typed(asked.source.strip()), asked.name.strip() or None, named
    )
