"""The functions that equations are written with: the same for NumPy and torch, at every size and type."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.cells import CELLS
from engine.cells.functions import Functions
from engine.network.numpy_functions import NUMPY
from engine.training.autograd import recurrence
from engine.training.products import Matrix, TorchFunctions

SIZES = [(1, 1), (3, 5), (256, 128), (512, 256), (130, 1100)]
"""The last two are packed for the products of a step, the last three for those of all steps."""
TYPES = ["float64", "float32", "bfloat16"]
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "bfloat16": 2e-2}
ELEMENTWISE = {
    "multiply": 2,
    "add": 2,
    "add_product": 2,
    "sigmoid": 1,
    "tanh": 1,
    "relu": 1,
    "d_sigmoid": 2,
    "d_tanh": 2,
    "d_relu": 2,
    "lerp": 0,
}
"""Name to how many arguments may be written over; all of them, but for `lerp`'s three."""


def random(*shape: int, type: str = "float64", seed: int = 0) -> Tensor:
    """Of unit size; in memory it is a part of something wider."""
    wide = np.random.default_rng(seed).standard_normal((*shape[:-1], shape[-1] + 3))
    return torch.from_numpy(wide).to(own(type))[..., : shape[-1]]


def own(type: str) -> torch.dtype:
    """The type of the arrays where products are made in `type`."""
    return torch.float64 if type == "float64" else torch.float32


def exact(x: Tensor) -> np.ndarray:
    return x.double().numpy()


def assert_near(ours: Tensor, theirs: Any, type: str, terms: int) -> None:
    """Within the rounding of a sum of so many terms of unit size."""
    assert ours.dtype == own(type)
    near = TOLERANCE[type] * terms**0.5
    np.testing.assert_allclose(exact(ours), theirs, TOLERANCE[type], near)


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize(("m", "n"), SIZES)
def test_a_matrix_multiplies_from_both_sides(m: int, n: int, type: str) -> None:
    W, b = random(m, n, type=type), random(n, type=type, seed=1)
    x, d = random(4, m, type=type, seed=2), random(4, n, type=type, seed=3)
    matrix = Matrix(W, type == "bfloat16")
    assert_near(x @ matrix, exact(x) @ exact(W), type, m)
    assert_near(d @ matrix.T, exact(d) @ exact(W).T, type, n)
    assert_near(d @ matrix.T, exact(d) @ exact(W).T, type, n)
    assert_near(matrix.affine(x, b), exact(x) @ exact(W) + exact(b), type, m)
    out = random(4, n, type=type, seed=4)
    expected = exact(out) + exact(x) @ exact(W)
    assert matrix.add_to(out, x) is out
    assert_near(out, expected, type, m)


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize(("m", "n"), SIZES)
def test_products_over_all_steps(m: int, n: int, type: str) -> None:
    xp, T, B = TorchFunctions(type == "bfloat16"), 3, 2
    W, b = random(m, n, type=type), random(n, type=type, seed=1)
    x, d = random(T, B, m, type=type, seed=2), random(T, B, n, type=type, seed=3)
    ids = torch.from_numpy(np.random.default_rng(4).integers(0, m, (T, B)))
    once, flat = xp.operand(d), exact(d).reshape(-1, n)
    assert_near(xp.affine(x, W, b), exact(x) @ exact(W) + exact(b), type, m)
    assert_near(xp.affine(ids, W, b), exact(W)[ids] + exact(b), type, 1)
    for delta in (d, once):
        assert_near(xp.back(delta, W), exact(d) @ exact(W).T, type, n)
        assert_near(xp.outer(x, delta), exact(x).reshape(-1, m).T @ flat, type, T * B)
    rows = np.eye(m)[ids.flatten()].T @ flat
    assert_near(xp.rows(ids, d, m), rows, type, T * B)


