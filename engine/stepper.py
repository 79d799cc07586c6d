"""Writing without torch: (id, state) to (logits, state), in NumPy.

A state is, for each layer from the bottom, one array (H,) or (B, H) for each of the cell's states. States
are never written to once they are returned: keeping one is keeping a snapshot.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.cells import CELLS
from engine.cells.cell import Array, State
from engine.modelfile import Model
from engine.parameters import layer
from engine.vocab import Ids

Logits = npt.NDArray[np.float32]
States = tuple[State, ...]


class Stepper:
    """The network of a model, ready to step. Holds no state; safe to share between threads."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.cell = CELLS[model.config.cell]
        # W_hh and W_hy in column order: a matrix-vector product then reads each column in one sweep.
        self._layers = [
            {
                k: np.asfortranarray(v) if v.ndim == 2 else v
                for k, v in layer(model.weights, l).items()
            }
            for l in range(model.config.layers)
        ]
        self._rows = model.weights["layers.0.W_xh"] + model.weights["layers.0.b_h"]
        self._W_hy = np.asfortranarray(model.weights["head.W_hy"])
        self._b_y = model.weights["head.b_y"]

    def zero_state(self, *batch: int) -> States:
        """The state before any character: zeros (H,), or (B, H) for a batch of B."""
        H = self.model.config.hidden
        zeros = tuple(np.zeros((*batch, H), np.float32) for _ in self.cell.states)
        return (zeros,) * self.model.config.layers

    def step(self, id: int, state: States) -> tuple[Logits, States]:
        """Feed one character: its id and the state before it give logits (V,) and the state after."""
        a_x = self._rows[id]
        after: list[State] = []
        for l, p in enumerate(self._layers):
            if l:
                a_x = after[-1][0] @ p["W_xh"] + p["b_h"]
            after.append(self.cell.step(np, p, a_x, state[l])[0])
        return after[-1][0] @ self._W_hy + self._b_y, tuple(after)

    def rehearse(self) -> None:
        """Take a few steps that lead nowhere, to see how long they take."""
        state = self.zero_state()
        for _ in range(4):
            _, state = self.step(0, state)

    def sequence(self, ids: Ids, state: States) -> tuple[Logits, States]:
        """Feed T characters: ids (T,) or (T, B) give logits (T, V) or (T, B, V) and the state after.

        Layer by layer, so that what does not depend on the state is one product for all T.
        """
        outputs: Array = self._rows[ids]
        a_x = outputs
        after: list[State] = []
        for l, p in enumerate(self._layers):
            if l:
                a_x = outputs @ p["W_xh"] + p["b_h"]
            outputs = np.empty((*ids.shape, self.model.config.hidden), np.float32)
            s = state[l]
            for t in range(len(ids)):
                s, _ = self.cell.step(np, p, a_x[t], s)
                outputs[t] = s[0]
            after.append(s)
        return outputs @ self._W_hy + self._b_y, tuple(after)
