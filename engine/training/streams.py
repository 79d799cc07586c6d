"""A corpus as B contiguous columns, read T characters at a time with the state carried along.

text    a b c d e f g h i j k l          column 0   a b c d
                                         column 1   e f g h      a step reads T characters
                                         column 2   i j k l      of every column at once
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.runs.layout import Layout
from engine.vocab import Text
from engine.writing.sampling import uniform

Batch = npt.NDArray[np.int64]


class Stream:
    """The endless series of a training's steps; its position is a number.

    Each epoch skips fewer than T characters per column, and fewer than B at the end of the text. Its
    starting point is drawn from the seed and the epoch, so that it skips different ones each time.
    """

    def __init__(self, ids: Text, layout: Layout, seed: int, share: range | None = None) -> None:
        """`share` is the columns to read here, out of 0 … B−1; by default all."""
        self.ids, self.layout, self.seed = ids, layout, seed
        self.share = range(layout.batch) if share is None else share

    def begins_epoch(self, step: int) -> bool:
        """Whether the carried state must start anew before this step."""
        return step % self.layout.steps_per_epoch == 0

    def first(self, step: int) -> int:
        """Where in its column step number `step`, counted from 0, begins."""
        epoch, k = divmod(step, self.layout.steps_per_epoch)
        B, T, length = self.layout.batch, self.layout.seq_length, self.layout.length
        spare = len(self.ids) - 1 - (B - 1) * length - self.layout.steps_per_epoch * T
        return math.floor(uniform(self.seed, epoch) * (spare + 1)) + k * T

    def read(self, step: int) -> Batch:
        """The characters of step number `step`: (T+1, B), inputs and targets overlapping by T−1 rows."""
        T, length = self.layout.seq_length, self.layout.length
        return columns(self.ids, self.share, length, self.first(step), T)

    def offsets(self) -> Batch:
        """The positions (T+1, B) of any step's characters, relative to its `first`."""
        T, length = self.layout.seq_length, self.layout.length
        return np.arange(T + 1)[:, None] + np.arange(self.share.start, self.share.stop) * length


def columns(ids: Text, share: range, length: int, first: int, T: int) -> Batch:
    """T+1 characters, starting at `first`, of each of the B ≥ 1 columns in `share`, all `length` long:
    (T+1, B)."""
    rows = [ids[b * length + first : b * length + first + T + 1] for b in share]
    return np.stack(rows, axis=1).astype(np.int64)
