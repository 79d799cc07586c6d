"""What the head of a network reads on average: the mean of each unit over a text.

Computed in columns side by side. The first characters of a column are left out: they are read in a state
that does not know what came before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.inspecting.trace import trace
from engine.network.stepper import Stepper, log_softmax
from engine.vocab import Ids

COLUMNS, COLUMN = 16, 1000
"""Columns, and the characters of each, that are read of a text at most."""
_UNKNOWING = 48
_WRITTEN = 300
_STEP = 50


@dataclass(frozen=True)
class Mean:
    """The mean (H,) of what the head reads, over so many characters of a text."""

    outputs: npt.NDArray[np.float64]
    chars: int
    source: str
    """What the text was, in a few words."""


def mean_of(stepper: Stepper, ids: Ids, source: str) -> Mean:
    """The mean over ids (N,).

    Raises UsageError for an empty text, ModelFileError where the logits overflow.
    """
    if not len(ids):
        raise UsageError("a text needs at least one character")
    columns = max(1, min(COLUMNS, len(ids) // (4 * _UNKNOWING)))
    T = min(COLUMN, len(ids) // columns)
    return _mean(stepper, ids[: T * columns].reshape(columns, T).T, source)


def written_mean(stepper: Stepper) -> Mean:
    """The mean over texts that the model writes itself, always the same.

    Raises ModelFileError where the logits overflow.
    """
    rng = np.random.default_rng(0)
    ids = np.full((_WRITTEN, COLUMNS), stepper.alphabet.start)
    state = stepper.start_state(COLUMNS)
    for t in range(_WRITTEN - 1):
        logits, state = stepper.sequence(ids[t : t + 1], state)
        below = np.exp(log_softmax(logits[0])).cumsum(axis=1)
        drawn = (below < rng.random((COLUMNS, 1)) * below[:, -1:]).sum(axis=1)
        ids[t + 1] = drawn
    return _mean(stepper, ids, "texts that it wrote itself")


def _mean(stepper: Stepper, ids: Ids, source: str) -> Mean:
    """The mean over the columns of ids (T, B)."""
    T, B = ids.shape
    left_out = _UNKNOWING if T > 2 * _UNKNOWING else 0
    total, state = np.zeros(stepper.model.config.hidden), stepper.start_state(B)
    for start in range(0, T, _STEP):
        found = trace(stepper, ids[start : start + _STEP], state, ())
        state = found.after
        total += found.outputs[max(0, left_out - start) :].sum((0, 1), dtype=np.float64)
    chars = (T - left_out) * B
    return Mean(total / chars, chars, source)
