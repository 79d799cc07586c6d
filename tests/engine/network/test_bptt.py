"""The time loops: pieces and columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import CELLS, Cell
from engine.network import bptt
from engine.network.numpy_functions import NUMPY

CELL = st.sampled_from(list(CELLS.values()))
SIZE = st.integers(1, 4)
SEED = st.integers(0, 2**16)


def numbers(
    cell: Cell, T: int, B: int, I: int, H: int, ids: bool, seed: int
) -> tuple[dict[str, Any], Any, tuple[Any, ...], Any, tuple[Any, ...]]:
    """Parameters, input and state, and the gradients of outputs and state."""
    rng = np.random.default_rng(seed)
    p = {name: rng.standard_normal(shape) for name, shape in cell.shapes(I, H).items()}
    x = rng.integers(0, I, (T, B)) if ids else rng.standard_normal((T, B, I))
    before, d_after = (tuple(rng.standard_normal((B, H)) for _ in cell.states) for _ in "12")
    return p, x, before, rng.standard_normal((T, B, H)), d_after


@given(CELL, st.integers(2, 6), SIZE, SIZE, SIZE, st.booleans(), SEED, st.data())
def test_two_pieces_with_the_state_carried_equal_the_whole(
    cell: Cell, T: int, B: int, I: int, H: int, ids: bool, seed: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, T - 1))
    p, x, before, d_outputs, d_end = numbers(cell, T, B, I, H, ids, seed)
    whole, last, tape = bptt.forward(NUMPY, cell, p, x, before)
    one, between, tape_1 = bptt.forward(NUMPY, cell, p, x[:cut], before)
    two, end, tape_2 = bptt.forward(NUMPY, cell, p, x[cut:], between)
    np.testing.assert_allclose(np.concatenate([one, two]), whole, atol=1e-12)
    np.testing.assert_allclose(end, last, atol=1e-12)

    back = bptt.backward
    d_x, d_p, d_before = back(NUMPY, cell, p, x, tape, d_outputs, d_end)
    d_x2, d_p2, d_between = back(NUMPY, cell, p, x[cut:], tape_2, d_outputs[cut:], d_end)
    d_x1, d_p1, d_start = back(NUMPY, cell, p, x[:cut], tape_1, d_outputs[:cut], d_between)
    if not ids:
        np.testing.assert_allclose(np.concatenate([d_x1, d_x2]), d_x, 1e-9, 1e-9)
    np.testing.assert_allclose(d_start, d_before, 1e-9, 1e-9)
    assert set(d_p) == set(p)
    for name in d_p:
        np.testing.assert_allclose(d_p1[name] + d_p2[name], d_p[name], 1e-9, 1e-9, err_msg=name)


@given(CELL, SIZE, st.integers(2, 4), SIZE, SIZE, st.booleans(), SEED)
def test_columns_do_not_see_each_other(
    cell: Cell, T: int, B: int, I: int, H: int, ids: bool, seed: int
) -> None:
    p, x, before, d_outputs, d_after = numbers(cell, T, B, I, H, ids, seed)
    outputs, after, tape = bptt.forward(NUMPY, cell, p, x, before)
    _, d_p, d_before = bptt.backward(NUMPY, cell, p, x, tape, d_outputs, d_after)
    summed = {name: np.zeros_like(d) for name, d in d_p.items()}
    for b in range(B):
        own = slice(b, b + 1)
        state, d_state = (tuple(s[own] for s in states) for states in (before, d_after))
        alone, end, tape = bptt.forward(NUMPY, cell, p, x[:, own], state)
        np.testing.assert_allclose(alone, outputs[:, own], atol=1e-12)
        np.testing.assert_allclose(end, [s[own] for s in after], atol=1e-12)
        _, d, d_start = bptt.backward(NUMPY, cell, p, x[:, own], tape, d_outputs[:, own], d_state)
        np.testing.assert_allclose(d_start, [s[own] for s in d_before], 1e-9, 1e-9)
        summed = {name: summed[name] + d[name] for name in summed}
    for name in d_p:
        np.testing.assert_allclose(summed[name], d_p[name], 1e-9, 1e-9, err_msg=name)


@given(CELL, SIZE, SIZE, SIZE, SIZE, st.booleans(), SEED)
def test_what_is_given_is_never_written_to(
    cell: Cell, T: int, B: int, I: int, H: int, ids: bool, seed: int
) -> None:
    p, x, before, d_outputs, d_after = numbers(cell, T, B, I, H, ids, seed)
    for array in (*p.values(), x, *before, d_outputs, *d_after):
        array.setflags(write=False)
    outputs, after, tape = bptt.forward(NUMPY, cell, p, x, before)
    copies = [outputs.copy(), *(s.copy() for s in after)]
    bptt.backward(NUMPY, cell, p, x, tape, d_outputs, d_after)
    for now, then in zip((outputs, *after), copies, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("name", CELLS)
def test_the_gradient_of_the_input_can_be_left_out(name: str) -> None:
    cell = CELLS[name]
    p, x, before, d_outputs, d_after = numbers(cell, 3, 2, 4, 5, False, 0)
    found = []
    for wants_x in (True, False):
        _, _, tape = bptt.forward(NUMPY, cell, p, x, before)
        found.append(bptt.backward(NUMPY, cell, p, x, tape, d_outputs, d_after, wants_x))
    assert found[0][0] is not None and found[1][0] is None
    assert all(np.array_equal(found[0][1][k], found[1][1][k]) for k in p)
