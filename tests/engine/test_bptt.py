"""The time loops: pieces, columns, and what NumPy can learn with them alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import bptt
from engine.cells import CELLS, Cell
from engine.cells.functions import NUMPY
from engine.config import ModelConfig
from engine.parameters import initial, layer

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


def learnt(name: str, text: str, steps: int, H: int = 16, T: int = 20) -> float:
    """The loss in nats per character after so many steps of Adagrad, with NumPy alone."""
    alphabet = sorted(set(text))
    ids = np.array([alphabet.index(c) for c in text])
    cell, V = CELLS[name], len(alphabet)
    weights = initial(ModelConfig(name, H), V, seed=0)
    squares = {k: np.full_like(W, 1e-8) for k, W in weights.items()}
    state = tuple(np.zeros((1, H), np.float32) for _ in cell.states)
    losses = []
    for step in range(steps):
        at = np.arange(step * T, step * T + T) % len(ids)
        x, targets = ids[at][:, None], ids[(at + 1) % len(ids)]
        p, W_hy = layer(weights, 0), weights["head.W_hy"]
        h, state, tape = bptt.forward(NUMPY, cell, p, x, state)
        logits = h[:, 0] @ W_hy + weights["head.b_y"]
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        losses.append(-np.log(shares[np.arange(T), targets]).mean())
        d = shares
        d[np.arange(T), targets] -= 1
        d /= T
        state = tuple(s.copy() for s in state)
        nothing = tuple(np.zeros_like(s) for s in state)
        _, d_p, _ = bptt.backward(NUMPY, cell, p, x, tape, (d @ W_hy.T)[:, None], nothing)
        gradients = {f"layers.0.{k}": v for k, v in d_p.items()}
        gradients |= {"head.W_hy": h[:, 0].T @ d, "head.b_y": d.sum(0)}
        assert set(gradients) == set(weights)
        for k, g in gradients.items():
            squares[k] += g * g
            weights[k] = weights[k] - np.float32(0.03) * g / np.sqrt(squares[k])
    return float(np.mean(losses[-10:]))


@pytest.mark.parametrize("name", CELLS)
def test_numpy_alone_learns_hello(name: str) -> None:
    """What follows an l depends on what came before: characters alone leave 0.28 nats."""
    assert learnt(name, "hello", steps=150) < 0.1
