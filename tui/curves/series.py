"""Losses by step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tui.curves.picture import FloatArray


@dataclass(frozen=True)
class Series:
    """Losses in nats by step, both (N,). All are finite."""

    steps: FloatArray
    nats: FloatArray

    @classmethod
    def of(cls, pairs: Iterable[tuple[float, float]]) -> Series:
        """A series from pairs of step and loss. Losses that are not finite are left out."""
        table = np.array(list(pairs), dtype=np.float64).reshape(-1, 2)
        table = table[np.isfinite(table[:, 1])]
        return cls(table[:, 0], table[:, 1])

    def since(self, step: float) -> Series:
        """The part from a step on."""
        return Series(self.steps[self.steps >= step], self.nats[self.steps >= step])

    def at(self, step: float) -> float:
        """The newest loss at a step; NaN if there is none yet."""
        before = int(np.searchsorted(self.steps, step, "right"))
        return float(self.nats[before - 1]) if before else math.nan

    def in_columns(self, columns: int) -> Series:
        """The means over `columns` equal ranges of steps. Empty ranges are left out."""
        if len(self.steps) <= columns:
            return self
        first, last = self.steps[0], self.steps[-1]
        place = (self.steps - first) * (columns / max(last - first, 1))
        column = np.minimum(place.astype(np.int64), columns - 1)
        counts = np.bincount(column, minlength=columns)
        kept = counts > 0
        sums = (np.bincount(column, v, columns)[kept] for v in (self.steps, self.nats))
        return Series(*(s / counts[kept] for s in sums))


def joined(every: Iterable[Series]) -> Series:
    """The losses of all the series, one after another."""
    parts = list(every)
    return Series(
        *(np.concatenate(p) for p in zip(*((s.steps, s.nats) for s in parts), strict=True))
    )
