""".safetensors with torch's names, as `safetensors.torch` writes a state dict, and `helo models export`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from math import prod
from typing import Any

from engine import outside
from engine.errors import DamagedError, ForeignError
from engine.foreign import found, torch_names
from engine.foreign.bounds import Cursor, strided, within
from engine.foreign.source import Source
from engine.foreign.tensors import Tensor, values
from engine.foreign.value import Array, Foreign
from engine.words import shortened

_TYPES = {"F16": "Half", "F32": "Float", "F64": "Double", "BF16": "BFloat16"}
"""Types by torch's names for storages."""
_SIZES = {"F16": 2, "F32": 4, "F64": 8, "BF16": 2}
_LONGEST = 1 << 24
"""The most bytes of a header."""


def recognises(source: Source) -> bool:
    head = source.head
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _LONGEST


def read(source: Source) -> Foreign:
    cursor = Cursor(source.data())
    header = outside.parse_json(bytes(cursor.take(cursor.number("<Q"))))
    if not isinstance(header, dict):
        raise DamagedError("its header is no object")
    about, data = header.pop("__metadata__", {}), cursor.take(cursor.left)
    names = sorted(header, key=torch_names.natural)
    foreign = torch_names.network({name: _tensor(name, header[name], data) for name in names})
    told = _told(about)
    config, alphabet = told.get("config"), told.get("alphabet")
    if isinstance(config, dict) and "cell" in config:  # helo wrote it: nothing is only near
        foreign = replace(foreign, notes=(), lines=config.get("lines") is True)
        if config["cell"] == "rnn-relu":
            foreign = replace(foreign, cell="rnn-relu")
    units = alphabet.get("units") if isinstance(alphabet, dict) else "char"
    symbols = found.symbols(list(told.values()), foreign.W_hy.shape[1])
    return replace(foreign, symbols=symbols, units="byte" if units == "byte" else "char")


def _told(about: object) -> dict[str, Any]:
    """The metadata, with what is JSON as what it stands for."""
    told = dict[str, Any]()
    for key, text in about.items() if isinstance(about, dict) else ():
        told[key] = text
        if isinstance(text, str) and text[:1] in ("{", "["):
            with suppress(DamagedError):
                told[key] = outside.parse_json(text)
    return told


def _tensor(name: str, about: object, data: memoryview) -> Tensor:
    """A tensor of the file. Raises DamagedError."""
    match about:
        case {"dtype": str(kind), "shape": [*shape], "data_offsets": [begin, end]}:
            first = within(begin, len(data), f"the place of {shortened(name)}")
            part = data[first : within(end, len(data), f"the end of {shortened(name)}")]
        case _:
            raise DamagedError(f"{shortened(name)} has no shape or place")
    sizes = tuple(within(n, len(data), f"a size of {shortened(name)}") for n in shape)

    def read() -> Array:
        if kind not in _TYPES:
            raise ForeignError(
                f"has weights of type {shortened(kind, 20)}, which are no real numbers"
            )
        if len(part) != prod(sizes) * _SIZES[kind]:
            raise DamagedError(f"{shortened(name)} is not of its size")
        return strided(values(part, _TYPES[kind]), sizes, name)

    return Tensor(sizes, read)
