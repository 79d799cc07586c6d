"""ml5.js's charRNN: a folder of `manifest.json` (name to file and shape), a file of float32 a variable, and
`vocab.json` (character to id). The variables are those of char-rnn-tensorflow.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from engine import outside
from engine.errors import DamagedError
from engine.foreign import variables
from engine.foreign.alphabet import by_id
from engine.foreign.bounds import MOST_AXES, MOST_BYTES, within
from engine.foreign.source import Source
from engine.foreign.value import Foreign
from engine.words import quoted

_MANIFEST, _VOCABULARY = "manifest.json", "vocab.json"


def recognises(source: Source) -> bool:
    return source.is_folder and {_MANIFEST, _VOCABULARY} <= {*source.names}


def read(source: Source) -> Foreign:
    manifest = _object(source, _MANIFEST)
    files, shapes = dict[str, str](), dict[str, tuple[int, ...]]()
    for name, told in manifest.items():
        match told:
            case {"filename": str(file), "shape": list(shape)} if len(shape) <= MOST_AXES:
                files[name] = file
                shapes[name] = tuple(within(n, MOST_BYTES, "a size in the manifest") for n in shape)
            case _:
                raise DamagedError(f"{_MANIFEST} does not say where a variable is")

    def values(name: str) -> npt.NDArray[np.float32]:
        shape = shapes[name]
        size = min(MOST_BYTES, 4 * prod(shape))
        data = source.member(files[name], size)
        if len(data) != size:
            raise DamagedError(f"{quoted(files[name])} has {len(data):,} bytes, not {size:,}")
        return np.frombuffer(data, "<f4").reshape(shape)

    plan = variables.plan(shapes)
    symbols = by_id(_object(source, _VOCABULARY), shapes[plan.W_hy][1])
    return variables.assemble("ml5", plan, values, symbols)


def _object(source: Source, name: str) -> dict[str, Any]:
    found = outside.parse_json(source.member(name, outside.LARGE))
    if not isinstance(found, dict):
        raise DamagedError(f"{name} is no object")
    return found