@pytest.mark.parametrize(
    ("name", "where"),
    [(name, where) for name, n in ELEMENTWISE.items() for where in (None, *range(n))],
)
def test_functions_are_the_same_for_numpy_and_torch(name: str, where: int | None) -> None:
    """Writing to an array of its own, or over an argument."""
    n = 3 if name == "lerp" else ELEMENTWISE[name]
    rng = np.random.default_rng(n)
    arrays = [rng.uniform(-3, 3, (4, 5)) for _ in range(n)]
    ours = [a.copy() for a in arrays]
    theirs = [torch.from_numpy(a.copy()) for a in arrays]
    first = rng.uniform(-3, 3, (4, 5))
    out = first.copy() if where is None else ours[where]
    out_2 = torch.from_numpy(first.copy()) if where is None else theirs[where]
    result = getattr(NUMPY, name)(*ours, out=out)
    result_2 = getattr(TorchFunctions(), name)(*theirs, out=out_2)
    assert result is out and result_2 is out_2
    np.testing.assert_allclose(out, out_2.numpy(), atol=1e-12)
    x, y, *_ = [*arrays, None]
    old = first if where is None else arrays[where]
    expected = {
        "multiply": lambda: x * y,
        "add": lambda: x + y,
        "add_product": lambda: old + x * y,
        "sigmoid": lambda: 1 / (1 + np.exp(-x)),
        "tanh": lambda: np.tanh(x),
        "relu": lambda: np.where(x > 0, x, 0),
        "lerp": lambda: x + arrays[2] * (y - x),
        "d_sigmoid": lambda: x * y * (1 - y),
        "d_tanh": lambda: x * (1 - y * y),
        "d_relu": lambda: np.where(y > 0, x, 0),
    }
    np.testing.assert_allclose(out, expected[name](), atol=1e-12)


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_gates_are_sigmoid_but_for_one_block(H: int, blocks: int, data: st.DataObject) -> None:
    block = data.draw(st.integers(0, blocks - 1))
    x = np.random.default_rng(H).uniform(-4, 4, (2, blocks * H))
    own = slice(block * H, (block + 1) * H)
    expected = 1 / (1 + np.exp(-x))
    expected[:, own] = np.tanh(x[:, own])
    ours, theirs = x.copy(), torch.from_numpy(x.copy())
    NUMPY.gates(ours, ours[:, own], block)
    TorchFunctions().gates(theirs, theirs[:, own], block)
    np.testing.assert_allclose(ours, expected, atol=1e-12)
    np.testing.assert_allclose(theirs.numpy(), expected, atol=1e-12)


def test_products_of_numpy() -> None:
    W, b = exact(random(3, 5)), exact(random(5, seed=1))
    x, d = exact(random(4, 2, 3, seed=2)), exact(random(4, 2, 5, seed=3))
    ids = np.array([[0, 2], [2, 2], [1, 0], [0, 0]])
    one_hot = np.eye(3)[ids]
    np.testing.assert_allclose(NUMPY.affine(x, W, b), x @ W + b)
    np.testing.assert_allclose(NUMPY.affine(ids, W, b), one_hot @ W + b)
    np.testing.assert_allclose(NUMPY.back(d, W), d @ W.T)
    np.testing.assert_allclose(NUMPY.outer(x, d), np.einsum("tbi,tbj->ij", x, d))
    np.testing.assert_allclose(NUMPY.rows(ids, d, 3), np.einsum("tbi,tbj->ij", one_hot, d))
    out = d[0].copy()
    np.testing.assert_allclose(NUMPY.add_matmul(x[0], NUMPY.matrix(W), out=out), d[0] + x[0] @ W)
    assert NUMPY.concatenate([d, x]).shape == (4, 2, 8) and NUMPY.empty((2,), x).dtype == x.dtype


def test_torch_has_every_function_that_numpy_has() -> None:
    names = {name for name, _ in inspect.getmembers(Functions, inspect.isfunction)}
    names = {name for name in names if not name.startswith("_")}
    assert len(names) > 15
    assert all(hasattr(TorchFunctions(), name) and hasattr(NUMPY, name) for name in names)


def relative(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, in units of the largest value."""
    return ((ours.double() - theirs).abs().max() / theirs.abs().max()).item()


@pytest.mark.parametrize("ids", [False, True], ids=["vectors", "ids"])
@pytest.mark.parametrize("name", CELLS)
def test_large_layers_in_float32_and_bfloat16_are_near_float64(name: str, ids: bool) -> None:
    cell, rng, T, B, I, H = CELLS[name], np.random.default_rng(0), 5, 3, 300, 384

    def passed(type: torch.dtype, bfloat16: bool = False) -> list[Tensor]:
        p = {k: torch.from_numpy(v).to(type).requires_grad_() for k, v in weights.items()}
        x = torch.from_numpy(given_x) if ids else torch.from_numpy(given_x).to(type)
        state = tuple(torch.zeros(B, H, dtype=type, requires_grad=True) for _ in cell.states)
        outputs, after = recurrence(cell, p, x.requires_grad_(not ids), state, bfloat16)
        loss = outputs.square().sum() + sum(s.sum() for s in after)
        wanted = (*p.values(), *state) if ids else (*p.values(), *state, x)
        found = torch.autograd.grad(loss, wanted)
        assert all(v.dtype == type for v in (outputs, *after, *found))
        return [v.detach() for v in (outputs, *after, *found)]

    weights = {
        k: rng.standard_normal(s) / (len(rng.standard_normal(s)) ** 0.5 if len(s) > 1 else 1)
        for k, s in cell.shapes(I, H).items()
    }
    given_x: Any = rng.integers(0, I, (T, B)) if ids else rng.standard_normal((T, B, I))
    exact = passed(torch.float64)
    for ours, theirs in zip(passed(torch.float32), exact, strict=True):
        assert relative(ours, theirs) < 1e-4
    for ours, theirs in zip(passed(torch.float32, bfloat16=True), exact, strict=True):
        assert relative(ours, theirs) < 0.1
