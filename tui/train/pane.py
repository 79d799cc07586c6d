"""The Train screen: one tab for a new training, and one for each run that is watched."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import ContentSwitcher, Tab, Tabs

from engine.errors import HeloError
from engine.runs import rundir
from engine.runs.rundir import RunDirectory
from tui.figures.snapshot import Snapshot
from tui.phrases import SIGNS
from tui.remember import State
from tui.text import visible
from tui.told import in_app
from tui.train.follow import Follower
from tui.train.form import TrainForm
from tui.train.racing import Drivers
from tui.train.steady import RunTab
from tui.train.steer import RESUMABLE, Steers
from tui.train.watch import RunView

TICK = 2.0
"""Seconds between two reads of the logs. Drawing takes processor time from a training on this machine."""
_SOON, _BREATH = 0.1, 0.002
"""The same while a request is unanswered, and while a log has not been read to its end."""
_SCAN_EVERY = 5.0
"""Seconds between two searches for trainings started elsewhere."""
_NARROW, _NARROWEST = 100, 50
_SHORT, _LOW, _LOWEST = 30, 19, 12
_NEW = "new"


class TrainPane(Steers):
    """Starts trainings, watches them and controls them."""

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
        """The running trainings were found. Each comes with the name of its race, if it is in one."""

        runs: list[tuple[RunDirectory, str]]

    def __init__(self, state: State | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._remembered = state or State()
        self._followers: dict[str, Follower] = {}
        """The followed runs, by tab id."""
        self._drivers = Drivers()
        self._numbers = count(1)
        self._news = asyncio.Event()
        """Set when a run was added or asked for something, so that the logs are read at once."""
        self._words: dict[str, str] = {}
        self._untouched = True
        self._making = asyncio.Lock()

    def compose(self) -> ComposeResult:
        yield Tabs(Tab("+ new training", id=_NEW))
        with ContentSwitcher():
            yield RunView(self.compared, id="run")

    def on_mount(self) -> None:
        self.add_class("-alone")
        self._watch()

    def on_show(self) -> None:
        self._focus()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < _NARROW, "-narrow")
        self.set_class(event.size.width < _NARROWEST, "-narrowest")
        self.set_class(event.size.height < _LOWEST, "-lowest")
        self.set_class(event.size.height < _SHORT, "-short")
        self.set_class(event.size.height < _LOW, "-low")
        self.query_one(RunView).low = event.size.height < _LOW
        self.refresh_bindings()

    # called by the app

    def at_work(self) -> list[str]:
        """The names of the running trainings and races that this app started."""
        return self._drivers.at_work + [follower.run.name for follower in self._alone()]

    @property
    def starting(self) -> str:
        """The text of a training that was asked for and is not started yet."""
        return "".join(form.starting for form in self.query(TrainForm))

    def _alone(self) -> list[Follower]:
        """The followers of running trainers that this app started itself, not through a race."""
        followers = self._followers.values()
        return [each for each in followers if each.working and each.child not in self._drivers]

    def stop_all(self) -> None:
        """Ask the trainings that this app started to save and stop."""
        self._drivers.stop()
        for follower in self._alone():
            try:
                follower.run.ask("stop")
            except HeloError:  # it has not started far enough to read requests
                if follower.child:
                    follower.child.terminate()

    def show_run(self, folder: Path) -> None:
        """Show the run in this folder."""
        self._open(RunDirectory(folder))

    def rename(self, old: Path, new: Path) -> None:
        """Follow a run whose folder has another name now."""
        for tab, follower in self._followers.items():
            if follower.run.folder == old:
                self._followers[tab] = Follower(RunDirectory(new))
                if self.query_one(Tabs).active == tab:
                    self.query_one(RunView).follow(self._followers[tab])
        self._news.set()

    async def fill_in(self, corpus: str, model: str = "") -> None:
        """Show the form with this corpus, and this model to start from, if they are given."""
        self.action_new()
        (await self._form()).fill_in(corpus, model)

    async def race(self) -> None:
        """Show the form and ask for the settings of a race."""
        self.action_new()
        (await self._form()).action_race()

    # runs and their tabs

    @property
    def shown(self) -> Follower | None:
        return self._followers.get(self.query_one(Tabs).active)

    def look_soon(self) -> None:
        self._news.set()

    def _add(self, run: RunDirectory, child: subprocess.Popen[bytes] | None = None) -> str:
        for tab, follower in self._followers.items():
            if follower.run.folder == run.folder:
                return tab
        tab = f"run-{next(self._numbers)}"
        self._followers[tab] = Follower(run, child)
        self._news.set()
        self.remove_class("-alone")
        self.query_one(Tabs).add_tab(RunTab(Content(visible(run.name)), id=tab))
        return tab

    def _open(self, run: RunDirectory, child: subprocess.Popen[bytes] | None = None) -> None:
        self._untouched = False
        self._activate(self._add(run, child))

    def _activate(self, tab: str) -> None:
        def activate() -> None:
            self.query_one(Tabs).active = tab
            self._switch(tab)
            self._focus()

        self.call_after_refresh(activate)

    def _focus(self) -> None:
        for place in self.query("#run" if self.shown else "#start"):
            place.focus()

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        if event.tab.id == self.query_one(Tabs).active:
            self._switch(event.tab.id)

    def _switch(self, tab: str) -> None:
        if follower := self._followers.get(tab):
            self.query_one(ContentSwitcher).current = "run"
            self.query_one(RunView).follow(follower)
        elif not self._untouched:
            self._show_form()
        self.refresh_bindings()

    @work(group="form", exit_on_error=False)
    async def _show_form(self) -> None:
        first = not self.query(TrainForm)
        await self._form()
        if not self.shown:
            self.query_one(ContentSwitcher).current = "form"
            if first and self.is_on_screen:
                self._focus()

    async def _form(self) -> TrainForm:
        """The form, created on first use. It is large and starts child processes that examine this machine;
        a run that is only watched should not wait for it, nor share the processors with it."""
        switcher = self.query_one(ContentSwitcher)
        async with self._making:
            if not switcher.query_children(TrainForm):
                form = TrainForm(self._remembered.all_settings, id="form")
                form.display = False
                await switcher.mount(form)
        return switcher.query_one(TrainForm)

    @on(TrainForm.MoreShown)
    def _remember(self, shown: TrainForm.MoreShown) -> None:
        self._remembered.all_settings = shown.more

    @on(TrainForm.Begun)
    def _begun(self, begun: TrainForm.Begun) -> None:
        if begun.race:
            self._drivers.add(begun.child, begun.run)
            self.compared.enter(begun.run, begun.run.race())
        self._open(begun.run, begun.child)

    @on(Alive)
    def _found(self, found: Alive) -> None:
        known = set(self._followers)
        tabs = [self._add(run) for run, _ in found.runs]
        for tab, (run, race) in zip(tabs, found.runs, strict=True):
            if race and tab not in known:
                self.compared.enter(run, race)
        untouched, self._untouched = self._untouched, False
        if tabs and untouched:
            self._activate(tabs[-1])
        elif untouched:
            self._switch(_NEW)

    # watching

    @work(group="watch", exit_on_error=False)
    async def _watch(self) -> None:
        scan = monotonic()
        while True:
            if monotonic() >= scan:
                self.post_message(self.Alive(await asyncio.to_thread(_alive)))
                scan = monotonic() + _SCAN_EVERY
            for trouble in self._drivers.troubles():
                self.complain(trouble)
            for tab, follower in list(self._followers.items()):
                if snapshot := await asyncio.to_thread(follower.read):
                    self._take(tab, follower, snapshot)
            if await asyncio.to_thread(self.compared.read):
                self.query_one(RunView).show()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._patience)
            self._news.clear()

    @property
    def _patience(self) -> float:
        """Seconds until the next read of the logs."""
        followers = self._followers.values()
        if self.compared.behind or any(follower.behind for follower in followers):
            return _BREATH
        return _SOON if any(follower.asked for follower in followers) else TICK

    def _take(self, tab: str, follower: Follower, snapshot: Snapshot) -> None:
        word, before = snapshot.status.word, self._words.get(tab)
        share = f" {snapshot.percent:2}%" if word in ("running", "paused") else ""
        label = Content(visible(f"{SIGNS.get(word, '?')} {follower.run.name}{share}"))
        title = self.query_one(f"#{tab}", Tab)
        if title.label != label:
            title.label = label
        if follower is self.shown:
            self.query_one(RunView).show()
        if word != before:
            self._words[tab] = word
            self.refresh_bindings()
            seen = follower is self.shown and self.is_on_screen
            if snapshot.over and not seen and before is not None and before not in RESUMABLE:
                self._tell_end(follower, snapshot)

    def _tell_end(self, follower: Follower, snapshot: Snapshot) -> None:
        word, reason = snapshot.status.word, snapshot.status.reason
        bad = word in ("failed", "killed")
        what = {"failed": f"failed: {reason}", "killed": reason}.get(word, word)
        text = f"{follower.run.name}: {in_app(what)}"
        self.notify(visible(text), severity="error" if bad else "information", markup=False)

    def action_new(self) -> None:
        """Show the form."""
        self._untouched = False
        self._activate(_NEW)


def _alive() -> list[tuple[RunDirectory, str]]:
    return [(run, run.race()) for run in rundir.runs() if run.alive()]
