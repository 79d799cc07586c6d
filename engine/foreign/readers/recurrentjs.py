"""The JSON of recurrentjs's character demo: a matrix for each gate, and each matrix an object with its
sizes n×d and its values in rows (src/recurrent.js, initLSTM and initRNN).

Letters are numbered from 1; 0 begins and ends a sentence, so each line is an example of its own. Its `rnn`
cuts at 0.
"""

from __future__ import annotations

from itertools import count

import numpy as np

from engine.errors import DamagedError
from engine.foreign.alphabet import by_id
from engine.foreign.bounds import shaped, within
from engine.foreign.source import Source
from engine.foreign.value import Array, Foreign, Layer

_FORMS = {
    "lstm": ("W{}x{}", "W{}h{}", "b{}{}", "ifco"),
    "rnn-relu": ("Wx{}{}", "Wh{}{}", "bh{}{}", "h"),
}
"""The names of a layer's matrices and bias, with a gate and the layer's number, and the gates."""


def recognises(source: Source) -> bool:
    found = source.json
    return isinstance(found, dict) and _matrices(found).keys() >= {"Wil", "Whd", "bd"}


def _matrices(found: dict[str, object]) -> dict[str, object]:
    inner = found.get("model")
    return inner if isinstance(inner, dict) else found


def read(source: Source) -> Foreign:
    found = source.json
    known = _matrices(found)
    cell = "lstm" if "Wix0" in known else "rnn-relu"
    input_, state, bias, order = _FORMS[cell]
    layers = []
    for l in count():
        if state.format(order[0], l) not in known:
            break
        W, U, b = (
            [_matrix(known, form.format(gate, l)) for gate in order]
            for form in (input_, state, bias)
        )
        H = len(U[0])
        for one in (*W, *U):
            shaped(one, (H, None), "a matrix of a gate")
        bias_of = np.concatenate([shaped(one, (H, 1), "a bias").ravel() for one in b])
        layers.append(Layer(_beside(W, "W_x"), _beside(U, "W_h"), order, bias_of))
    embedding, head = _matrix(known, "Wil"), _matrix(known, "Whd")
    symbols = _symbols(found.get("letterToIndex"), len(head))
    b_y = _matrix(known, "bd").ravel()
    return Foreign(
        "recurrentjs",
        cell,
        tuple(layers),
        head.T,
        b_y,
        embedding,
        symbols,
        lines=True,
        notes=("the start and the end of a sentence are read as newlines",),
    )


def _beside(matrices: list[Array], name: str) -> Array:
    """One matrix (I, G·H) from one for each gate (H, I)."""
    for one in matrices:
        shaped(one, matrices[0].shape, name)
    return np.concatenate(matrices).T


def _matrix(known: dict[str, object], name: str) -> Array:
    """A matrix (n, d). Raises DamagedError."""
    match known.get(name):
        case {"n": n, "d": d, "w": dict() | list() as w}:
            rows, columns = (within(size, len(w), f"a size of {name}") for size in (n, d))
        case _:
            raise DamagedError(f"{name} is missing or no matrix")
    row = w if isinstance(w, list) else [w.get(str(i)) for i in range(len(w))]
    if rows * columns != len(row) or not all(type(x) in (int, float) for x in row):
        raise DamagedError(f"{name} has {len(row):,} values, or some that are no numbers")
    try:
        return np.array(row, np.float64).reshape(rows, columns)
    except OverflowError as error:
        raise DamagedError(f"{name} has numbers that are too large") from error


def _symbols(letters: object, V: int) -> tuple[str, ...] | None:
    """The letter of each id; None if none are stored. Raises DamagedError."""
    if letters is None:
        return None
    if not isinstance(letters, dict):
        raise DamagedError("its letters are no object")
    first, *others = by_id(letters, V)
    return (first or "\n", *others)
