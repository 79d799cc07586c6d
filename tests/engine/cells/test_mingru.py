"""mingru has two ways through time: a step after another, and all at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.cells.functions import Functions
from engine.cells.mingru import scan
from engine.network import bptt
from engine.network.numpy_functions import NUMPY
from engine.training.products import TorchFunctions


class AllAtOnce(type(NUMPY)):  # type: ignore[misc]
    parallel = True


def through(xp: Functions, arrays: dict[str, Any]) -> list[Any]:
    cell = CELLS["mingru"]
    if isinstance(xp, TorchFunctions):
        arrays = {k: torch.from_numpy(v) for k, v in arrays.items()}
    p = {k: arrays[k] for k in ("W_xh", "b_h")}
    outputs, after, tape = bptt.forward(xp, cell, p, arrays["x"], (arrays["h"],))
    found = [v * 1 for v in (outputs, *after)]
    d_x, d_p, d_before = bptt.backward(
        xp, cell, p, arrays["x"], tape, arrays["d_outputs"], (arrays["d_h"],)
    )
    return [*found, d_x, *(d_p[k] for k in sorted(d_p)), *d_before]


@given(st.integers(1, 40), st.integers(1, 3), st.integers(1, 4), st.integers(0, 999))
def test_all_at_once_equals_step_by_step(T: int, B: int, H: int, seed: int) -> None:
    rng, I = np.random.default_rng(seed), 3
    shapes = {"x": (T, B, I), "h": (B, H), "W_xh": (I, 2 * H), "b_h": (2 * H,)}
    shapes |= {"d_outputs": (T, B, H), "d_h": (B, H)}
    arrays = {k: rng.standard_normal(s) for k, s in shapes.items()}
    given_arrays = {k: v.copy() for k, v in arrays.items()}
    steps = through(NUMPY, arrays)
    for xp in (AllAtOnce(), TorchFunctions(parallel=True), TorchFunctions()):
        for ours, theirs in zip(through(xp, arrays), steps, strict=True):
            np.testing.assert_allclose(ours, theirs, 1e-10, 1e-10)
    assert all(np.array_equal(arrays[k], v) for k, v in given_arrays.items())


@given(st.integers(1, 70), st.integers(0, 999))
def test_scan_is_a_decaying_sum(T: int, seed: int) -> None:
    decay, x = np.random.default_rng(seed).uniform(-1, 1, (2, T, 2))
    h, expected = np.zeros(2), []
    for d_t, x_t in zip(decay, x, strict=True):
        h = d_t * h + x_t
        expected.append(h)
    np.testing.assert_allclose(scan(decay, x), expected, atol=1e-12)
