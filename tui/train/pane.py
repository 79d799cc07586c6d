"""The Train screen: a tab for a new training, and one for each run that is watched."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic
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
from tui.train.racing import Drivers
from tui.train.watch import RunView
from tui.trouble import TellsTrouble

TICK = 1.0
"""Seconds between two looks at the runs: what drawing takes of a processor, a training beside it lacks."""
_SOON, _BREATH = 0.1, 0.002
"""The same while an answer is awaited, and while a log is not read to its end."""
_SCAN_EVERY = 5.0
"""Seconds between two searches for trainings that began elsewhere."""
_STEP = 0.1
"""How finely a tab tells how far a run is: another width is a layout of the screen."""
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
        """Trainings that were found at work, each with its race if it is in one."""

        runs: list[tuple[RunDirectory, str]]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._followers: dict[str, Follower] = {}
        """Runs by the id of their tab."""
        self._compared = Compared()
        self._drivers = Drivers()
        self._numbers = count(1)
        self._news = asyncio.Event()
        """A run came that was not looked at yet, or something was asked."""
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
        working = any(follower.working for follower in self._followers.values())
        return working or self._drivers.working

    def stop_all(self) -> None:
        """Ask the trainings that this app started to save and stop."""
        self._drivers.stop()
        for follower in self._followers.values():
            if follower.working and follower.child and follower.child not in self._drivers:
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

    def race(self) -> None:
        """Show the form, and ask what a race is to be."""
        self.action_new()
        self.query_one(TrainForm).action_race()

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
        self._news.set()
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
        elif not self._untouched:
            self.query_one(TrainForm).wake()
        self.refresh_bindings()

    @on(TrainForm.Begun)
    def _begun(self, begun: TrainForm.Begun) -> None:
        if begun.race:
            self._drivers.add(begun.child, begun.run)
            self._compared.enter(begun.run, begun.run.race())
        self._open(begun.run, begun.child)

    @on(Alive)
    def _found(self, found: Alive) -> None:
        known = set(self._followers)
        tabs = [self._add(run) for run, _ in found.runs]
        for tab, (run, race) in zip(tabs, found.runs, strict=True):
            if race and tab not in known:
                self._compared.enter(run, race)
        if tabs and self._untouched:
            self._activate(tabs[-1])
        elif not self._shown:
            self.query_one(TrainForm).wake()
        self._untouched = False

    # watching

    @work(group="watch", exit_on_error=False)
    async def _watch(self) -> None:
        scan = monotonic()
        while True:
            if monotonic() >= scan:
                self.post_message(self.Alive(await asyncio.to_thread(_alive)))
                scan = monotonic() + _SCAN_EVERY
            for trouble in self._drivers.troubles():
                self._complain(trouble)
            for tab, follower in list(self._followers.items()):
                if snapshot := await asyncio.to_thread(follower.read):
                    self._take(tab, follower, snapshot)
            if await asyncio.to_thread(self._compared.read):
                self.query_one(RunView).show()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._patience)
            self._news.clear()

    @property
    def _patience(self) -> float:
        """Seconds until the runs are to be looked at again."""
        followers = self._followers.values()
        if self._compared.behind or any(follower.behind for follower in followers):
            return _BREATH
        return _SOON if any(follower.asked for follower in followers) else TICK

    def _take(self, tab: str, follower: Follower, snapshot: Snapshot) -> None:
        word, before = snapshot.status.word, self._words.get(tab)
        share = (
            f" {int(snapshot.share / _STEP) * _STEP:.0%}" if word in ("running", "paused") else ""
        )
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
        what = {"failed": f"failed: {reason}", "killed": reason}.get(word, word)
        text = f"{follower.run.name}: {what}"
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
            case "go_on":  # with a reason it waits, and goes on by itself
                return word == "paused" and not follower.snapshot.status.reason
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
                self._news.set()
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


def _alive() -> list[tuple[RunDirectory, str]]:
    return [(run, run.race()) for run in rundir.runs() if run.alive()]
