"""Other runs beside the one that is shown: which ones, and what is drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import RunError
from engine.runs.rundir import RunDirectory, RunInfo
from tui.curves.ink import ink
from tui.curves.series import Series
from tui.dialogs import Dialog
from tui.phrases import trained
from tui.text import brief, one_line
from tui.train.follow import Follower

MARKS = "○△□×"
"""One mark for each run that can be compared, so that nothing depends on colour."""


@dataclass(frozen=True, eq=False)
class Other:
    """What is drawn of another run."""

    mark: str
    name: str
    validation: Series
    best: float | None
    """The best validation loss in nats."""
    validates: bool = True
    """Whether it has a validation part."""
    corpus: str = ""
    """What it trains on, if that is another text, so that its losses cannot be compared."""


class Compared:
    """The runs that the shown run is compared with."""

    def __init__(self) -> None:
        self._followers: dict[str, Follower] = {}
        """By mark."""
        self._race = ""
        """The race whose runs were added automatically."""

    def mark(self, run: RunDirectory) -> str:
        """The mark of a run; empty if it is not compared."""
        marks = (m for m, f in self._followers.items() if f.run.folder == run.folder)
        return next(marks, "")

    def toggle(self, run: RunDirectory) -> bool:
        """Add a run, or remove it. False if no mark is left for it."""
        if mark := self.mark(run):
            del self._followers[mark]
            return True
        free = next((m for m in MARKS if m not in self._followers), "")
        if free:
            self._followers[free] = Follower(run)
        return bool(free)

    def another_text(self, run: RunDirectory, shown: RunInfo | None) -> str:
        """What a compared run trains on, if that is not the text of the shown run; else empty."""
        with suppress(RunError):
            return another_text(shown, run.info()) if self.mark(run) else ""
        return ""

    def enter(self, run: RunDirectory, race: str) -> None:
        """Add a run of a race. The first run of another race replaces the runs compared until then."""
        if race != self._race:
            self._race, self._followers = race, {}
        if not self.mark(run):
            self.toggle(run)

    @property
    def behind(self) -> bool:
        """Whether a log has not been read to its end."""
        return any(f.behind or f.snapshot is None for f in self._followers.values())

    def read(self) -> bool:
        """Read the next part of each log. Drops runs that were deleted. Returns whether anything
        changed."""
        followers = list(self._followers.items())
        gone = [mark for mark, follower in followers if not follower.run.folder.exists()]
        for mark in gone:
            self._followers.pop(mark, None)
        return any([f.read() for mark, f in followers if mark not in gone]) or bool(gone)

    def others(self, shown: RunDirectory, info: RunInfo | None = None) -> tuple[Other, ...]:
        """The compared runs in the order of their marks, without the shown run, whose `info` tells which of
        the others train on another text."""
        return tuple(
            Other(
                mark,
                one_line(follower.run.name),
                snapshot.validation,
                snapshot.best.val_nats if snapshot.best else None,
                snapshot.validates,
                another_text(info, follower.info),
            )
            for mark, follower in sorted(list(self._followers.items()), key=_place)
            if (snapshot := follower.snapshot) and follower.run.folder != shown.folder
        )


def another_text(shown: RunInfo | None, other: RunInfo | None) -> str:
    """The name of the other run's corpus if it is not the text of the shown run; else empty."""
    if shown and other and shown.corpus_sha256 != other.corpus_sha256:
        return one_line(other.corpus_name)
    return ""


def _place(marked: tuple[str, Follower]) -> int:
    return MARKS.index(marked[0])


class RunChoice(Dialog[RunDirectory | None]):
    """A list of runs to choose one from; None if the user goes back."""

    DEFAULT_CSS = """
    RunChoice {
        & > Vertical { width: 64; overflow-y: auto; }
        & OptionList {
            height: auto; max-height: 12; margin-top: 1; padding: 0;
            border: none; background: transparent;
            &:focus { background-tint: transparent; }
        }
        &.-lowest OptionList { max-height: 4; margin-top: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Change nothing")]

    def __init__(
        self, runs: Sequence[RunDirectory], compared: Compared, shown: RunInfo | None = None
    ) -> None:
        super().__init__()
        self._runs, self._compared, self._shown = runs, compared, shown

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Compare with which run?")
            yield OptionList(*map(self._option, self._runs))
            yield Static("Enter: draw it, or remove one with a mark · Esc: cancel", classes="note")

    def _option(self, run: RunDirectory) -> Option:
        mark = ink().text(self._compared.mark(run)) or " "
        name, about = f"{mark} {one_line(run.name)}", ""
        with suppress(RunError):  # a damaged run.json; the name is enough to choose it
            info = run.info()
            about = f"  {brief(trained(info))}"
            about += ": another text" if another_text(self._shown, info) else ""
        return Option(Content.assemble(name, (about, "dim")))

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._runs[event.option_index])
