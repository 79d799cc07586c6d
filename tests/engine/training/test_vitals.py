"""Vitals: what they measure, and that they leave a training as it was."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network import modelfile
from engine.runs import rundir
from engine.runs.events import Evaluated, Sampled, Vitals
from engine.training.trainer import Trainer
from engine.training.vitals import saturated, vitals
from tests.engine.lives import a_run, live, only
from tests.engine.networks import CONFIGURATIONS, network

IDS = torch.arange(60).reshape(20, 3) % 7


@given(CONFIGURATIONS)
def test_every_network_has_a_share_a_layer(config: ModelConfig) -> None:
    shares = saturated(network(config), IDS)
    assert len(shares) == config.layers
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("cell", [c for c in CELLS if c != "rnn-relu"])
def test_large_biases_saturate_and_small_weights_do_not(cell: str) -> None:
    model = network(ModelConfig(cell, 6, 2))
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(0.01)
    assert saturated(model, IDS) == [0.0, 0.0]
    with torch.no_grad():
        model.layers[1].get_parameter("b_h").fill_(9.0)
    assert saturated(model, IDS) == [0.0, 1.0]


def test_a_dead_rectifier_is_saturated() -> None:
    model = network(ModelConfig("rnn-relu", 6, 1))
    with torch.no_grad():
        model.layers[0].get_parameter("b_h").fill_(-99.0)
    assert saturated(model, IDS) == [1.0]


def test_what_the_network_passes_on_is_what_it_computes() -> None:
    model = network(ModelConfig("gru", 5, 3, layer_norm=True, residual=True)).eval()
    whole, _ = model.outputs(IDS, model.zero_state(3))
    x, passed = IDS, IDS
    for l, state in enumerate(model.zero_state(3)):
        p, norm = model.parameters_of(l)
        h, _ = model._loops(p, x, state, None)
        x, passed = model.read(l, h, passed, norm)
    assert torch.equal(x, whole)


@pytest.mark.parametrize("settings", [{}, {"weight_decay": 0.5}])
def test_the_update_is_that_of_a_step(settings: dict[str, float]) -> None:
    learner = Trainer(a_run("update", **settings)).learner
    learner.plan()
    assert [v.update_ratio for v in vitals(learner, {"life": 0, "step": 0})] == [0.0, 0.0]
    for _ in range(3):
        learner.step()
    before = learner.model.weights()
    learner.step()
    after, lr = learner.model.weights(), learner.optimiser.lr
    for found in vitals(learner, {"life": 0, "step": 4}):
        own = [name for name in after if name.startswith(f"layers.{found.layer}.")]
        norm = math.sqrt(sum(float((after[n] ** 2).sum()) for n in own))
        update = math.sqrt(sum(float(((after[n] - before[n]) ** 2).sum()) for n in own))
        assert found.weight_norm == pytest.approx(norm, rel=1e-4)
        assert found.update_ratio == pytest.approx(update / norm * learner.lr / lr, rel=0.02)


def test_they_come_with_every_evaluation_and_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = a_run("with")
    events = live(run)
    looks = [e.step for e in only(Evaluated, events) if not e.final]
    found = only(Vitals, events)
    assert [(e.step, e.layer) for e in found] == [(step, l) for step in looks for l in (0, 1)]
    assert only(Vitals, rundir.find("with").events()) == found
    monkeypatch.setattr("engine.training.life.vitals", lambda learner, about: [])
    without = a_run("without")
    assert not only(Vitals, live(without))
    one, other = (modelfile.load(r.latest).weights for r in (run, without))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert [e.text for e in only(Sampled, events)] == [
        e.text for e in only(Sampled, without.events())
    ]


def test_a_text_without_validation_has_vitals_too() -> None:
    found = only(Vitals, live(a_run("bare", validation=0.0, steps=2)))
    assert found and all(v.weight_norm > 0 for v in found)
