"""What a Keras model is made of: its layers in a row, as its configuration has them.

The configuration is JSON, of a Sequential model or of a functional one that is a chain. Weights that were
saved alone have none; their layers are told by the names of their arrays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from engine.errors import DamagedError, ForeignError
from engine.foreign.value import Array
from engine.words import quoted

_MOST = 256
"""Layers in a model."""
_OLD = re.compile(r".*_([WUb])(?:_([a-z]))?")
"""How Keras 1 ends the names of a layer's arrays: W, U and b, of each gate or of all."""
_NEW = {"W": "kernel", "U": "recurrent_kernel", "b": "bias"}
_GATES = "ifco", "zrh"
_RECURRENT = {4: "LSTM", 3: "GRU", 1: "SimpleRNN"}


@dataclass(frozen=True)
class Part:
    """A layer: its class, its settings, and its arrays by their names."""

    kind: str
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    wrapped: str = ""
    """The class of what it is wrapped in, which does not change what is computed a step."""

    def get(self, *names: str, usual: Any = None) -> Any:
        """The first of these settings that there is."""
        return next((self.config[n] for n in names if n in self.config), usual)


def parts(config: Any) -> list[Part]:
    """The layers of a model from the input up, without their arrays.

    Raises DamagedError, ForeignError.
    """
    inner = _object(config).get("config")
    layers = inner if isinstance(inner, list) else _object(inner).get("layers")
    if not isinstance(layers, list) or not 1 <= len(layers) <= _MOST:
        raise DamagedError("its configuration names no layers")
    if _object(config).get("class_name") != "Sequential":
        layers = _chained([_object(layer) for layer in layers])
    return [_part(_object(layer)) for layer in layers]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DamagedError("its configuration is not one of Keras")
    return value


def _part(layer: dict[str, Any]) -> Part:
    config = _object(layer.get("config"))
    name, kind = str(config.get("name", layer.get("name", ""))), _class(layer)
    if kind == "TimeDistributed":
        inner = _object(config.get("layer"))
        return Part(_class(inner), name, _object(inner.get("config")), wrapped=kind)
    return Part("Dense" if kind == "TimeDistributedDense" else kind, name, config)


def _class(layer: dict[str, Any]) -> str:
    return str(layer.get("class_name", "")).rpartition(">")[2]


def _chained(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The layers in the order in which each reads the one before. Raises ForeignError if they are no
    chain."""
    names = [str(layer.get("name", "")) for layer in layers]
    above = dict[str, str]()
    for name, layer in zip(names, layers, strict=True):
        sources = {text for text in _texts(layer.get("inbound_nodes")) if text in names}
        above |= dict.fromkeys(sources, name)
        if len(sources) > 1:
            raise ForeignError(
                f"is no chain of layers: {quoted(name)} reads {len(sources)} of them"
            )
    known = dict(zip(names, layers, strict=True))
    first = [name for name in names if name not in above.values()]
    if len(first) != 1 or len(known) != len(layers) or len(above) != len(layers) - 1:
        raise ForeignError("is no chain of layers")
    row = [first[0]]
    while row[-1] in above and len(row) <= len(layers):
        row.append(above[row[-1]])
    return [known[name] for name in row[: len(layers)]]


def _texts(value: Any) -> list[str]:
    """All texts in lists and objects."""
    found, waiting = [], [value]
    while waiting:
        match waiting.pop():
            case str(text):
                found.append(text)
            case list(items):
                waiting += items
            case dict(items):
                waiting += items.values()
    return found


def plain(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """A layer's arrays by the names of Keras 2: the last part of each, without its number. The gates that
    Keras 1 stores apart are put beside one another."""
    found = dict[str, Array]()
    for path, array in arrays.items():
        name = path.rpartition("/")[2].partition(":")[0]
        if old := _OLD.fullmatch(name):
            name = "_".join(filter(None, (_NEW[old[1]], old[2])))
        found[name] = array
    for name, gates in product(_NEW.values(), _GATES):
        names = [f"{name}_{gate}" for gate in gates]
        if not {*names} <= {*found}:
            continue
        apart = [found.pop(name) for name in names]
        if len({gate.shape for gate in apart}) > 1 or apart[0].ndim not in (1, 2):
            raise DamagedError("gates of several sizes")
        found[name] = np.concatenate(apart, axis=-1)
    return found


def guessed(name: str, arrays: Mapping[str, Array]) -> Part:
    """A layer of which there are only the arrays."""
    kind = name
    if "embeddings" in arrays:
        kind = "Embedding"
    elif (recurrent := arrays.get("recurrent_kernel")) is not None and recurrent.ndim == 2:
        H = max(1, min(recurrent.shape))
        kind = _RECURRENT.get(max(recurrent.shape) // H, kind)
        bias = arrays.get("bias")
        if bias is not None and bias.shape == (2 * max(recurrent.shape),):
            kind = f"CuDNN{kind}"
    elif {*arrays} <= {"kernel", "bias"} and "kernel" in arrays:
        kind = "Dense"
    elif not arrays:
        kind = "Dropout"  # or anything else that has none
    return Part(kind, name, arrays=arrays)


def ordered(arrays: Mapping[str, Mapping[str, Array]]) -> list[Part]:
    """The layers of which there are only the arrays, and no order: an embedding, cells by the numbers in
    their names, and what is dense."""
    found = [guessed(name, own) for name, own in arrays.items()]

    def place(part: Part) -> tuple[int, list[tuple[int, str]]]:
        return {"Embedding": 0, "Dense": 2}.get(part.kind, 1), natural(part.name)

    return sorted(found, key=place)


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts names by the numbers in them: cell_2 before cell_10."""
    parts = re.split(r"(\d+)", name)
    return [(int(part[:9]), "") if part.isdecimal() else (-1, part) for part in parts]
