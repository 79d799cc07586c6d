"""Plays a passage: a thread writes it, and a timer shows what was written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from time import monotonic, thread_time

from textual.widget import Widget
from textual.worker import get_current_worker

from tui.remember import State
from tui.write.passage import Passage
from tui.write.rates import Pace

FRAME = 1 / 30
"""The least seconds between two frames."""
SHARE = 0.15
"""The share of a core that the frames take where the network cannot keep up with them. Python runs one
thread at a time, so the network waits while the screen is painted."""
_LONGEST_FRAME = 0.25
WRITER = "writer"
"""The group of the writing workers."""
_AHEAD = (64, 2000)
"""The least and most characters that the writer keeps ahead of what is shown."""


class Player:
    """Moves through one passage at a time, at the chosen speed, and writes on at its end."""

    def __init__(
        self, widget: Widget, state: State, played: Callable[[Passage, bool], None]
    ) -> None:
        """`widget` provides workers and a timer. `played` is called after each frame, with whether there is
        something new to show."""
        self._widget = widget
        self._state = state
        self._played = played
        self._passage: Passage | None = None
        self._pace = Pace()
        self._last = 0.0
        self._next = 0.0
        """When the next frame may be shown."""
        self._busy = 0.0
        """The processor time of the screen's thread at the last frame."""
        self._ticks = widget.set_interval(FRAME, self._tick, pause=True)

    @property
    def playing(self) -> bool:
        return self._passage is not None

    @property
    def measured(self) -> float | None:
        """The recent speed in characters per second; None if nothing is playing."""
        return self._pace.measured if self.playing else None

    def start(self, passage: Passage) -> None:
        self._passage = passage
        self._pace.restart()
        self._last = self._next = monotonic()
        self._busy = thread_time()
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
        """The writing thread. It runs while a passage is played and keeps ahead of what is shown."""
        worker, pause = get_current_worker(), Event()
        while not worker.is_cancelled:
            ahead = int(max(_AHEAD[0], min(self._state.speed, _AHEAD[1])))
            if not passage.write_ahead(ahead, lambda: worker.is_cancelled):
                pause.wait(FRAME / 4)

    def _tick(self) -> None:
        if (passage := self._passage) is None:
            return
        if (now := monotonic()) < self._next:
            return
        before, self._busy = self._busy, thread_time()
        due = self._pace.due(self._state.speed, now - self._last)
        self._last = now
        moved = passage.reveal(due) if passage.at_end else passage.skip(due)
        self._pace.count(now, moved)
        if passage.at_end and passage.shown == len(passage.generation):
            self._next = now + min((self._busy - before) / SHARE, _LONGEST_FRAME)
        self._played(passage, bool(moved) or passage.reading)
