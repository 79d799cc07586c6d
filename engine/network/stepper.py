"""Writing without torch: (id, state) to (logits, state), in NumPy.

A state is, for each layer from the bottom, one array (H,) or (B, H) for each of the cell's states. States
are never written to once they are returned: keeping one is keeping a snapshot.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engine.cells import CELLS
from engine.cells.cell import State
from engine.cells.functions import Array
from engine.errors import ModelFileError
from engine.network import bptt
from engine.network.lines import carry, newline_id
from engine.network.modelfile import Model
from engine.network.numpy_functions import NUMPY
from engine.network.parameters import layer
from engine.network.unrolled import Layer, Step, unrolled
from engine.vocab import Alphabet, Ids

Logits = npt.NDArray[np.float32]
LogProbs = npt.NDArray[np.float64]
States = tuple[State, ...]
Watch = Callable[[int, bptt.Tape, Array], None]
"""Is given the number of a layer, the arrays of all its steps, and what is read of its output (T, …, H)."""


class Stepper:
    """The network of a model, ready to step. Holds no state; safe to share between threads."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.cell = CELLS[model.config.cell]
        self._newline = newline_id(model.config, model.alphabet)
        self._layers = [
            Layer(layer(model.weights, l), self.cell, first=not l)
            for l in range(model.config.layers)
        ]
        self._idle: list[Step] = []
        self._normed = model.config.layer_norm or model.config.residual
        self._W_hy = np.asfortranarray(model.weights["head.W_hy"])
        self._b_y = model.weights["head.b_y"]

    @property
    def alphabet(self) -> Alphabet:
        return self.model.alphabet

    @property
    def name(self) -> str:
        return self.model.name

    def zero_state(self, *batch: int) -> States:
        """The state before any character: zeros (H,), or (B, H) for a batch of B."""
        H = self.model.config.hidden
        zeros = tuple(np.zeros((*batch, H), np.float32) for _ in self.cell.states)
        return (zeros,) * self.model.config.layers

    def start_state(self, *batch: int) -> States:
        """The state that a text begins in, (H,) or (B, H): zeros, or what `lines` says."""
        if self._newline is None:
            return self.zero_state(*batch)
        _, state = self.step(self._newline, self.zero_state())
        return tuple(tuple(np.broadcast_to(s, (*batch, len(s))) for s in layer) for layer in state)

    def step(self, id: int, state: States) -> tuple[Logits, States]:
        """Feed one character: its id and the state before it give logits (V,) and the state after.

        Raises ModelFileError where the logits overflow.
        """
        if id == self._newline:
            state = self.zero_state()
        try:
            step = self._idle.pop()
        except IndexError:  # as many are kept as threads have stepped at the same time
            between = self._read if self._normed else None
            step = unrolled(self._layers, (self._W_hy, self._b_y), between)
        with np.errstate(invalid="ignore"):  # a product of few columns may look beyond its matrix
            logits, after = step(id, state)
        self._idle.append(step)
        self.check(logits)
        return logits, after

    def rehearse(self) -> None:
        """Take a few steps that lead nowhere, to see how long they take."""
        state = self.start_state()
        for _ in range(4):
            _, state = self.step(0, state)

    def sequence(
        self, ids: Ids, state: States, watch: Watch = lambda l, tape, x: None
    ) -> tuple[Logits, States]:
        """Feed T characters: ids (T,) or (T, B) give logits (T, V) or (T, B, V) and the state after.
        `watch` is shown what each layer did.

        Layer by layer, so that what does not depend on the state is one product for all T. Raises
        ModelFileError where the logits overflow.
        """
        carried = carry(ids, self._newline)
        x: Array = None
        passed: Array = None
        after: list[State] = []
        for l, own in enumerate(self._layers):
            a = own.input(ids if x is None else x)
            h, new, tape = bptt.run(NUMPY, self.cell, own.p, a, state[l], carried, self._settle(l))
            after.append(tuple(map(np.copy, new)))
            x, passed = self._read(own, h, passed)
            watch(l, tape, x)
        logits = x @ self._W_hy + self._b_y
        self.check(logits)
        return logits, tuple(after)

    def _settle(self, l: int) -> bptt.Settle | None:
        """What changes the states of a layer after each step of a sequence, if anything does."""
        return None

    def check(self, logits: Logits) -> None:
        """Raises ModelFileError where logits overflow."""
        if not math.isfinite(np.vdot(logits, logits)):  # the cheapest way to look at all of them
            raise ModelFileError(
                f"{self.model.name} cannot be used: its weights are so large that its logits overflow"
            )

    def _read(self, own: Layer, h: Array, passed: Array) -> tuple[Array, Array]:
        """What is read of a layer's output h, and what is passed on beside it."""
        if passed is not None and self.model.config.residual:
            h = passed + h
        return (layer_norm(h, own.g_n, own.b_n) if own.g_n is not None else h), h


NORM_EPSILON = 1e-5
"""ε of layer normalisation, which is added to the variance."""


def layer_norm(x: Array, g: Array, b: Array) -> Array:
    """Layer normalisation over the last axis (Ba, Kiros & Hinton, 2016)."""
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + NORM_EPSILON) * g + b


def log_softmax(logits: npt.NDArray[np.floating]) -> LogProbs:
    """Logits (…, V) to log-probabilities (…, V) in nats."""
    most = np.maximum.reduce(logits, axis=-1, keepdims=True)
    x: LogProbs = np.subtract(logits, most, dtype=np.float64)
    total = np.add.reduce(np.exp(x), axis=-1, keepdims=True)
    return np.subtract(x, np.log(total), out=x)
