"""Following a run from the command line: read what its trainer says until it ends."""

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
from engine.runs.events import Event, Failed, Started, Stopped, parse
from engine.runs.logs import LineReader
from engine.runs.rundir import RunDirectory, status
from engine.text.survey import Reference
from tui import signals
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
    STOPPED = "ctrl+c, or a signal like it, stopped it, and it has saved"
    LEFT = "a second ctrl+c left it to save by itself"
    DETACHED = "it trains on, and nobody watches"


class _Log:
    """What a run's log says, shown as it comes."""

    def __init__(self, run: RunDirectory, view: View, offset: int = 0) -> None:
        self.view = view
        self._reader, self._comparison = LineReader(run.events_path, offset), Comparison(run.info())
        self._known: tuple[Reference, ...] = ()
        self.last: Event | None = None
        self.working = False
        """Whether a trainer has begun since the offset."""

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


def train(run: RunDirectory, view: View, processes: int, *, detach: bool = False) -> End:
    """Start the trainer of a run, in so many processes, and show what happens until it ends, or with
    `detach` until it works.

    ctrl+c, SIGTERM and SIGHUP ask the trainer to stop, which saves; a second ctrl+c leaves it to that.
    Raises RunError where the trainer fails or is killed. Where nothing more can be shown, BrokenPipeError
    leaves it training, and any other error has it save and stop.
    """
    log = _Log(run, view, _size(run.events_path))
    with signals.interrupts() as pressed, view:
        process = launch.start(run, processes)
        try:
            end = _follow(run, log, process, pressed, detach)
        except BrokenPipeError:  # whoever read has read enough
            raise
        except BaseException:  # the terminal was closed, say
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
    """Show what happens until the trainer has ended, or is left to itself."""
    asked = told = False
    while True:
        if pressed.count and not told:
            told = True
            log.view.say("stopping: it saves first; ctrl+c again leaves it to that")
        ended = process.poll() is not None  # before reading: then nothing it said is missed
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
    """Show a run that a trainer works on, from its beginning until it ends, or ctrl+c or a signal like
    it leaves it training.

    Raises RunError where no trainer works on it, or it fails or is killed.
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
