"""A step of a network, written out as Python that makes NumPy's calls one after another.

Beside its products, a step of writing is some thirty short calls. Finding out which ones costs more than
making them, since each product drives all else out of the processor's caches, Python's own code too. So the
cells' equations are run once, with a recorder, and what it wrote down becomes one function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.cells.cell import Cell, State
from engine.cells.functions import Array
from engine.network import bptt
from engine.network.numpy_functions import NUMPY, Call, Recorder
from engine.network.parameters import Weights

Step = Callable[[int, tuple[State, ...]], tuple[Array, tuple[State, ...]]]
"""From an id and the state before it to logits (V,) and the state after."""


class Layer:
    """A layer's parameters, with matrices in column order: for the product of a vector with a matrix, each
    column is then read in one sweep."""

    def __init__(self, weights: Weights, cell: Cell, first: bool) -> None:
        """The `first` layer reads rows of its matrix, those above the output of the layer below."""
        self.cell, self.first = cell, first
        self.g_n, self.b_n = weights.pop("g_n", None), weights.pop("b_n", None)
        W, self.b = cell.input_side(NUMPY, weights)
        p = bptt.prepared(NUMPY, cell, weights)
        self.both: Array | None = None
        """The matrices of x and h, one above the other, where one product can take both. W is a part of it,
        but W_hh, which a sequence multiplies with vectors too, also stands alone."""
        if first:
            self.W = W + self.b
        elif cell.adds_state:
            self.both = np.empty((2 * len(W), W.shape[1]), np.float32, order="F")
            self.both[: len(W)], self.both[len(W) :] = W, p["W_hh"]
            self.W = self.both[: len(W)]
        else:
            self.W = np.asfortranarray(W)
        self.p = {k: np.asfortranarray(v) for k, v in p.items()}

    def input(self, x: Array) -> Array:
        """The input's part of the pre-activations (…, G·H): of ids (…) in the first layer, of x (…, I)
        above."""
        return self.W[x] if self.first else x @ self.W + self.b


def unrolled(
    layers: list[Layer],
    head: tuple[Array, Array],
    between: Callable[[Layer, Array, Array], tuple[Array, Array]] | None,
) -> Step:
    """The step of these layers and a head's matrix and bias, for one thread at a time: what comes between
    goes to arrays that it keeps. What it returns is new.

    `between` gets a layer, its output, and what the layer below passed on; it says what is read of it, and
    what is passed on. None if the output is read as it is.
    """
    names = _Names()
    lines, after = [f"x = {names.of(layers[0].W)}[id]", "passed = None"], []
    for l, layer in enumerate(layers):
        step = _Recorded(layer)
        before, new = ([f"{name}_{l}" for name in names_] for names_ in step.named)
        names.give("x", step.x)
        for each, arrays in ((before, step.before), (new, step.after)):
            for name, array in zip(each, arrays, strict=True):
                names.give(name, array)
        lines.append(f"{', '.join(before)}, = state[{l}]")
        lines += [
            f"{name} = {names.of(np.empty)}({step.H}, {names.of(np.float32)})" for name in new
        ]
        for part, name in zip(step.parts, ("x", before[0]), strict=False):
            lines.append(f"{names.of(np.copyto)}({names.of(part)}, {name})")
        lines += map(names.line, step.calls)
        lines.append(f"x = {new[0]}")
        if between:
            lines.append(f"x, passed = {names.of(between)}({names.of(layer)}, x, passed)")
        after.append(f"({', '.join(new)},)")
    W, b = map(names.of, head)
    lines.append(f"logits = {names.of(np.dot)}(x, {W})")
    lines.append(f"{names.of(np.add)}(logits, {b}, out=logits)")
    lines.append(f"return logits, ({', '.join(after)},)")
    exec("\n    ".join(["def step(id, state):", *lines]), names.space)
    return names.space["step"]  # type: ignore[no-any-return]


class _Names:
    """Names for the objects in a function that is written."""

    def __init__(self) -> None:
        self.space: dict[str, Any] = {}
        """What the names of constant things mean."""
        self._given: dict[
            int, tuple[str, object]
        ] = {}  # with the object, so that its id stays its own

    def give(self, name: str, array: Array) -> None:
        """Let a variable stand for an array."""
        self._given[id(array)] = name, array

    def of(self, thing: object) -> str:
        """The name of a thing, which is a constant unless it was given one."""
        if id(thing) not in self._given:
            name = f"k{len(self.space)}"
            self.space[name] = thing
            self._given[id(thing)] = name, thing
        return self._given[id(thing)][0]

    def line(self, call: Call) -> str:
        function, arguments, out = call
        given = ", ".join(map(self.of, arguments))
        return f"{self.of(function)}({given}, out={self.of(out)})"


class _Recorded:
    """The calls of a layer's step, and the arrays in it that are others in each step."""

    def __init__(self, layer: Layer) -> None:
        cell, W, p = layer.cell, layer.W, layer.p
        a = np.zeros_like(layer.b)
        self.H = H = len(a) // cell.blocks
        self.x = np.zeros(W.shape[1 if layer.first else 0], np.float32)
        before, after, kept = (
            [np.zeros(H, np.float32) for _ in names]
            for names in (cell.states, cell.states, cell.keeps)
        )
        self.before, self.after = before[:], after
        self.named = [f"{s}_before" for s in cell.states], [f"{s}_after" for s in cell.states]
        self.parts: list[Array] = []
        """The places where x and h have to stand side by side, if they have to."""
        recorder = Recorder()
        product: list[Call] = []
        if layer.first:
            start: Call = np.positive, (self.x,), a
        elif layer.both is not None:
            start = np.positive, (layer.b,), a
            before[0], p = np.zeros(len(layer.both), np.float32), p | {"W_hh": layer.both}
            self.parts = np.split(before[0], [len(W)])
        else:
            product, start = [(np.dot, (self.x, W), a)], (np.add, (a, layer.b), a)
        cell.step(recorder.functions, p, (cell.views(a), tuple(before), tuple(after), tuple(kept)))
        self.calls = product + _begun(start, recorder.calls)


def _begun(start: Call, calls: list[Call]) -> list[Call]:
    """The calls of a step, after the one that makes what is in `a` before it: two products follow one
    another if they can, and one that is added to what was copied is written to its place at once."""
    (product, factors, xW), *rest = calls
    if product is not np.dot:
        return [start, *calls]
    function, given, a = start
    if function is np.positive and _same(rest[0], (np.add, (a, xW), a)):
        return [(product, factors, a), (np.add, (a, *given), a), *rest[1:]]
    return [calls[0], start, *rest]


def _same(one: Call, other: Call) -> bool:
    """Whether two calls have one function and the same arrays."""
    arrays = ([call[0], *call[1], call[2]] for call in (one, other))
    return all(a is b for a, b in zip(*arrays, strict=False))
