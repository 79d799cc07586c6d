"""Playing a passage: a thread writes it, and a clock shows what was written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from time import monotonic

from textual.widget import Widget
from textual.worker import get_current_worker

from tui.remember import State
from tui.write.passage import Passage
from tui.write.rates import Pace

FRAME = 1 / 30
"""Seconds between two looks at what was written."""
WRITER = "writer"
"""The group of the workers that write."""
_AHEAD = (64, 2000)
"""The writer stays at least and at most so many characters ahead of what is shown."""


class Player:
    """Moves on through one passage at a time, at the speed that is set, and writes where it ends."""

    def __init__(
        self, widget: Widget, state: State, played: Callable[[Passage, bool], None]
    ) -> None:
        """`widget` lends its workers and its clock; `played` is called each time the passage was looked
        at, with whether there is something new to see."""
        self._widget = widget
        self._state = state
        self._played = played
        self._passage: Passage | None = None
        self._pace = Pace()
        self._last = 0.0
        self._ticks = widget.set_interval(FRAME, self._tick, pause=True)

    @property
    def playing(self) -> bool:
        return self._passage is not None

    @property
    def measured(self) -> float | None:
        """Characters a second lately; None where nothing is played."""
        return self._pace.measured if self.playing else None

    def start(self, passage: Passage) -> None:
        self._passage = passage
        self._pace.restart()
        self._last = monotonic()
        self._widget.run_worker(
            partial(self._write, passage),
            group=WRITER,
            thread=True,
            exclusive=True,
            exit_on_error=False,
        )
        self._ticks.resume()

    def stop(self) -> None:
        if self.playing:
            self._passage = None
            self._ticks.pause()
            self._widget.workers.cancel_group(self._widget, WRITER)

    def _write(self, passage: Passage) -> None:
        """The writing thread: it lives while a passage is played, and keeps ahead of what is shown."""
        worker, pause = get_current_worker(), Event()
        while not worker.is_cancelled:
            ahead = int(max(_AHEAD[0], min(self._state.speed, _AHEAD[1])))
            if not passage.write_ahead(ahead, lambda: worker.is_cancelled):
                pause.wait(FRAME / 4)

    def _tick(self) -> None:
        if (passage := self._passage) is None:
            return
        now = monotonic()
        due = self._pace.due(self._state.speed, now - self._last)
        self._last = now
        moved = passage.reveal(due) if passage.at_end else passage.skip(due)
        self._pace.count(now, moved)
        self._played(passage, bool(moved) or passage.reading)
