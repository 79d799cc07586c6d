"""The loss of a whole network and its gradient, with NumPy alone.

T  time    B  batch    V  alphabet    H  hidden units
"""

from __future__ import annotations

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
    x: Array = ids
    inputs: list[Array] = []
    sums: list[Array] = []
    tapes, after = [], []
    for l, state in enumerate(states):
        p = layer(weights, l)
        inputs.append(x)
        h, new, tape = bptt.forward(NUMPY, cell, p, x, state, carry(ids, newline))
        sums.append(sums[-1] + h if l and residual else h)
        x = layer_norm(sums[l], p["g_n"], p["b_n"]) if norm else sums[l]
        tapes.append(tape)
        after.append(tuple(map(np.copy, new)))
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
    return losses, found, tuple(after)


def _through_norm(x: Array, g: Array, d: Array) -> tuple[Array, Array, Array]:
    """The gradients of x (T, B, H), g and b (H) in y = `layer_norm`(x, g, b), from the gradient of y."""
    x = x - x.mean(-1, keepdims=True)
    scale = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + NORM_EPSILON)
    x *= scale
    d_x = d * g
    d_x -= d_x.mean(-1, keepdims=True) + x * (d_x * x).mean(-1, keepdims=True)
    return d_x * scale, (d * x).sum((0, 1)), d.sum((0, 1))
