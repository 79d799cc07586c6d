"""The form that starts a training: one key for a newcomer, every setting for an expert."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Select, Static
from textual.worker import Worker, WorkerState

from engine.config import TrainConfig
from engine.errors import HeloError, UsageError
from engine.runs import recipe
from engine.runs.rundir import RunDirectory
from tui.text import visible
from tui.told import in_app
from tui.train import plan
from tui.train.choice import TextChoice
from tui.train.controls import Controls
from tui.train.fields import Asked, at_fault
from tui.train.keys import FORM_KEYS
from tui.train.machine import Machine
from tui.train.origin import Origin
from tui.train.plan import Speed
from tui.train.racing import RaceDialog
from tui.train.rows import mark
from tui.train.start import Begin, start, start_race
from tui.trouble import TellsTrouble

_CSS = """
TrainForm {
    #foot { height: auto; padding: 0 2 1 2; border-top: solid $primary-muted; }
    #start-row { height: auto; }
    #outlook { width: 1fr; height: auto; min-height: 3; }
    #problem { height: auto; color: $text-error; display: none; }
    &.-problem #problem { display: block; }
    #buttons { width: 18; height: auto; margin-right: 3; }
    #start { width: 100%; }
    #race { width: 100%; margin-top: 1; }
}
TrainPane.-short TrainForm {
    #foot { padding: 0 1; }
}
TrainPane.-narrow TrainForm {
    #buttons { margin-right: 1; }
}
TrainPane.-lowest TrainForm {
    #foot { border-top: none; }
    #start-row { layout: vertical; }
    #buttons { layout: horizontal; width: 1fr; margin: 0; }
    #start, #race { width: auto; margin: 0 1 0 0; }
    #outlook { width: 1fr; min-height: 1; max-height: 1; }
    #outlook, #problem { text-wrap: nowrap; text-overflow: ellipsis; }
}
"""


class TrainForm(TellsTrouble, Vertical):
    """Lets the user choose a text and settings, imports the text, and starts a run on it."""

    BINDING_GROUP_TITLE = "New training"
    BINDINGS: ClassVar[list[BindingType]] = [*FORM_KEYS]
    SCOPED_CSS = False  # the rules depend on classes of the pane
    DEFAULT_CSS = _CSS

    @dataclass
    class Begun(Message):
        """A run was created, and its trainer started; or, for a race, the driver of the race."""

        run: RunDirectory
        child: subprocess.Popen[bytes]
        race: bool

    @dataclass
    class SpeedsFound(Message):
        """The speeds of earlier runs were read."""

        speeds: list[Speed]

    @dataclass
    class MachineAnswered(Message):
        """More is known about this machine."""

    @dataclass
    class Prepared(Message):
        """A start made progress."""

        text: str

    @dataclass
    class Said(Message):
        """There is a note about the text."""

        text: str

    @dataclass
    class Refused(Message):
        """Nothing was started; says why."""

        problem: str

    @dataclass
    class MoreShown(Message):
        """The user had all settings shown, or only the common ones."""

        more: bool

    def __init__(self, more: bool = False, id: str | None = None) -> None:
        """`more` says whether all settings are shown at first."""
        super().__init__(id=id)
        self._more = more
        self._speeds: list[Speed] = []
        self._machine = Machine(lambda: self.post_message(self.MachineAnswered()))
        self.starting = ""
        """The text of a training that was asked for and is not started yet."""
        self._due = False
        """Whether the estimate will be made again."""
        self._refusal = ""
        """Why nothing was started. Shown until something in the form changes."""

    def compose(self) -> ComposeResult:
        yield Controls(id="fields")
        with Vertical(id="foot"):
            yield Static("", id="problem", markup=False)
            with Horizontal(id="start-row"):
                with Vertical(id="buttons"):
                    yield Button("Start training", id="start", variant="primary", compact=True)
                    yield Button("Race", id="race", compact=True)
                yield Static("", id="outlook", markup=False)

    def on_mount(self) -> None:
        self._controls.more = self._more
        self._look_up_speeds()
        self._machine.look()

    # facts about texts and earlier runs

    @property
    def _controls(self) -> Controls:
        return self.query_one(Controls)

    @property
    def _text(self) -> TextChoice:
        return self.query_one(TextChoice)

    def fill_in(self, corpus: str, model: str) -> None:
        """Choose this CORPUS, a name or a path, and this MODEL to start from, if they are given."""
        if corpus:
            self._text.fill_in(corpus)
        if model:
            self._controls.start_from(model)
        self.query_one("#start").focus()

    @work(thread=True, exclusive=True, group="speeds", exit_on_error=False)
    def _look_up_speeds(self) -> None:
        self.post_message(self.SpeedsFound(plan.speeds()))

    @on(SpeedsFound)
    def _take(self, found: SpeedsFound) -> None:
        self._speeds = found.speeds
        self._look_again()

    # the estimate

    def _asked(self) -> Asked:
        return self._controls.asked(self._machine.facts.get("devices", ()))

    @property
    def _device(self) -> str:
        return self._controls.values()["device"]

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self) -> None:
        self._refusal = ""
        self._look_again()

    @on(MachineAnswered)
    @on(TextChoice.Changed)
    @on(Origin.Changed)
    def _look_again(self) -> None:
        """Estimate once for all that changes at the same time, as when the form is filled."""
        if not self._due:
            self._due = self.call_later(self._estimate)

    def _estimate(self) -> None:
        """Show what the settings would give, or what is wrong with them."""
        self._due = False
        text, device = self._text, self._device
        problem = self._machine.problem(device)
        if said := problem or str(self._machine):
            self._controls.hint("device", in_app(said))
        try:
            settled = self._asked().settings
        except UsageError as error:
            self._complain(str(error))
            return
        self._complain(self._refusal or text.problem)
        if self._machine.facts and recipe.needs_pace(settled):
            self._machine.measure(device)
        pace = self._machine.pace(device)
        config = plan.complete(settled, text.outlook, pace) if text.outlook else None
        self._controls.show_found(config)
        if self.starting:
            return
        lines = ["choose a text to train on"]
        if text.outlook and config:
            lines = list(
                plan.describe(config, text.outlook, self._speeds, pace, self._controls.begun)
            )
        elif text.outlook:
            lines = [
                "the network is chosen at the start"
                if problem
                else self._machine.measuring(device),
                plan.describe_text(text.outlook),
            ]
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        self.query_one("#outlook", Static).update(visible(text))

    def _complain(self, problem: str) -> None:
        self.set_class(bool(problem), "-problem")
        self.query_one("#problem", Static).update(visible(f"✗ {in_app(problem)}"))
        mark(self, self._wrong(problem))

    def _wrong(self, problem: str) -> str:
        """The id of the control that a problem is about; empty if it is about none."""
        if field := at_fault(problem):
            return field.key
        return self._text.chosen_by if problem and problem == self._text.problem else ""

    # starting

    @on(Button.Pressed, "#start")
    @on(Input.Submitted)
    @work(group="ask", exclusive=True, exit_on_error=False)
    async def action_start(self) -> None:
        """Import the text and start a run on it."""
        await self._text.known.wait()
        if self.starting:
            return
        try:
            asked = self._asked()
        except UsageError as error:
            self._complain(str(error))
            self._go_to_wrong(str(error))
            return
        ref = self._text.ref
        if self._names(ref):
            needed = recipe.needs_pace(asked.given)
            pace = self._machine.measure(self._device, again=True) if needed else None
            self._start(partial(start, asked, ref, self._machine.look(), pace), ref)

    @on(Button.Pressed, "#toggle")
    def action_more(self) -> None:
        """Show all settings, or only the common ones."""
        self._controls.toggle()
        self.post_message(self.MoreShown(self._controls.more))

    def _go_to_wrong(self, problem: str) -> None:
        """Move the cursor to the control that a problem is about; to the start if it is about none."""
        if wrong := self._wrong(problem):
            self._controls.reveal(wrong)
        elif not self.screen.focused:  # a button loses the focus when it is disabled
            self.query_one("#start").focus()

    @on(Button.Pressed, "#race")
    @work(group="dialog", exit_on_error=False)
    async def action_race(self) -> None:
        """Ask for the settings of a race, import the text and start the race."""
        await self._text.known.wait()
        ref = self._text.ref
        if self.starting or not self._names(ref):
            return
        entry = await self.app.push_screen_wait(RaceDialog(ref))
        if entry and not self.starting:
            pace = self._machine.measure(TrainConfig.device, again=True)
            self._start(partial(start_race, entry, ref, pace), ref, race=True)

    def _names(self, ref: str) -> bool:
        """Whether a text is chosen. Shows the problem if not."""
        if not ref:
            self._refuse("name a text file to train on")
            self.query_one("#file").focus()
        return bool(ref)

    def _set_starting(self, ref: str) -> None:
        self.starting = ref
        for button in self.query("#buttons Button"):
            button.disabled = bool(ref)

    def _start(self, begin: Begin, ref: str, race: bool = False) -> None:
        self._set_starting(ref)
        self._refuse("")
        self._begin(begin, race, "" if self._text.outlook else ref)

    @work(thread=True, exclusive=True, group="start", exit_on_error=False)
    def _begin(self, begin: Begin, race: bool, unseen: str) -> None:
        """Begin a training or race. A text that is `unseen` is looked at first: a bad one is refused before
        anything is measured."""
        try:
            if unseen:
                plan.look(unseen)
            run, child = begin(
                lambda text: self.post_message(self.Prepared(text)),
                lambda text: self.post_message(self.Said(text)),
            )
            self.post_message(self.Begun(run, child, race))
        except HeloError as error:
            self.post_message(self.Refused(str(error)))

    @on(Prepared)
    def _prepared(self, prepared: Prepared) -> None:
        if self.starting:
            self._say(prepared.text)

    @on(Said)
    def _said(self, said: Said) -> None:
        self.notify(visible(said.text), markup=False)

    @on(Refused)
    def _refused(self, refused: Refused) -> None:
        self._set_starting("")
        if self.is_on_screen:
            self._go_to_wrong(refused.problem)
        self._refuse(refused.problem)

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._estimate()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.group == "start" and event.state is WorkerState.ERROR:
            self._refused(self.Refused("nothing was started"))

    @on(Begun)
    def _begun(self) -> None:
        self._set_starting("")
        self._text.refresh_choices()
        self._look_up_speeds()
