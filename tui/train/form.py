"""The form that starts a training: one key for a newcomer, every setting for who wants it."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Select, Static
from textual.worker import Worker, WorkerState

from engine import launch
from engine.config import TrainConfig
from engine.errors import HeloError, UsageError
from engine.rundir import RunDirectory
from tui.library.obtain import obtain
from tui.text import visible
from tui.train import plan
from tui.train.fields import FIELDS, KINDS, Field, command, in_words, settings
from tui.train.plan import Outlook, Speed
from tui.trouble import TellsTrouble

FILE = "\0file"
"""The corpus choice that stands for a path; no name can be it."""


class TrainForm(TellsTrouble, Vertical):
    """Chooses a text and settings, imports the text, and starts a run on it."""

    BINDING_GROUP_TITLE = "New training"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s",
            "start",
            "Start training",
            id="train.start",
            tooltip="Start a training with the settings of the form",
        )
    ]
    SCOPED_CSS = False  # how much room there is, is a class of the pane
    DEFAULT_CSS = """
    TrainForm {
        #fields { height: 1fr; padding: 1 2 0 2; }
        .row { height: 1; margin-bottom: 1; }
        .row .label { width: 16; text-style: bold; }
        .row .hint {
            width: 1fr; padding-left: 2; color: $text-muted;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        .row Input, .row Select { width: 40; }
        .row Input:focus { background-tint: $primary 20%; text-style: bold; }
        .row #length { width: 20; }
        .row #unit { width: 20; }
        #file-row { display: none; }
        &.-file #file-row { display: block; }
        #foot { height: auto; padding: 0 2 1 2; border-top: solid $primary-muted; }
        #start-row { height: auto; }
        #outlook { width: 1fr; height: auto; min-height: 3; }
        #problem { height: auto; color: $text-error; display: none; }
        &.-problem #problem { display: block; }
        #start { width: auto; margin: 0 3 0 0; }
    }
    TrainPane.-short TrainForm {
        #fields { padding: 0 1; }
        .row { margin-bottom: 0; }
        #foot { padding: 0 1; }
    }
    TrainPane.-narrow TrainForm {
        .row .label { width: 14; }
        .row .hint { padding-left: 1; }
        .row Input, .row Select { width: 16; }
        .row #corpus { width: 40; }
        .row #file { width: 28; }
        .row #length { width: 12; }
        .row #unit { width: 16; }
        #start { margin-right: 1; }
    }
    """

    @dataclass
    class Begun(Message):
        """A run was made and its trainer started."""

        run: RunDirectory
        child: subprocess.Popen[bytes]

    @dataclass
    class Found(Message):
        """What was looked up beside the loop: corpora, speeds, device facts."""

        choices: list[tuple[str, str]] | None = None
        speeds: list[Speed] | None = None
        facts: dict[str, Any] | None = None

    @dataclass
    class Looked(Message):
        """What is known of a text, or what is wrong with it."""

        ref: str
        outlook: Outlook | None
        problem: str = ""

    @dataclass
    class Imported(Message):
        """So many characters of the text are imported."""

        chars: int

    @dataclass
    class Refused(Message):
        """Nothing was started, and why."""

        problem: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._outlook: Outlook | None = None
        self._speeds: list[Speed] = []
        self._facts: dict[str, Any] = {}
        self._wanted: str | None = None
        self._starting = False
        self._unfit = ""
        """What is wrong with the chosen text."""
        self._refusal = ""
        """Why nothing was started; it stands until something in the form is changed."""

    def compose(self) -> ComposeResult:
        fields = {field.key: field for field in FIELDS}
        unit = fields.pop("unit")
        with VerticalScroll(id="fields", can_focus=False):
            with Horizontal(classes="row"):
                yield Static("Corpus", classes="label")
                yield Select(
                    [("a text file …", FILE)], id="corpus", allow_blank=False, compact=True
                )
                yield Static("", id="corpus-hint", classes="hint", markup=False)
            with Horizontal(classes="row", id="file-row"):
                yield Static("File", classes="label")
                yield Input(id="file", compact=True, placeholder="path of a text file")
                yield Static("imported before the training", classes="hint")
            for field in fields.values():
                with Horizontal(classes="row"):
                    yield Static(field.label, classes="label")
                    yield _control(field)
                    if field.key == "length":
                        yield _control(unit)
                    yield Static(field.hint, id=f"{field.key}-hint", classes="hint", markup=False)
        with Vertical(id="foot"):
            yield Static("", id="problem", markup=False)
            with Horizontal(id="start-row"):
                yield Button("Start training", id="start", variant="primary", compact=True)
                yield Static("", id="outlook", markup=False)

    def on_mount(self) -> None:
        self.refresh_choices()
        # A thread of its own and no worker: leaving the app must not wait for a child that imports torch.
        self.call_after_refresh(threading.Thread(target=self._ask_device, daemon=True).start)

    # what is known

    def _ask_device(self) -> None:
        try:
            self.post_message(self.Found(facts=launch.device_facts()))
        except HeloError as error:
            self.post_message(self.Found(facts={"problem": str(error)}))

    @work(thread=True, exclusive=True, group="choices", exit_on_error=False)
    def refresh_choices(self) -> None:
        """Look up again what one can train on."""
        self.post_message(self.Found(choices=plan.choices(), speeds=plan.speeds()))

    def fill_in(self, ref: str) -> None:
        """Take the CORPUS `ref`, a name or a path."""
        self._wanted = ref
        self.refresh_choices()
        self.query_one("#start").focus()

    @on(Found)
    def _take(self, found: Found) -> None:
        if found.speeds is not None:
            self._speeds = found.speeds
        if found.facts is not None:
            self._facts = found.facts
            self.query_one("#device-hint", Static).update(_device_hint(found.facts))
        if found.choices is not None:
            self._offer(found.choices)
        self._estimate()

    def _offer(self, choices: list[tuple[str, str]]) -> None:
        select = self.query_one("#corpus", Select)
        refs = [ref for ref, _ in choices]
        wanted = self._wanted or (str(select.value) if self._outlook else refs[0])
        options = [(Content(visible(f"{ref}: {about}")), ref) for ref, about in choices]
        with self.prevent(Select.Changed):
            select.set_options([*options, (Content("a text file …"), FILE)])
            select.value = wanted if wanted in refs else FILE
        if self._wanted and wanted not in refs:
            self.query_one("#file", Input).value = wanted
        self._wanted = None
        self._choose()

    @property
    def ref(self) -> str:
        """The corpus that is chosen: a name or a path."""
        value = self.query_one("#corpus", Select).value
        return self.query_one("#file", Input).value.strip() if value == FILE else str(value)

    @on(Select.Changed, "#corpus")
    @on(Input.Changed, "#file")
    def _choose(self) -> None:
        is_file = self.query_one("#corpus", Select).value == FILE
        self.set_class(is_file, "-file")
        self._outlook, self._unfit = None, ""
        if is_file and not self.ref:
            self._estimate()
        else:
            self._look(self.ref)

    @work(thread=True, exclusive=True, group="look", exit_on_error=False)
    def _look(self, ref: str) -> None:
        try:
            self.post_message(self.Looked(ref, plan.look(ref)))
        except HeloError as error:
            self.post_message(self.Looked(ref, None, str(error)))

    @on(Looked)
    def _looked(self, looked: Looked) -> None:
        if looked.ref == self.ref:
            self._outlook, self._unfit = looked.outlook, looked.problem
            self._estimate()

    @on(Select.Changed, "#cell")
    def _name_cell(self, changed: Select.Changed) -> None:
        self.query_one("#cell-hint", Static).update(KINDS[str(changed.value)])

    # what it would be

    def values(self) -> dict[str, str]:
        """What is typed and chosen, by field."""
        inputs = {str(control.id): control.value for control in self.query(Input)}
        return inputs | {str(control.id): str(control.value) for control in self.query(Select)}

    def _config(self) -> TrainConfig:
        """Raises UsageError."""
        config = settings(self.values())
        there = self._facts.get("devices", [])
        if there and config.device not in ("auto", *there):
            raise UsageError(
                f"device {config.device} is not there: this machine has {', '.join(there)}"
            )
        return config

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self) -> None:
        self._refusal = ""
        self._estimate()

    def _estimate(self) -> None:
        """Say what the settings mean, or what is wrong with them."""
        try:
            config = self._config()
        except UsageError as error:
            self._complain(str(error))
            return
        self._complain(self._refusal or self._unfit)
        if self._starting:
            return
        lines = ["choose a text to train on"]
        if self._outlook:
            lines = list(plan.describe(config, self._outlook, self._speeds))
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        self.query_one("#outlook", Static).update(visible(text))

    def _complain(self, problem: str) -> None:
        self.set_class(bool(problem), "-problem")
        self.query_one("#problem", Static).update(visible(f"✗ {in_words(problem)}"))

    # starting

    @on(Button.Pressed, "#start")
    @on(Input.Submitted)
    def action_start(self) -> None:
        """Import the text and start a run on it."""
        if self._starting:
            return
        try:
            config, ref = self._config(), self.ref
        except UsageError as error:
            self._complain(str(error))
            return
        if not ref:
            self._refuse("name a text file to train on")
            self.query_one("#file").focus()
            return
        self._set_starting(True)
        self._refuse("")
        self._say(f"importing {ref} …")
        self._start(config, ref)

    def _set_starting(self, starting: bool) -> None:
        self._starting = starting
        self.query_one("#start", Button).disabled = starting

    @work(thread=True, exclusive=True, group="start", exit_on_error=False)
    def _start(self, config: TrainConfig, ref: str) -> None:
        try:
            found = obtain(ref, lambda chars: self.post_message(self.Imported(chars)))
            run = launch.create(None, found, config, command(config, ref))
            self.post_message(self.Begun(run, launch.start(run)))
        except HeloError as error:
            self.post_message(self.Refused(str(error)))

    @on(Imported)
    def _imported(self, imported: Imported) -> None:
        if self._starting:
            self._say(f"importing {self.ref}: {imported.chars:,} characters")

    @on(Refused)
    def _refused(self, refused: Refused) -> None:
        self._set_starting(False)
        self._refuse(refused.problem)

    def _refuse(self, why: str) -> None:
        self._refusal = why
        self._estimate()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.group == "start" and event.state is WorkerState.ERROR:
            self._refused(self.Refused("nothing was started"))

    @on(Begun)
    def _begun(self) -> None:
        self._set_starting(False)
        self.refresh_choices()


def _control(field: Field) -> Input | Select[str]:
    if field.choices:
        options = [(choice, choice) for choice in field.choices]
        return Select(options, value=field.usual, id=field.key, allow_blank=False, compact=True)
    return Input(field.usual, id=field.key, compact=True)


def _device_hint(facts: dict[str, Any]) -> str:
    """What this machine computes on."""
    if "problem" in facts:
        return visible(facts["problem"])
    names = [f"{kind} ({facts['names'].get(kind, kind)})" for kind in facts["devices"]]
    precision = ", bfloat16" if facts.get("bfloat16") else ""
    return visible(f"{', '.join(names)}, {facts['processors']} processors{precision}")
