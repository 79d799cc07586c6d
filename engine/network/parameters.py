"""The parameters of a whole network by name: their shapes, and what they begin with.

layers.0.W_xh (V, G·H)   layers.l.W_xh (H, G·H)   layers.l.W_hh (H, G·H)   layers.l.b_h (G·H)
head.W_hy (H, V)         head.b_y (V)             layers.l.g_n  layers.l.b_n (H), the layer norm's
and what a cell has beyond these
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.cells import CELLS
from engine.config import ModelConfig

Weights = dict[str, npt.NDArray[np.float32]]


def layer(weights: Weights, index: int) -> Weights:
    """One layer's parameters under the cell's own names."""
    prefix = f"layers.{index}."
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def shapes(config: ModelConfig, V: int) -> dict[str, tuple[int, ...]]:
    """Name to shape of every parameter for an alphabet of V symbols."""
    cell, H = CELLS[config.cell], config.hidden
    result: dict[str, tuple[int, ...]] = {}
    for l in range(config.layers):
        for name, shape in cell.shapes(H if l else V, H).items():
            result[f"layers.{l}.{name}"] = shape
        if config.layer_norm:
            result |= {f"layers.{l}.{name}": (H,) for name in ("g_n", "b_n")}
    return result | {"head.W_hy": (H, V), "head.b_y": (V,)}


def count(config: ModelConfig, V: int) -> int:
    """The number of parameters."""
    return sum(int(np.prod(shape)) for shape in shapes(config, V).values())


def initial(
    config: ModelConfig, V: int, seed: int, counts: npt.NDArray[np.integer] | None = None
) -> Weights:
    """What training starts from, the same for a seed on every machine.

    With the `counts` (V,) of the symbols in what is to be learnt, b_y begins as the logarithm of their
    shares, so that the first loss is the entropy of the characters alone and not ln V.

    W_hh and W_mh are orthogonal block by block (Saxe et al., 2014); the forget gate's bias is 1 (Gers et
    al., 2000; Jozefowicz et al., 2015), all other biases and peepholes are 0, gains 1. W_xh and W_mx
    above the first layer and W_hy are uniform (Glorot & Bengio, 2010). The first layer's W_xh is read a
    row at a time, so its rows are drawn with the deviation 1/√H that a dense input of unit length would
    meet; those of its W_mx, which multiply what the state gives, have deviation 1.
    """
    rng = np.random.default_rng(seed)
    cell, H = CELLS[config.cell], config.hidden
    weights: Weights = {}
    for name, shape in shapes(config, V).items():
        own = name.rpartition(".")[2]
        if own in ("W_hh", "W_mh"):
            blocks = [_orthogonal(rng, H) for _ in range(shape[1] // H)]
            weights[name] = np.concatenate(blocks, axis=1)
        elif own.startswith("b"):
            weights[name] = np.zeros(shape, np.float32)
            if own == "b_h" and "f" in cell.gates:
                weights[name].reshape(-1, H)[cell.gates.index("f")] = 1.0
        elif own == "g_n":
            weights[name] = np.ones(shape, np.float32)
        elif own.startswith("p_"):
            weights[name] = np.zeros(shape, np.float32)
        elif name in ("layers.0.W_xh", "layers.0.W_mx"):
            deviation = 1.0 if own == "W_mx" else 1 / math.sqrt(H)
            weights[name] = rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)
        else:
            bound = np.sqrt(6.0 / (shape[0] + (shape[1] if own == "W_hy" else H)))
            weights[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
    if counts is not None:
        weights["head.b_y"] = np.log((counts + 1) / (counts.sum() + V)).astype(np.float32)
    return weights


def _orthogonal(rng: np.random.Generator, n: int) -> npt.NDArray[np.float32]:
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    return (q * np.sign(np.diag(r))).astype(np.float32)
