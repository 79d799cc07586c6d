"""The step that is written out is the step of the equations, in every cell."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network.modelfile import Model
from engine.network.numpy_functions import NUMPY, Recorder
from engine.network.parameters import layer
from engine.network.stepper import States, Stepper, layer_norm
from tests.engine.networks import CONFIGURATIONS, random_model


def by_the_equations(model: Model, id: int, state: States) -> tuple[np.ndarray, States]:
    """A step by `Cell.step`, on arrays made for it."""
    config, cell = model.config, CELLS[model.config.cell]
    x, passed, after = np.eye(len(model.alphabet), dtype=np.float32)[id], None, []
    for l, before in enumerate(state):
        p = layer(model.weights, l)
        W, b = cell.input_side(NUMPY, p)
        a = x @ W + b
        new, kept = (
            tuple(np.empty(config.hidden, np.float32) for _ in names)
            for names in (cell.states, cell.keeps)
        )
        cell.step(NUMPY, p, (cell.views(a), before, new, kept))
        after.append(new)
        h = new[0] if passed is None or not config.residual else passed + new[0]
        x, passed = (layer_norm(h, p["g_n"], p["b_n"]) if config.layer_norm else h), h
    return x @ model.weights["head.W_hy"] + model.weights["head.b_y"], tuple(after)


@given(CONFIGURATIONS, st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 99))
@settings(max_examples=80)
def test_it_is_the_step_of_the_equations(config: ModelConfig, ids: list[int], seed: int) -> None:
    model = random_model(config, seed=seed)
    stepper = Stepper(model)
    state = other = stepper.zero_state()
    for id in ids:
        logits, state = stepper.step(id, state)
        expected, other = by_the_equations(model, id, other)
        np.testing.assert_allclose(logits, expected, 1e-6, 1e-6)
        for arrays in zip(state, other, strict=True):
            for ours, its in zip(*arrays, strict=True):
                np.testing.assert_allclose(ours, its, 1e-6, 1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_threads_share_a_stepper(cell: str) -> None:
    """Each of four writes a text of its own, at the same time; none sees another's numbers."""
    stepper = Stepper(random_model(ModelConfig(cell, 64, 2)))

    def write(first: int) -> list[list[float]]:
        found = []
        for n in range(200):
            if n % 10 == 0:
                state = stepper.zero_state()
            logits, state = stepper.step((first + n) % 7, state)
            found.append(logits.tolist())
        return found

    alone = [write(first) for first in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write, range(4))) == alone


@given(CONFIGURATIONS)
@settings(max_examples=20)
def test_what_is_written_out_depends_on_nothing_but_sizes(config: ModelConfig) -> None:
    """Of two models of the same sizes nothing else, neither alphabet nor weights nor name, becomes code."""

    def code(name: str, text: str, seed: int) -> object:
        stepper = Stepper(replace(random_model(config, text, seed=seed), name=name))
        stepper.rehearse()
        written = stepper._idle[0].__code__
        assert all(each in (None, ("out",)) or type(each) is int for each in written.co_consts)
        return written.co_code, written.co_consts, written.co_names, written.co_varnames

    assert code("one", "abcdefg", 1) == code("'); exit()", "()'\\;\n\"", 2)


def test_a_recorder_writes_down_what_can_be_done_again() -> None:
    x, recorder = np.array([0.5, -2.0], np.float32), Recorder()
    y = recorder.multiply(x, 3)
    recorder.add(x, y, out=y)
    recorder.functions.relu(y, out=y)
    assert y.tolist() == [2, 0] and len(recorder.calls) == 3
    assert all(one[2] is other[2] for one, other in pairwise(recorder.calls))
    x[:] = 1
    for function, arguments, out in recorder.calls:
        function(*arguments, out=out)
    assert y.tolist() == [4, 4]
