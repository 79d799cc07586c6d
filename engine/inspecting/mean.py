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
from engine.network.stepper import Stepper
from engine.vocab import Ids

_COLUMNS = 16
_UNKNOWING = 48
"""Characters of a column that are left out."""
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
    columns = max(1, min(_COLUMNS, len(ids) // (4 * _UNKNOWING)))
    T = len(ids) // columns
    return _mean(stepper, ids[: T * columns].reshape(columns, T).T, source)


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
