"""Writes recurrentjs's JSON and min-char-rnn's arrays as they do."""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(3)
LETTERS = "dcba"
V = len(LETTERS) + 1
ALPHABET = "\ndcba"


def some(*shape: int) -> Any:
    return RNG.normal(0, 0.5, shape)


def matrix(array: Any) -> dict[str, Any]:
    """As JSON.stringify writes a Mat with a Float64Array."""
    n, d = array.shape
    return {"n": n, "d": d, "w": {str(i): x for i, x in enumerate(array.ravel().tolist())}}


def recurrentjs(kind: str, sizes: tuple[int, ...] = (4, 3), D: int = 3) -> dict[str, Any]:
    """The arrays of a model by recurrentjs's names."""
    arrays, inputs = {"Wil": some(V, D)}, D
    for l, H in enumerate(sizes):
        if kind == "lstm":
            for gate in "ifoc":
                arrays |= {f"W{gate}x{l}": some(H, inputs), f"W{gate}h{l}": some(H, H)}
                arrays[f"b{gate}{l}"] = some(H, 1)
        else:
            arrays |= {f"Wxh{l}": some(H, inputs), f"Whh{l}": some(H, H), f"bhh{l}": some(H, 1)}
        inputs = H
    return arrays | {"Whd": some(V, inputs), "bd": some(V, 1)}


def saved(kind: str, arrays: dict[str, Any]) -> dict[str, Any]:
    ids = {letter: i + 1 for i, letter in enumerate(LETTERS)}
    model = {name: matrix(array) for name, array in arrays.items()}
    return {"hidden_sizes": [4, 3], "generator": kind, "model": model, "letterToIndex": ids}


def min_char_rnn(H: int = 6) -> dict[str, Any]:
    return {
        "Wxh": some(H, V), "Whh": some(H, H), "Why": some(V, H), "bh": some(H, 1), "by": some(V, 1)
    }  # fmt: skip
