"""One pass over a long text, with its stretches read side by side.

A pass from zero state is a chain: each step needs the state after the one before, and reads all matrices.
But a network forgets. So all stretches are read at once, each as if the text began there; then each is read
again from the state that the stretch before it ended in, until its states are those of the first time, from
where on its losses are, too. Where a network carries something further than a stretch, that shows, and the
text is read in a chain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.blas import processors, side_by_side
from engine.cells.functions import Array
from engine.network.batch import Batch
from engine.network.stepper import States, Stepper, log_softmax
from engine.vocab import Ids

LENGTH = 1024
"""Characters of a stretch at least, and half of the most; two layers of 512 units forget a beginning within
300 to 900."""
FEWEST = 12
"""Fewer stretches are read hardly faster side by side."""
_LEAST = 16
"""Stretches that one thread reads at once, unless there are fewer: products of fewer rows are slow."""
_MOST = 128
"""Stretches that one thread reads at once, at most."""
_BYTES = 1 << 26
"""Of the states that are kept to compare with, at most."""
_EVERY = 64
"""Characters between two comparisons."""
_EQUAL = 3e-5
"""States that differ by no more are taken for the same: just above what rounding makes of equal ones."""
_ROUNDS = 4
"""How often stretches are read again before the chain is taken."""

Losses = npt.NDArray[np.float64]


def shape(stepper: Stepper, predictions: int) -> tuple[int, int]:
    """How many of the next predictions are to be read side by side: K stretches of T. K is 0 where a chain
    is as fast."""
    if type(stepper) is not Stepper:
        return 0, 0
    config, states = stepper.model.config, len(stepper.cell.states)
    each = 4 * states * config.hidden * config.layers * (2 * LENGTH // _EVERY + 1)
    most = max(FEWEST, min(_MOST * processors(), _BYTES // each))
    share = predictions // max(1, math.ceil(predictions / (2 * LENGTH * most)))
    rows = min(most, share // LENGTH)
    return (rows, share // rows) if rows >= FEWEST else (0, 0)


class Stretches:
    """K stretches of T characters each of a text, from a state that is known."""

    def __init__(self, stepper: Stepper, ids: Ids, state: States, rows: int, length: int) -> None:
        """ids (K·T + 1 or more,): the first is given."""
        self._stepper, n = stepper, rows * length
        self._x, self._targets = ids[:n].reshape(rows, length), ids[1 : n + 1].reshape(rows, length)
        self.losses: Losses = np.empty((rows, length))
        """In nats (K, T)."""
        self._places = [*range(0, length, _EVERY), length]
        first, start = _flat(state), _flat(stepper.start_state())
        self._kept = np.empty((len(self._places), rows, len(first)), np.float32)
        """[j, k] is the state of stretch k before its character `places[j]`, as one array."""
        self._kept[0] = start
        self._kept[0, 0] = first
        self.settled = False
        """Whether each stretch has been read from the state that the one before it ended in."""

    def read(self) -> Iterator[int]:
        """Read all. Gives the number of characters now and then.

        Raises ModelFileError where the logits overflow.
        """
        yield from self._read(np.arange(len(self._x)), again=False)
        for _ in range(_ROUNDS):
            starts, ends = self._kept[0, 1:], self._kept[-1, :-1]
            wrong = 1 + np.flatnonzero(_differ(starts, ends))
            if not len(wrong):
                self.settled = True
                return
            self._kept[0, wrong] = self._kept[-1, wrong - 1]
            for _ in self._read(wrong, again=True):
                pass

    @property
    def after(self) -> States:
        """The state after the last character."""
        return self._states(self._kept[-1, -1])

    def _read(self, rows: Ids, again: bool) -> Iterator[int]:
        threads = max(1, min(processors(), len(rows) // _LEAST))
        return side_by_side([self._steps(part, again) for part in np.array_split(rows, threads)])

    def _steps(self, rows: Ids, again: bool) -> Iterator[int]:
        """Read these stretches; those that are read `again` until they come upon states that they had."""
        batch = Batch(self._stepper, len(rows))
        batch.put(slice(None), self._states(self._kept[0, rows]))
        for j, (begin, end) in enumerate(pairwise(self._places), 1):
            found = np.empty((len(rows), end - begin))
            for t in range(begin, end):
                log_p = log_softmax(batch.step(self._x[rows, t]))
                found[:, t - begin] = -log_p[np.arange(len(rows)), self._targets[rows, t]]
            self.losses[rows, begin:end] = found
            now = np.concatenate([each for state in batch.states for each in state], axis=1)
            before, self._kept[j, rows] = self._kept[j, rows], now
            yield len(rows) * (end - begin)
            if again and not (differ := _differ(now, before)).all():
                rows = rows[differ]
                batch.keep(np.flatnonzero(differ))
                if not len(rows):
                    return

    def _states(self, flat: Array) -> States:
        """The states (…, H) in arrays (…, all of them)."""
        layers, each = self._stepper.model.config.layers, len(self._stepper.cell.states)
        parts = np.split(flat, layers * each, axis=-1)
        return tuple(tuple(parts[l * each : (l + 1) * each]) for l in range(layers))


def _flat(state: States) -> Array:
    return np.concatenate([each for layer in state for each in layer])


def _differ(a: Array, b: Array) -> npt.NDArray[np.bool_]:
    """Which rows differ by more than what may be neglected."""
    return np.asarray(abs(a - b).max(axis=1) > _EQUAL)
