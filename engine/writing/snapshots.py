"""The states at some places of a text, to go back to."""

from __future__ import annotations

import numpy as np

from engine.network.stepper import States

_PAGE = 4
"""Snapshots in a page. Pages spare what many small arrays lose between them. A branch copies one page."""


class Snapshots:
    """States in order, without end. A page that another text shares is never written to."""

    def __init__(self, first: States, keep: bool) -> None:
        """Unless they are to `keep`, only the last one is there."""
        self.n = 0
        self._keep = keep
        self._shape = [len(layer) for layer in first]
        leaves = [(f"{i}", array.dtype, array.shape) for i, array in enumerate(_leaves(first))]
        self._row = np.dtype(leaves)
        self._pages: list[np.ndarray] = []
        self.append(first)

    def append(self, states: States) -> None:
        """Add the states after the last one."""
        if self.n % _PAGE == 0 and (self._keep or not self._pages):
            self._pages.append(np.zeros(_PAGE, self._row))
        row = self._pages[-1][self.n % _PAGE]
        for i, array in enumerate(_leaves(states)):
            row[f"{i}"] = array
        self.n += 1

    def at(self, j: int) -> States:
        """Snapshot j; without `keep`, of the last only."""
        row = self._pages[j // _PAGE if self._keep else 0][j % _PAGE]
        leaves = iter(self._row.names or ())
        return tuple(tuple(row[next(leaves)] for _ in range(n)) for n in self._shape)

    def truncate(self, n: int) -> None:
        """Keep the first n; only if they are all kept."""
        pages = self._pages[: -(-n // _PAGE)]
        if n % _PAGE:
            pages[-1] = pages[-1].copy()
        self._pages, self.n = pages, n

    def copy(self) -> Snapshots:
        """The same for another text. Pages are shared until one of the two is truncated."""
        new = Snapshots(self.at(0), self._keep)
        new._pages, new.n = [*self._pages[:-1], self._pages[-1].copy()], self.n
        return new


def _leaves(states: States) -> list[np.ndarray]:
    return [array for layer in states for array in layer]
