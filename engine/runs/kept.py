"""A run's log, followed as it grows, and its events that count. Progress is thinned to what can be seen, so
that a run of any length fits in memory."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar, cast

import numpy as np

from engine.runs.events import (
    Evaluated,
    Event,
    Extended,
    Progress,
    is_final,
    parse,
    reach,
)
from engine.runs.logs import LineReader

FINEST = 2048
"""The most progress events kept. Beyond that, neighbours are merged."""
SLICE = 1 << 17
"""Bytes to read at a time: a few milliseconds."""

E = TypeVar("E", bound=Event)
Losses = list[tuple[Progress, float]]
"""For each range of steps, its last progress event and its mean loss."""


class Kept:
    """The events that count, by the rules of `events.fold`."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.progress: Losses = []
        self.last: Event | None = None
        """The newest event of all."""
        self._frequent = defaultdict[type[Event], list[Event]](list)
        self._rest = list[Event]()
        self._top = -math.inf
        self.take(events)

    def take(self, events: Iterable[Event]) -> None:
        """Add the next events of the log."""
        for event in events:
            if (most := reach(event)) < self._top:
                self._void(most)
            if isinstance(event, Extended):
                evaluated = self._frequent[Evaluated]
                self._frequent[Evaluated] = [e for e in evaluated if not is_final(e)]
            self._top = max(self._top, event.step)
            self.last = event
            if isinstance(event, Progress):
                self.progress.append((event, event.train_nats))
            elif event.frequent:
                self._frequent[type(event)].append(event)
            else:
                self._rest.append(event)
        if len(self.progress) > FINEST:
            self.progress = thin(self.progress, FINEST // 2)

    def of(self, kind: type[E]) -> list[E]:
        """The events of a frequent kind other than progress."""
        return cast(list[E], self._frequent[kind])

    @property
    def rest(self) -> list[Event]:
        """The events of all infrequent kinds."""
        return self._rest

    def newest(self) -> dict[type[Event], Event]:
        """The newest event of each kind."""
        found = {type(event): event for event in self._rest}
        found |= {kind: events[-1] for kind, events in self._frequent.items() if events}
        return found | ({Progress: self.progress[-1][0]} if self.progress else {})

    def _void(self, most: float) -> None:
        """Drop the events of later steps than `most`."""
        self.progress = [(event, nats) for event, nats in self.progress if event.step <= most]
        for kind, events in self._frequent.items():
            self._frequent[kind] = [event for event in events if event.step <= most]
        self._rest = [event for event in self._rest if event.step <= most]
        self._top = most


class Log:
    """A log, read from where it was last read to, and what is kept of it. Of two threads, one at a time may
    read."""

    def __init__(self, path: Path) -> None:
        self.kept = Kept()
        self._reader = LineReader(path)

    @property
    def offset(self) -> int:
        """How many bytes have been read."""
        return self._reader.offset

    @property
    def more(self) -> bool:
        """Whether the last `read` did not reach the end."""
        return self._reader.more

    def read(self) -> list[Event]:
        """The events in the next `SLICE` bytes, which `kept` has taken."""
        fresh = [event for line in self._reader.read(SLICE) if (event := parse(line))]
        self.kept.take(fresh)
        return fresh

    def catch_up(self) -> Kept:
        """Read to the end. Returns what is kept."""
        self.read()
        while self.more:
            self.read()
        return self.kept


def thin(progress: Losses, most: int) -> Losses:
    """The same, merged into at most `most` + 1 equal ranges of steps: the last event and the mean loss of
    each."""
    steps = np.array([event.step for event, _ in progress])
    nats = np.array([nats for _, nats in progress], dtype=np.float64)
    # a power of two, so that later thinning merges whole ranges
    width = 1 << (int(steps.max() - steps.min()) // most).bit_length()
    _, last, stretch = np.unique(steps[::-1] // width, return_index=True, return_inverse=True)
    stretch, finite = stretch[::-1], np.isfinite(nats)
    counts = np.bincount(stretch, finite)
    means = np.bincount(stretch, np.where(finite, nats, 0)) / np.where(counts, counts, math.nan)
    ends = sorted(zip(len(steps) - 1 - last, means, strict=True))
    return [(progress[end][0], float(mean)) for end, mean in ends]
