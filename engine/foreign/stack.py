"""The network that a row of Keras's layers is."""

from __future__ import annotations

import numpy as np

from engine.errors import DamagedError, ForeignError
from engine.foreign.bounds import MOST_LAYERS
from engine.foreign.chain import Part
from engine.foreign.value import Array, Foreign, Layer
from engine.words import quoted

_CELLS = {"LSTM": ("lstm", "ifco"), "GRU": ("gru", "zrh"), "SimpleRNN": ("rnn", "h")}
"""The cells of helo's, and the order of their blocks."""
_PASSING = {
    "InputLayer",
    "Masking",
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
}
_LINEAR = (None, "linear")
_USUAL = "Keras's examples sort the characters of their text"
_WHY = {
    "bidirectional": "reads its text in both directions, which writes nothing",
    "attention": "attends to all that it read in a window, as textgenrnn does: helo's networks have one "
    "state and no attention",
}


def foreign(parts: list[Part], old: bool) -> Foreign:
    """The model of a row of layers, from the input up; `old` says that the gates' default is hard_sigmoid.

    Raises ForeignError for what helo's networks cannot be, DamagedError.
    """
    for part in parts:
        for word, why in _WHY.items():
            if word in f"{part.kind} {part.name}".lower():
                raise ForeignError(why)
    embedding: Array | None = None
    layers, cells, notes = list[Layer](), set[str](), dict[str, None]()
    head: Part | None = None
    for part in parts:
        kind = part.kind.removeprefix("CuDNN")
        if kind in _PASSING:
            continue
        if head is None and kind in _CELLS and len(layers) < MOST_LAYERS:
            cell, layer = _layer(part, kind)
            cells.add(cell)
            layers.append(layer)
            usual = "hard_sigmoid" if old and kind != "SimpleRNN" else "sigmoid"
            gate = part.get("recurrent_activation", "inner_activation", usual=usual)
            if gate not in ("sigmoid", "hard_sigmoid"):
                raise ForeignError(f"has gates that are {quoted(gate)}, not sigmoid")
            if kind != "SimpleRNN" and gate == "hard_sigmoid" and kind == part.kind:
                notes["near: hard_sigmoid is read as sigmoid"] = None
        elif kind == "Embedding" and not layers and embedding is None:
            embedding = _array(part, "embeddings", "kernel")
        elif kind == "Dense" and layers and head is None:
            head = part
            _check_head(part)
        elif kind == "Dense":
            where = "more dense layers than one above" if head else "a dense layer below"
            raise ForeignError(f"has {where} its cells")
        elif not (kind in ("Activation", "Softmax") and head and _ends(part)):
            raise ForeignError(f"has a layer that helo's networks do not: {quoted(kind)}")
    if head is None or not layers:
        raise ForeignError("has no recurrent layer with a dense one above it")
    if len(cells) != 1:
        raise ForeignError(f"mixes {' and '.join(sorted(cells))}")
    W_hy = _array(head, "kernel")
    _check_symbols(embedding, layers[0], W_hy)
    if (window := _window(parts)) is not None:
        notes[f"near: it learnt windows of {window} characters, helo carries its state on"] = None
    bias = head.arrays.get("bias")
    ends = W_hy, bias, embedding
    return Foreign("Keras", cells.pop(), tuple(layers), *ends, usual=_USUAL, notes=tuple(notes))


def _array(part: Part, *names: str) -> Array:
    for name in names:
        if (array := part.arrays.get(name)) is not None and array.ndim == 2:
            return array
    raise DamagedError(f"{quoted(part.name)} has no {names[0]}")


def _layer(part: Part, kind: str) -> tuple[str, Layer]:
    """A recurrent layer, and the cell of helo's that it is."""
    cell, order = _CELLS[kind]
    activation = part.get("activation", usual="tanh")
    if kind == "SimpleRNN" and activation == "relu":
        cell = "rnn-relu"
    elif activation != "tanh":
        raise ForeignError(f"has cells with {quoted(activation)}, not tanh")
    if part.get("go_backwards"):
        raise ForeignError("reads its text backwards")
    W_xh, W_hh = _array(part, "kernel"), _array(part, "recurrent_kernel")
    bias = part.arrays.get("bias")
    n = len(order)
    H = W_hh.shape[0]
    if min(W_hh.shape) < 1 or W_hh.shape != (H, n * H) or W_xh.shape[1] != n * H:
        raise DamagedError(f"the arrays of {quoted(part.name)} are not those of a {kind}")
    packed = bias is not None and bias.shape == (2 * n * H,)  # of cuDNN
    if packed and bias is not None:
        bias = bias.reshape(2, -1)
        W_xh = np.hstack([k.T.reshape(k.shape, order="F") for k in np.hsplit(W_xh, n)])
        W_hh = np.hstack([k.T for k in np.hsplit(W_hh, n)])
    after = bias.ndim == 2 if bias is not None else part.get("reset_after", usual=False)
    if kind == "GRU" and not after:
        raise ForeignError("is a gru that resets the state before the product, helo's after it")
    if bias is not None and bias.ndim == 2 and len(bias) == 2:
        return cell, Layer(W_xh, W_hh, order, bias[0], bias[1])
    return cell, Layer(W_xh, W_hh, order, bias)


def _check_head(part: Part) -> None:
    activation = part.get("activation", usual="softmax")
    if activation not in (*_LINEAR, "softmax"):
        raise ForeignError(f"ends in {quoted(activation)}, not in a choice of one symbol")


def _ends(part: Part) -> bool:
    """Whether an activation above the head changes nothing that helo does not do itself."""
    return part.kind == "Softmax" or part.get("activation") in (*_LINEAR, "softmax")


def _check_symbols(embedding: Array | None, first: Layer, W_hy: Array) -> None:
    read = len(first.W_xh) if embedding is None else len(embedding)
    if read == 1:
        raise ForeignError("reads a character as one number, not as one of several symbols")
    if read != W_hy.shape[1]:
        raise ForeignError(f"reads {read:,} symbols and writes {W_hy.shape[1]:,}")


def _window(parts: list[Part]) -> int | None:
    """The length of the texts that a model learnt, each from an empty state; None if it is not told, or the
    state was carried on."""
    if any(part.get("stateful") for part in parts):
        return None
    for part in parts:
        shape = part.get("batch_input_shape", "batch_shape")
        length = part.get("input_length")
        if isinstance(shape, list) and len(shape) > 1 and type(shape[1]) is int:
            return shape[1]
        if type(length) is int:
            return length
    return None
