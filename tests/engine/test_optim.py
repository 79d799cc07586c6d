"""The learning rate's schedule, the parameter groups, and clipping."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ModelConfig, TrainConfig
from engine.model import CharRNN
from engine.optim import adamw, clip, learning_rate

SHARE = st.floats(0, 1)


@given(SHARE, SHARE, st.floats(1e-6, 1))
def test_schedule(warmup: float, final: float, peak: float) -> None:
    config = TrainConfig(steps=1, warmup=warmup, final_lr=final)
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
    config = TrainConfig(steps=1, warmup=0.2, final_lr=0.1)
    assert learning_rate(0.6, config, 1.0) == pytest.approx(0.55)
    assert learning_rate(0.1, config, 1.0) == pytest.approx(0.5)


def test_biases_do_not_decay() -> None:
    model, config = CharRNN(ModelConfig("gru", 4, 2), 5), TrainConfig(steps=1, weight_decay=0.5)
    optimiser = adamw(model, config)
    decays = {
        id(p): group["weight_decay"] for group in optimiser.param_groups for p in group["params"]
    }
    assert len(decays) == len(list(model.parameters()))
    for name, parameter in model.named_parameters():
        assert decays[id(parameter)] == (0.5 if ".W_" in name else 0), name


def test_clip() -> None:
    model = CharRNN(ModelConfig("rnn", 2, 1), 3)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 2.0)
    n = sum(p.numel() for p in model.parameters())

    def norm() -> float:
        return math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters()))

    assert clip(model, 1.0) == pytest.approx(2 * math.sqrt(n), rel=1e-5)
    assert norm() == pytest.approx(1, rel=1e-4)
    before = [p.grad.clone() for p in model.parameters()]
    assert clip(model, 5.0) == pytest.approx(1, rel=1e-4)
    assert all(torch.equal(p.grad, b) for p, b in zip(model.parameters(), before, strict=True))
