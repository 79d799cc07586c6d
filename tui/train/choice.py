"""Choosing the text to train on, and finding out about it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Select, Static

from engine.errors import HeloError
from engine.text.sources import as_path
from tui.text import visible
from tui.train import plan
from tui.train.plan import Outlook
from tui.trouble import TellsTrouble

FILE = "\0file"
"""The choice in the list of corpora that means a file. No corpus can have this name."""


class TextChoice(TellsTrouble, Vertical):
    """Chooses a corpus from a list, or a text file."""

    SCOPED_CSS = False  # the rules depend on classes of the pane
    DEFAULT_CSS = """
    TextChoice {
        height: auto;
        #file-row { display: none; }
        &.-file #file-row { display: block; }
    }
    """

    class Changed(Message):
        """Another text was chosen, or more is known about it."""

    @dataclass
    class Found(Message):
        """The list of corpora was read."""

        choices: list[tuple[str, str]]

    @dataclass
    class Looked(Message):
        """A text was looked at: what is known about it, or what is wrong with it."""

        ref: str
        outlook: Outlook | None
        problem: str = ""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.outlook: Outlook | None = None
        """What is known about the chosen text."""
        self.problem = ""
        """What is wrong with the chosen text."""
        self.known = asyncio.Event()
        """Set once the list of corpora has been read."""
        self._wanted: str | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Static("Corpus", classes="label")
            yield Select([("a text file …", FILE)], id="corpus", allow_blank=False, compact=True)
        with Horizontal(classes="row", id="file-row"):
            yield Static("File", classes="label")
            yield Input(id="file", compact=True, placeholder="path of a text file")
            yield Static("imported when training starts", classes="hint")

    def on_mount(self) -> None:
        self.refresh_choices()

    @property
    def ref(self) -> str:
        """The chosen CORPUS: a name or a path."""
        value = self.query_one("#corpus", Select).value
        return (
            as_path(self.query_one("#file", Input).value.strip()) if value == FILE else str(value)
        )

    @property
    def chosen_by(self) -> str:
        """The id of the control that chooses the text."""
        return "file" if self.query_one("#corpus", Select).value == FILE else "corpus"

    def fill_in(self, ref: str) -> None:
        """Choose the CORPUS `ref`, a name or a path."""
        self._wanted = ref
        self.refresh_choices()

    @work(thread=True, exclusive=True, group="choices", exit_on_error=False)
    def refresh_choices(self) -> None:
        """Read the list of corpora again."""
        self.post_message(self.Found(plan.choices()))

    @on(Found)
    def _offer(self, found: Found) -> None:
        select = self.query_one("#corpus", Select)
        refs = [ref for ref, _ in found.choices]
        wanted = self._wanted or (str(select.value) if self.outlook else refs[0])
        # not Content, in which Select's search by typing finds nothing
        options = [(Text(visible(f"{ref}: {about}")), ref) for ref, about in found.choices]
        with self.prevent(Select.Changed):
            select.set_options([*options, ("a text file …", FILE)])
            select.value = wanted if wanted in refs else FILE
        if self._wanted and wanted not in refs:
            self.query_one("#file", Input).value = wanted
        self._wanted = None
        self.known.set()
        self._choose()

    @on(Select.Changed, "#corpus")
    @on(Input.Changed, "#file")
    def _choose(self) -> None:
        is_file = self.query_one("#corpus", Select).value == FILE
        self.set_class(is_file, "-file")
        self.outlook, self.problem = None, ""
        if self.ref:
            self._look(self.ref)
        self.post_message(self.Changed())

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def _look(self, ref: str) -> None:
        try:
            self.post_message(self.Looked(ref, plan.look(ref)))
        except HeloError as error:
            self.post_message(self.Looked(ref, None, str(error)))

    @on(Looked)
    def _looked(self, looked: Looked) -> None:
        if looked.ref == self.ref:
            self.outlook, self.problem = looked.outlook, looked.problem
            self.post_message(self.Changed())
