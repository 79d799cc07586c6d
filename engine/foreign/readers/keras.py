"""Keras: HDF5 files of versions 1 to 3, and the .keras archives of version 3.

An lstm's columns are i f c o, a gru's z r h. Files store no alphabet.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from engine import outside
from engine.errors import ForeignError
from engine.foreign import chain, hdf5, stack
from engine.foreign.chain import Part
from engine.foreign.hdf5 import Contents
from engine.foreign.source import Source
from engine.foreign.value import Array, Foreign

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_ROOTS = "layers", "_layer_checkpoint_dependencies"
"""Where version 3 has the layers of an archive."""
_CELL = "kernel", "recurrent_kernel", "bias"
_VALUES = {
    "embedding": ("embeddings",),
    **dict.fromkeys(("lstm", "gru", "simple_rnn"), _CELL),
    **dict.fromkeys(("dense", "time_distributed"), ("kernel", "bias")),
}
"""What version 3 only numbers, by the names that it gives to layers."""


def recognises(source: Source) -> bool:
    return source.head.startswith(hdf5.MAGIC) or {_CONFIG, _WEIGHTS} <= {*source.names}


def read(source: Source) -> Foreign:
    if source.head.startswith(hdf5.MAGIC):
        contents = hdf5.read(source.data())
        version = str(contents.texts[""].get("keras_version", ""))
        return stack.foreign(_whole(contents), old=bool(re.match(r"1\.|2\.[0-2]\.", version)))
    config = outside.parse_json(source.member(_CONFIG, outside.LARGE))
    return stack.foreign(_archived(config, hdf5.read(source.member(_WEIGHTS))), old=False)


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
    if names:
        return [chain.guessed(name, arrays(name)) for name in names]
    if numbered := _numbered(contents):
        return chain.ordered(numbered)
    raise ForeignError("is an HDF5 file without a model of Keras")


def _archived(config: Any, contents: Contents) -> list[Part]:
    """The layers of an archive, which names them by their classes."""
    found, count, held = [], dict[str, int](), _numbered(contents)
    for part in chain.parts(config):
        own = _snake(part.wrapped or part.kind)
        number = count[own] = count.get(own, -1) + 1
        arrays = held.get(f"{own}_{number}" if number else own, held.get(part.name, {}))
        found.append(replace(part, arrays=arrays))
    return found


def _numbered(contents: Contents) -> dict[str, dict[str, Array]]:
    """The arrays of each layer in what version 3 writes."""
    found = dict[str, dict[str, Array]]()
    for path in sorted(contents.arrays):
        root, _, within = path.partition("/")
        name, _, rest = within.partition("/")
        if root in _ROOTS and rest:
            held = found.setdefault(name, {})
            known = _VALUES.get(re.sub(r"_\d+$", "", name), ())
            held[known[len(held)] if len(held) < len(known) else rest] = contents.arrays[path]
    return found


def _snake(kind: str) -> str:
    """A class's name as Keras 3 has it in its archives."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)).lower()
