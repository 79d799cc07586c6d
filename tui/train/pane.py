"""The Train screen: a tab for a new training, and one for each run that is watched."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import ContentSwitcher, Tab, Tabs

from engine import library, rundir
from engine.errors import HeloError
from engine.rundir import RunDirectory
from tui.dialogs import AskDialog, ConfirmDialog
from tui.library.keep import keep_run
from tui.messages import ModelChosen
from tui.text import visible
from tui.train.compare import Compared, RunChoice
from tui.train.follow import Follower, Snapshot
from tui.train.form import TrainForm
from tui.train.keys import KEYS
from tui.train.numbers import MARKS
from tui.train.watch import RunView
from tui.trouble import TellsTrouble

TICK = 0.5
_BREATH = 0.002
_OTHERS_EVERY = 2
"""Ticks between two looks at the runs that are not shown."""
_SCAN_EVERY = 10
"""Ticks between two searches for trainings that began elsewhere."""
_NARROW, _SHORT, _LOW = 100, 30, 19
_NEW = "new"
_RESUMABLE = frozenset({"killed", "stopped", "failed", "new"})
_QUESTIONS = {
    "back": "Go back to the best, a mark or a kept step; what was learnt since is given up",
    "mark": "Keep the state of now as the mark; without a name it is the step's",
    "dropout": "Share of units silenced from here on",
    "clip": "Clip gradients from here on at the norm",
}


class TrainPane(TellsTrouble, Vertical):
    """Starts trainings, and watches and steers them."""

    BINDING_GROUP_TITLE = "Train"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]
    DEFAULT_CSS = """
    TrainPane {
        height: 1fr;
        ContentSwitcher { height: 1fr; }
        &.-alone Tabs { display: none; }
        RunView, TrainForm { height: 1fr; }
    }
    """

    @dataclass
    class Alive(Message):
        """Trainings that were found at work."""

        runs: list[RunDirectory]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._followers: dict[str, Follower] = {}
        """Runs by the id of their tab."""
        self._compared = Compared()
        self._numbers = count(1)
        self._added = asyncio.Event()
        """A run came that was not looked at yet."""
        self._words: dict[str, str] = {}
        self._untouched = True

    def compose(self) -> ComposeResult:
        yield Tabs(Tab("+ new training", id=_NEW))
        with ContentSwitcher(initial="form"):
            yield TrainForm(id="form")
            yield RunView(self._compared, id="run")

    def on_mount(self) -> None:
        self.add_class("-alone")
        self._watch()

    def on_show(self) -> None:
        self._focus()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _NARROW, "-narrow")
        self.set_class(event.size.height < _SHORT, "-short")
        self.set_class(event.size.height < _LOW, "-low")
        self.query_one(RunView).low = event.size.height < _LOW
        self.refresh_bindings()

    # for the app

    def running(self) -> bool:
        """Whether a training that this app started is alive."""
        return any(follower.working for follower in self._followers.values())

    def stop_all(self) -> None:
        """Ask the trainings that this app started to save and stop."""
        for follower in self._followers.values():
            if follower.working and follower.child:
                try:
                    follower.run.ask("stop")
                except HeloError:  # it has not come far enough to listen
                    follower.child.terminate()

    def show_run(self, folder: Path) -> None:
        """Show the run in this folder."""
        self._open(RunDirectory(folder))

    def fill_in(self, corpus: str) -> None:
        """Show the form with this corpus."""
        self.action_new()
        self.query_one(TrainForm).fill_in(corpus)

    # runs and their tabs

    @property
    def _shown(self) -> Follower | None:
        return self._followers.get(self.query_one(Tabs).active)

    def _add(self, run: RunDirectory, child: subprocess.Popen[bytes] | None = None) -> str:
        for tab, follower in self._followers.items():
            if follower.run.folder == run.folder:
                return tab
        tab = f"run-{next(self._numbers)}"
        self._followers[tab] = Follower(run, child)
        self._added.set()
        self.remove_class("-alone")
        self.query_one(Tabs).add_tab(Tab(Content(visible(run.name)), id=tab))
        return tab

    def _open(self, run: RunDirectory, child: subprocess.Popen[bytes] | None = None) -> None:
        self._untouched = False
        self._activate(self._add(run, child))

    def _activate(self, tab: str) -> None:
        def activate() -> None:
            self.query_one(Tabs).active = tab
            self._switch(tab)
            (
                self.query_one(RunView) if tab in self._followers else self.query_one("#start")
            ).focus()

        self.call_after_refresh(activate)

    def _focus(self) -> None:
        self.query_one("#run" if self._shown else "#start").focus()

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        if event.tab.id == self.query_one(Tabs).active:
            self._switch(event.tab.id)

    def _switch(self, tab: str) -> None:
        follower = self._followers.get(tab)
        self.query_one(ContentSwitcher).current = "run" if follower else "form"
        if follower:
            self.query_one(RunView).follow(follower)
        self.refresh_bindings()

    @on(TrainForm.Begun)
    def _begun(self, begun: TrainForm.Begun) -> None:
        self._open(begun.run, begun.child)

    @on(Alive)
    def _found(self, found: Alive) -> None:
        tabs = [self._add(run) for run in found.runs]
        if tabs and self._untouched:
            self._activate(tabs[-1])
        self._untouched = False

    # watching

    @work(group="watch", exit_on_error=False)
    async def _watch(self) -> None:
        for tick in count():
            if tick % _SCAN_EVERY == 0:
                self.post_message(self.Alive(await asyncio.to_thread(_alive)))
            for tab, follower in list(self._followers.items()):
                shown = follower is self._shown and self.is_on_screen
                if shown or tick % _OTHERS_EVERY == 0 or follower.behind:
                    if snapshot := await asyncio.to_thread(follower.read):
                        self._take(tab, follower, snapshot)
            if tick % _OTHERS_EVERY == 0 or self._compared.behind:
                if await asyncio.to_thread(self._compared.read):
                    self.query_one(RunView).show()
            behind = any(follower.behind for follower in self._followers.values())
            behind |= self._compared.behind
            with suppress(TimeoutError):
                await asyncio.wait_for(self._added.wait(), _BREATH if behind else TICK)
            self._added.clear()

    def _take(self, tab: str, follower: Follower, snapshot: Snapshot) -> None:
        word, before = snapshot.status.word, self._words.get(tab)
        share = f" {snapshot.share:.0%}" if word in ("running", "paused") else ""
        label = Content(visible(f"{MARKS.get(word, '?')} {follower.run.name}{share}"))
        title = self.query_one(f"#{tab}", Tab)
        if title.label != label:
            title.label = label
        if follower is self._shown:
            self.query_one(RunView).show()
        if word != before:
            self._words[tab] = word
            self.refresh_bindings()
            seen = follower is self._shown and self.is_on_screen
            if snapshot.over and not seen and before is not None and before not in _RESUMABLE:
                self._tell_end(follower, snapshot)

    def _tell_end(self, follower: Follower, snapshot: Snapshot) -> None:
        word, reason = snapshot.status.word, snapshot.status.reason
        bad = word in ("failed", "killed")
        text = f"{follower.run.name}: {word}{f': {reason}' if word == 'failed' else ''}"
        self.notify(visible(text), severity="error" if bad else "information", markup=False)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in _ACTIONS:
            return True
        follower = self._shown
        if follower is None or follower.snapshot is None:
            return action == "new" and follower is not None
        word = follower.snapshot.status.word
        match action:
            case "pause":
                return word == "running"
            case "go_on":
                return word == "paused"
            case "ask" | "ask_for" | "learning_rate" | "stop":
                return word in ("running", "paused")
            case "resume":
                return word in _RESUMABLE
            case "open" | "keep":
                return follower.run.best.exists() or follower.run.latest.exists()
        return True

    def _ask(self, request: str, what: str, value: float = 1.0, text: str = "") -> None:
        if follower := self._shown:
            try:
                follower.ask(request, what, value, text)
            except HeloError as error:
                self._complain(error)
            self.query_one(RunView).show()

    def _complain(self, error: HeloError | str) -> None:
        self.notify(visible(str(error)), severity="error", markup=False)

    def action_ask(self, request: str, what: str) -> None:
        """Ask the trainer for something."""
        self._ask(request, what)

    @work(exit_on_error=False, group="dialog")
    async def action_ask_for(self, request: str) -> None:
        """Ask the trainer for something that is to be named."""
        if follower := self._shown:
            number = follower.number(request)
            usual = "best" if request == "back" else "" if number is None else f"{number:g}"
            text = await self.app.push_screen_wait(AskDialog(_QUESTIONS[request], usual))
            if text is None:
                return
            text = text.strip()
            try:
                value = 1.0 if number is None else float(text)
            except ValueError:
                self._complain(f"{request} is a number, not {text!r}")
                return
            self._ask(request, f"{request} {text}".strip(), value, text)

    def action_pause(self) -> None:
        """Pause the training."""
        self._ask("pause", "pause")

    def action_go_on(self) -> None:
        """End the pause."""
        self._ask("resume", "go on")

    def action_learning_rate(self, factor: float) -> None:
        """Change the learning rate from now on."""
        what = f"{'lower' if factor < 1 else 'raise'} the learning rate"
        self._ask("lr", what, factor)

    @work(exit_on_error=False, group="dialog")
    async def action_stop(self) -> None:
        """Stop the training, after asking."""
        if follower := self._shown:
            question = (
                f"Stop {follower.run.name}? What it has learnt is saved, and r goes on with it."
            )
            if await self.app.push_screen_wait(ConfirmDialog(question, "Stop", "Keep training")):
                self._ask("stop", "stop")

    @work(exit_on_error=False, group="resume")
    async def action_resume(self) -> None:
        """Start a trainer that goes on with the run."""
        if follower := self._shown:
            try:
                await asyncio.to_thread(follower.resume)
            except HeloError as error:
                self._complain(error)

    def action_open(self) -> None:
        """Write with the run's model."""
        if follower := self._shown:
            with suppress(HeloError):
                self.post_message(ModelChosen(library.model_path(str(follower.run.folder))))

    @work(exit_on_error=False, group="dialog")
    async def action_keep(self) -> None:
        """Keep the run's model in the library."""
        if follower := self._shown:
            await keep_run(self.app, follower.run)

    @work(exit_on_error=False, group="dialog")
    async def action_compare(self) -> None:
        """Choose a run to compare with, or one not to compare with any more."""
        if follower := self._shown:
            every = await asyncio.to_thread(lambda: list(rundir.runs()))
            runs = [run for run in every if run.folder != follower.run.folder]
            if not runs:
                self._complain("there is no other run to compare with")
            elif run := await self.app.push_screen_wait(RunChoice(runs, self._compared)):
                if not self._compared.toggle(run):
                    self._complain("four runs are compared already: take one of them away first")
                self.query_one(RunView).show()

    def action_new(self) -> None:
        """Show the form."""
        self._untouched = False
        self._activate(_NEW)


_ACTIONS = frozenset(
    binding.action.partition("(")[0]
    for binding in TrainPane.BINDINGS
    if isinstance(binding, Binding)
)


def _alive() -> list[RunDirectory]:
    return [run for run in rundir.runs() if run.alive()]
