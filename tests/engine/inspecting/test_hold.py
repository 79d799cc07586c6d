"""A unit that is held at a value: against networks computed anew, and against the laws of writing."""

from __future__ import annotations

import numpy as np
import pytest

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import NotFoundError, UsageError
from engine.inspecting.hold import Held, held
from engine.inspecting.trace import trace
from engine.network.stepper import Stepper
from engine.writing.generate import Generation
from tests.engine.networks import random_model

IDS = np.random.default_rng(0).integers(0, 7, 30)
STATES = [(cell, own) for cell in CELLS for own in CELLS[cell].states]


def stepper(cell: str, **more: bool) -> Stepper:
    return Stepper(random_model(ModelConfig(cell, 6, 2, **more)))


@pytest.mark.parametrize(("cell", "own"), STATES)
@pytest.mark.parametrize("value", [-1.0, 0.0, 0.4])
def test_for_one_step_it_is_what_the_head_says_of_the_changed_state(
    cell: str, own: str, value: float
) -> None:
    network = stepper(cell)
    found = trace(network, IDS, network.start_state())
    h = found.arrays["layers.1.h"][-1].astype(np.float64)
    if own == "h":
        h[4] = value
    else:
        c = found.arrays["layers.1.c"][-1, 4].astype(np.float64)
        h[4] = h[4] / np.tanh(c) * np.tanh(value)
    weights = network.model.weights
    expected = h @ weights["head.W_hy"] + weights["head.b_y"]
    assert held(network, found, f"layers.1.{own}[4]", value) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("cell", "own"), STATES)
def test_all_along_each_step_begins_with_the_changed_state(cell: str, own: str) -> None:
    network = Stepper(random_model(ModelConfig(cell, 6, 1)))
    weights = network.model.weights
    found, _ = Held.of(network, f"layers.0.{own}[2]", 0.4).sequence(IDS, network.start_state())
    state = network.start_state()
    for t, id in enumerate(IDS.tolist()):
        (after,) = network.step(id, state)[1]
        h, *c = (s.copy() for s in after)
        if own == "c":
            h[2], c[0][2] = h[2] / np.tanh(c[0][2]) * np.tanh(0.4), 0.4
        else:
            h[2] = 0.4
        state = ((h, *c),)
        expected = h @ weights["head.W_hy"] + weights["head.b_y"]
        assert found[t] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("cell", ["rnn", "rnn-relu", "lstm", "peephole", "coupled"])
def test_a_lower_unit_held_at_0_is_one_that_nothing_reads(cell: str) -> None:
    network = stepper(cell)
    found = trace(Held.of(network, "layers.0.h[2]", 0.0), IDS, network.start_state())
    assert not found.arrays["layers.0.h"][:, 2].any()
    model = random_model(ModelConfig(cell, 6, 2))
    for name in ("layers.0.W_hh", "layers.1.W_xh"):
        model.weights[name][2] = 0
    without = Stepper(model)
    expected, _ = without.sequence(IDS, without.start_state())
    assert found.logits == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_it_changes_norm_and_residual_layers_too(cell: str) -> None:
    network = stepper(cell, layer_norm=True, residual=True)
    found, _ = Held.of(network, "layers.0.h[2]", 1.0).sequence(IDS, network.start_state())
    assert np.abs(found - network.sequence(IDS, network.start_state())[0]).max() > 1e-3


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_is_a_sequence_of_one_and_a_sequence_is_its_steps(cell: str) -> None:
    network = Held.of(stepper(cell), "layers.0.h[1]", 0.7)
    logits, whole = network.sequence(IDS, network.start_state())
    state = network.start_state()
    for t, id in enumerate(IDS.tolist()):
        one, state = network.step(id, state)
        assert one == pytest.approx(logits[t], abs=1e-5)
    for layer, other in zip(state, whole, strict=True):
        for s, o in zip(layer, other, strict=True):
            assert s == pytest.approx(o, abs=1e-5)


def test_going_back_writes_the_same_text_and_the_network_itself_is_not_changed() -> None:
    network = stepper("lstm")
    before = network.sequence(IDS, network.start_state())[0]
    writing = Generation(Held.of(network, "layers.1.c[3]", 1.0), IDS[:5], seed=3)
    while len(writing) < 120:
        writing.advance()
    text = writing.text
    writing.rewind(60)
    while len(writing) < 120:
        writing.advance()
    assert writing.text == text
    assert np.array_equal(network.sequence(IDS, network.start_state())[0], before)


@pytest.mark.parametrize(
    ("name", "value", "error", "told"),
    [
        ("layers.1.f[1]", 1.0, UsageError, "is a gate: only h or c can be held"),
        ("layers.2.h[1]", 1.0, NotFoundError, "is not in this model"),
        ("layers.1.h[6]", 1.0, NotFoundError, "units go from 0 to 5"),
        ("c[1", 1.0, UsageError, "names no unit"),
        ("layers.1.h[1]", float("nan"), UsageError, "between −100 and 100"),
        ("layers.1.h[1]", 1e9, UsageError, "between −100 and 100"),
    ],
)
def test_what_cannot_be_held(name: str, value: float, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        Held.of(stepper("lstm"), name, value)
