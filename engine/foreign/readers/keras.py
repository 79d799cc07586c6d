"""Keras: HDF5 files of versions 1 to 3, and the .keras archives of version 3.

An lstm's columns are i f c o, a gru's z r h. Files store no alphabet.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from engine import outside
from engine.errors import DamagedError, ForeignError
from engine.foreign import chain, hdf5
from engine.foreign.bounds import MOST_LAYERS
from engine.foreign.chain import Part
from engine.foreign.hdf5 import Contents
from engine.foreign.source import Source
from engine.foreign.value import Array, Foreign, Layer
from engine.words import quoted

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_ROOTS = "layers", "_layer_checkpoint_dependencies"
"""Where a .keras archive has the layers."""
_CELLS = {"LSTM": ("lstm", "ifco"), "GRU": ("gru", "zrh"), "SimpleRNN": ("rnn", "h")}
_VALUES = {"Embedding": ("embeddings",), "Dense": ("kernel", "bias")} | dict.fromkeys(
    _CELLS, ("kernel", "recurrent_kernel", "bias")
)
"""What .keras archives number only."""
_PASSING = {
    "InputLayer",
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
    "Masking",
}
_LINEAR = (None, "linear")
_USUAL = "Keras's examples sort the characters of their text"
_WHY = {
    "Bidirectional": "reads its text in both directions, which writes nothing",
    "Attention": "attends to all that it read in a window, as textgenrnn does: helo's networks have one "
    "state and no attention",
}


def recognises(source: Source) -> bool:
    return source.head.startswith(hdf5.MAGIC) or {_CONFIG, _WEIGHTS} <= {*source.names}


def read(source: Source) -> Foreign:
    if source.head.startswith(hdf5.MAGIC):
        contents = hdf5.read(source.data())
        parts = _whole(contents)
        version = str(contents.texts[""].get("keras_version", ""))
    else:
        config = outside.parse_json(source.member(_CONFIG, outside.LARGE))
        parts, version = _archived(config, hdf5.read(source.member(_WEIGHTS))), "3"
    for part in parts:
        for word, why in _WHY.items():
            if word.lower() in f"{part.kind} {part.name}".lower():
                raise ForeignError(why)
    return _foreign(parts, old=bool(re.match(r"1\.|2\.[0-2]\.", version)))


def _whole(contents: Contents) -> list[Part]:
    """The layers of an HDF5 file: of a model, or of its weights alone."""
    root = "model_weights/" if "model_weights" in contents.texts else ""
    top = contents.texts[root.rstrip("/")]

    def arrays(name: str) -> dict[str, Array]:
        begin = f"{root}{name}/"
        return chain.plain({p: a for p, a in contents.arrays.items() if p.startswith(begin)})

    if isinstance(told := contents.texts[""].get("model_config"), str):
        parts = chain.parts(outside.parse_json(told))
        return [replace(part, arrays=arrays(part.name)) for part in parts]
    pieces = sorted((k for k in top if k.startswith("layer_names")), key=lambda k: (len(k), k))
    names = [name for piece in pieces for name in top[piece]]
    if not names:
        raise ForeignError("is an HDF5 file without a model of Keras")
    return [chain.guessed(name, arrays(name)) for name in names]


def _archived(config: Any, contents: Contents) -> list[Part]:
    """The layers of a .keras archive, which names them by their classes and numbers their arrays."""
    found, count = [], dict[str, int]()
    for part in chain.parts(config):
        own = _snake(part.wrapped or part.kind)
        number = count[own] = count.get(own, -1) + 1
        begins = [
            f"{root}/{name}/"
            for name in (f"{own}_{number}" if number else own, part.name)
            for root in _ROOTS
        ]
        paths = next(
            filter(None, ([p for p in contents.arrays if p.startswith(b)] for b in begins)), []
        )
        names = _VALUES.get(part.kind, ())
        arrays = [contents.arrays[path] for path in sorted(paths)]
        found.append(replace(part, arrays=dict(zip(names, arrays, strict=False))))
    return found


def _snake(kind: str) -> str:
    """A class's name as Keras 3 has it in its archives."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()


def _foreign(parts: list[Part], old: bool) -> Foreign:
    """The model of a chain of layers; `old` says that their gates' default is hard_sigmoid."""
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
