"""A corpus as B contiguous columns, read T characters at a time with the state carried along.

text    a b c d e f g h i j k l          column 0   a b c d
                                         column 1   e f g h      a step reads T characters
                                         column 2   i j k l      of every column at once
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.vocab import Text
from engine.writing.sampling import uniform

Batch = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """B columns of `length` predictions each, read T at a time."""

    batch: int
    seq_length: int
    length: int

    @property
    def steps_per_epoch(self) -> int:
        return self.length // self.seq_length


def layout(n: int, batch: int, seq_length: int) -> Layout:
    """The columns of n ≥ 2 characters: B and T as asked for, or the most that fit."""
    T = min(seq_length, n - 1)
    B = min(batch, (n - 1) // T)
    return Layout(B, T, (n - 1) // B)


class Stream:
    """The steps of a training, endlessly; where it is, is a number.

    Each epoch leaves out less than T characters a column, and less than B at the end of the text;
    where it begins is drawn from the seed and the epoch, so that these are not always the same ones.
    """

    def __init__(self, ids: Text, layout: Layout, seed: int, share: range | None = None) -> None:
        """`share` has the columns that are read here, of 0 … B−1; all without it."""
        self.ids, self.layout, self.seed = ids, layout, seed
        self.share = range(layout.batch) if share is None else share

    def begins_epoch(self, step: int) -> bool:
        """Whether the carried state must start anew before this step."""
        return step % self.layout.steps_per_epoch == 0

    def first(self, step: int) -> int:
        """Where in its column step number `step`, from 0, begins."""
        epoch, k = divmod(step, self.layout.steps_per_epoch)
        B, T, length = self.layout.batch, self.layout.seq_length, self.layout.length
        spare = len(self.ids) - 1 - (B - 1) * length - self.layout.steps_per_epoch * T
        return math.floor(uniform(self.seed, epoch) * (spare + 1)) + k * T

    def read(self, step: int) -> Batch:
        """The characters of step number `step`: (T+1, B), inputs and targets overlapping."""
        T, length = self.layout.seq_length, self.layout.length
        return columns(self.ids, self.share, length, self.first(step), T)

    def offsets(self) -> Batch:
        """Where the characters (T+1, B) of any step are, from its `first` on."""
        T, length = self.layout.seq_length, self.layout.length
        return np.arange(T + 1)[:, None] + np.arange(self.share.start, self.share.stop) * length


def columns(ids: Text, share: range, length: int, first: int, T: int) -> Batch:
    """T+1 characters from `first` on of each of the B ≥ 1 columns in `share`, all of `length`: (T+1, B)."""
    rows = [ids[b * length + first : b * length + first + T + 1] for b in share]
    return np.stack(rows, axis=1).astype(np.int64)
