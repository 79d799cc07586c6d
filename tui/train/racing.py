"""Races started from the app: the dialog for their settings, and their drivers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Select, Static

from engine.config import time_span
from engine.errors import UsageError
from engine.runs import race, recipe
from engine.runs.rundir import RunDirectory
from tui.dialogs import Dialog
from tui.text import visible
from tui.told import in_app
from tui.train.fields import Field, at_fault, command, meant
from tui.train.rows import control, mark

FIELDS = (
    Field("cells", "two or more", "rnn,lstm,gru"),
    Field("seconds", "for each, or the first", "60", read=time_span),
    Field("hidden", "units per layer, or auto", whole=True),
    Field("by", "the same for all", race.MEASURES[0], choices=race.MEASURES),
)


@dataclass(frozen=True)
class Entry:
    """The settings of a race. `given` holds the arguments of `recipe.complete` for its first cell."""

    cells: tuple[str, ...]
    by: str
    given: dict[str, Any]

    @classmethod
    def of(cls, values: dict[str, str]) -> Entry:
        """From what was typed and chosen, by `Field.key`.

        Raises UsageError.
        """
        called = [cell.strip() for cell in values["cells"].split(",")]
        cells = tuple(race.check(called, values["by"]))
        numbers = (f for f in FIELDS if f.key in ("seconds", "hidden") and values[f.key].strip())
        given = {"cell": cells[0]} | {f.key: meant(f, values[f.key].strip()) for f in numbers}
        if "seconds" not in given:
            raise UsageError("--seconds must be more than 0")
        recipe.check(given)
        return cls(cells, values["by"], given)

    def command(self, ref: str) -> str:
        """The command line that starts the same race."""
        shown = {"cells": ",".join(self.cells), **self.given, "by": self.by}
        del shown["cell"]
        return command(shown, ref, "race")


class RaceDialog(Dialog[Entry | None]):
    """Asks for the settings of a race; None if the user goes back."""

    DEFAULT_CSS = """
    RaceDialog {
        & > Vertical { width: 66; overflow-y: auto; }
        & .row { height: 1; }
        & .label { width: 12; text-style: bold; }
        & .row.-wrong .label { color: $text-error; text-style: bold reverse; }
        & .row Input, & .row Select { width: 24; }
        & .hint { width: 1fr; padding-left: 2; color: $text-muted; text-wrap: nowrap; }
        & #question, & #trouble { height: auto; margin-bottom: 1; }
        & #trouble { color: $text-error; display: none; }
        &.-trouble #trouble { display: block; }
        &.-narrow, &.-narrowest { & .row Input, & .row Select { width: 16; } }
        &.-narrowest .hint { display: none; }
        &.-lowest {
            & > Vertical { border: none; }
            & #question, & #trouble { margin-bottom: 0; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Change nothing")]

    def __init__(self, ref: str) -> None:
        super().__init__()
        self._ref = ref

    def compose(self) -> ComposeResult:
        question = (
            f"One network per cell trains on {self._ref}, in turns. Everything else is automatic."
        )
        with Vertical():
            yield Static(Content(visible(question)), id="question")
            yield Static("", id="trouble", markup=False)
            for field in FIELDS:
                with Horizontal(classes="row"):
                    yield Static(field.label, classes="label")
                    yield control(field)
                    yield Static(field.hint, classes="hint")
            yield Static("Enter: start the race · Esc: cancel", classes="note")

    @on(Input.Submitted)
    def _enter(self) -> None:
        values = {str(control.id): control.value for control in self.query(Input)}
        values["by"] = str(self.query_one("#by", Select).value)
        try:
            self.dismiss(Entry.of(values))
        except UsageError as error:
            problem = str(error)
            self.add_class("-trouble")
            self.query_one("#trouble", Static).update(visible(f"✗ {in_app(problem)}"))
            field = at_fault(problem, FIELDS)
            mark(self, field.key if field else "")
            if field:
                self.query_one(f"#{field.key}").focus()


class Drivers:
    """The drivers of the races that this app started."""

    def __init__(self) -> None:
        self._leaders: dict[subprocess.Popen[bytes], RunDirectory] = {}

    def add(self, driver: subprocess.Popen[bytes], leader: RunDirectory) -> None:
        self._leaders[driver] = leader

    def __contains__(self, child: object) -> bool:
        return child in self._leaders

    def stop(self) -> None:
        """Stop the races. All their trainers save and stop."""
        for driver in self._leaders:
            if driver.poll() is None:
                driver.terminate()

    @property
    def at_work(self) -> list[str]:
        """The names of the races whose drivers are running."""
        return [leader.race() for driver, leader in self._leaders.items() if driver.poll() is None]

    def troubles(self) -> Iterator[str]:
        """Why races ended early. Each one is reported once."""
        for driver, leader in list(self._leaders.items()):
            if driver.poll() is not None:
                del self._leaders[driver]
                if driver.returncode:
                    words = leader.complaint() or "its driver was killed"
                    yield f"{leader.race()} ended: {words}"
