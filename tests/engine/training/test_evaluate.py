"""The evaluation of a training against the score, and what it tells of a state that has run away."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network.modelfile import Model
from engine.network.parameters import initial
from engine.network.stepper import Stepper, log_softmax
from engine.runs.events import Evaluated
from engine.training.device import Device
from engine.training.evaluate import Evaluation, evaluate
from engine.training.model import CharRNN
from engine.training.trainer import Trainer
from engine.writing import score
from tests.conftest import random_model
from tests.engine.lives import a_run, live, only
from tui.figures.words import describe

IDS = np.random.default_rng(0).integers(0, 20, 1200).astype(np.uint8)
CPU = Device("cpu", "float32", 1)


def in_torch(model: Model) -> CharRNN:
    network = CharRNN(model.config, len(model.alphabet), dropout=0.5)
    network.load(model.weights)
    return network


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("n", [2, 129, 130, 700])
def test_in_one_column_it_is_the_stateful_pass(cell: str, n: int) -> None:
    model = random_model(cell)
    network, before = in_torch(model).train(), torch.get_rng_state()
    found = evaluate(network, IDS[:n], CPU, batch=1)
    expected = score.stateful(Stepper(model), IDS[:n])
    assert found.predictions == expected.chars
    assert found.nats == pytest.approx(expected.nats_per_char, rel=1e-5)
    assert network.training and torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("wanted", [None, 4, 400, 401, 10**9])
def test_in_columns_it_is_the_mean_of_cold_ones_spread_over_the_text(wanted: int | None) -> None:
    model = random_model()
    found = evaluate(in_torch(model), IDS, CPU, batch=4, wanted=wanted)
    apart = 1199 // 4
    length = min(apart, -(-(wanted or 10**9) // 4))
    parts = [
        score.stateful(Stepper(model), IDS[b * apart : b * apart + length + 1]).nats_per_char
        for b in range(4)
    ]
    assert found.predictions == 4 * length
    assert found.nats == pytest.approx(np.mean(parts), rel=1e-5)


def test_drift_is_what_a_cold_start_would_have_been_better_by() -> None:
    model = random_model("gru")
    found = evaluate(in_torch(model), IDS[:300], CPU, batch=1)
    stepper, state, carried = Stepper(model), Stepper(model).zero_state(), []
    for id, target in pairwise(IDS[:257]):
        logits, state = stepper.step(int(id), state)
        carried.append(-float(log_softmax(logits)[target]))
    state, cold = stepper.zero_state(), []
    for id, target in pairwise(IDS[128:257]):
        logits, state = stepper.step(int(id), state)
        cold.append(-float(log_softmax(logits)[target]))
    assert found.drift == pytest.approx(np.mean(carried[-64:]) - np.mean(cold[-64:]), abs=1e-5)
    assert evaluate(in_torch(model), IDS[:256], CPU, batch=1).drift is None, "too short to tell"


def test_a_state_that_grows_without_end_shows() -> None:
    config = ModelConfig("rnn-relu", 8, 1)
    weights = initial(config, 20, 0)
    weights["layers.0.W_hh"] = np.eye(8, dtype=np.float32) * 1.03
    network = CharRNN(config, 20)
    network.load(weights)
    drift = evaluate(network, IDS, CPU, batch=2).drift
    assert drift is not None and drift > 1


@pytest.mark.parametrize("drift, told", [(0.4, True), (0.05, False), (-0.03, False), (None, False)])
def test_the_user_is_told(drift: float | None, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.training.learner.evaluate", lambda *_: Evaluation(1.5, 100, drift))
    run = a_run(steps=4)
    looks = [e for e in only(Evaluated, live(run)) if not e.final]
    assert looks and all(("its state has run away" in describe(e)) == told for e in looks)
    assert isinstance(Trainer(run), Trainer), "the log with the note can be read again"
