"""The files of torch-rnn and of char-rnn, which are Torch7's (.t7).

torch-rnn's LanguageModel is a list of modules: an embedding, its own LSTM or VanillaRNN a layer with the
rows of the input above those of the state, batch normalisation if asked for, and a linear head. char-rnn's
network is a graph (`engine.foreign.nngraph`).
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from engine.errors import DamagedError, ForeignError
from engine.foreign import nngraph, t7
from engine.foreign.alphabet import by_id
from engine.foreign.bounds import MOST_LAYERS, shaped
from engine.foreign.source import Source
from engine.foreign.t7 import Object, Table, Value, table
from engine.foreign.value import Array, Foreign, Layer
from engine.words import quoted

_PASSING = {"View", "Dropout", "Identity", "Copy"}
"""Modules that compute nothing when a model writes."""
_ORDERS = {"LSTM": "ifog", "VanillaRNN": "h"}
_NORM = "BatchNormalization"
_BYTE = re.compile(rb"\[(\d{1,3})\]")
"""How torch-rnn writes a byte above 127 that is a symbol."""


def recognises(source: Source) -> bool:
    return t7.begins(source.head)


def read(source: Source) -> Foreign:
    found = t7.parse(source.data())
    root = table(found)
    model = found if isinstance(found, Object) else table(root.get("model"))
    if (rnn := table(root.get("protos")).get("rnn")) is not None:
        return _named(nngraph.read(table(rnn)), table(root.get("vocab")).items)
    if (net := model.get("net")) is not None:
        ids = {token: id for id, token in table(model.get("idx_to_token")).items.items()}
        return _named(_stacked(table(table(net).get("modules")).sequence()), ids)
    raise ForeignError("is a Torch7 file without a model of torch-rnn or char-rnn")


def _named(foreign: Foreign, ids: dict[object, object]) -> Foreign:
    """The model with its symbols, from the id of each, which counts from 1. They are characters in UTF-8;
    bytes where one of them is no UTF-8 by itself."""
    tokens: dict[bytes, int] = {}
    for token, id in ids.items():
        if not isinstance(token, bytes) or not isinstance(id, float) or not id.is_integer():
            raise DamagedError("its alphabet is no table of characters")
        tokens[token] = int(id) - 1
    if any(re.fullmatch(rb"[\x80-\xff]", token) or _BYTE.fullmatch(token) for token in tokens):
        symbols, units = {_byte(token): id for token, id in tokens.items()}, "byte"
    else:
        symbols, units = {t.decode("utf-8", "replace"): id for t, id in tokens.items()}, "char"
    if len(symbols) != len(tokens):
        raise DamagedError("two symbols that are the same")
    return replace(foreign, symbols=by_id(symbols, foreign.W_hy.shape[1]), units=units)


def _byte(token: bytes) -> str:
    if (number := _BYTE.fullmatch(token)) and int(number[1]) < 256:
        return chr(int(number[1]))
    return token.decode("latin-1")


def _stacked(modules: list[Value]) -> Foreign:
    """torch-rnn's modules, from the input up."""
    layers, embedding, cells = list[Layer](), None, set[str]()
    scale: tuple[Array, Array] | None = None
    head: tuple[Array, Array | None] | None = None
    for module in modules:
        kind = module.kind if isinstance(module, Object) else ""
        if kind in _PASSING:
            continue
        part = table(module)
        if head or len(layers) > MOST_LAYERS:
            raise DamagedError("modules above its head, or too many")
        if kind == "LookupTable" and not layers and embedding is None:
            embedding = part.matrix("weight")
        elif kind in _ORDERS:
            cells.add("lstm" if kind == "LSTM" else "rnn")
            layers.append(_layer(part, _ORDERS[kind], scale))
            scale = None
        elif kind == _NORM and layers and not scale:
            scale = _norm(part, len(layers[-1].W_hh))
        elif kind == "Linear" and layers:
            W, b = part.matrix("weight").T, part.vector("bias")
            head, scale = _folded(W, b, scale), None
        else:
            raise ForeignError(
                f"has a layer that torch-rnn has not, or in a place of its own: {quoted(kind)}"
            )
    if head is None or embedding is None or len(cells) != 1:
        raise DamagedError("a network without its embedding, its head, or its layers")
    return Foreign("torch-rnn", cells.pop(), tuple(layers), *head, embedding)


def _layer(module: Table, order: str, scale: tuple[Array, Array] | None) -> Layer:
    W = module.matrix("weight")
    H = W.shape[1] // len(order)
    if not 1 <= H < len(W):
        raise DamagedError(f"a layer's weight is {W.shape[0]}×{W.shape[1]}")
    W_xh, b_h = _folded(W[:-H], module.vector("bias"), scale)
    return Layer(W_xh, W[-H:], order, b_h)


def _norm(module: Table, H: int) -> tuple[Array, Array]:
    """What batch normalisation multiplies a layer's output with, and what it adds, by the running mean and
    variance; files of 2015 hold the inverse of the deviation instead."""
    mean, variance = module.array("running_mean"), module.vector("running_var")
    if variance is None:
        inverse = module.array("running_std")
    else:
        eps = module.get("eps")
        with np.errstate(all="ignore"):  # what is no number is refused in the end
            inverse = 1 / np.sqrt(variance + (eps if isinstance(eps, float) else 1e-5))
    gain, bias = module.vector("weight"), module.vector("bias")
    for array in (mean, inverse, gain, bias):
        if array is not None:
            shaped(array, (H,), "batch normalisation")
    by = inverse if gain is None else inverse * gain
    return by, -mean * by if bias is None else bias - mean * by


def _folded(
    W: Array, b: Array | None, scale: tuple[Array, Array] | None
) -> tuple[Array, Array | None]:
    """A matrix (I, O) and its bias, which read what a normalisation makes of their input."""
    if scale is None:
        return W, b
    by, add = scale
    shaped(W, (len(by), None), "a weight above batch normalisation")
    with np.errstate(all="ignore"):
        more = add @ W
        return W * by[:, None], more if b is None else b + more
