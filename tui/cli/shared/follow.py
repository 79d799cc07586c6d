"""Following a run from the command line: read its log until the trainer ends."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Protocol

from engine.errors import RunError
from engine.runs import launch
from engine.runs.comparison import Comparison
from engine.runs.ended import trouble
from engine.runs.events import Event, Started, Stopped, parse
from engine.runs.logs import LineReader
from engine.runs.longer import NO_LONGER, Longer
from engine.runs.rundir import RunDirectory, status
from engine.text.survey import Reference
from tui import signals

_POLL = 0.05


class View(Protocol):
    """Shows a run. Used as a context manager while the run is followed."""

    def __enter__(self) -> object: ...

    def __exit__(self, *error: object) -> None: ...

    def show(self, event: Event, line: str) -> None:
        """Show an event. `line` is its line in the log."""

    def compare(self, references: tuple[Reference, ...]) -> None:
        """Show what to compare the losses with. Called again when more is known."""

    def say(self, text: str) -> None:
        """Show a message from the follower itself."""


class End(Enum):
    """How following ended."""

    DONE = "the trainer ended as it should"
    STOPPED = "ctrl+c, or a signal like it, stopped it, and it has saved"
    LEFT = "a second ctrl+c left it to save by itself"
    DETACHED = "it trains on, and nobody watches"


class _Log:
    """Shows a run's log as it grows."""

    def __init__(self, run: RunDirectory, view: View, offset: int = 0) -> None:
        self.view = view
        self._reader, self._comparison = LineReader(run.events_path, offset), Comparison(run.info())
        self._known: tuple[Reference, ...] = ()
        self.last: Event | None = None
        self.working = False
        """Whether a trainer has started since the offset."""

    def show(self) -> None:
        """Show what is new."""
        for line in self._reader.read():
            if event := parse(line):
                self.view.show(event, line)
                self.working |= isinstance(event, Started)
                self.last = event
        if self.working and (references := self._comparison.look()) != self._known:
            self._known = references
            self.view.compare(references)


def train(
    run: RunDirectory,
    view: View,
    processes: int,
    *,
    detach: bool = False,
    longer: Longer = NO_LONGER,
) -> End:
    """Start the trainer of a run in `processes` processes, to train `longer` than planned, and show events
    until it ends; with `detach`, until it has started.

    ctrl+c, SIGTERM and SIGHUP ask the trainer to save and stop; a second ctrl+c stops waiting for that.
    Raises RunError if the trainer fails or is killed. If output is no longer possible, a BrokenPipeError
    leaves it training, and any other error makes it save and stop.
    """
    log = _Log(run, view, _size(run.events_path))
    with signals.interrupts() as pressed, view:
        process = launch.start(run, processes, longer=longer)
        try:
            end = _follow(run, log, process, pressed, detach)
        except BrokenPipeError:  # the reader has closed the pipe
            raise
        except BaseException:  # for example, the terminal was closed
            process.terminate()
            raise
    if end is not End.DONE:
        return end
    if isinstance(log.last, Stopped):
        return End.STOPPED if pressed.count else End.DONE
    raise RunError(trouble(run, log.last, process.returncode))


def _follow(
    run: RunDirectory,
    log: _Log,
    process: subprocess.Popen[bytes],
    pressed: signals.Interrupts,
    detach: bool,
) -> End:
    """Show events until the trainer has ended or is left to itself."""
    asked = told = False
    while True:
        if pressed.count and not told:
            told = True
            log.view.say("stopping: it saves first; ctrl+c again does not wait")
        ended = (
            process.poll() is not None
        )  # checked before reading, so that none of its events are missed
        log.show()
        if ended:
            return End.DONE
        if log.working and detach and not pressed.count:
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


def attach(run: RunDirectory, view: View) -> End:
    """Show a running training from its beginning until it ends, or until ctrl+c or a similar signal, which
    leaves it training.

    Raises RunError if it is not running, fails, or is killed.
    """
    run.check_alive()
    log = _Log(run, view)
    with signals.interrupts() as pressed, view:
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


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
