"""The cells' equations and hand-written derivatives, against the same equations written plainly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch import sigmoid as σ
from torch.nn import functional as F

from engine.cells import CELLS, Cell, named
from engine.network import bptt
from engine.network.numpy_functions import NUMPY
from engine.training.autograd import recurrence

CELL = st.sampled_from(list(CELLS))
SIZE = st.integers(1, 4)
SEED = st.integers(0, 2**16)

Plain = Callable[..., tuple[Tensor, ...]]


def rnn(p: dict[str, Tensor], x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
    return (torch.tanh(x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]),)


def rnn_relu(p: dict[str, Tensor], x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
    return (torch.relu(x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]),)


def lstm(p: dict[str, Tensor], x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    i, f, g, o = (x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]).chunk(4, -1)
    c = σ(f) * c + σ(i) * torch.tanh(g)
    return σ(o) * torch.tanh(c), c


def peephole(p: dict[str, Tensor], x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    i, f, g, o = (x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]).chunk(4, -1)
    c = σ(f + p["p_f"] * c) * c + σ(i + p["p_i"] * c) * torch.tanh(g)
    return σ(o + p["p_o"] * c) * torch.tanh(c), c


def coupled(p: dict[str, Tensor], x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    f, g, o = (x @ p["W_xh"] + h @ p["W_hh"] + p["b_h"]).chunk(3, -1)
    c = σ(f) * c + (1 - σ(f)) * torch.tanh(g)
    return σ(o) * torch.tanh(c), c


def gru(p: dict[str, Tensor], x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
    x_r, x_z, x_n = (x @ p["W_xh"] + p["b_h"]).chunk(3, -1)
    h_r, h_z, h_n = (h @ p["W_hh"]).chunk(3, -1)
    z = σ(x_z + h_z)
    n = torch.tanh(x_n + σ(x_r + h_r) * (h_n + p["b_hn"]))
    return ((1 - z) * n + z * h,)


def mlstm(p: dict[str, Tensor], x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    return lstm(p, x, (x @ p["W_mx"]) * (h @ p["W_mh"]), c)


def mingru(p: dict[str, Tensor], x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
    z, n = (x @ p["W_xh"] + p["b_h"]).chunk(2, -1)
    return ((1 - σ(z)) * h + σ(z) * n,)


PLAIN: dict[str, Plain] = {
    "rnn": rnn,
    "rnn-relu": rnn_relu,
    "lstm": lstm,
    "peephole": peephole,
    "coupled": coupled,
    "gru": gru,
    "mlstm": mlstm,
    "mingru": mingru,
}


def plainly(
    name: str, p: dict[str, Tensor], x: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, tuple[Tensor, ...]]:
    rows = []
    if x.ndim == 2:
        x = F.one_hot(x, len(p["W_xh"])).to(p["W_xh"].dtype)
    for x_t in x:
        state = PLAIN[name](p, x_t, *state)
        rows.append(state[0])
    return torch.stack(rows), state


class Problem:
    """Random parameters, input and state of a layer, and gradients of what comes out of it."""

    def __init__(self, cell: Cell, T: int, B: int, I: int, H: int, ids: bool, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.p = {name: rng.standard_normal(s) for name, s in cell.shapes(I, H).items()}
        self.x: Any = rng.integers(0, I, (T, B)) if ids else rng.standard_normal((T, B, I))
        self.state = tuple(rng.standard_normal((B, H)) for _ in cell.states)
        self.d_outputs = rng.standard_normal((T, B, H))
        self.d_after = tuple(rng.standard_normal((B, H)) for _ in cell.states)

    def in_torch(self, layer: Callable[..., Any]) -> dict[str, Any]:
        """What a layer gives, and what torch's autograd sends back through it."""
        p = {name: torch.from_numpy(v.copy()).requires_grad_() for name, v in self.p.items()}
        x = torch.from_numpy(self.x.copy()).requires_grad_(self.x.ndim == 3)
        state = tuple(torch.from_numpy(s.copy()).requires_grad_() for s in self.state)
        outputs, after = layer(p, x, state)
        torch.autograd.backward(
            (outputs, *after), tuple(map(torch.from_numpy, (self.d_outputs, *self.d_after)))
        )
        found = {"outputs": outputs, "x": x.grad} | {name: v.grad for name, v in p.items()}
        found |= {f"after {k}": s for k, s in enumerate(after)}
        found |= {f"before {k}": s.grad for k, s in enumerate(state)}
        return {k: v if v is None else v.detach().numpy() for k, v in found.items()}

    def in_numpy(self, cell: Cell) -> dict[str, Any]:
        outputs, after, tape = bptt.forward(NUMPY, cell, self.p, self.x, self.state)
        found = {"outputs": outputs} | {f"after {k}": s for k, s in enumerate(after)}
        d_x, d_p, d_before = bptt.backward(
            NUMPY, cell, self.p, self.x, tape, self.d_outputs, self.d_after
        )
        return found | d_p | {"x": d_x} | {f"before {k}": s for k, s in enumerate(d_before)}


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert set(ours) == set(theirs)
    for name, value in theirs.items():
        if value is None:
            assert ours[name] is None
        else:
            np.testing.assert_allclose(ours[name], value, 1e-10, 1e-10, err_msg=name)


