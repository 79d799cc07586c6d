"""The actions on the run that the Train screen shows."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from engine.errors import HeloError
from engine.runs import library, rundir
from engine.words import quoted, shortened
from tui.dialogs import AskDialog, ConfirmDialog
from tui.keep import keep_run
from tui.messages import ModelChosen
from tui.text import one_line, visible
from tui.told import in_app
from tui.train.compare import Compared, RunChoice
from tui.train.follow import Follower
from tui.train.keys import KEYS
from tui.train.longer import ask_how_much
from tui.train.watch import RunView
from tui.trouble import TellsTrouble

RESUMABLE = frozenset({"killed", "stopped", "failed", "new"})
_QUESTIONS = {
    "back": "Go back to best, a mark or a kept step. Later progress is discarded",
    "mark": "Save a mark named; leave empty to use the step",
    "dropout": "Dropout from here on: the share of units to drop",
    "clip": "Clip gradients from here on at this norm",
}


class Steers(TellsTrouble, Vertical):
    """A screen with the keys for a run, and the runs that it is compared with."""

    BINDING_GROUP_TITLE = "Train"
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.compared = Compared()

    @property
    def shown(self) -> Follower | None:
        """The shown run; None if there is none."""
        raise NotImplementedError

    def look_soon(self) -> None:
        """Read the logs again soon, since something was asked."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in _ACTIONS:
            return True
        follower = self.shown
        if follower is None or follower.snapshot is None:
            return action == "new" and follower is not None
        word = follower.snapshot.status.word
        match action:
            case "pause":
                return word == "running"
            case "go_on":  # paused with a reason, it continues by itself
                return word == "paused" and not follower.snapshot.status.reason
            case "ask" | "ask_for" | "learning_rate" | "stop":
                return word in ("running", "paused")
            case "resume":
                return word in RESUMABLE
            case "longer":
                return word == "finished"
            case "open" | "keep":
                return follower.run.best.exists() or follower.run.latest.exists()
        return True

    def _ask(self, request: str, what: str, value: float = 1.0, text: str = "") -> None:
        if follower := self.shown:
            try:
                follower.ask(request, what, value, text)
                self.look_soon()
            except HeloError as error:
                self.complain(error)
            self.query_one(RunView).show()

    def complain(self, error: HeloError | str) -> None:
        """Show what went wrong."""
        self.notify(visible(in_app(error)), severity="error", markup=False)

    def action_ask(self, request: str, what: str) -> None:
        """Send the trainer a request."""
        self._ask(request, what)

    @work(exit_on_error=False, group="dialog")
    async def action_ask_for(self, request: str) -> None:
        """Ask for a name or value, and send the trainer a request with it."""
        if follower := self.shown:
            number = follower.number(request)
            usual = "best" if request == "back" else "" if number is None else f"{number:g}"
            text = await self.app.push_screen_wait(AskDialog(_QUESTIONS[request], usual))
            if text is None:
                return
            text = text.strip()
            value = 1.0 if number is None else _number(text)
            if value is None:
                self.complain(f"{request} must be a number, not {quoted(text)}")
            else:
                self._ask(request, f"{request} {shortened(text)}".strip(), value, text)

    def action_pause(self) -> None:
        """Pause the training."""
        self._ask("pause", "pause")

    def action_go_on(self) -> None:
        """End the pause."""
        self._ask("resume", "continue")

    def action_learning_rate(self, factor: float) -> None:
        """Change the learning rate from now on."""
        what = f"{'lower' if factor < 1 else 'raise'} the learning rate"
        self._ask("lr", what, factor)

    @work(exit_on_error=False, group="dialog")
    async def action_stop(self) -> None:
        """Stop the training, after asking."""
        if follower := self.shown:
            question = f"Stop {follower.run.name}? What it has learned is saved; r resumes it."
            if await self.app.push_screen_wait(ConfirmDialog(question, "Stop", "Keep training")):
                self._ask("stop", "stop")

    @work(exit_on_error=False, group="resume")
    async def action_resume(self) -> None:
        """Start a trainer that continues the run."""
        if follower := self.shown:
            try:
                await asyncio.to_thread(follower.resume)
            except HeloError as error:
                self.complain(error)

    @work(exit_on_error=False, group="dialog")
    async def action_longer(self) -> None:
        """Ask how much longer the run is to train, and start a trainer that does it."""
        if follower := self.shown:
            try:
                if more := await ask_how_much(self.app, follower.run, self.complain):
                    await asyncio.to_thread(follower.resume, more)
            except HeloError as error:
                self.complain(error)

    def action_open(self) -> None:
        """Write with the run's model."""
        if follower := self.shown:
            with suppress(HeloError):
                self.post_message(ModelChosen(library.model_path(str(follower.run.folder))))

    @work(exit_on_error=False, group="dialog")
    async def action_keep(self) -> None:
        """Keep the run's model in the library."""
        if follower := self.shown:
            await keep_run(self.app, follower.run)

    @work(exit_on_error=False, group="dialog")
    async def action_compare(self) -> None:
        """Choose a run to compare with, or one to stop comparing with."""
        if follower := self.shown:
            every = await asyncio.to_thread(lambda: list(rundir.runs()))
            runs = [run for run in every if run.folder != follower.run.folder]
            if not runs:
                self.complain("there is no other run to compare with")
            elif run := await self.app.push_screen_wait(
                RunChoice(runs, self.compared, follower.info)
            ):
                if not self.compared.toggle(run):
                    self.complain("four runs are compared already: remove one of them first")
                elif text := self.compared.another_text(run, follower.info):
                    told = f"{run.name} learns another text, {text}: the losses cannot be compared"
                    self.notify(one_line(told), severity="warning", markup=False)
                self.query_one(RunView).show()


def _number(text: str) -> float | None:
    """A finite number as a person types it; None if it is not one."""
    with suppress(ValueError):
        return value if math.isfinite(value := float(text)) else None
    return None


_ACTIONS = frozenset(
    binding.action.partition("(")[0] for binding in Steers.BINDINGS if isinstance(binding, Binding)
)
