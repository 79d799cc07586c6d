"""The parameters of a whole network by name: their shapes, and what they begin with.

layers.0.W_xh (V, G·H)   layers.l.W_xh (H, G·H)   layers.l.W_hh (H, G·H)   layers.l.b_h (G·H)
head.W_hy (H, V)         head.b_y (V)             layers.l.g_n  layers.l.b_n (H), the layer norm's
and what a cell has beyond these
"""

from __future__ import annotations

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


def rows(config: ModelConfig) -> tuple[str, ...]:
    """The matrices (V, …) with a row for each symbol, which is read, not multiplied with."""
    return tuple(f"layers.0.{name}" for name in CELLS[config.cell].inputs)


def count(config: ModelConfig, V: int) -> int:
    """The number of parameters."""
    return sum(int(np.prod(shape)) for shape in shapes(config, V).values())


def initial(
    config: ModelConfig, V: int, seed: int, counts: npt.NDArray[np.integer] | None = None
) -> Weights:
    """What training starts from, the same for a seed on every machine.

    With the `counts` (V,) of the symbols in what is to be learnt, b_y begins as the logarithm of their
    shares, so that the first loss is the entropy of the characters alone and not ln V.

    The matrices in time are orthogonal block by block (Saxe et al., 2014). The forget gate's bias is 1
    (Gers et al., 2000; Jozefowicz et al., 2015), all other vectors are 0, but gains 1. The input matrices
    above the first layer and W_hy are uniform (Glorot & Bengio, 2010). Those of the first layer are read a
    row at a time, and normal, with the deviation that the cell names.
    """
    rng = np.random.default_rng(seed)
    cell, H = CELLS[config.cell], config.hidden
    weights: Weights = {}
    read = rows(config)
    for name, shape in shapes(config, V).items():
        own = name.rpartition(".")[2]
        if own in cell.in_time:
            blocks = [_orthogonal(rng, H) for _ in range(shape[1] // H)]
            weights[name] = np.concatenate(blocks, axis=1)
        elif len(shape) == 1:
            weights[name] = np.full(shape, own == "g_n", np.float32)
            if own == "b_h" and "f" in cell.gates:
                weights[name].reshape(-1, H)[cell.gates.index("f")] = 1.0
        elif name in read:
            deviation = np.float32(cell.deviation(own, H))
            weights[name] = rng.standard_normal(shape, dtype=np.float32) * deviation
        else:
            bound = np.sqrt(6.0 / (shape[0] + (shape[1] if own == "W_hy" else H)))
            weights[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
    if counts is not None:
        weights["head.b_y"] = np.log((counts + 1) / (counts.sum() + V)).astype(np.float32)
    return weights


def _orthogonal(rng: np.random.Generator, n: int) -> npt.NDArray[np.float32]:
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    return (q * np.sign(np.diag(r))).astype(np.float32)