def test_every_cell_is_known_by_the_settings_and_tested_here() -> None:
    assert tuple(CELLS) == tuple(PLAIN)


def classes(of: type[Cell]) -> list[type[Cell]]:
    """The classes of cells below one."""
    return [
        below for c in of.__subclasses__() for below in (c, *classes(c)) if "name" in vars(below)
    ]


def test_no_two_cells_are_called_the_same() -> None:
    called = [name for cell in classes(Cell) for name in (cell.name, *cell.aliases)]
    assert len(set(called)) == len(called) and set(called) >= set(CELLS)


def test_a_cell_has_other_names() -> None:
    assert [named(name) for name in ("vanilla", "cifg", "lstm")] == ["rnn", "coupled", "lstm"]
    assert named("nonsense") == "nonsense"
    for name, cell in CELLS.items():
        assert all(named(called) == name for called in (name, *cell.aliases))


@given(CELL, SIZE, SIZE, SIZE, SIZE, st.booleans(), SEED)
def test_the_loops_equal_the_plain_equations_in_numpy_and_torch(
    name: str, T: int, B: int, I: int, H: int, ids: bool, seed: int
) -> None:
    cell, problem = CELLS[name], Problem(CELLS[name], T, B, I, H, ids, seed)
    expected = problem.in_torch(lambda p, x, state: plainly(name, p, x, state))
    assert_same(problem.in_numpy(cell), expected)
    assert_same(
        problem.in_torch(lambda p, x, state: recurrence(cell, p, x, state)),
        expected,
    )


@pytest.mark.parametrize("ids", [False, True], ids=["vectors", "ids"])
@pytest.mark.parametrize(("T", "B", "I", "H"), [(1, 1, 1, 1), (4, 3, 2, 5), (5, 1, 3, 2)])
@pytest.mark.parametrize("name", CELLS)
def test_derivatives_pass_gradcheck(name: str, T: int, B: int, I: int, H: int, ids: bool) -> None:
    cell, problem = CELLS[name], Problem(CELLS[name], T, B, I, H, ids, seed=T)
    if name == "rnn-relu":  # every unit stays on its side of the kink
        problem.p = {k: v / 10 for k, v in problem.p.items()}
        problem.p["b_h"] = np.where(np.arange(H) % 2, -4.0, 4.0)
    x = torch.from_numpy(problem.x).requires_grad_(not ids)
    rest = [torch.from_numpy(v).requires_grad_() for v in (*problem.state, *problem.p.values())]
    n = len(cell.states)

    def layer(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        p = dict(zip(problem.p, rest[n:], strict=True))
        outputs, after = recurrence(cell, p, x, rest[:n])
        return outputs, *after

    assert torch.autograd.gradcheck(layer, (x, *rest))


@pytest.mark.parametrize("name", CELLS)
def test_a_graph_can_be_followed_back_twice(name: str) -> None:
    problem = Problem(CELLS[name], 4, 2, 3, 5, False, seed=1)
    p = {k: torch.from_numpy(v).requires_grad_() for k, v in problem.p.items()}
    x = torch.from_numpy(problem.x).requires_grad_()
    state = tuple(torch.from_numpy(s).requires_grad_() for s in problem.state)
    outputs, after = recurrence(CELLS[name], p, x, state)
    loss = outputs.square().sum() + sum(s.square().sum() for s in after)
    first = torch.autograd.grad(loss, (x, *state, *p.values()), retain_graph=True)
    second = torch.autograd.grad(loss, (x, *state, *p.values()), retain_graph=True)
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    assert all(one.abs().max() > 0 for one in first)


def test_a_second_derivative_is_refused() -> None:
    problem = Problem(CELLS["lstm"], 2, 1, 2, 2, False, seed=1)
    p = {k: torch.from_numpy(v).requires_grad_() for k, v in problem.p.items()}
    state = tuple(map(torch.from_numpy, problem.state))
    outputs, _ = recurrence(CELLS["lstm"], p, torch.from_numpy(problem.x), state)
    (d,) = torch.autograd.grad(outputs.square().sum(), p["W_hh"], create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        d.sum().backward()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", CELLS)
def test_huge_inputs_saturate_without_overflow(name: str, sign: int) -> None:
    cell = CELLS[name]
    huge = 1e9 if name in ("rnn-relu", "mlstm") else 1e30  # these multiply what is huge
    p = {k: np.full(s, sign * huge, np.float32) for k, s in cell.shapes(2, 2).items()}
    state = tuple(np.ones((1, 2), np.float32) for _ in cell.states)
    x = np.zeros((3, 1), np.int64)
    outputs, after, tape = bptt.forward(NUMPY, cell, p, x, state)
    assert all(np.isfinite(s).all() for s in (outputs, *after))
    if name not in ("rnn-relu", "mingru"):
        assert np.abs(outputs).max() <= 1
    small = np.full_like(outputs, 1e-9)
    _, d_p, d_before = bptt.backward(NUMPY, cell, p, x, tape, small, tuple(s * 0 for s in state))
    assert all(np.isfinite(d).all() for d in (*d_p.values(), *d_before))
