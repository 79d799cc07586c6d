"""The app: tabs, help, palette, themes, and what it remembers between sessions."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from signal import Signals
from threading import Timer
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment, Segments
from textual import on, work
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.filter import LineFilter, Monochrome, NoColor
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget

from engine import names, places
from engine.blas import one_thread
from engine.errors import HeloError
from engine.runs import library
from engine.runs.library import DEFAULT_MODEL
from engine.storage import write_bytes
from engine.words import quoted
from tui import escapes, palette, signals
from tui.ahead import TypedAhead
from tui.commands import Completion
from tui.dialogs import ChoiceDialog, QuitDialog
from tui.frame import Frame, KeyHints, TabBar, TabName
from tui.help import HelpScreen
from tui.keycheck import KeyCheck
from tui.keys import APP_BINDINGS, KeyNames
from tui.legible import Legible
from tui.lesson.door import OpensLesson
from tui.messages import ModelChosen, RunChosen, RunRenamed, TrainOn
from tui.panes import new_pane
from tui.phrases import farewell
from tui.read.door import OpensTexts
from tui.remember import Prompts, load_state
from tui.settings import MOST_PROBLEMS, load_settings
from tui.text import one_line
from tui.write.colours import COLOURINGS, NO_COLOURS
from tui.write.command import SCREEN
from tui.write.pane import WritePane
from tui.write.slash import commands

if TYPE_CHECKING:
    from tui.train.pane import TrainPane

_REMEMBER_SECONDS = 5.0
_LAST_SECONDS = 5.0
"""How long the app may take to quit after a signal."""

TABS = (
    TabName("write", "Write"),
    TabName("train", "Train"),
    TabName("inspect", "Inspect"),
    TabName("library", "Library"),
)


class HeloApp(OpensTexts, OpensLesson, TypedAhead):
    """The tab bar, the current tab, and a line of key hints."""

    TITLE = "helo"
    CSS_PATH = "app.tcss"
    BINDING_GROUP_TITLE = "Everywhere"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-narrow"),
        (100, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-lowest"),
        (14, "-low"),
        (22, "-high"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [*APP_BINDINGS]

    def __init__(self, model_ref: str | None = None) -> None:
        super().__init__()
        self._model_ref = model_ref
        self._settings = load_settings()
        self._remembered, self._complaint = load_state()
        self._prompts = Prompts(places.history())
        self._saved = replace(self._remembered)
        self._keys = KeyCheck(self._settings.keys)
        self._names = KeyNames(self.get_key_display, self._settings.keys)
        self._focus: dict[str, Widget] = {}
        """The focused widget of each tab when it was left."""
        self._making = asyncio.Lock()
        self._legible = Legible()

    def compose(self) -> ComposeResult:
        state = self._remembered
        values = {
            "model": names.models,
            "theme": lambda: self.available_themes,
            "speed": lambda: ["max"],
            "colour": lambda: [*COLOURINGS, NO_COLOURS],
        }
        key_of = self._names.of
        completion = Completion(SCREEN, values, key_of)
        yield TabBar(TABS, key_of, id="tabs")
        with Container(id="body"):
            yield WritePane(state, self._prompts, completion, key_of, id="write")
        yield KeyHints(id="hints")

    def on_mount(self) -> None:
        self.tab = "write"
        self.query_one(TabBar).active = "write"
        theme = os.environ.get("TEXTUAL_THEME", self._usual_theme())
        if theme in self.available_themes:
            self.theme = theme
        elif theme:
            self._settings.problems.append(
                f"there is no theme {quoted(one_line(theme))}: choose one with /theme"
            )
        self._first_theme = self.theme
        self.set_interval(_REMEMBER_SECONDS, partial(asyncio.to_thread, self._remember))
        sampling = replace(self._remembered.sampling, **self._settings.sampling)
        self._remembered.sampling = sampling
        if self._settings.ghost is not None:
            self._remembered.ghost = self._settings.ghost
        self.set_keymap(self._settings.keys)
        self._check_keys()
        problems = [
            *self._settings.problems[:MOST_PROBLEMS],
            self._complaint,
            self._prompts.problem,
        ]
        for problem in filter(None, problems):
            self.tell(problem, "warning")
        write = self.query_one(WritePane)
        write.focus_prompt()
        remembered = self._remembered.model
        write.open(self._model_ref or remembered or DEFAULT_MODEL, DEFAULT_MODEL)

    def _usual_theme(self) -> str:
        """The theme to start with; empty for Textual's own.

        With 16 colors, most themes give text and background the same color, so the terminal's own are used.
        """
        if self.console.color_system == "standard" and not self.is_headless:
            return "ansi-dark"
        return self._settings.theme or self._remembered.theme

    def watch_theme(self) -> None:
        # Textual chooses NO_COLOR's filter for the first theme only: an ANSI theme would be black on black.
        if self.no_color:
            filters = (Monochrome, NoColor)
            right = filters[self.native_ansi_color]
            self._filters = [right() if isinstance(f, filters) else f for f in self._filters]

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._legible]

    def tell(self, text: str, severity: SeverityLevel = "information") -> None:
        """Show a toast. Its text is never parsed as markup."""
        self.notify(one_line(text), severity=severity, markup=False)

    # -- tabs

    def action_show_tab(self, tab: str) -> None:
        """Show a tab, creating it the first time."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        body = self.query_one("#body")
        if tab != self.tab:
            if self.focused:
                self._focus[self.tab] = self.focused
            self.hold_keys()
            self.tab = self.query_one(TabBar).active = tab
            for pane in body.children:
                pane.display = pane.id == tab
        if body.query_children(f"#{tab}"):
            self._focus_tab()
        else:
            self.run_worker(self._make(tab), group="tabs")

    def action_choose_tab(self) -> None:
        """Ask which tab to show; its first letter answers."""
        tabs = [(tab.id, tab.label) for tab in TABS]
        self.push_screen(ChoiceDialog("Which screen?", [*tabs, ("", "Stay")]), self._tab_answered)

    def _tab_answered(self, tab: str | None) -> None:
        if tab:
            self.action_show_tab(tab)

    def get_default_screen(self) -> Frame:
        return Frame(id="_default")

    @on(Frame.Resumed)
    def _focus_again(self) -> None:
        if not self.screen_stack:  # the app is closing
            return
        if not self.focused or not self.focused.is_on_screen:
            self._focus_tab()

    def _focus_tab(self) -> None:
        """Focus the widget that had the focus when this tab was left."""
        before = self._focus.get(self.tab)
        if before and before.is_attached and before.focusable:
            self.screen.set_focus(before)
        else:
            self.screen.focus_next(f"#{self.tab} *")

    async def _make(self, tab: str) -> None:
        """Create the pane of a tab. Its imports run in a thread, so the app still reacts to keys."""
        async with self._making:
            body = self.query_one("#body")
            if not body.query_children(f"#{tab}"):
                write = self.query_one(WritePane)
                pane = await asyncio.to_thread(new_pane, tab, self._remembered, write)
                pane.display = self.tab == tab
                await body.mount(pane)
                self._check_keys()
        if self.tab == tab:
            self._focus_tab()

    @on(TabBar.Chosen)
    def _tab_chosen(self, event: TabBar.Chosen) -> None:
        self.action_show_tab(event.tab)

    @on(ModelChosen)
    def _model_chosen(self, event: ModelChosen) -> None:
        self.action_show_tab("write")
        write = self.query_one(WritePane)
        write.open(str(event.path))
        write.focus_prompt()

    @on(RunChosen)
    @work(group="tabs")
    async def _run_chosen(self, event: RunChosen) -> None:
        (await self._show_train()).show_run(event.folder)

    @on(RunRenamed)
    def _run_renamed(self, event: RunRenamed) -> None:
        if self.query_one("#body").query_children("#train"):
            self._train.rename(event.old, event.new)

    @on(TrainOn)
    @work(group="tabs")
    async def _train_on(self, event: TrainOn) -> None:
        await (await self._show_train()).fill_in(event.corpus, event.model)

    @work(group="tabs")
    async def action_race(self) -> None:
        """Open the race dialog in Train."""
        await (await self._show_train()).race()

    async def _show_train(self) -> TrainPane:
        self.action_show_tab("train")
        self.hold_keys(False)
        await self._make("train")
        return self._train

    @property
    def _train(self) -> TrainPane:
        from tui.train.pane import TrainPane

        return self.query_one(TrainPane)

    # -- help, palette, keys

    def action_help(self) -> None:
        """Show every key of this tab."""
        pane = self.query_one(f"#body > #{self.tab}")
        nodes = [node for node in (*pane.query("*"), pane, self) if node.BINDING_GROUP_TITLE]
        self.push_screen(HelpScreen(nodes, self._names))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        write = self.query_one(WritePane)
        for command in commands(SCREEN):
            if not command.argument and command.name != "palette":
                title = f"{command.name.capitalize()}"
                about = command.about_on_screen(self._names.of)
                yield SystemCommand(title, about, partial(write.command, command.name))
        if self.tab != "write":  # Write's actions are slash commands already
            for pane in self.query(f"#body > #{self.tab}"):
                yield from palette.actions(pane)
        for name in sorted(set(names.models())):
            if "[" not in name:  # the palette parses titles as markup
                title = f"Model: {one_line(name)}"
                yield SystemCommand(title, "write with this model", partial(write.open, name))
        for built_in in super().get_system_commands(screen):
            if built_in.title not in ("Quit", "Keys"):
                yield built_in

    def get_key_display(self, binding: Binding) -> str:
        shown = super().get_key_display(binding).replace("^", "ctrl+").replace("⏎", "enter")
        return shown.upper() if binding.key[:1] == "f" and binding.key[1:].isdigit() else shown

    def _check_keys(self) -> None:
        """Report what is wrong with `[keys]`, as far as the tabs created so far can tell."""
        made = {child.id for child in self.query_one("#body").children}
        unmade = {tab.id for tab in TABS} - made
        for problem in self._keys.problems([self, *self.query("*")], unmade):
            self.tell(problem, "warning")

    # -- the end

    async def action_quit(self) -> None:
        """Quit. If trainings started here are running, or one is about to, ask what becomes of them."""
        running, starting = self._trainings()
        if running or starting:
            self.push_screen(QuitDialog(bool(running), starting), self._quit)
        else:
            self._quit("leave")

    def _trainings(self) -> tuple[list[str], str]:
        """The running trainings that were started here, and the text of one that is about to start."""
        made = self.query_one("#body").query_children("#train")
        return (self._train.at_work(), self._train.starting) if made else ([], "")

    def end(self, number: Signals) -> None:
        """Handle a signal: quit at once and leave trainings running.

        Raises KeyboardInterrupt if the app has not started yet or has already ended.
        """
        if not (loop := self._loop):
            raise KeyboardInterrupt
        last = Timer(_LAST_SECONDS, os._exit, (128 + number,))
        last.daemon = True
        last.start()  # else a terminal that no longer accepts output would block the exit
        loop.call_soon_threadsafe(self._leave, 128 + number)

    def _leave(self, status: int) -> None:
        said = farewell(*self._trainings())
        self.exit(return_code=status, message=_line(said) if said else None)

    def _quit(self, answer: str | None) -> None:
        if answer == "stop":
            self._train.stop_all()
        if answer in ("leave", "stop"):
            self.exit(0)

    def _fatal_error(self) -> None:
        """Handle an unexpected error: print one line for the user and write the traceback to a file."""
        error, path = sys.exc_info()[1], places.home() / "crash.log"
        with suppress(HeloError):
            write_bytes(path, traceback.format_exc().encode("utf-8", "replace"))
        line = f"helo: unexpected {type(error).__name__}: {error}; see {path}. Please report it."
        self._exit_renderables.append(_line(line))
        self._close_messages_no_wait()

    def _remember(self) -> None:
        """Save what should be there next time, if it has changed."""
        if self.theme != self._first_theme:
            self._remembered.theme = self.theme
        by_hand = ["ghost"] if self._settings.ghost is not None else []
        left = self._remembered.without(self._settings.sampling, self._saved, *by_hand)
        if left != self._saved:
            with suppress(HeloError):
                left.save()
            self._saved = left

    def on_unmount(self) -> None:
        self._remember()


def _line(text: str) -> Segments:
    """A line to print below the app after it has closed, never parsed as markup."""
    return Segments([Segment(f"{one_line(text)}\n")])


def run_app(model_ref: str | None) -> int:
    """Open the app with MODEL, or with the last model used, and return the exit status.

    Raises NotFoundError if there is no such MODEL.
    """
    if model_ref is not None:
        library.model_path(model_ref)
    return run(HeloApp(model_ref))


def run(app: HeloApp) -> int:
    """Open an app, and return the exit status."""
    escapes.use()
    one_thread()
    with signals.handled(app.end):
        app.run()
    return app.return_code or 0
