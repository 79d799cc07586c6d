"""The learning rate's schedule, the parameter groups, and clipping."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.config import ModelConfig
from engine.training.model import CharRNN
from engine.training.optim import Optimiser
from engine.training.schedule import learning_rate
from tests.configs import a_config

SHARE = st.floats(0, 1)


@given(SHARE, SHARE, st.floats(1e-6, 1))
def test_schedule(warmup: float, final: float, peak: float) -> None:
    config = a_config(steps=1, warmup=warmup, final_lr=final)
    at = [learning_rate(i / 200, config, peak) for i in range(201)]
    assert all(0 <= lr <= peak * (1 + 1e-9) for lr in at)
    assert learning_rate(warmup, config, peak) == pytest.approx(peak)
    if warmup > 0.01:
        assert at[0] == 0
        rise = [lr for i, lr in enumerate(at) if i / 200 < warmup]
        assert rise == sorted(rise)
    if warmup < 0.99:
        assert at[-1] == pytest.approx(peak * final)
        fall = [lr for i, lr in enumerate(at) if i / 200 >= warmup]
        assert all(b <= a * (1 + 1e-12) for a, b in pairwise(fall))


def test_half_way_down_is_the_middle() -> None:
    config = a_config(steps=1, warmup=0.2, final_lr=0.1)
    assert learning_rate(0.6, config, 1.0) == pytest.approx(0.55)
    assert learning_rate(0.1, config, 1.0) == pytest.approx(0.5)


def test_biases_do_not_decay() -> None:
    model, config = CharRNN(ModelConfig("gru", 4, 2), 5), a_config(steps=1, weight_decay=0.5)
    groups = Optimiser(model, config).groups
    decays = {id(p): decay for decay, parameters in groups for p in parameters}
    assert len(decays) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        assert decays[id(parameter)] == (0.5 if ".W_" in name else 0), name


def a_loss(model: nn.Module, factor: float) -> Tensor:
    """A loss whose gradient is `factor` everywhere."""
    return factor * sum((p.sum() for p in model.parameters()), torch.zeros(()))


@pytest.mark.parametrize("float16", [False, True])
@pytest.mark.parametrize("limit", [0.5, 1e9])
def test_a_step_is_adamw_on_clipped_gradients(limit: float, float16: bool) -> None:
    config = a_config(steps=1, clip=limit, lr=0.1, weight_decay=0.3)
    ours, theirs = CharRNN(ModelConfig("rnn", 3, 1), 4), CharRNN(ModelConfig("rnn", 3, 1), 4)
    optimiser = Optimiser(ours, config, float16)
    betas, matrices = (config.beta1, config.beta2), [p for p in theirs.parameters() if p.ndim > 1]
    biases = [{"params": [p for p in theirs.parameters() if p.ndim == 1], "weight_decay": 0.0}]
    adamw = torch.optim.AdamW(
        [{"params": matrices}, *biases], lr=0.1, betas=betas, weight_decay=0.3
    )
    n = sum(p.numel() for p in ours.parameters())
    for k in (1, 2, -1):
        optimiser.backward(a_loss(ours, k))
        assert float(optimiser.step()) == pytest.approx(abs(k) * math.sqrt(n), rel=1e-5)
        adamw.zero_grad()
        a_loss(theirs, k).backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), limit)
        adamw.step()
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-5, atol=1e-6)


def test_a_gradient_that_is_no_number_changes_nothing() -> None:
    model = CharRNN(ModelConfig("rnn", 3, 1), 4)
    optimiser = Optimiser(model, a_config(steps=1, lr=0.1))
    for factor in (1.0, math.nan, math.inf):
        optimiser.backward(a_loss(model, factor))
        norm = float(optimiser.step())
        assert math.isfinite(norm) == math.isfinite(factor)
        if factor == 1.0:
            before = [p.detach().clone() for p in model.parameters()]
    assert all(torch.equal(p, b) for p, b in zip(model.parameters(), before, strict=True))
    assert {float(m.step) for m in optimiser.moments.values()} == {1.0}


def test_the_scale_halves_at_an_overflow_and_grows_after_a_thousand_steps() -> None:
    model = CharRNN(ModelConfig("rnn", 2, 1), 3)
    optimiser = Optimiser(model, a_config(steps=1, lr=1e-3), float16=True)
    assert optimiser.scale is not None
    first = float(optimiser.scale)
    optimiser.backward(a_loss(model, math.inf))
    optimiser.step()
    assert float(optimiser.scale) == first / 2
    for _ in range(1000):
        assert float(optimiser.scale) == first / 2
        optimiser.backward(a_loss(model, 1.0))
        optimiser.step()
    assert float(optimiser.scale) == first


def test_reset_is_a_new_optimiser() -> None:
    model, other = CharRNN(ModelConfig("gru", 3, 1), 4), CharRNN(ModelConfig("gru", 3, 1), 4)
    used, new = Optimiser(model, a_config(steps=1)), Optimiser(other, a_config(steps=1))
    used.set_lr(0.0)
    used.backward(a_loss(model, 3.0))
    used.step()
    used.reset()
    for optimiser, network in ((used, model), (new, other)):
        optimiser.set_lr(0.1)
        optimiser.backward(a_loss(network, 1.0))
        optimiser.step()
    assert all(
        torch.equal(p, q) for p, q in zip(model.parameters(), other.parameters(), strict=True)
    )
