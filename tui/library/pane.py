"""The Library screen: models, runs and corpora in one list, and the details of the selected one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static

from engine.errors import HeloError
from engine.runs import launch, library, tidying
from engine.runs.rundir import RunDirectory
from tui.dialogs import AskDialog, ConfirmDialog
from tui.keep import keep_run
from tui.library.details import details
from tui.library.exporting import export_model
from tui.library.foreign import import_model
from tui.library.importing import ImportDialog
from tui.library.imports import Import, Imports
from tui.library.keys import KEYS
from tui.library.listing import Listing
from tui.library.options import asked
from tui.library.order import SORTS, after
from tui.library.shelf import Item, Kind, Shelf
from tui.messages import ModelChosen, RunChosen, RunRenamed, TrainOn
from tui.obtain import add, fetch
from tui.remember import State
from tui.text import one_line, visible
from tui.told import in_app
from tui.trouble import TellsTrouble

_REST = 0.3
"""How long the cursor must rest on a corpus before it is surveyed, in seconds."""
_FOLLOW = 1.0
"""Seconds between two checks for changes on disk."""


class LibraryPane(TellsTrouble, Vertical):
    """Lists models, runs and corpora; opens, keeps, renames, deletes, imports and downloads them."""

    BINDING_GROUP_TITLE = "Library"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    SCOPED_CSS = False  # the rules depend on a class of the screen
    DEFAULT_CSS = """
    LibraryPane {
        height: 1fr;
        #shelf { height: 1fr; }
        #details {
            width: 1fr; height: 1fr; padding: 0 1;
            border: round $primary-muted; border-title-color: $text-muted;
            &:focus { border: round $primary; }
        }
    }
    .-narrow LibraryPane {
        #shelf { layout: vertical; }
        Listing { height: 3fr; }
        #details { height: 2fr; }
    }
    """

    @dataclass
    class Read(Message):
        """The library was read from disk."""

        items: dict[Kind, list[Item]]

    def __init__(self, state: State | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shelf = Shelf()
        self._remembered = state or State()
        if self._remembered.sort not in SORTS:
            self._remembered.sort = State.sort
        self._typed: dict[str, str] = {}
        """What was last asked for in the dialog and has not been imported."""
        self._problem = ""
        """What was wrong with that."""
        self._waiting: dict[str, dict[str, str]] = {}
        """What was asked for in the dialog and is being imported, by source."""
        self._about: Path | None = None
        """What the details are about."""
        self._surveyed: set[Path] = set()
        """The corpora whose survey was started here."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="shelf"):
            yield Listing(self._remembered.sort)
            with VerticalScroll(id="details"):
                yield Static(id="about", markup=False)
        yield Imports(id="imports")

    def on_mount(self) -> None:
        self.set_interval(_FOLLOW, self._follow)

    def on_show(self) -> None:
        self.action_refresh()
        self._listing.focus_list()

    @property
    def _listing(self) -> Listing:
        return self.query_one(Listing)

    @property
    def selected(self) -> Item | None:
        """The item under the cursor."""
        return self._listing.selected

    # reading and showing

    @work(thread=True, exclusive=True, group="read", exit_on_error=False)
    def action_refresh(self) -> None:
        """Read the library again."""
        self.post_message(self.Read(self._shelf.read()))

    @work(group="follow", exclusive=True, exit_on_error=False)
    async def _follow(self) -> None:
        """Read the library again if something in it has changed."""
        if self.is_on_screen and await asyncio.to_thread(self._shelf.changed):
            self.action_refresh()

    @on(Read)
    def _read(self, read: Read) -> None:
        self._listing.show(read.items)

    @on(Listing.Chosen)
    def _show_details(self, chosen: Listing.Chosen) -> None:
        item, box = chosen.item, self.query_one("#details")
        box.border_title = Content(one_line(item.name)) if item else ""
        width = max(1, box.size.width - 2)
        self.query_one("#about", Static).update(details(item, width) if item else "")
        about = item.path if item else None
        if about is None or about != self._about:
            box.scroll_home(animate=False)
        self._about = about
        self.refresh_bindings()
        if item and item.path and item.kind is Kind.CORPUS and not item.problem:
            self._survey(item, item.path)

    @work(group="survey", exit_on_error=False)
    async def _survey(self, item: Item, folder: Path) -> None:
        """Have another process survey a corpus once the cursor has rested on it for a while."""
        await asyncio.sleep(_REST)
        if item is not self.selected or folder in self._surveyed:
            return
        self._surveyed.add(folder)
        if child := await asyncio.to_thread(launch.survey, folder):
            while child.poll() is None:
                await asyncio.sleep(_REST)
            self.action_refresh()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        item = self.selected if self.is_mounted else None
        match action:
            case "fetch":
                return item is not None and item.entry is not None
            case "filter":
                return self.is_mounted and not self._listing.typing
            case "unfilter":
                return self.is_mounted and self._listing.filtered
            case "stop":
                return self.is_mounted and self.query_one(Imports).importing
            case "open":
                return item is not None and not item.problem
            case "train":
                return item is not None and not item.problem and not item.entry
            case "import_model":
                return item is not None and item.kind is Kind.MODEL
            case "import":
                return item is None or item.kind is not Kind.MODEL
            case "export":
                return item is not None and item.kind is Kind.MODEL and not item.problem
            case "keep":
                return item is not None and item.kind is Kind.RUN and not item.problem
            case "rename" | "delete":
                return item is not None and not item.refusal
        return True

    def action_filter(self) -> None:
        """Type words to look for."""
        self._listing.focus_filter()

    def action_unfilter(self) -> None:
        """Remove the filter."""
        self._listing.unfilter()

    def action_sort(self) -> None:
        """Sort in the next way."""
        self._remembered.sort = after(self._remembered.sort)
        self._listing.sort(self._remembered.sort)

    def action_move(self, by: int) -> None:
        """Move the cursor a line down (1) or up (-1)."""
        self._listing.move(by)

    def action_section(self, by: int) -> None:
        """Go to the next section (1) or the previous one (-1)."""
        self._listing.move_section(by)

    def _complain(self, text: str) -> None:
        self.notify(visible(in_app(text)), severity="error", markup=False)

    @on(OptionList.OptionSelected)
    def action_open(self) -> None:
        """Write with the model, show the run, train on the corpus, or download the catalogue entry."""
        item = self.selected
        if item is None:
            return
        if item.problem:
            self._complain(item.problem)
        elif item.entry:
            self.action_fetch()
        elif item.kind is Kind.CORPUS:
            self.post_message(TrainOn(item.name))
        elif item.path and item.kind is Kind.MODEL:
            self.post_message(ModelChosen(item.path))
        elif item.path:
            self.post_message(RunChosen(item.path))

    def action_train(self) -> None:
        """Show the form of Train with the corpus, or with the model or run to start from."""
        item = self.selected
        if item and item.kind is Kind.CORPUS:
            self.post_message(TrainOn(item.name))
        elif item and item.path:
            try:
                named = library.model_path(item.name)
            except HeloError as error:
                self._complain(str(error))
            else:  # a model hides a run of its name
                same = item.path in (named, named.parent)
                self.post_message(TrainOn(model=item.name if same else str(item.path)))

    @work(exit_on_error=False, group="dialog")
    async def action_keep(self) -> None:
        """Keep the run's model under a name."""
        item = self.selected
        if item and item.path and await keep_run(self.app, RunDirectory(item.path)):
            self.action_refresh()

    @work(exit_on_error=False, group="dialog")
    async def action_export(self) -> None:
        """Write the model as a file of other programs."""
        if (item := self.selected) and item.path:
            await export_model(self.app, item.path)

    @work(exit_on_error=False, group="dialog")
    async def action_rename(self) -> None:
        """Give the item another name."""
        item = self.selected
        name: str | None = item.name if item else None
        while item and name is not None:
            name = await self.app.push_screen_wait(AskDialog(f"Rename {item.name} to", name))
            if name is not None and await self._do(_rename, item, name):
                self._listing.want(item.kind, name)
                if item.kind is Kind.RUN and item.path:
                    self.post_message(RunRenamed(item.path, item.path.with_name(name)))
                return

    @work(exit_on_error=False, group="dialog")
    async def action_delete(self) -> None:
        """Delete the item, after asking."""
        item = self.selected
        if item is None:
            return
        question = f"Delete {item.kind.name.lower()} {item.name} for good?"
        if item.kind is Kind.RUN:
            question += " Its models are deleted too, unless one was kept in the library."
        if item.kind is Kind.CORPUS:
            question += " Runs that train on it can then no longer be resumed."
        if await self.app.push_screen_wait(ConfirmDialog(question, "Delete", "Keep")):
            await self._do(_delete, item)

    async def _do(self, change: Callable[..., object], *args: object) -> bool:
        """Change something on disk, in a thread. Returns whether it succeeded."""
        try:
            await asyncio.to_thread(change, *args)
        except HeloError as error:
            self._complain(str(error))
            return False
        self.action_refresh()
        return True

    # importing

    @work(exit_on_error=False, group="dialog")
    async def action_import(self) -> None:
        """Ask for a source, and how to read it, and import it."""
        values = await self.app.push_screen_wait(ImportDialog(self._typed, self._problem))
        if values:
            self._typed, self._problem = values, ""
            what = asked(values)
            self._waiting[what.ref] = values
            self._import(what.ref, partial(add, what.ref, what.name, what.reading))

    @work(exit_on_error=False, group="dialog")
    async def action_import_model(self) -> None:
        """Import a model of another project."""
        if name := await import_model(self.app):
            self._listing.want(Kind.MODEL, name)
            self.action_refresh()

    def action_fetch(self) -> None:
        """Download and import the catalogue entry."""
        if (item := self.selected) and item.entry:
            self._import(item.name, partial(fetch, item.entry))

    def action_stop(self) -> None:
        """Cancel the imports."""
        self.query_one(Imports).stop()

    def _import(self, ref: str, make: Import) -> None:
        self.query_one(Imports).start(ref, make)
        self.refresh_bindings()

    @on(Imports.Ended)
    def _ended(self, ended: Imports.Ended) -> None:
        values = self._waiting.pop(ended.ref, None)
        if values and ended.failed:
            self._typed, self._problem = values, ended.text
        elif values == self._typed and not ended.stopped:
            self._typed = {}
        if values and ended.failed and self.is_on_screen and len(self.app.screen_stack) == 1:
            self.action_import()
        else:
            severity = "error" if ended.failed else "information"
            self.notify(visible(in_app(ended.text)), severity=severity, markup=False)  # type: ignore[arg-type]
        self.action_refresh()
        self.refresh_bindings()


def _delete(item: Item) -> None:
    if item.kind is Kind.MODEL:
        library.remove_model(item.name)
    elif item.path:
        tidying.remove(item.path)


def _rename(item: Item, name: str) -> None:
    rename = {
        Kind.MODEL: library.rename_model,
        Kind.RUN: tidying.rename_run,
        Kind.CORPUS: tidying.rename_corpus,
    }
    rename[item.kind](item.name, name)
