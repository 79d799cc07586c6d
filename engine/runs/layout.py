"""How a text is divided into the columns that a training reads side by side."""

from __future__ import annotations

from dataclasses import dataclass


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
    """The columns for n ≥ 2 characters, with the given B and T or the largest that fit."""
    T = min(seq_length, n - 1)
    B = min(batch, (n - 1) // T)
    return Layout(B, T, (n - 1) // B)
