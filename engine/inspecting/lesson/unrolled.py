"""A network of one layer, unrolled over a few characters: every number of each step, forward and back.

    V  alphabet    H  hidden units    G  gates

The loops of `engine.network.bptt` are run a step at a time, and their pieces kept. So the gradient of a
weight is there as one term a step, and the delta that comes from later steps apart from that of this step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.cells import Cell
from engine.cells.cell import cut
from engine.cells.functions import Array
from engine.network import bptt
from engine.network.numpy_functions import NUMPY
from engine.network.stepper import log_softmax

Numbers = Mapping[str, Array]
"""Arrays by name, in float64."""
LAYER, HEAD = "layers.0.", "head."


@dataclass(frozen=True)
class Column:
    """One step. States, gates and deltas (H) by name; a plain step's only gate is called s, its sum."""

    input: int
    target: int
    weight: float
    """What its loss counts in the loss of the whole: 1/T each, or 1 for one step and 0 for the others."""
    before: Numbers
    after: Numbers
    gates: Numbers
    kept: Numbers
    logits: Array
    """(V,)."""
    p: Array
    """The softmax of the logits (V,)."""
    loss: float
    """In nats, of this step alone."""
    d_logits: Array
    """(V,): the gradient of the loss of the whole, as all deltas are."""
    d_here: Array
    """What h gets from the outputs of this step (H,)."""
    d_right: Numbers
    """What the states after this step get from later ones."""
    d_gates: Array
    """Of the sums that become the gates (blocks·H), in the cell's order."""
    terms: Numbers
    """What this step adds to the gradient of each parameter, by its full name."""

    @cached_property
    def d(self) -> dict[str, Array]:
        """`d_gates` by name (H); of mlstm also that of x W_mx, which is called mx."""
        return _by_gate(self.d_gates, tuple(self.gates))


@dataclass(frozen=True)
class Unrolled:
    """All steps, from a state of zeros."""

    cell: Cell
    weights: Numbers
    columns: tuple[Column, ...]

    @cached_property
    def own(self) -> Numbers:
        """The parameters by the names of the equations."""
        return {name.rpartition(".")[2]: W for name, W in self.weights.items()}

    @property
    def loss(self) -> float:
        """Of the whole: the losses of the steps, weighted."""
        return sum(column.weight * column.loss for column in self.columns)

    @cached_property
    def gradient(self) -> dict[str, Array]:
        """Of `loss`, by full name: the sum of the steps' terms."""
        return {name: sum(column.terms[name] for column in self.columns) for name in self.weights}


def unroll(
    cell: Cell, weights: Numbers, ids: Sequence[int], targets: Sequence[int], count: Sequence[float]
) -> Unrolled:
    """Forward over the ids and back from the losses against the targets, weighted by `count`."""
    p = {k.removeprefix(LAYER): W for k, W in weights.items() if k.startswith(LAYER)}
    W_hy, b_y = weights["head.W_hy"], weights["head.b_y"]
    state = tuple(np.zeros((1, len(W_hy))) for _ in cell.states)
    done = []
    for id in ids:
        h, after, tape = bptt.forward(NUMPY, cell, p, np.array([[id]]), state)
        done.append((state, tape, tape.a[0, 0].copy(), h[0, 0] @ W_hy + b_y))
        state = tuple(map(np.copy, after))
    columns: list[Column] = []
    after, d_state = state, tuple(np.zeros_like(s) for s in state)
    for t in reversed(range(len(ids))):
        before, tape, a, logits = done[t]
        log_p = log_softmax(logits)
        d_logits = np.exp(log_p)
        d_logits[targets[t]] = np.expm1(log_p[targets[t]])
        d_logits *= count[t]
        d_here = d_logits @ W_hy.T
        kept = [k[0, 0].copy() for k in tape.whole[3]]
        x, d_outputs = np.array([[ids[t]]]), d_here[None, None]
        _, d_p, d_before = bptt.backward(NUMPY, cell, p, x, tape, d_outputs, d_state)
        head = {"W_hy": np.outer(after[0][0], d_logits), "b_y": d_logits}
        columns.append(
            Column(
                input=ids[t],
                target=targets[t],
                weight=count[t],
                before=_named(cell, before),
                after=_named(cell, after),
                gates=_by_gate(a, _names(cell)),
                kept=dict(zip(cell.keeps, kept, strict=True)),
                logits=logits,
                p=np.exp(log_p),
                loss=-float(log_p[targets[t]]),
                d_logits=d_logits,
                d_here=d_here,
                d_right=_named(cell, d_state),
                d_gates=tape.a[0, 0],
                terms={LAYER + k: d for k, d in d_p.items()}
                | {HEAD + k: d for k, d in head.items()},
            )
        )
        after, d_state = before, d_before
    return Unrolled(cell, weights, tuple(reversed(columns)))


def mean_loss(
    cell: Cell, weights: Numbers, ids: Sequence[int], targets: Sequence[int], count: Sequence[float]
) -> float:
    """The loss of `unroll` alone, in half the time."""
    p = {k.removeprefix(LAYER): W for k, W in weights.items() if k.startswith(LAYER)}
    state = tuple(np.zeros((1, len(weights["head.W_hy"]))) for _ in cell.states)
    h, _, _ = bptt.forward(NUMPY, cell, p, np.array(ids)[:, None], state)
    log_p = log_softmax(h[:, 0] @ weights["head.W_hy"] + weights["head.b_y"])
    return -float(np.dot(count, log_p[np.arange(len(ids)), list(targets)]))


def _names(cell: Cell) -> tuple[str, ...]:
    """The blocks of `a`. A gate that has the name of a state is the sum that the state is made from."""
    names = tuple("s" if gate in cell.states else gate for gate in cell.gates)
    return (*names, *["mx"] * (cell.blocks - len(names)))


def _by_gate(a: Array, names: tuple[str, ...]) -> dict[str, Array]:
    return dict(zip(names, cut(a, len(names)), strict=True))


def _named(cell: Cell, state: Sequence[Array]) -> dict[str, Array]:
    return {name: s[0] for name, s in zip(cell.states, state, strict=True)}
