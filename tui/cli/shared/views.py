"""Views of a followed run: its events as JSON, as plain lines, or as a live display."""

from __future__ import annotations

import sys
from threading import Lock
from typing import TYPE_CHECKING, Self

from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Extended,
    Failed,
    Paused,
    Planned,
    Progress,
    Refused,
    Resumed,
    RolledBack,
    Started,
    Stopped,
)
from engine.runs.kept import Kept
from engine.runs.rundir import RunStatus
from engine.text.survey import Reference
from tui.cli.shared.live import Display
from tui.cli.shared.output import note, write
from tui.figures.snapshot import Snapshot, look
from tui.figures.table import LOSSES, OTHERS, shown
from tui.figures.words import describe
from tui.phrases import duration, trained
from tui.text import brief, visible
from tui.width import expanded

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from engine.runs.rundir import RunDirectory

_SAMPLE_LINES = 8
_PLAIN_EVERY = 10.0


class JsonView:
    """Each event as its line of the log."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    def show(self, event: Event, line: str) -> None:
        write(line + "\n")

    def compare(self, references: tuple[Reference, ...]) -> None: ...

    def say(self, text: str) -> None:
        note(text)


class PlainView:
    """A line for each important event, for files and pipes."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._total = 0
        self._told = -_PLAIN_EVERY

    def __enter__(self) -> Self:
        write(f"{self.title}\n")
        return self

    def __exit__(self, *error: object) -> None: ...

    def show(self, event: Event, line: str) -> None:
        if isinstance(event, Started | Extended | Planned):
            self._total = event.total_steps
        if isinstance(event, Progress):
            if event.seconds - self._told < _PLAIN_EVERY:
                return
            self._told = event.seconds
        if text := describe(event):
            write(f"{event.step:,}/{self._total:,}  {text}\n")

    def compare(self, references: tuple[Reference, ...]) -> None:
        write(f"{_compared(references)}\n")

    def say(self, text: str) -> None:
        note(text)


class LiveView(Display):
    """The state of a run in a few lines."""

    def __init__(self, title: str, footer: str) -> None:
        super().__init__(title, footer)
        self._kept, self._lock = Kept(), Lock()
        """The lock is needed because events arrive in one thread and drawing happens in another."""
        self._references: tuple[Reference, ...] = ()
        self._state = "starting the trainer …"

    def show(self, event: Event, line: str) -> None:
        last = self._kept.last
        match event:
            case Started():
                self._state = event.note
            case Evaluated():
                self._state = event.note or self._state
            case Changed(setting="stop"):
                pass  # shown when it was asked
            case Changed() if isinstance(last, RolledBack):
                self._state += f"; {describe(event)}"
            case RolledBack() | Paused() | Changed() | Refused() | Failed():
                self._state = describe(event)
            case Resumed():
                self._state = ""
            case Stopped():
                self._state = self._footer = ""
        with self._lock:
            self._kept.take([event])

    def compare(self, references: tuple[Reference, ...]) -> None:
        self._references = references

    def _parts(self) -> list[RenderableType]:
        from rich.panel import Panel
        from rich.text import Text

        with self._lock:
            snapshot = look(self._kept, RunStatus("running"))
        parts: list[RenderableType] = []
        if snapshot.total_steps:
            parts.append(self._bar(snapshot, snapshot.total_steps))
        for figures in (LOSSES, OTHERS):
            if texts := [text for _, text in shown("live", snapshot, figures) if text]:
                parts.append(Text("   ".join(texts)))
        if self._references:
            parts.append(Text(_compared(self._references)))
        if self._state:
            parts.append(Text(brief(self._state), style="yellow"))
        if snapshot.samples:
            sample = snapshot.samples[-1]
            lines = expanded(visible(sample.text)).splitlines()[:_SAMPLE_LINES]
            title = Text(f"sample at step {sample.step:,}")
            parts.append(Panel(Text("\n".join(lines)), title=title, title_align="left"))
        return parts

    def _bar(self, snapshot: Snapshot, total: int) -> Text:
        from rich.text import Text

        tail = f"  {snapshot.percent:3}%  step {snapshot.step:,} of {total:,}"
        if (left := snapshot.seconds_left) and snapshot.step < total:
            tail += f"  {duration(left)} left"
        width = max(0, min(40, self._screen.width - len(tail)))
        full = int(snapshot.share * width)
        return Text.assemble(("━" * full, "green"), ("─" * (width - full), "dim"), tail)


def _compared(references: tuple[Reference, ...]) -> str:
    """What to compare a loss with."""
    return "compare  " + "   ".join(f"{r.name} {r.nats:.3f}" for r in references) + " nats"


def choose(json: bool, run: RunDirectory, ctrl_c: str) -> JsonView | PlainView | LiveView:
    """The view of a run that suits stdout. `ctrl_c` says what ctrl+c does."""
    if json:
        return JsonView()
    info = run.info()
    title = f"{run.name}: {trained(info)}"
    return LiveView(title, ctrl_c) if sys.stdout.isatty() else PlainView(title)
