"""Models of known arrays, from which the tests of readers write files of other projects."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.foreign.value import Array, Foreign, Layer

SYMBOLS = ("b", "\n", "a", "é", "c")
REAL = Path(__file__).parents[3] / "shared" / "data" / "foreign"


def known(
    project: str, cell: str, order: str, widths: tuple[int, ...] = (4,), seed: int = 0, **more: Any
) -> Foreign:
    """A model of five symbols with one bias a layer; `embedding` is its width."""
    rng, V = np.random.default_rng(seed), 5

    def some(*shape: int) -> Array:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    D = more.pop("embedding", 0)
    own = {key: more.pop(key) for key in [*more] if key in ("forget_bias",)}
    inputs, layers = D or V, []
    for H in widths:
        n = len(order) * H
        layers.append(Layer(some(inputs, n), some(H, n), order, some(n), **own))
        inputs = H
    ends: dict[str, Any] = {"W_hy": some(inputs, V), "b_y": some(V), "symbols": SYMBOLS}
    if D:
        ends["embedding"] = some(V, D)
    return Foreign(project, cell, tuple(layers), **ends | more)


def two_biases(foreign: Foreign) -> Foreign:
    """The same with a second bias in each layer."""
    rng = np.random.default_rng(9)
    layers = []
    for layer in foreign.layers:
        assert layer.b_h is not None
        bias = rng.normal(0, 0.5, layer.b_h.shape).astype(np.float32)
        layers.append(replace(layer, b_hh=bias))
    return replace(foreign, layers=tuple(layers))


def assert_same(found: Foreign, expected: Foreign) -> None:
    """Everything is the same, arrays included."""

    def alike(a: Any, b: Any, name: str) -> None:
        if isinstance(b, tuple) and b and isinstance(b[0], Layer):
            assert len(a) == len(b)
            for one, other in zip(a, b, strict=True):
                for f in fields(Layer):
                    alike(getattr(one, f.name), getattr(other, f.name), f.name)
        elif isinstance(b, np.ndarray):
            np.testing.assert_array_equal(a, b, err_msg=name)
        else:
            assert a == b, name

    for f in fields(Foreign):
        alike(getattr(found, f.name), getattr(expected, f.name), f.name)


def real(name: str) -> Path:
    """A file or folder of another project, which this machine may not have."""
    if not (REAL / name).exists():
        pytest.skip("needs shared/data/foreign")
    return REAL / name
