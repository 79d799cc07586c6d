"""The lesson "hello": a network of three units that reads h, e, l, l and should tell e, l, l, o, from the
one-hot letter to the loss, back to every gradient, and the loss after a step.

It begins with the network of the picture in "The Unreasonable Effectiveness of Recurrent Neural Networks"
(Karpathy, 2015): these weights give its 28 numbers. All else is computed by the cells and loops of helo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.inspecting.lesson.unrolled import Numbers, Unrolled, mean_loss, unroll
from engine.network.parameters import initial

LETTERS = "helo"
IDS, TARGETS = (0, 1, 2, 2), (1, 2, 2, 3)
HIDDEN = 3
_SEED = 0
_RATES = {"rnn": 0.02}
"""Learning rates: the picture's weights are large, and a large step would leap too far."""
_RATE = 0.5
EPSILON = 1e-5
"""How far a weight is moved for a difference: cubes of it vanish, and a loss is exact to 1e-16."""
_PICTURE = {
    "layers.0.W_xh": [[0.31, -0.10, 1.47], [1.25, 0.60, 0.31], [-0.12, 0.77, 0.45], [0, 0, 0]],
    "layers.0.W_hh": [[0.18, -0.87, -0.50], [-0.23, -1.47, -0.84], [1.08, -0.20, -0.15]],
    "layers.0.b_h": [0, 0, 0],
    "head.W_hy": [
        [0.4263, 1.1441, -2.1704, 1.0045],
        [-0.3797, -2.5923, 0.7808, -0.4119],
        [0.8079, 2.0869, -4.0003, 4.3209],
    ],
    "head.b_y": [0.1073, -0.2794, 1.3285, -0.1298],
}


@dataclass(frozen=True)
class Lesson:
    """The network as it is now, and which losses count."""

    cell: str
    weights: Numbers
    only: int | None = None
    """The step whose loss alone counts, from 0; None if the mean of all four does."""
    steps: int = 0
    """Steps of training taken."""
    was: float | None = None
    """The mean loss before the latest of them."""

    @property
    def rate(self) -> float:
        """The learning rate."""
        return _RATES.get(self.cell, _RATE)

    @property
    def counts(self) -> list[float]:
        """What the loss of each step counts."""
        steps = range(len(IDS))
        return [1 / len(IDS) if self.only is None else float(t == self.only) for t in steps]

    @cached_property
    def network(self) -> Unrolled:
        """Everything in it."""
        return unroll(CELLS[self.cell], self.weights, IDS, TARGETS, self.counts)

    @property
    def mean(self) -> float:
        """The mean loss of the four steps, whatever counts."""
        return sum(column.loss for column in self.network.columns) / len(IDS)

    def trained(self) -> Lesson:
        """After a step of gradient descent on the loss that counts."""
        gradient = self.network.gradient
        after = {name: W - self.rate * gradient[name] for name, W in self.weights.items()}
        return replace(self, weights=after, steps=self.steps + 1, was=self.mean)

    def difference(self, name: str, index: tuple[int, ...]) -> tuple[float, float, float]:
        """The loss that counts with a weight a little larger, with it a little smaller, and the slope that
        follows: its gradient by central differences."""
        found = []
        for sign in (1, -1):
            moved = self.weights[name].copy()
            moved[index] += sign * EPSILON
            weights = {**self.weights, name: moved}
            found.append(mean_loss(CELLS[self.cell], weights, IDS, TARGETS, self.counts))
        more, less = found
        return more, less, (more - less) / (2 * EPSILON)


def begin(cell: str) -> Lesson:
    """The lesson with this cell: the picture's network, or one as helo's trainings begin with."""
    if cell == "rnn":
        return Lesson(cell, {name: np.array(W, float) for name, W in _PICTURE.items()})
    drawn = initial(ModelConfig(cell, HIDDEN, 1), len(LETTERS), _SEED)
    return Lesson(cell, {name: W.astype(float) for name, W in drawn.items()})
