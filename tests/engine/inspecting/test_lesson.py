"""The lesson: the numbers of the picture, and every number against torch, differences and its equation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.cells import CELLS
from engine.inspecting.lesson import equations
from engine.inspecting.lesson.equations import Equation
from engine.inspecting.lesson.hello import HIDDEN, IDS, LETTERS, TARGETS, Lesson, begin
from engine.inspecting.lesson.numbers import gradients
from engine.inspecting.lesson.pages import page, parts, titles
from tests.engine.cells.test_cells import PLAIN

Y = [[1.0, 2.2, -3.0, 4.1], [0.5, 0.3, -1.0, 1.2], [0.1, 0.5, 1.9, -1.1], [0.2, -1.5, -0.1, 2.2]]
H = [[0.3, -0.1, 0.9], [1.0, 0.3, 0.1], [0.1, -0.5, -0.3], [-0.3, 0.9, 0.7]]


def moved(cell: str, only: int | None = None) -> Lesson:
    """The lesson after a step, in which no bias and no peephole is 0."""
    begun = begin(cell)
    rng = np.random.default_rng(4)
    weights = {k: W + rng.normal(0, 0.1, W.shape) for k, W in begun.weights.items()}
    return replace(begun, weights=weights, only=only)


def test_it_begins_with_the_numbers_of_the_picture() -> None:
    columns = begin("rnn").network.columns
    assert [np.round(column.logits, 1).tolist() for column in columns] == Y
    assert [np.round(column.after["h"], 1).tolist() for column in columns] == H
    assert [f"{column.loss:.3f}" for column in columns] == ["2.079", "2.900", "0.380", "0.231"]
    assert begin("rnn").mean == pytest.approx(1.397, abs=5e-4)


def test_a_step_on_all_four_is_not_a_step_on_the_first() -> None:
    begun = begin("rnn")
    first = [
        each.network.columns[0].logits[1]
        for each in (begun, begun.trained(), replace(begun, only=0).trained())
    ]
    assert first[0] == pytest.approx(2.20, abs=5e-3) and first[1] == pytest.approx(2.15, abs=5e-3)
    assert first[2] > first[0]
    after = begun.trained()
    assert (after.was, after.steps) == (begun.mean, 1)
    assert after.mean == pytest.approx(1.135, abs=5e-4)


def test_it_learns() -> None:
    for cell in CELLS:
        lesson = begin(cell)
        for _ in range(200):
            lesson = lesson.trained()
        assert lesson.mean < 0.3, cell


def in_torch(lesson: Lesson) -> tuple[list[dict[str, torch.Tensor]], list[list[torch.Tensor]]]:
    """Weights of each step's own, and the states after each, with the gradients that autograd finds."""
    steps = [
        {k: torch.tensor(W, requires_grad=True) for k, W in lesson.weights.items()} for _ in IDS
    ]
    state = [torch.zeros(HIDDEN, dtype=torch.float64) for _ in CELLS[lesson.cell].states]
    seen, loss = [], torch.zeros((), dtype=torch.float64)
    for t, weights in enumerate(steps):
        p = {k.rpartition(".")[2]: W for k, W in weights.items()}
        x = F.one_hot(torch.tensor(IDS[t]), len(LETTERS)).double()
        state = list(PLAIN[lesson.cell](p, x, *state))
        for s in state:
            s.retain_grad()
        seen.append(state)
        logits = state[0] @ p["W_hy"] + p["b_y"]
        loss = loss + lesson.counts[t] * F.cross_entropy(logits, torch.tensor(TARGETS[t]))
    loss.backward()
    assert loss.item() == pytest.approx(lesson.network.loss, rel=1e-12)
    return steps, seen


@pytest.mark.parametrize("only", [None, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_terms_and_deltas_are_those_of_autograd(cell: str, only: int | None) -> None:
    lesson = moved(cell, only)
    steps, seen = in_torch(lesson)
    for column, weights, states in zip(lesson.network.columns, steps, seen, strict=True):
        for name, W in weights.items():
            expected = np.zeros(W.shape) if W.grad is None else W.grad.numpy()
            np.testing.assert_allclose(column.terms[name], expected, 1e-9, 1e-12, err_msg=name)
        for name, state in zip(CELLS[cell].states, states, strict=True):
            np.testing.assert_allclose(column.after[name], state.detach().numpy(), 1e-12)
        d_h = np.zeros(HIDDEN) if states[0].grad is None else states[0].grad.numpy()
        np.testing.assert_allclose(column.d_here + column.d_right["h"], d_h, 1e-9, 1e-12)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if "c" in CELLS[cell].states])
def test_the_delta_of_a_memory_is_that_of_autograd(cell: str) -> None:
    lesson = moved(cell)
    _, seen = in_torch(lesson)
    for t, (_, c) in enumerate(seen):
        found = [equations.value(lesson.network, "dc", t, k) for k in range(HIDDEN)]
        assert c.grad is not None
        np.testing.assert_allclose(found, c.grad.numpy(), 1e-9, 1e-12)


@pytest.mark.parametrize("make", [begin, moved])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_are_those_of_central_differences(cell: str, make: type[Lesson]) -> None:
    lesson = make(cell)
    for name, exact in lesson.network.gradient.items():
        found = np.zeros_like(exact)
        for index in np.ndindex(exact.shape):
            *_, found[index] = lesson.difference(name, index)
        apart = np.linalg.norm(found - exact)
        assert apart <= 1e-7 * np.linalg.norm(exact) + 1e-11, name


def worked(equation: Equation) -> float:
    """What an equation comes to, as it is written."""
    terms = " + ".join(
        "*".join(f"{equation.each}({factor!r})" for factor in term) for term in equation.terms
    )
    before = "".join(p if isinstance(p, str) else f"({p!r})" for p in equation.before)
    text = f"{before}{terms}{equation.after}"
    for sign, meaning in (("e^", "E**"), ("σ(", "s("), ("−", "-"), ("·", "*")):
        text = text.replace(sign, meaning)
    known = {"E": math.e, "s": lambda x: 1 / (1 + math.exp(-x)), "tanh": math.tanh}
    return float(eval(text, {"max": max, "ln": math.log, **known}))


@pytest.mark.parametrize("only", [None, 1])
@pytest.mark.parametrize("cell", CELLS)
def test_every_number_is_what_its_equation_comes_to(cell: str, only: int | None) -> None:
    lesson = moved(cell, only)
    explained = set()
    for at in range(len(titles(lesson))):
        found = page(lesson, at)
        for number in found.numbers:
            if number.equation.terms:
                explained.add(number.row)
                assert worked(number.equation) == pytest.approx(
                    number.equation.value, rel=1e-6, abs=1e-12
                ), number.equation.name
    assert explained >= {*lesson.weights, *parts(lesson.network), "y", "p", "dy", "loss", "dh"}


def test_a_cell_without_lines_is_taught_by_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equations, "LINES", {})
    lesson = begin("lstm")
    assert parts(lesson.network) == ["i", "f", "g", "o", "c", "h"]
    for at in range(len(titles(lesson))):
        assert page(lesson, at).title


def test_what_a_step_adds_to_a_weight_is_a_product() -> None:
    """Of what the weight multiplies and its delta; of mlstm's W_mh also of x W_mx."""
    for cell in CELLS:
        lesson = moved(cell, None)
        for name, W in lesson.weights.items():
            if W.ndim == 2:
                (first, *_) = gradients(name)(lesson)
                found = {len(term) for term in first.equation.terms}
                reset = cell == "gru" and name.endswith("W_hh")
                assert found == {3 if name.endswith("W_mh") else 2} or reset, (cell, name)
