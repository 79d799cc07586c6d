"""What every project's model has to go through to become one of helo's.

Blocks in the cell's order, two biases added, what is added at run time, the embedding multiplied into the
first layer (W_xh = E·W), layers of unequal width filled up with zeros, ids sorted by their symbols.
"""

from __future__ import annotations

import numpy as np

from engine.cells import CELLS
from engine.config import MOST_HIDDEN, ModelConfig
from engine.errors import DamagedError, ForeignError
from engine.foreign import alphabet
from engine.foreign.alphabet import Told
from engine.foreign.bounds import MOST_LAYERS, MOST_SYMBOLS, shaped
from engine.foreign.value import Array, Foreign, Layer
from engine.network.modelfile import History, Model
from engine.network.parameters import Weights, count, shapes
from engine.vocab import Alphabet

MOST_PARAMETERS = 1 << 29
_SAME = {"lstm": {"j": "g", "c": "g"}, "gru": {"h": "n"}}
"""Other letters for a cell's blocks."""


def assemble(name: str, foreign: Foreign, named: Told | None = None) -> Model:
    """The model, with what is only near in the notes of its history.

    Raises DamagedError if its arrays do not fit together or hold values that are no numbers, ForeignError
    if it writes words or has no network of helo's, UsageError if the alphabet that the user named is needed
    or wrong.
    """
    widths = _check(foreign)
    symbols, notes = alphabet.symbols(foreign, named)
    kept = sorted((symbol, i) for i, symbol in enumerate(symbols) if symbol)
    known = Alphabet(tuple(symbol for symbol, _ in kept), foreign.units)
    H, V = max(widths), len(known)
    config = ModelConfig(foreign.cell, H, len(widths), lines=foreign.lines)
    if count(config, V) > MOST_PARAMETERS:
        raise ForeignError(f"has more than {MOST_PARAMETERS:,} parameters")
    ids = [i for _, i in kept]
    weights: Weights = {}
    for l, layer in enumerate(foreign.layers):
        W_xh = _first(foreign, layer)[ids] if l == 0 else _rows(_single(layer.W_xh), H)
        weights |= {f"layers.{l}.{k}": v for k, v in _layer(foreign.cell, layer, W_xh, H).items()}
    weights["head.W_hy"] = _rows(_single(foreign.W_hy)[:, ids], H)
    weights["head.b_y"] = _single(foreign.b_y)[ids] if foreign.b_y is not None else _zeros(V)
    for key, shape in shapes(config, V).items():
        weights[key] = np.ascontiguousarray(shaped(weights[key], shape, key))
        if not np.isfinite(weights[key]).all():
            raise DamagedError(f"{key} holds values that are no numbers")
    history = History(project=foreign.project, notes=(*notes, *foreign.notes))
    return Model(name, config, known, weights, history)


def _check(foreign: Foreign) -> list[int]:
    """Check that the arrays fit together. Returns the width of each layer. Raises DamagedError."""
    gates, widths = len(CELLS[foreign.cell].gates), []
    if not 1 <= len(foreign.layers) <= MOST_LAYERS:
        raise DamagedError(f"{len(foreign.layers)} layers")
    V = foreign.W_hy.shape[-1] if foreign.W_hy.ndim else 0
    if not 1 <= V <= MOST_SYMBOLS:
        raise DamagedError(f"an alphabet of {V:,} symbols")
    inputs = V
    if foreign.embedding is not None:
        inputs = shaped(foreign.embedding, (V, None), "the embedding").shape[1]
    for layer in foreign.layers:
        H = shaped(layer.W_hh, (None, None), "W_hh").shape[0]
        if not 1 <= H <= MOST_HIDDEN:
            raise DamagedError(f"a layer of {H:,} units")
        shaped(layer.W_hh, (H, gates * H), "W_hh")
        shaped(layer.W_xh, (inputs, gates * H), "W_xh")
        for bias in (layer.b_h, layer.b_hh):
            if bias is not None:
                shaped(bias, (gates * H,), "a bias")
        widths.append(H)
        inputs = H
    shaped(foreign.W_hy, (inputs, V), "the head")
    if foreign.b_y is not None:
        shaped(foreign.b_y, (V,), "the bias of the head")
    return widths


def _first(foreign: Foreign, layer: Layer) -> Array:
    """The first layer's W_xh (V, G·h)."""
    W = _single(layer.W_xh)
    if foreign.embedding is None:
        return W
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is refused below
        return _single(foreign.embedding) @ W


def _layer(cell: str, layer: Layer, W_xh: Array, H: int) -> Weights:
    """The parameters of a layer in the cell's order, each block filled up to H."""
    gates, same = CELLS[cell].gates, _SAME.get(cell, {})
    order = [same.get(letter, letter) for letter in layer.order]
    blocks, h = [order.index(gate) for gate in gates], layer.W_hh.shape[0]

    def placed(array: Array) -> Array:
        """(…, G·h) to (…, G·H)."""
        parts = array.reshape(*array.shape[:-1], len(gates), h)[..., blocks, :]
        filled = np.zeros((*parts.shape[:-1], H), np.float32)
        filled[..., :h] = parts
        return filled.reshape(*array.shape[:-1], len(gates) * H)

    def bias(array: Array | None) -> Array:
        return _zeros(len(gates) * H) if array is None else placed(_single(array))

    made = {"W_xh": placed(W_xh), "W_hh": placed(_rows(_single(layer.W_hh), H))}
    b_h, b_hh = bias(layer.b_h), bias(layer.b_hh)
    if cell == "gru":
        made["b_hn"] = b_hh[-H:].copy()
        b_hh[-H:] = 0
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is refused in the end
        b_h += b_hh
    if layer.forget_bias:
        f = gates.index("f") * H
        b_h[f : f + h] += np.float32(layer.forget_bias)
    return made | {"b_h": b_h}


def _single(array: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is refused in the end
        return array.astype(np.float32)


def _zeros(n: int) -> Array:
    return np.zeros(n, np.float32)


def _rows(array: Array, H: int) -> Array:
    """(h, …) to (H, …), filled up with zeros."""
    if len(array) == H:
        return array
    return np.concatenate([array, np.zeros((H - len(array), *array.shape[1:]), np.float32)])
