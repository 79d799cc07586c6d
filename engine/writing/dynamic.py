"""Dynamic evaluation: a model that adapts to the text that it reads (Krause, Kahembwe, Murray & Renals,
"Dynamic Evaluation of Neural Sequence Models", 2018).

The text is read in segments. Each is scored first; then its gradient updates all parameters, which score
the next one. So no character helps to predict itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.network.gradient import gradient
from engine.network.lines import newline_id
from engine.network.modelfile import Model
from engine.network.parameters import Weights
from engine.network.stepper import Stepper
from engine.vocab import Ids

SEGMENT = 20
"""T, characters between two updates."""
RATE = 1e-3
"""Twice the distance a parameter with typical gradients moves in an update. docs/experiments.md compares
other rates, segments and decays."""
DECAY = 1e-3
"""How much of the way back to the model's own value a parameter moves in each update: what was learnt 1,000
segments ago has faded to a third."""
_BLOCK = 1 << 16
"""Elements of a matrix updated at a time, few enough for the cache."""
_TINY = 1e-20
"""Prevents 0/0 while no gradient has been seen."""


def losses(model: Model, ids: Ids, rate: float = RATE) -> Iterator[npt.NDArray[np.float64]]:
    """The losses (T,) in nats of each segment of ids (N,), from the start state: N−1 in all.

    The model itself is not changed.
    """
    adapted = replace(model, weights={k: W.copy() for k, W in model.weights.items()})
    adaptation = _Adaptation(adapted.weights, model.weights, rate)
    state, last = Stepper(model).start_state(1), len(ids) - 1
    newline = newline_id(model.config, model.alphabet)
    for start in range(0, last, SEGMENT):
        end = min(start + SEGMENT, last)
        x, targets = ids[start:end, None], ids[start + 1 : end + 1, None]
        found, d, state = gradient(model.config, adapted.weights, x, targets, state, newline)
        yield found[:, 0]
        if end < last:
            adaptation.update(d)


class _Adaptation:
    """Moves parameters against their gradient g, in place:

        W ← W − rate · g / (rms(g) + RMS) + decay · (W₀ − W)

    rms(g) is the root of a parameter's mean squared gradient over all segments so far, and RMS the same
    over all parameters, which holds back those with small gradients. The paper takes rms(g) from the
    training text; a model file has none.
    """

    def __init__(self, weights: Weights, original: Weights, rate: float) -> None:
        self._weights, self._original, self._rate = weights, original, rate
        self._squares = {k: np.zeros_like(W) for k, W in weights.items()}
        self._count = sum(W.size for W in weights.values())
        self._sum, self._segments = 0.0, 0

    def update(self, gradients: Weights) -> None:
        """Update once. Overwrites the gradients."""
        self._segments += 1
        self._sum += sum(float(np.vdot(g, g)) for g in gradients.values())
        rate = np.float32(self._rate * math.sqrt(self._segments))
        common = np.float32(math.sqrt(self._sum / self._count) + _TINY)
        for name, W in self._weights.items():
            rows = max(1, _BLOCK * len(W) // W.size)
            for start in range(0, len(W), rows):
                block = slice(start, start + rows)
                g, squares = gradients[name][block], self._squares[name][block]
                t = g * g
                squares += t
                np.sqrt(squares, out=t)
                t += common
                g /= t
                g *= rate
                np.subtract(self._original[name][block], W[block], out=t)
                t *= np.float32(DECAY)
                t -= g
                W[block] += t
