"""A unit that is given another value: against the head and the cell, computed anew."""

from __future__ import annotations

import numpy as np
import pytest

from engine.config import ModelConfig
from engine.inspecting.hold import held
from engine.inspecting.trace import trace
from engine.network.stepper import Stepper
from tests.engine.networks import random_model

IDS = np.random.default_rng(0).integers(0, 7, 30)


@pytest.mark.parametrize(
    ("cell", "own"),
    [
        *((cell, "h") for cell in ("rnn", "lstm", "gru", "mingru")),
        *((cell, "c") for cell in ("lstm", "peephole", "coupled", "mlstm")),
    ],
)
@pytest.mark.parametrize("value", [-1.0, 0.0, 0.4, 1.0])
def test_it_is_what_the_head_says_of_the_changed_state(cell: str, own: str, value: float) -> None:
    stepper = Stepper(random_model(ModelConfig(cell, 6, 2)))
    found = trace(stepper, IDS, stepper.start_state())
    h = found.arrays["layers.1.h"][-1].astype(np.float64)
    if own == "h":
        h[4] = value
    else:
        c = found.arrays["layers.1.c"][-1, 4].astype(np.float64)
        h[4] = h[4] / np.tanh(c) * np.tanh(value)
    weights = stepper.model.weights
    expected = h @ weights["head.W_hy"] + weights["head.b_y"]
    assert held(stepper, found, f"layers.1.{own}[4]", value) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "more"),
    [("layers.0.h[1]", {}), ("layers.1.f[1]", {}), ("layers.1.h[1]", {"layer_norm": True})],
)
def test_a_unit_that_others_pass_on_is_none(name: str, more: dict[str, bool]) -> None:
    stepper = Stepper(random_model(ModelConfig("lstm", 6, 2, **more)))
    assert held(stepper, trace(stepper, IDS, stepper.start_state()), name, 1.0) is None
