"""What a followed run looks like: its events as JSON, as plain lines, or as a live display."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Self

from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progress,
    Refused,
    Resumed,
    RolledBack,
    Sampled,
    Started,
    Stopped,
)
from engine.text.survey import Reference
from tui.cli.shared.output import console, note, write
from tui.phrases import describe, duration, trained
from tui.text import visible

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from engine.runs.rundir import RunDirectory

_SAMPLE_LINES = 8
_PLAIN_EVERY = 10.0


class JsonView:
    """Each event as the line of the log that it is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    def show(self, event: Event, line: str) -> None:
        write(line + "\n")

    def compare(self, references: tuple[Reference, ...]) -> None: ...

    def say(self, text: str) -> None:
        note(text)


class PlainView:
    """A line for what matters, for files and pipes."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._total = 0
        self._told = -_PLAIN_EVERY

    def __enter__(self) -> Self:
        write(f"{self.title}\n")
        return self

    def __exit__(self, *error: object) -> None: ...

    def show(self, event: Event, line: str) -> None:
        if isinstance(event, Started):
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


class LiveView:
    """A few lines at the foot of the terminal that stay up to date."""

    def __init__(self, title: str, footer: str) -> None:
        self.title = title
        self._footer = footer
        self._started: Started | None = None
        self._progress: Progress | None = None
        self._evaluated: Evaluated | None = None
        self._best: Evaluated | None = None
        self._last: Event | None = None
        self._sample: Sampled | None = None
        self._references: tuple[Reference, ...] = ()
        self._state = "starting the trainer …"
        self._screen = console()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.live import Live

        self._live = Live(get_renderable=self._render, console=self._screen, refresh_per_second=5)
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, event: Event, line: str) -> None:
        match event:
            case Started():
                self._started, self._state = event, event.note
            case Progress():
                self._progress = event
            case Evaluated():
                self._evaluated = event
                self._state = event.note or self._state
                if event.best:
                    self._best = event
            case Sampled():
                self._sample = event
            case Changed(setting="stop"):
                pass  # said when it was asked
            case RolledBack():
                self._state, self._progress, self._evaluated = describe(event), None, None
                if self._best and self._best.step > event.step:
                    self._best = None
            case Changed() if isinstance(self._last, RolledBack):
                self._state += f"; {describe(event)}"
            case Paused() | Changed() | Refused() | Failed():
                self._state = describe(event)
            case Resumed():
                self._state = ""
            case Stopped():
                self._state = self._footer = ""
        self._last = event

    def compare(self, references: tuple[Reference, ...]) -> None:
        self._references = references

    def say(self, text: str) -> None:
        self._footer = text
        if self._live:
            self._live.refresh()

    def _render(self) -> Group:
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        parts: list[Text | Panel] = [Text(visible(self.title), style="bold")]
        if self._started:
            parts.append(self._bar(self._started))
        if self._numbers():
            parts.append(Text(self._numbers()))
        if self._references:
            parts.append(Text(_compared(self._references)))
        if self._state:
            parts.append(Text(visible(self._state), style="yellow"))
        if self._sample:
            lines = visible(self._sample.text).splitlines()[:_SAMPLE_LINES]
            title = Text(f"sample at step {self._sample.step:,}")
            parts.append(Panel(Text("\n".join(lines)), title=title, title_align="left"))
        if self._footer:  # last, and short: the terminal's own ^C then has room beside it
            parts.append(Text(self._footer, style="dim"))
        return Group(*parts)

    def _bar(self, started: Started) -> Text:
        from rich.text import Text

        step = self._progress.step if self._progress else started.step
        done = step / max(started.total_steps, 1)
        tail = f"  {done:4.0%}  step {step:,} of {started.total_steps:,}"
        if (progress := self._progress) and step < started.total_steps:
            left = (started.total_steps - step) * started.batch * started.seq_length
            tail += f"  {duration(left / max(progress.chars_per_second, 1))} left"
        width = max(0, min(40, self._screen.width - len(tail)))
        full = int(done * width)
        return Text.assemble(("━" * full, "green"), ("─" * (width - full), "dim"), tail)

    def _numbers(self) -> str:
        losses, pace = [], []
        if progress := self._progress:
            losses.append(f"train {progress.train_nats:.3f}")
            pace += [f"{progress.chars_per_second:,.0f} characters/s", f"lr {progress.lr:.2g}"]
        if self._evaluated:
            losses.append(f"validation {self._evaluated.val_nats:.3f}")
        if self._best:
            nats = self._best.val_nats
            losses.append(f"best {nats:.3f} nats, {nats / math.log(2):.3f} bits")
        return "\n".join("   ".join(line) for line in (losses, pace) if line)


def _compared(references: tuple[Reference, ...]) -> str:
    """What a loss is to be compared with."""
    return "compare  " + "   ".join(f"{r.name} {r.nats:.3f}" for r in references) + " nats"


def choose(json: bool, run: RunDirectory, ctrl_c: str) -> JsonView | PlainView | LiveView:
    """The view of a run that suits what stdout is; `ctrl_c` says what that does."""
    if json:
        return JsonView()
    info = run.info()
    title = f"{run.name}: {trained(info)}"
    return LiveView(title, ctrl_c) if sys.stdout.isatty() else PlainView(title)
