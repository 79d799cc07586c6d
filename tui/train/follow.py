"""What a run's log says so far, read as it grows; knows nothing of screens.

Of a long log the end is read first. Then all is read in slices, each so small that a key pressed meanwhile
does not wait.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import replace

from engine.errors import RunError
from engine.runs import launch
from engine.runs.comparison import Comparison
from engine.runs.events import Changed, Event, Started, parse
from engine.runs.logs import LineReader
from engine.runs.rundir import RunDirectory, RunInfo, RunStatus, status
from engine.text.survey import Reference
from tui.figures.kept import Kept
from tui.figures.snapshot import Snapshot, look
from tui.phrases import killed

LONG = 1 << 20
"""Bytes of a log from where on its end is read first."""
TAIL = 1 << 16
"""Bytes of that end."""
SLICE = 1 << 17
"""Bytes taken in by one `read`: some milliseconds."""


class Follower:
    """Follows one run. `read` may be called from any thread, but from one at a time."""

    def __init__(self, run: RunDirectory, child: subprocess.Popen[bytes] | None = None) -> None:
        self.run = run
        self.child = child
        """The trainer, where this process started it."""
        self.info: RunInfo | None = None
        """What `run.json` says, once it was read."""
        self.snapshot: Snapshot | None = None
        self._asked: dict[str, str] = {}
        self._reader = LineReader(run.events_path)
        self._kept = Kept()
        self._answers: dict[str, Event] = {}
        self._starting = child is not None
        self._changed = False
        self._comparison: Comparison | None = None
        self._references: tuple[Reference, ...] = ()

    @property
    def working(self) -> bool:
        """Whether a trainer that this process started is alive."""
        return self.child is not None and self.child.poll() is None

    def resume(self) -> None:
        """Start a trainer that goes on from the newest state.

        Raises RunError, StorageError.
        """
        self.child, self._starting = launch.start(self.run), True

    def ask(self, request: str, what: str, value: float = 1.0, text: str = "") -> None:
        """Ask the trainer; `what` is what `asked` calls it until it is answered.

        Raises RunError, StorageError.
        """
        self._asked[self.run.ask(request, value, text)] = what

    def number(self, setting: str) -> float | None:
        """What the run's dropout or clip is now; None for what is neither."""
        if self.info is None or setting not in ("dropout", "clip"):
            return None
        changes = self.snapshot.changes if self.snapshot else ()
        values = [c.value for c in changes if isinstance(c, Changed) and c.setting == setting]
        usual: float = getattr(self.info.config, setting)
        return values[-1] if values else usual

    @property
    def asked(self) -> list[str]:
        """What was asked and is not answered yet."""
        if self.snapshot is None or self.snapshot.over:
            return []
        return [what for id, what in self._asked.items() if id not in self.snapshot.answers]

    @property
    def behind(self) -> bool:
        """Whether the log was not read to its end, so that `read` should be called soon again."""
        return self._reader.more or bool(self.snapshot and self.snapshot.partial)

    def read(self) -> Snapshot | None:
        """Take in a slice of what is new; returns how the run stands now, or None where nothing changed
        or the log is not at its end. The first of a long log is partial."""
        if self.info is None:
            with suppress(RunError):  # a damaged run.json; the events still tell their part
                self.info = self.run.info()
                self._comparison = Comparison(self.info)
        if self._comparison and (known := self._comparison.look()) != self._references:
            self._references, self._changed = known, True
        if self.snapshot is None and not self._reader.offset and (events := self._end()):
            end = Kept(events)
            self.snapshot = self._look(status(self.run, end.rest), end, partial=True)
            return self.snapshot
        fresh = [event for line in self._reader.read(SLICE) if (event := parse(line))]
        self._kept.take(fresh)
        self._answers |= {event.id: event for event in fresh if event.id}
        if any(isinstance(event, Started) for event in fresh):
            self._starting = False
        self._changed |= bool(fresh)
        if self._reader.more:
            return None
        word = self._status()
        if not self._changed and self.snapshot and self.snapshot.status == word:
            return None
        self.snapshot, self._changed = self._look(word, self._kept), False
        return self.snapshot

    def _end(self) -> list[Event]:
        """How a long log begins, and its end; nothing of one that is soon read."""
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
        found = status(self.run, self._kept.rest)
        if code and (self._starting or found.word == "killed"):
            if code < 0:
                return RunStatus("killed", killed(code))
            # it said why in its own log only
            return RunStatus("failed", self.run.complaint())
        return replace(found, reason="killed") if found.word == "killed" else found

    def _look(self, word: RunStatus, kept: Kept, partial: bool = False) -> Snapshot:
        answers, references = dict(self._answers), self._references
        return look(kept, word, answers=answers, references=references, partial=partial)
