"""The .npz of min-char-rnn and its children: matrices that multiply columns, by the names in its equations.

An rnn has Wxh, Whh, Why, bh and by. An lstm has a matrix for each gate over the state and the input in one
column, [h; x], or one for each of the two.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.errors import DamagedError, ForeignError
from engine.foreign import found, npy
from engine.foreign.bounds import MOST_BYTES
from engine.foreign.source import Source
from engine.foreign.value import Array, Foreign, Layer
from engine.words import shortened

PROJECT = "min-char-rnn"
_HEAD, _HEAD_BIAS = ("why", "wy", "wv", "who", "v"), ("by", "bv", "c")
_INPUT, _STATE, _BIAS = ("wxh", "wx", "u"), ("whh", "wh", "w"), ("bh", "b")
_CANDIDATE = ("g", "c", "cbar", "a")
_MEMORY = ("m", "d", "v", "s", "grad")
"""Before a name: what an optimiser keeps."""


def recognises(source: Source) -> bool:
    if source.is_folder or not source.names:
        return False
    return all(name.endswith(".npy") for name in source.names)


def read(source: Source) -> Foreign:
    names = {name: name.removesuffix(".npy").replace("_", "").lower() for name in source.names}
    contents = {
        own: npy.array(source.member(name, MOST_BYTES), name) for name, own in names.items()
    }
    arrays = {own: _matrix(a) for own, a in contents.items() if isinstance(a, np.ndarray)}
    left = dict(arrays)
    W_hy = _one(left, _HEAD)
    by_gate = "wf" in left or "wxf" in left
    order = "ifoc" if by_gate else "h"
    if W_hy is None or (not by_gate and not any(name in left for name in _STATE)):
        raise ForeignError(f"has arrays that are not named as min-char-rnn's: {_some(names)}")
    notes: tuple[str, ...] = ()
    if by_gate and "wf" in left:
        U, W = _together(left, W_hy.shape[1])
        notes = ("the columns of its gates are taken for the state, then the input",)
    elif by_gate:
        W, U = (_gates(left, f"w{side}") for side in "xh")
    else:
        W, U = _needed(left, _INPUT), _needed(left, _STATE)
    b = _gates(left, "b") if by_gate else _one(left, _BIAS)
    b_y = _one(left, _HEAD_BIAS)
    if W.shape[0] != U.shape[0]:  # of a child that multiplies rows
        W, U, W_hy = W.T, U.T, W_hy.T
    _check_rest(left)
    layer = Layer(W.T, U.T, order, None if b is None else b.ravel())
    head = W_hy.T
    symbols = found.symbols(
        [c for c in contents.values() if not isinstance(c, np.ndarray)], head.shape[1]
    )
    bias = None if b_y is None else b_y.ravel()
    return Foreign(
        PROJECT, "lstm" if by_gate else "rnn", (layer,), head, bias, None, symbols, notes=notes
    )


def _matrix(array: Array) -> Array:
    """An array as two axes: a vector as a column."""
    if array.ndim not in (1, 2):
        raise DamagedError(f"an array has {array.ndim} axes")
    return array.reshape(len(array), -1) if len(array) else np.zeros((0, 0))


def _one(left: dict[str, Array], names: Iterable[str]) -> Array | None:
    """Take the array with the first of these names."""
    return next((left.pop(name) for name in names if name in left), None)


def _needed(left: dict[str, Array], names: tuple[str, ...]) -> Array:
    """The same. Raises DamagedError if there is none."""
    if (found := _one(left, names)) is None:
        raise DamagedError(f"{names[0]} is missing")
    return found


def _gates(left: dict[str, Array], what: str) -> Array:
    """Take the arrays of the gates i, f, o and the candidate, and put them on each other."""
    found = [_one(left, [what + gate]) for gate in "ifo"]
    found.append(_one(left, [what + gate for gate in _CANDIDATE]))
    parts = [part for part in found if part is not None]
    if len(parts) < 4 or len({part.shape for part in parts}) > 1:
        raise DamagedError(f"the gates' {what} are missing or of several shapes")
    return np.concatenate(parts)


def _together(left: dict[str, Array], H: int) -> tuple[Array, Array]:
    """The matrices of the state and of the input, which lie side by side."""
    whole = _gates(left, "w")
    return whole[:, :H], whole[:, H:]


def _check_rest(left: dict[str, Array]) -> None:
    """Refuse matrices that have no place. Vectors, and what an optimiser keeps, may be there."""
    known = (*_HEAD, *_INPUT, *_STATE, *(f"w{gate}" for gate in ("f", "i", "o", *_CANDIDATE)))
    for name, array in left.items():
        kept = any(name == prefix + own for prefix in _MEMORY for own in known)
        if min(array.shape) > 1 and not kept:
            raise ForeignError(
                f"has more than one recurrent layer and one that writes: {shortened(name)}"
            )


def _some(names: Iterable[str]) -> str:
    return ", ".join(shortened(name, 20) for name in list(names)[:5])
