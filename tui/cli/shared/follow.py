"""Following a run from the command line: read what its trainer says until it ends."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from types import FrameType
from typing import Protocol

from engine.errors import RunError
from engine.runs import launch
from engine.runs.comparison import Comparison
from engine.runs.events import Event, Failed, Started, Stopped, parse
from engine.runs.logs import LineReader
from engine.runs.rundir import RunDirectory, status
from engine.text.survey import Reference
from tui.phrases import killed

_POLL = 0.05


class View(Protocol):
    """What shows a run. Used as a context manager while the run is followed."""

    def __enter__(self) -> object: ...

    def __exit__(self, *error: object) -> None: ...

    def show(self, event: Event, line: str) -> None:
        """An event, and the line of the log that it is."""

    def compare(self, references: tuple[Reference, ...]) -> None:
        """What the losses are to be compared with; called again as more is known."""

    def say(self, text: str) -> None:
        """What the follower itself has to say."""


class End(Enum):
    """How following ended."""

    DONE = "the trainer ended as it should"
    STOPPED = "ctrl+c stopped it, and it has saved"
    LEFT = "a second ctrl+c left it to save by itself"
    DETACHED = "it trains on, and nobody watches"


class Interrupts:
    """How often ctrl+c was pressed, or another of the signals came."""

    count = 0

    def __call__(self, signal_number: int, frame: FrameType | None) -> None:
        self.count += 1


@contextmanager
def interrupts(*numbers: signal.Signals) -> Iterator[Interrupts]:
    """Count signals instead of ending, so that no line is lost half-way."""
    counter = Interrupts()
    before = {number: signal.signal(number, counter) for number in numbers}
    try:
        yield counter
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Log:
    """What a run's log says, shown as it comes."""

    def __init__(self, run: RunDirectory, view: View, offset: int = 0) -> None:
        self._view = view
        self._reader, self._comparison = LineReader(run.events_path, offset), Comparison(run.info())
        self._known: tuple[Reference, ...] = ()
        self.last: Event | None = None
        self.working = False
        """Whether a trainer has begun since the offset."""

    def show(self) -> None:
        """Show what is new."""
        for line in self._reader.read():
            if event := parse(line):
                self._view.show(event, line)
                self.working |= isinstance(event, Started)
                self.last = event
        if self.working and (references := self._comparison.look()) != self._known:
            self._known = references
            self._view.compare(references)


def train(run: RunDirectory, view: View, processes: int, *, detach: bool = False) -> End:
    """Start the trainer of a run, in so many processes, and show what happens until it ends, or with
    `detach` until it works.

    ctrl+c asks the trainer to stop, which saves; a second one leaves it to that. Raises RunError where
    the trainer fails or is killed.
    """
    log = _Log(run, view, _size(run.events_path))
    asked = told = False
    with interrupts(signal.SIGINT) as pressed, view:
        process = launch.start(run, processes)
        while True:
            if pressed.count and not told:
                told = True
                view.say("stopping: it saves first; ctrl+c again leaves it to that")
            ended = process.poll() is not None  # before reading: then nothing it said is missed
            log.show()
            if ended:
                break
            if log.working and detach:
                return End.DETACHED
            if pressed.count > 1:
                if not asked:
                    process.terminate()
                return End.LEFT
            if pressed.count and log.working and not asked:
                asked = True
                with suppress(RunError):  # it has just ended by itself
                    run.ask("stop")
            time.sleep(_POLL)
    if isinstance(log.last, Stopped):
        return End.STOPPED if pressed.count else End.DONE
    raise RunError(trouble(run, log.last, process.returncode))


def attach(run: RunDirectory, view: View) -> End:
    """Show a run that a trainer works on, from its beginning until it ends or ctrl+c is pressed, which
    leaves it training.

    Raises RunError where no trainer works on it, or it fails or is killed.
    """
    run.check_alive()
    log = _Log(run, view)
    with interrupts(signal.SIGINT) as pressed, view:
        while True:
            ended = not run.alive()
            log.show()
            if ended:
                break
            if pressed.count:
                return End.DETACHED
            time.sleep(_POLL)
    if isinstance(log.last, Stopped):
        return End.DONE
    raise RunError(status(run, run.events()).reason)


def trouble(run: RunDirectory, last: Event | None, code: int) -> str:
    """Why a trainer ended that did not say Stopped."""
    if isinstance(last, Failed):
        return last.reason
    if code < 0:
        return (
            f"the trainer of {run.name} was {killed(code)}; what it saved is kept: "
            f"helo train --resume {run.name} goes on"
        )
    return run.silent_end()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
