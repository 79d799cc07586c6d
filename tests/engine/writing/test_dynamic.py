"""Dynamic evaluation: what it learns, and that it never looks ahead."""

from __future__ import annotations

import numpy as np
import pytest

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network.gradient import gradient
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing import dynamic, score
from tests.conftest import make_model, stacked
from tests.engine.networks import random_model

T = dynamic.SEGMENT
IDS = np.random.default_rng(0).integers(0, 20, 5 * T + 3).astype(np.uint8)


def all_losses(model: Model, ids: np.ndarray, **settings: float) -> np.ndarray:
    return np.concatenate(list(dynamic.losses(model, ids, **settings)))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("n", [2, T + 1, T + 2, 5 * T + 3])
def test_without_a_rate_it_is_the_stateful_pass(cell: str, n: int) -> None:
    model = stacked(cell)
    expected = score.stateful(Stepper(model), IDS[:n])
    found = all_losses(model, IDS[:n], rate=0.0)
    assert len(found) == expected.chars
    assert found.mean() == pytest.approx(expected.nats_per_char, rel=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_a_text_that_repeats_itself_becomes_easier(cell: str) -> None:
    model, ids = stacked(cell), np.tile(IDS[:60], 40)
    adapted, fixed = score.dynamic(model, ids), score.stateful(Stepper(model), ids)
    assert (adapted.chars, adapted.protocol) == (fixed.chars, "dynamic")
    assert adapted.nats_per_char < fixed.nats_per_char - 0.1
    found = all_losses(model, ids)
    assert found.mean() == pytest.approx(adapted.nats_per_char)
    assert found[-600:].mean() < found[:600].mean()


def test_what_comes_later_changes_no_loss_before() -> None:
    model, other = make_model(), IDS.copy()
    at = 3 * T + 5
    other[at:] = (other[at:] + 1) % 20
    one, two = all_losses(model, IDS), all_losses(model, other)
    assert np.array_equal(one[: at - 1], two[: at - 1])
    assert not np.isclose(one[at - 1 :], two[at - 1 :]).all()


def test_a_segment_is_scored_before_it_is_learnt_from() -> None:
    model = make_model()
    fixed, adapted = all_losses(model, IDS, rate=0.0), all_losses(model, IDS)
    assert np.array_equal(fixed[:T], adapted[:T])
    assert not np.isclose(fixed[T : 2 * T], adapted[T : 2 * T]).any()


@pytest.mark.parametrize("cell", CELLS)
def test_the_model_stays_as_it_is(cell: str) -> None:
    model = stacked(cell)
    for W in model.weights.values():
        W.setflags(write=False)
    assert np.array_equal(all_losses(model, IDS), all_losses(model, IDS))


@pytest.mark.parametrize("cell", CELLS)
def test_an_update_in_blocks_is_the_equation(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamic, "_BLOCK", 10)
    model, ids = random_model(ModelConfig(cell, 6, 2, True)), IDS % 7
    weights, state = dict(model.weights), Stepper(model).zero_state(1)
    past: list[dict[str, np.ndarray]] = []
    for found in dynamic.losses(model, ids):
        x, targets = ids[: len(found), None], ids[1 : len(found) + 1, None]
        expected, g, state = gradient(model.config, weights, x, targets, state)
        np.testing.assert_allclose(found, expected[:, 0], 1e-4)
        past.append(g)
        mean = {k: np.mean([d[k] ** 2 for d in past], axis=0) for k in g}
        common = np.sqrt(np.concatenate([m.ravel() for m in mean.values()]).mean())
        for k in weights:
            away = dynamic.RATE * g[k] / (np.sqrt(mean[k]) + common)
            weights[k] = weights[k] - away + dynamic.DECAY * (model.weights[k] - weights[k])
        weights = {k: W.astype(np.float32) for k, W in weights.items()}
        ids = ids[len(found) :]


def test_a_network_that_is_certain_and_right_has_nothing_to_learn() -> None:
    model = make_model()
    for W in model.weights.values():
        W[:] = 0
    model.weights["head.b_y"][3] = 1000
    assert not all_losses(model, np.full(3 * T, 3)).any()
