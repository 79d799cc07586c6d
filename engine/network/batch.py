"""A network that takes a step with many texts at once, in arrays that it keeps.

A step of B texts is one product (B, H)·(H, G·H) for each matrix, which reads the weights once for all. With
a row for each text the matrices stand as they come from the file, in row order.
"""

from __future__ import annotations

import numpy as np

from engine.cells import CELLS
from engine.cells.cell import State, Trace
from engine.cells.functions import Array
from engine.network import bptt
from engine.network.lines import newline_id
from engine.network.modelfile import Model
from engine.network.numpy_functions import NUMPY
from engine.network.parameters import layer
from engine.network.stepper import Logits, States, Stepper, layer_norm
from engine.vocab import Ids


class Batch:
    """B rows, each a text with a state of its own. For one thread."""

    def __init__(self, stepper: Stepper, rows: int) -> None:
        """Each row stands where a text begins."""
        model = stepper.model
        config, weights = model.config, model.weights
        self.stepper, self._cell, self._residual = stepper, stepper.cell, config.residual
        self._newline = newline_id(config, model.alphabet)
        self._layers = [_Layer(model, l, rows) for l in range(config.layers)]
        first = self._layers[0]
        self._rows = first.W + first.b
        self._W_hy, self._b_y = np.ascontiguousarray(weights["head.W_hy"]), weights["head.b_y"]
        self._logits = np.empty((rows, len(self._b_y)), np.float32)
        self._turn = 0
        self.resize(rows)
        self.put(slice(None), stepper.start_state())

    def resize(self, rows: int) -> None:
        """Keep only the first rows, or take more, at most as many as at first; those are to be `put`."""
        self._n = rows
        self._traces = [[each.trace(turn, rows) for each in self._layers] for turn in (0, 1)]

    @property
    def states(self) -> States:
        """The states (B, H), which the step after the next one overwrites."""
        return tuple(before for _, before, _, _ in self._traces[self._turn])

    def put(self, rows: slice | int, state: States) -> None:
        """Give these rows a state, (H,) or a row (H,) for each."""
        for own, given in zip(self.states, state, strict=True):
            for each, new in zip(own, given, strict=True):
                each[rows] = new

    def keep(self, rows: Ids) -> None:
        """Keep these rows (n,), in this order, and drop the others."""
        for state in self.states:
            for each in state:
                each[: len(rows)] = each[rows]
        self.resize(len(rows))

    def step(self, ids: Ids) -> Logits:
        """Feed each row one of ids (B,). Gives logits (B, V), which the next step overwrites.

        Raises ModelFileError where the logits overflow.
        """
        if self._newline is not None and (reset := ids == self._newline).any():
            for state in self.states:
                for each in state:
                    each[reset] = 0
        x: Array = None
        passed: Array = None
        for own, trace in zip(self._layers, self._traces[self._turn], strict=True):
            a = own.a[: self._n]
            if x is None:
                np.take(self._rows, ids, axis=0, out=a, mode="clip")  # the only mode without a copy
            else:
                np.matmul(x, own.W, out=a)
                a += own.b
            self._cell.step(NUMPY, own.p, trace)
            passed = trace[2][0] if passed is None or not self._residual else passed + trace[2][0]
            x = passed if own.g_n is None else layer_norm(passed, own.g_n, own.b_n)
        self._turn = 1 - self._turn
        logits = np.matmul(x, self._W_hy, out=self._logits[: self._n])
        logits += self._b_y
        self.stepper.check(logits)
        return logits


class _Layer:
    """A layer's parameters, and what a step of it reads and writes."""

    def __init__(self, model: Model, index: int, rows: int) -> None:
        cell, H, weights = (
            CELLS[model.config.cell],
            model.config.hidden,
            layer(model.weights, index),
        )
        self.g_n, self.b_n = weights.pop("g_n", None), weights.pop("b_n", None)
        self.W, self.b = cell.input_side(NUMPY, weights)
        self.p = bptt.prepared(NUMPY, cell, weights)
        self.a = np.empty((rows, cell.blocks * H), np.float32)

        def arrays(count: int) -> State:
            return tuple(np.zeros((rows, H), np.float32) for _ in range(count))

        self._states = arrays(len(cell.states)), arrays(len(cell.states))
        self._kept, self._views = arrays(len(cell.keeps)), cell.views

    def trace(self, turn: int, rows: int) -> Trace:
        """The arrays of a step with so many rows, in one of two turns."""

        def cut(arrays: State) -> State:
            return tuple(each[:rows] for each in arrays)

        before, after = self._states[turn], self._states[1 - turn]
        return self._views(self.a[:rows]), cut(before), cut(after), cut(self._kept)
