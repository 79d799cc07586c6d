"""The Library screen: models, runs and corpora in one list, and the details of the selected one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine import storage
from engine.errors import HeloError, RunError
from engine.runs import launch, library
from engine.runs.rundir import RunDirectory
from engine.text.sources import as_path
from tui.dialogs import AskDialog, ConfirmDialog
from tui.keep import keep_run
from tui.library.details import HINTS, details, name_width, rows
from tui.library.imports import Import, Imports
from tui.library.items import Items
from tui.library.shelf import Item, Kind, Shelf
from tui.messages import ModelChosen, RunChosen, TrainOn
from tui.obtain import fetch, obtain
from tui.text import one_line, visible
from tui.told import in_app
from tui.trouble import TellsTrouble

_NARROW = 100
_REST = 0.3
"""How long the cursor must rest on a corpus before it is surveyed, in seconds."""
_FOLLOW = 1.0
"""Seconds between two checks for changes on disk."""
_SECTION = Binding.Group("section", compact=True)


class LibraryPane(TellsTrouble, Vertical):
    """Lists models, runs and corpora; opens, keeps, renames, deletes, imports and downloads them."""

    BINDING_GROUP_TITLE = "Library"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "o",
            "open",
            "Open",
            id="library.open",
            tooltip="Write with the model, show the run, train on the corpus",
        ),
        Binding("k", "keep", "Keep", id="library.keep", tooltip="Keep the run's best model"),
        Binding("n", "rename", "Rename", id="library.rename", tooltip="Rename the model"),
        Binding("d", "delete", "Delete", id="library.delete", tooltip="Delete it; asks first"),
        Binding("g", "fetch", "Get", id="library.fetch", tooltip="Download it and import it"),
        Binding(
            "i",
            "import",
            "Import a text",
            id="library.import",
            tooltip="Import a file, a folder, an archive or a web address",
        ),
        Binding("escape", "stop", "Stop", id="library.stop", tooltip="Stop what is being imported"),
        Binding("r", "refresh", "Refresh", id="library.refresh", tooltip="Read the library again"),
        Binding(
            "left",
            "section(-1)",
            "previous section",
            id="library.section-before",
            tooltip="Go to the previous section",
            group=_SECTION,
        ),
        Binding(
            "right",
            "section(1)",
            "next section",
            id="library.section-after",
            tooltip="Go to the next section",
            group=_SECTION,
        ),
    ]
    DEFAULT_CSS = """
    LibraryPane {
        height: 1fr;
        #shelf { height: 1fr; }
        #items {
            width: 1fr; height: 1fr; background: transparent; scrollbar-gutter: stable;
            border: round $primary-muted; border-title-color: $text-muted;
            border-subtitle-color: $text-muted;
            &:focus { border: round $primary; background-tint: transparent; }
            & > .option-list--option-disabled { color: $text-accent; text-style: bold; }
        }
        #details {
            width: 1fr; height: 1fr; padding: 0 1;
            border: round $primary-muted; border-title-color: $text-muted;
            &:focus { border: round $primary; }
        }
        &.-narrow #shelf { layout: vertical; }
        &.-narrow #items { height: 3fr; }
        &.-narrow #details { height: 2fr; }
    }
    """

    @dataclass
    class Read(Message):
        """The library was read from disk."""

        items: dict[Kind, list[Item]]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shelf = Shelf()
        self._items: dict[str, Item] = {}
        """By option id."""
        self._sections: dict[Kind, list[Item]] = {}
        self._last_path = ""
        """The last source that was asked for and has not been imported."""
        self._surveyed: set[Path] = set()
        """The corpora whose survey was started here."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="shelf"):
            yield Items(id="items", markup=False)
            with VerticalScroll(id="details"):
                yield Static(id="about", markup=False)
        yield Imports(id="imports")

    def on_mount(self) -> None:
        box = self.query_one("#items")
        box.border_title, box.border_subtitle = "library", "←/→ sections"
        self.set_interval(_FOLLOW, self._follow)

    def on_show(self) -> None:
        self.action_refresh()
        self.query_one("#items").focus()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _NARROW, "-narrow")
        self.call_after_refresh(self._list)

    # the list

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
        self._sections = read.items
        self.call_after_refresh(self._list)

    def _list(self) -> None:
        """Fill the list, keeping the cursor on the same item."""
        before = self.selected
        box = self.query_one("#items", OptionList)
        room = box.scrollable_content_region.width
        options: list[Option] = []
        self._items, chosen = {}, None
        for kind, items in self._sections.items():
            options.append(Option(Content(f"{kind.value} ({len(items)})"), disabled=True))
            if not items:
                hint = Content.styled(f"  {HINTS[kind]}", "$foreground 60%")
                options.append(Option(hint, disabled=True))
            for item, line in zip(items, rows(items, name_width(items), room), strict=True):
                if before and (item.kind, item.name) == (before.kind, before.name):
                    chosen = len(options)
                self._items[f"item-{len(options)}"] = item
                options.append(Option(line, id=f"item-{len(options)}"))
        box.set_options(options)
        usable = (i for i, option in enumerate(options) if not option.disabled)
        box.highlighted = next(usable, None) if chosen is None else chosen
        self._show_details()

    @property
    def selected(self) -> Item | None:
        """The item under the cursor."""
        option = self.query_one("#items", OptionList).highlighted_option
        return self._items.get(option.id) if option and option.id else None

    @on(OptionList.OptionHighlighted)
    def _show_details(self) -> None:
        item, box = self.selected, self.query_one("#details")
        box.border_title = Content(one_line(item.name)) if item else ""
        width = max(1, box.size.width - 2)
        self.query_one("#about", Static).update(details(item, width) if item else "")
        box.scroll_home(animate=False)
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

    def action_section(self, by: int) -> None:
        """Go to the first item of the next section, or the previous one, that is not empty."""
        item = self.selected
        kinds = [kind for kind, items in self._sections.items() if items]
        if item:
            to = kinds[(kinds.index(item.kind) + by) % len(kinds)]
            first = next(key for key, other in self._items.items() if other.kind is to)
            box = self.query_one("#items", OptionList)
            box.highlighted = box.get_option_index(first)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        item = self.selected if self.is_mounted else None
        match action:
            case "fetch":
                return item is not None and item.entry is not None
            case "stop":
                return self.is_mounted and self.query_one(Imports).importing
            case "open":
                return item is not None and not item.problem
            case "keep":
                return item is not None and item.kind is Kind.RUN and not item.problem
            case "rename":
                return item is not None and item.kind is Kind.MODEL and not item.refusal
            case "delete":
                return item is not None
        return True

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

    @work(exit_on_error=False, group="dialog")
    async def action_keep(self) -> None:
        """Keep the run's model under a name."""
        item = self.selected
        if item and item.path and await keep_run(self.app, RunDirectory(item.path)):
            self.action_refresh()

    @work(exit_on_error=False, group="dialog")
    async def action_rename(self) -> None:
        """Give the model another name."""
        item = self.selected
        name: str | None = item.name if item else None
        while item and name is not None:
            name = await self.app.push_screen_wait(AskDialog(f"Rename {item.name} to", name))
            if name is not None and await self._do(library.rename_model, item.name, name):
                return

    @work(exit_on_error=False, group="dialog")
    async def action_delete(self) -> None:
        """Delete the item, after asking."""
        item = self.selected
        if item is None:
            return
        if item.refusal:
            self._complain(item.refusal)
            return
        question = f"Delete {item.kind.name.lower()} {item.name} for good?"
        if item.kind is Kind.RUN:
            question += " Its models are deleted too; k keeps the best one."
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
        """Ask for a source and import it."""
        question = "Import a file, a folder, an archive or a web address"
        ref = await self.app.push_screen_wait(AskDialog(question, self._last_path))
        if ref and ref.strip():
            self._last_path = ref.strip()
            self._import(self._last_path, partial(obtain, as_path(self._last_path)))

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
    def _refresh_after_import(self, ended: Imports.Ended) -> None:
        if not ended.failed and ended.ref == self._last_path:
            self._last_path = ""
        self.action_refresh()
        self.refresh_bindings()


def _delete(item: Item) -> None:
    if item.kind is Kind.MODEL:
        library.remove_model(item.name)
    elif item.path:
        if item.kind is Kind.RUN and RunDirectory(item.path).alive():
            raise RunError(f"{item.name} is training: open it and stop it first")
        storage.remove_folder(item.path)
