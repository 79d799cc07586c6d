"""Reads a run's log as it grows. Independent of screens.

Of a long log, the end is read first. Then everything is read in parts, each small enough not to delay a
key.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import replace

from engine.errors import RunError
from engine.runs import launch
from engine.runs.comparison import Comparison
from engine.runs.ended import killed
from engine.runs.events import Changed, Event, Started, parse
from engine.runs.kept import Kept, Log
from engine.runs.logs import LineReader
from engine.runs.longer import NO_LONGER, Longer
from engine.runs.rundir import RunDirectory, RunInfo, RunStatus, status
from engine.text.survey import Reference
from tui.figures.snapshot import Snapshot, look

LONG = 1 << 20
"""From this size on, in bytes, the end of a log is read first."""
TAIL = 1 << 16
"""How many bytes from the end are read first."""


class Follower:
    """Follows one run. `read` may be called from any thread, but not from two at once."""

    def __init__(self, run: RunDirectory, child: subprocess.Popen[bytes] | None = None) -> None:
        self.run = run
        self.child = child
        """The trainer, if this process started it."""
        self.info: RunInfo | None = None
        """The content of `run.json`, once it has been read."""
        self.snapshot: Snapshot | None = None
        self._asked: dict[str, str] = {}
        self._log = Log(run.events_path)
        self._answers: dict[str, Event] = {}
        self._starting = child is not None
        self._changed = False
        self._comparison: Comparison | None = None
        self._references: tuple[Reference, ...] = ()

    @property
    def working(self) -> bool:
        """Whether this process started a trainer that is still running."""
        return self.child is not None and self.child.poll() is None

    def resume(self, longer: Longer = NO_LONGER) -> None:
        """Start a trainer that continues from the newest state, and trains `longer`.

        Raises RunError, StorageError.
        """
        self.child, self._starting = launch.start(self.run, longer=longer), True

    def ask(self, request: str, what: str, value: float = 1.0, text: str = "") -> None:
        """Send a request to the trainer. `asked` lists it as `what` until it is answered.

        Raises RunError, StorageError.
        """
        self._asked[self.run.ask(request, value, text)] = what

    def number(self, setting: str) -> float | None:
        """The current value of the run's dropout or clip; None for other settings."""
        if self.info is None or setting not in ("dropout", "clip"):
            return None
        changes = self.snapshot.changes if self.snapshot else ()
        values = [c.value for c in changes if isinstance(c, Changed) and c.setting == setting]
        usual: float = getattr(self.info.config, setting)
        return values[-1] if values else usual

    @property
    def asked(self) -> list[str]:
        """The requests that are not answered yet."""
        if self.snapshot is None or self.snapshot.over:
            return []
        return [what for id, what in self._asked.items() if id not in self.snapshot.answers]

    @property
    def behind(self) -> bool:
        """Whether the log has not been read to its end, so that `read` should be called again soon."""
        return self._log.more or bool(self.snapshot and self.snapshot.partial)

    def read(self) -> Snapshot | None:
        """Read the next part of the log. Returns the run as it stands, or None if nothing changed or the
        end of the log is not reached yet. For a long log, the first result is partial."""
        if self.info is None:
            with suppress(RunError):  # a damaged run.json; the events can still be shown
                self.info = self.run.info()
                self._comparison = Comparison(self.info)
        if self._comparison and (known := self._comparison.look()) != self._references:
            self._references, self._changed = known, True
        if self.snapshot is None and not self._log.offset and (events := self._end()):
            end = Kept(events)
            self.snapshot = self._look(status(self.run, end.rest), end, partial=True)
            return self.snapshot
        fresh = self._log.read()
        self._answers |= {event.id: event for event in fresh if event.id}
        if any(isinstance(event, Started) for event in fresh):
            self._starting = False
        self._changed |= bool(fresh)
        if self._log.more:
            return None
        word = self._status()
        if not self._changed and self.snapshot and self.snapshot.status == word:
            return None
        self.snapshot, self._changed = self._look(word, self._log.kept), False
        return self.snapshot

    def _end(self) -> list[Event]:
        """The first event and the last events of a long log; none if the log is short."""
        path = self.run.events_path
        try:
            size = path.stat().st_size
            if size < LONG:
                return []
            with open(path, "rb") as log:
                first = log.readline(TAIL).decode("utf-8", "replace")
        except OSError:
            return []
        _, *lines = LineReader(path, size - TAIL).read()
        return [event for line in (first, *lines) if (event := parse(line))]

    def _status(self) -> RunStatus:
        code = self.child.poll() if self.child else None
        if self._starting and self.child and code is None:
            return RunStatus("starting")
        found = status(self.run, self._log.kept.rest)
        if code and (self._starting or found.word == "killed"):
            if code < 0:
                return RunStatus("killed", killed(code))
            # the reason is only in the trainer's own log
            return RunStatus("failed", self.run.complaint())
        return replace(found, reason="killed") if found.word == "killed" else found

    def _look(self, word: RunStatus, kept: Kept, partial: bool = False) -> Snapshot:
        answers, references = dict(self._answers), self._references
        return look(kept, word, answers=answers, references=references, partial=partial)
