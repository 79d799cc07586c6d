"""A layer's parameters gate by gate, for programs with an order of their own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.cells import CELLS
from engine.network.modelfile import Model
from engine.network.parameters import layer

Array = npt.NDArray[np.float32]


class ByGate(NamedTuple):
    """What each gate of a layer adds up, by its name in `Cell.gates`."""

    W: dict[str, Array]
    """(I, H): of the input."""
    U: dict[str, Array]
    """(H, H): of the state."""
    b: dict[str, Array]
    """(H,)."""

    def joined(self, gates: str) -> tuple[Array, Array, Array]:
        """W (G·H, I), U (G·H, H) and b (G·H), as matrices that multiply columns, in this order of gates."""
        W, U = (np.concatenate([of[gate].T for gate in gates]) for of in (self.W, self.U))
        return W, U, np.concatenate([self.b[gate] for gate in gates])


def by_gate(model: Model, index: int) -> ByGate:
    """The layer with this index, from 0 at the bottom.

    A coupled cell gets the input gate of an LSTM: 1 − σ(a) is σ(−a).
    """
    p, gates = layer(model.weights, index), CELLS[model.config.cell].gates
    cut = (np.split(p[name], len(gates), axis=-1) for name in ("W_xh", "W_hh", "b_h"))
    found = ByGate(*(dict(zip(gates, blocks, strict=True)) for blocks in cut))
    if model.config.cell == "coupled":
        for of in found:
            of["i"] = -of["f"]
    return found
