"""Why a character: sums that are the log-odds, terms that are ablations, and when it was written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.inspecting.mean import Mean, mean_of
from engine.inspecting.trace import trace
from engine.inspecting.why import STRONGEST, likeliest, unit_name, why, written
from engine.network.lines import newline_id
from engine.network.modelfile import Model
from engine.network.stepper import NORM_EPSILON, Stepper
from engine.runs import habit
from engine.training.model import CharRNN
from tests.engine.networks import CONFIGURATIONS, NORMED_AND_RESIDUAL, random_model

IDS = np.array([1, 4, 0, 6, 2, 2, 5, 3, 1, 0, 4])


def in_torch(model: Model) -> CharRNN:
    """The same network in double precision."""
    newline = newline_id(model.config, model.alphabet)
    network = CharRNN(model.config, len(model.alphabet), newline=newline)
    network.load(model.weights)
    return network.double().eval()


def torchs_logits(model: Model, ids: np.ndarray) -> torch.Tensor:
    network = in_torch(model)
    with torch.no_grad():
        return network(torch.from_numpy(ids)[:, None], network.start_state(1))[0][:, 0]


def some_mean(H: int, seed: int = 0) -> Mean:
    return Mean(np.random.default_rng(seed).uniform(-0.5, 0.5, H), 1, "a test")


@given(CONFIGURATIONS, st.integers(0, 6), st.integers(0, 6), st.booleans())
def test_habit_and_news_are_the_log_odds_of_torch(
    config: ModelConfig, a: int, b: int, lines: bool
) -> None:
    model = random_model(replace(config, lines=lines), "abcd\nef", seed=a)
    stepper = Stepper(model)
    found = trace(stepper, IDS, stepper.start_state())
    told = why(stepper, found.outputs[-1], some_mean(config.hidden), a, b)
    logits = torchs_logits(model, IDS)[-1]
    assert told.log_odds == pytest.approx(float(logits[a] - logits[b]), abs=2e-5)
    assert told.habit + told.news == pytest.approx(told.log_odds, abs=1e-12)
    assert told.towards.push - told.against.push == pytest.approx(told.news, abs=1e-9)
    for side in (told.towards, told.against):
        pushes = [term.push for term in side.units]
        assert pushes == sorted(pushes, reverse=True) and all(p > 0 for p in pushes)
        assert bool(side.others) <= (len(pushes) == STRONGEST)


@pytest.mark.parametrize("norm, residual", NORMED_AND_RESIDUAL)
def test_a_unit_term_is_what_ablation_in_torch_takes_away(norm: bool, residual: bool) -> None:
    model = random_model(ModelConfig("lstm", 8, 2, norm, residual))
    stepper, mean = Stepper(model), some_mean(8)
    found = trace(stepper, IDS, stepper.start_state())
    told = why(stepper, found.outputs[-1], mean, 2, 5)
    network = in_torch(model)
    with torch.no_grad():
        x, _ = network.outputs(torch.from_numpy(IDS)[:, None], network.start_state(1))
        x = x[-1, 0]
        head = network.head
        W, b = head.get_parameter("W_hy"), head.get_parameter("b_y")

        def odds(x: torch.Tensor) -> float:
            logits = x @ W + b
            return float(logits[2] - logits[5])

        terms = {t.unit: t.push for t in told.towards.units}
        terms |= {t.unit: -t.push for t in told.against.units}
        assert len(terms) >= 5
        for unit, push in terms.items():
            ablated = x.clone()
            ablated[unit] = mean.outputs[unit]
            assert odds(x) - odds(ablated) == pytest.approx(push, abs=1e-6)


KEEPING = [cell for cell in CELLS if cell not in ("rnn", "rnn-relu")]


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("norm, residual", NORMED_AND_RESIDUAL)
@pytest.mark.parametrize("cell", KEEPING)
def test_what_was_written_adds_up_to_the_log_odds(
    cell: str, norm: bool, residual: bool, lines: bool
) -> None:
    config = ModelConfig(cell, 8, 3, norm, residual, lines)
    stepper = Stepper(random_model(config, "abcd\nef"))
    whole = trace(stepper, IDS, stepper.start_state())
    for a, b in [(0, 1), (6, 3)]:
        told = written(stepper, whole, a, b)
        assert told is not None and len(told.pushes) == len(IDS)
        x = whole.outputs[-1].astype(np.float64)
        W, b_y = (stepper.model.weights[f"head.{n}"].astype(np.float64) for n in ("W_hy", "b_y"))
        logits = x @ W + b_y
        assert told.total == pytest.approx(logits[a] - logits[b], abs=1e-6)
        # the same from the middle on: what was written before is in one number
        late = written(
            stepper,
            trace(stepper, IDS[4:], trace(stepper, IDS[:4], stepper.start_state()).after),
            a,
            b,
        )
        assert late is not None
        np.testing.assert_allclose(late.pushes, told.pushes[4:], 0, 1e-5)
        assert late.before == pytest.approx(told.before + told.pushes[:4].sum(), abs=1e-5)


def test_it_is_the_formula_of_an_lstm_step_by_step() -> None:
    """Written out in torch, from its own gates."""
    stepper = Stepper(random_model(ModelConfig("lstm", 6, 1)))
    found = trace(stepper, IDS, stepper.zero_state())
    told = written(stepper, found, 1, 4)
    assert told is not None and told.before == 0
    f, o, c = (torch.from_numpy(found.arrays[f"layers.0.{n}"]).double() for n in "foc")
    W = torch.from_numpy(stepper.model.weights["head.W_hy"]).double()
    dW, t = W[:, 1] - W[:, 4], len(IDS) - 1
    for j in range(t + 1):
        after = c[j] * f[j + 1 :].prod(0)
        kept = (c[j - 1] if j else torch.zeros(6).double()) * f[j:].prod(0)
        s = float(dW @ (o[t] * (after.tanh() - kept.tanh())))
        assert told.pushes[j] == pytest.approx(s, abs=1e-6)


def test_a_layer_norm_counts_with_the_deviation_of_the_last_step() -> None:
    """Taking away what a character wrote, with σ as it is, changes torch's logits by what it is said to
    have written."""
    stepper = Stepper(random_model(ModelConfig("gru", 6, 1, layer_norm=True)))
    found = trace(stepper, IDS, stepper.zero_state())
    told = written(stepper, found, 1, 4)
    assert told is not None
    z, n = (torch.from_numpy(found.arrays[f"layers.0.{g}"]).double() for g in "zn")
    h = torch.from_numpy(found.arrays["layers.0.h"][-1]).double()
    p = {k: torch.from_numpy(v).double() for k, v in stepper.model.weights.items()}
    sigma = (h.var(unbiased=False) + NORM_EPSILON).sqrt()

    def odds(h: torch.Tensor) -> float:
        x = (h - h.mean()) / sigma * p["layers.0.g_n"] + p["layers.0.b_n"]
        logits = x @ p["head.W_hy"] + p["head.b_y"]
        return float(logits[1] - logits[4])

    normed = F.layer_norm(h, (6,), p["layers.0.g_n"], p["layers.0.b_n"], NORM_EPSILON)
    assert odds(h) == pytest.approx(
        float(
            (normed @ p["head.W_hy"] + p["head.b_y"])[[1, 4]] @ torch.tensor([1.0, -1.0]).double()
        )
    )
    for j in (0, 5, len(IDS) - 1):
        share = z[j + 1 :].prod(0) * (1 - z[j]) * n[j]
        assert odds(h) - odds(h - share) == pytest.approx(told.pushes[j], abs=1e-5)


@pytest.mark.parametrize("cell", ["rnn", "rnn-relu"])
def test_a_plain_network_cannot_tell_when(cell: str) -> None:
    stepper = Stepper(random_model(ModelConfig(cell, 6, 2)))
    assert written(stepper, trace(stepper, IDS, stepper.zero_state()), 0, 1) is None


def test_the_mean_is_that_of_a_slow_loop() -> None:
    stepper = Stepper(random_model(ModelConfig("lstm", 5, 2)))
    ids = np.random.default_rng(1).integers(0, 7, 150)
    slow = [trace(stepper, ids, stepper.start_state()).outputs]
    found = mean_of(stepper, ids, "it")
    assert found.chars == 102 and found.source == "it"
    np.testing.assert_allclose(found.outputs, slow[0][48:].mean(0), 0, 1e-6)
    several = mean_of(stepper, np.tile(ids, 20), "more")
    assert several.chars == 15 * (200 - 48)
    np.testing.assert_allclose(several.outputs, found.outputs, 0, 0.1)
    tiny = mean_of(stepper, ids[:1], "one")
    assert tiny.chars == 1
    np.testing.assert_allclose(tiny.outputs, slow[0][0], 0, 1e-6)


def test_a_model_without_a_text_is_averaged_over_what_it_writes(home: Path) -> None:
    stepper = Stepper(random_model(ModelConfig("gru", 5, 1)))
    assert habit.known_mean(stepper) is None
    found = habit.mean(stepper, None)
    assert found.source == "a text that it wrote itself" and found.chars == 16 * (375 - 48)
    assert habit.known_mean(stepper) is found is habit.mean(stepper, None)


def test_candidates_come_from_the_likeliest() -> None:
    found = likeliest(np.log(np.array([0.2, 0.5, 0.2, 0.1])), 3)
    assert [id for id, _ in found] == [1, 0, 2]
    assert found[0][1] == pytest.approx(0.5)


def test_units_of_the_head_are_named_after_the_layer_it_reads() -> None:
    def named(*more: bool) -> str:
        return unit_name(Stepper(random_model(ModelConfig("lstm", 5, 2, *more))), 3)

    assert named() == "layers.1.h[3]"
    assert named(True) == named(False, True) == "head.x[3]"
