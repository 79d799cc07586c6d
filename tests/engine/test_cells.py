"""The cells' equations and hand-written derivatives, for NumPy and torch arrays alike."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine import bptt
from engine.autograd import recurrence
from engine.cells import CELLS, Cell

CELL = st.sampled_from(list(CELLS.values()))
SIZE = st.integers(1, 4)
SEED = st.integers(0, 2**16)


def parameters(cell: Cell, I: int, H: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {name: rng.standard_normal(shape) for name, shape in cell.shapes(I, H).items()}


def leaves(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(a).requires_grad_() for name, a in arrays.items()}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(("T", "B", "I", "H"), [(1, 1, 1, 1), (4, 3, 2, 5), (5, 1, 3, 2)])
def test_derivatives_pass_gradcheck(name: str, T: int, B: int, I: int, H: int) -> None:
    cell, rng = CELLS[name], np.random.default_rng(T)
    p = leaves(parameters(cell, I, H, rng))
    x = torch.from_numpy(rng.standard_normal((T, B, I))).requires_grad_()
    state = [torch.from_numpy(rng.standard_normal((B, H))).requires_grad_() for _ in cell.states]

    def layer(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        before, own = rest[: len(state)], dict(zip(p, rest[len(state) :], strict=True))
        outputs, after = recurrence(cell, own, x @ own["W_xh"] + own["b_h"], before)
        return outputs, *after

    assert torch.autograd.gradcheck(layer, (x, *state, *p.values()))


@given(CELL, SIZE, SIZE, SIZE, SEED)
def test_numpy_loops_equal_torch_and_automatic_differentiation(
    cell: Cell, T: int, B: int, H: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    own = parameters(cell, H, H, rng)
    a_x = rng.standard_normal((T, B, len(cell.gates) * H))
    before = tuple(rng.standard_normal((B, H)) for _ in cell.states)
    d_outputs = rng.standard_normal((T, B, H))
    d_after = tuple(rng.standard_normal((B, H)) for _ in cell.states)

    outputs, after, tape = bptt.forward(np, cell, own, a_x, before)
    d_a_x, d_own, d_before = bptt.backward(np, cell, own, tape, d_outputs, d_after)

    # the same equations, a step at a time, differentiated by torch itself; helo's sigmoid works in
    # place, which torch would not follow
    p, x = leaves(own), torch.from_numpy(a_x).requires_grad_()
    start = tuple(torch.from_numpy(s).requires_grad_() for s in before)
    state, rows = start, []
    with (
        patch("engine.cells.lstm.sigmoid", lambda xp, x: torch.sigmoid(x)),
        patch("engine.cells.gru.sigmoid", lambda xp, x: torch.sigmoid(x)),
    ):
        for t in range(T):
            state, _ = cell.step(torch, p, x[t], state)
            rows.append(state[0])
    loss = (torch.stack(rows) * torch.from_numpy(d_outputs)).sum()
    for s, d in zip(state, d_after, strict=True):
        loss = loss + (s * torch.from_numpy(d)).sum()
    loss.backward()

    np.testing.assert_allclose(outputs, torch.stack(rows).detach(), atol=1e-12)
    for ours, theirs in zip(after, state, strict=True):
        np.testing.assert_allclose(ours, theirs.detach(), atol=1e-12)
    np.testing.assert_allclose(d_a_x, x.grad, atol=1e-10)
    for ours, theirs in zip(d_before, start, strict=True):
        np.testing.assert_allclose(ours, theirs.grad, atol=1e-10)
    assert set(d_own) == set(own) - {"W_xh", "b_h"}
    for name, gradient in d_own.items():
        np.testing.assert_allclose(gradient, p[name].grad, atol=1e-10, err_msg=name)


@given(CELL, st.integers(2, 6), SIZE, SIZE, SEED, st.data())
def test_two_pieces_with_the_state_carried_equal_the_whole(
    cell: Cell, T: int, B: int, H: int, seed: int, data: st.DataObject
) -> None:
    cut, rng = data.draw(st.integers(1, T - 1)), np.random.default_rng(seed)
    own = parameters(cell, H, H, rng)
    a_x = rng.standard_normal((T, B, len(cell.gates) * H))
    before = tuple(rng.standard_normal((B, H)) for _ in cell.states)
    whole, last, tape = bptt.forward(np, cell, own, a_x, before)
    one, between, tape_1 = bptt.forward(np, cell, own, a_x[:cut], before)
    two, end, tape_2 = bptt.forward(np, cell, own, a_x[cut:], between)
    np.testing.assert_allclose(np.concatenate([one, two]), whole, atol=1e-12)
    np.testing.assert_allclose(end, last, atol=1e-12)

    d_outputs = rng.standard_normal((T, B, H))
    d_end = tuple(rng.standard_normal((B, H)) for _ in cell.states)
    d_a_x, d_own, d_before = bptt.backward(np, cell, own, tape, d_outputs, d_end)
    d_x2, d_own2, d_between = bptt.backward(np, cell, own, tape_2, d_outputs[cut:], d_end)
    d_x1, d_own1, d_start = bptt.backward(np, cell, own, tape_1, d_outputs[:cut], d_between)
    np.testing.assert_allclose(np.concatenate([d_x1, d_x2]), d_a_x, atol=1e-10)
    np.testing.assert_allclose(d_start, d_before, atol=1e-10)
    for name in d_own:
        np.testing.assert_allclose(d_own1[name] + d_own2[name], d_own[name], atol=1e-10)


@pytest.mark.parametrize("name", CELLS)
def test_huge_inputs_saturate_without_overflow(name: str) -> None:
    cell = CELLS[name]
    own = {k: np.full(s, 1e30, np.float32) for k, s in cell.shapes(2, 2).items()}
    a_x = np.full((3, 1, len(cell.gates) * 2), -1e30, np.float32)
    state = tuple(np.ones((1, 2), np.float32) for _ in cell.states)
    outputs, _, _ = bptt.forward(np, cell, own, a_x, state)
    assert np.isfinite(outputs).all()
