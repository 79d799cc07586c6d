"""The loss of a whole network and its gradient, with NumPy alone.

T  time    B  batch    V  alphabet    H  hidden units
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.cells import CELLS
from engine.cells.functions import Array
from engine.config import ModelConfig
from engine.network import bptt
from engine.network.lines import carry
from engine.network.numpy_functions import NUMPY
from engine.network.parameters import Weights, layer
from engine.network.stepper import NORM_EPSILON, States, layer_norm, log_softmax
from engine.vocab import Ids


def gradient(
    config: ModelConfig,
    weights: Weights,
    ids: Ids,
    targets: Ids,
    states: States,
    newline: int | None = None,
) -> tuple[npt.NDArray[np.float64], Weights, States]:
    """One chunk forward and backward, from ids and targets (T, B) and the states before them (B, H).
    `newline` is that of `lines.newline_id`.

    Returns the losses (T, B) in nats; the gradient of their mean by parameter, with nothing flowing back
    into the states before; and the states after.
    """
    cell, norm, residual = CELLS[config.cell], config.layer_norm, config.residual
    x, inputs, sums, tapes, after = _forward(config, weights, ids, states, newline)
    W_hy = weights["head.W_hy"]
    log_p = log_softmax(x @ W_hy + weights["head.b_y"])
    losses = -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]

    d = np.exp(log_p)
    np.put_along_axis(d, targets[..., None], np.expm1(-losses)[..., None], axis=-1)
    d_logits = (d / targets.size).astype(W_hy.dtype)
    found = {"head.W_hy": NUMPY.outer(x, d_logits), "head.b_y": d_logits.sum((0, 1))}
    d_x: Array = d_logits @ W_hy.T
    d_sum: Array = 0
    for l in reversed(range(config.layers)):
        p = layer(weights, l)
        d_p = {}
        if norm:
            d_x, d_p["g_n"], d_p["b_n"] = _through_norm(sums[l], p["g_n"], d_x)
        d_sum = d_x + d_sum if residual else d_x
        nothing = tuple(np.zeros_like(s) for s in states[l])
        d_x, d_cell, _ = bptt.backward(NUMPY, cell, p, inputs[l], tapes[l], d_sum, nothing)
        found |= {f"layers.{l}.{name}": g for name, g in (d_p | d_cell).items()}
    return losses, found, after


def by_lag(
    config: ModelConfig,
    weights: Weights,
    ids: Ids,
    targets: Ids,
    states: States,
    newline: int | None = None,
) -> Iterator[States]:
    """The gradient of a single loss per column by the states before it: that of the targets (B,), which
    follow ids (T, B), from the states before those (B, H).

    Yields the gradient by the states k steps back, for k from 0 to T, as arrays (B, H) in the order of the
    states. For k = 0 it is what the head alone reads. A state reaches the loss through the steps after it
    and nothing else: what its h told the layer above in its own step is in the state of that layer.
    """
    cell, norm, residual = CELLS[config.cell], config.layer_norm, config.residual
    p = [layer(weights, l) for l in range(config.layers)]
    x, _, sums, tapes, _ = _forward(config, weights, ids, states, newline)
    W_hy = weights["head.W_hy"]
    d_logits = np.exp(log_softmax(x[-1] @ W_hy + weights["head.b_y"])).astype(W_hy.dtype)
    d_logits[np.arange(len(targets)), targets] -= 1
    d_x: Array = d_logits @ W_hy.T
    if norm:
        d_x, _, _ = _through_norm(sums[-1][-1], p[-1]["g_n"], d_x)
    read = range(0 if residual else config.layers - 1, config.layers)
    d_states = [
        (d_x if l in read else np.zeros_like(d_x), *map(np.zeros_like, state[1:]))
        for l, state in enumerate(states)
    ]
    yield tuple(d_states)
    for t in range(len(ids) - 1, -1, -1):
        d_sum: Array = 0
        for l in range(config.layers - 1, -1, -1):
            tape, (d_h, *others) = tapes[l], d_states[l]
            d_before = np.zeros_like(d_h)
            r = np.empty((len(d_h), cell.recurrent * config.hidden), d_h.dtype)
            d_after = (d_h + d_sum, *map(np.copy, others))
            d_others = cell.backward(
                NUMPY, tape.p, tape.steps[t], r if cell.recurrent else tape.a[t], d_after, d_before
            )
            d_states[l] = d_before, *d_others
            if tape.carry is not None:
                d_states[l] = tuple(d * tape.carry[t] for d in d_states[l])
            if l:
                W, _ = cell.input_side(NUMPY, p[l])
                d_x = tape.a[t] @ W.T
                if norm:
                    d_x, _, _ = _through_norm(sums[l - 1][t], p[l - 1]["g_n"], d_x)
                d_sum = d_x + d_sum if residual else d_x
        yield tuple(d_states)


class _Forward(NamedTuple):
    """What one pass leaves for the way back."""

    x: Array
    """What the head reads (T, B, H)."""
    inputs: list[Array]
    """Of each layer."""
    sums: list[Array]
    """The residual stream after each layer, or its outputs, before normalisation."""
    tapes: list[bptt.Tape]
    after: States


def _forward(
    config: ModelConfig, weights: Weights, ids: Ids, states: States, newline: int | None
) -> _Forward:
    cell, x, carried = CELLS[config.cell], ids, carry(ids, newline)
    found = _Forward(x, [], [], [], ())
    after = []
    for l, state in enumerate(states):
        p = layer(weights, l)
        found.inputs.append(x)
        h, new, tape = bptt.forward(NUMPY, cell, p, x, state, carried)
        found.sums.append(found.sums[-1] + h if l and config.residual else h)
        x = found.sums[l]
        if config.layer_norm:
            x = layer_norm(x, p["g_n"], p["b_n"])
        found.tapes.append(tape)
        after.append(tuple(map(np.copy, new)))
    return found._replace(x=x, after=tuple(after))


def _through_norm(x: Array, g: Array, d: Array) -> tuple[Array, Array, Array]:
    """The gradients of x (…, H), g and b (H) in y = `layer_norm`(x, g, b), from the gradient of y."""
    x = x - x.mean(-1, keepdims=True)
    scale = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + NORM_EPSILON)
    x *= scale
    d_x = d * g
    d_x -= d_x.mean(-1, keepdims=True) + x * (d_x * x).mean(-1, keepdims=True)
    axes = tuple(range(d.ndim - 1))
    return d_x * scale, (d * x).sum(axes), d.sum(axes)
