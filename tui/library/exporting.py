"""Writing a model as a file of other programs: the dialog, and what comes after it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Select, Static

from engine import places
from engine.errors import HeloError, UsageError
from engine.exporting import forms
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.runs.library import card
from engine.storage import write_bytes
from engine.words import counted
from tui.dialogs import ConfirmDialog, Dialog
from tui.library.importing import SourceInput
from tui.text import one_line, visible
from tui.told import in_app


class Asked(NamedTuple):
    """What was chosen and typed."""

    to: str
    file: str


class ExportDialog(Dialog[Asked | None]):
    """Asks for a form and a file; None if the user goes back."""

    DEFAULT_CSS = """
    ExportDialog {
        & > Vertical { width: 72; max-width: 96%; }
        & .row { height: auto; }
        & .label { width: 8; text-style: bold; }
        & .row SourceInput, & .row Select { width: 1fr; }
        & #hint, & #offers, & #trouble { height: auto; max-height: 4; color: $text-muted; }
        & #hint { margin-left: 8; margin-bottom: 1; }
        & #question { height: auto; margin-bottom: 1; }
        & #offers { display: none; }
        & #trouble { color: $text-error; display: none; }
        &.-trouble #trouble { display: block; }
        &.-lowest {
            & > Vertical { border: none; }
            & #hint, & #question { margin-bottom: 0; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Change nothing")]

    def __init__(self, name: str, known: list[str], asked: Asked, problem: str = "") -> None:
        """`known` are the forms to choose from, `asked` what is filled in; `problem` is what was wrong with
        it."""
        super().__init__()
        self._model, self._known, self._asked, self._problem = name, known, asked, problem

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content(visible(f"Export {self._model}")), id="question")
            yield Static(visible(self._problem), id="trouble", markup=False)
            with Horizontal(classes="row"):
                yield Static("To", classes="label")
                yield Select(
                    [(name, name) for name in self._known],
                    value=self._asked.to,
                    id="to",
                    allow_blank=False,
                    compact=True,
                )
            yield Static("", id="hint", markup=False)
            with Horizontal(classes="row"):
                yield Static("File", classes="label")
                yield SourceInput(self._asked.file, id="file", compact=True)
            yield Static("", id="offers", markup=False)
            yield Static("Enter: export · Esc: cancel", classes="note")

    def on_mount(self) -> None:
        self.set_class(bool(self._problem), "-trouble")
        self.query_one(SourceInput).focus()

    @on(Select.Changed)
    def _chosen(self) -> None:
        """Say what the form is, and call the file as it calls it, unless another name was typed."""
        to, file = str(self.query_one(Select).value), self.query_one(SourceInput)
        self.query_one("#hint", Static).update(forms.FORMS[to].hint)
        if file.value == str(forms.default_path(self._model, self._asked.to)):
            file.value = str(forms.default_path(self._model, to))
        self._asked = Asked(to, file.value)

    @on(Input.Changed)
    def _typed_on(self) -> None:
        self.query_one("#offers").display = False

    @on(Input.Submitted)
    def _enter(self) -> None:
        file = self.query_one(SourceInput).value.strip()
        self.dismiss(Asked(str(self.query_one(Select).value), file))


async def export_model(app: App[object], path: Path) -> None:
    """Ask how to export the model at a path until that is possible, and do it.

    Must be awaited in a worker.
    """
    try:
        model = await asyncio.to_thread(modelfile.load, path)
    except HeloError as error:
        app.notify(visible(in_app(error)), severity="error", markup=False)
        return
    known, problem = forms.possible(model.config), ""
    asked = Asked(known[0], str(forms.default_path(model.name, known[0])))
    while True:
        dialog = ExportDialog(model.name, known, asked, problem)
        if (answer := await app.push_screen_wait(dialog)) is None:
            return
        asked = answer
        try:
            files = await asyncio.to_thread(_made, model, asked, card(path))
            there = [file for file in files if file.exists()]
            what = str(there[0]) if len(there) == 1 else counted(len(there), "file")
            question = ConfirmDialog(f"Replace {what}?", "Replace", "Keep")
            if there and not await app.push_screen_wait(question):
                continue
            await asyncio.to_thread(_write, files)
        except HeloError as error:
            problem = f"✗ {in_app(error)}"
        else:
            told = [f"wrote {one_line(str(path.absolute()))}" for path in files]
            if caution := forms.note(model.config, asked.to):
                told.append(caution)
            app.notify(visible("\n".join(told)), markup=False)
            return


def _made(model: Model, asked: Asked, about: str) -> dict[Path, bytes]:
    """The files to write of a model with this card.

    Raises UsageError.
    """
    if not asked.file:
        raise UsageError("name a file")
    if (path := places.typed(asked.file)).is_dir():
        raise UsageError(f"{path} is a folder: name a file in it")
    return forms.export(model, asked.to, path, about)


def _write(files: Mapping[Path, bytes]) -> None:
    for path, data in files.items():
        write_bytes(path, data)
