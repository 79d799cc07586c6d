"""How far back a network remembers: held against slow loops and against what torch derives."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import UsageError
from engine.inspecting import memory
from engine.network.gradient import by_lag
from engine.network.stepper import Stepper, log_softmax
from engine.training.model import CharRNN
from tests.engine.networks import NORMED_AND_RESIDUAL, network, random_model

T, B, V, H, L = 6, 3, 7, 5, 3
EVERY = [(cell, *wise) for cell in CELLS for wise in NORMED_AND_RESIDUAL]


def stepper(cell: str, norm: bool = False, residual: bool = False, lines: bool = False) -> Stepper:
    text = "abcdef\n" if lines else "abcdefg"
    return Stepper(random_model(ModelConfig(cell, H, 2, norm, residual, lines), text))


def loss(found: Stepper, ids: np.ndarray, at: int, context: int) -> float:
    """The loss of character `at` in nats after a context of so many characters, one step at a time."""
    state = found.zero_state()
    for id in ids[at - context : at]:
        logits, state = found.step(int(id), state)
    return float(-log_softmax(logits)[ids[at]])


@pytest.mark.parametrize(("cell", "norm", "residual"), EVERY)
def test_the_loss_by_context_is_that_of_a_slow_loop(cell: str, norm: bool, residual: bool) -> None:
    found, ids = stepper(cell, norm, residual), np.random.default_rng(3).integers(0, V, 40)
    K, targets = 13, 9
    fast = memory.contexts(found, ids, K, targets)
    slow = [
        np.mean([loss(found, ids, at, k) for at in range(40 - targets, 40)])
        for k in range(1, K + 1)
    ]
    np.testing.assert_allclose(fast.nats, slow, 2e-5)
    full = [loss(found, ids, at, at) for at in range(40 - targets, 40)]
    assert fast.full == pytest.approx(np.mean(full), rel=2e-5)


@pytest.mark.parametrize(("cell", "norm", "residual"), EVERY)
def test_what_each_lag_told_is_that_of_a_slow_loop_and_telescopes(
    cell: str, norm: bool, residual: bool
) -> None:
    found, ids = stepper(cell, norm, residual), np.random.default_rng(4).integers(0, V, 30)
    bits = memory.told(found, ids, 20, 12)
    slow = [loss(found, ids, 20, k) / math.log(2) for k in range(1, 13)]
    np.testing.assert_allclose(bits[1:], slow, 2e-5)
    assert len(memory.told(found, ids, 5, 12)) == 6
    whole = memory.told(found, ids, 20, 20)
    np.testing.assert_allclose(whole[0] - (whole[:-1] - whole[1:]).sum(), whole[-1], 1e-9)


def test_without_a_character_the_zero_state_speaks() -> None:
    found = stepper("lstm")
    bits = memory.told(found, np.array([2]), 0)
    b_y = found.model.weights["head.b_y"]
    assert bits.shape == (1,)
    assert bits[0] == pytest.approx(-log_softmax(b_y)[2] / math.log(2))


def read_out(theirs: CharRNN, states: list[list[torch.Tensor]]) -> torch.Tensor:
    """The logits that the head makes of states, without a step."""
    x = passed = states[0][0]
    for l, state in enumerate(states):
        x, passed = theirs.read(l, state[0], passed, theirs.parameters_of(l)[1])
    return x @ theirs.head.get_parameter("W_hy") + theirs.head.get_parameter("b_y")


@pytest.mark.parametrize(("cell", "norm", "residual"), EVERY)
def test_the_gradient_by_lag_is_what_torch_derives(cell: str, norm: bool, residual: bool) -> None:
    config, rng = ModelConfig(cell, H, L, norm, residual), np.random.default_rng(1)
    ids, targets = rng.integers(0, V, (T, B)), rng.integers(0, V, B)
    theirs = network(config, V).double()
    weights = {k: v.detach().numpy() for k, v in theirs.state_dict().items()}
    before = tuple(tuple(rng.standard_normal((B, H)) for _ in CELLS[cell].states) for _ in range(L))
    found = list(by_lag(config, weights, ids, targets, before))
    assert len(found) == T + 1
    for k, ours in enumerate(found):
        state = tuple(tuple(map(torch.from_numpy, layer)) for layer in before)
        if k < T:
            with torch.no_grad():
                _, state = theirs(torch.from_numpy(ids[: T - k]), state)
        leaves = [[s.detach().clone().requires_grad_() for s in layer] for layer in state]
        if k:
            logits, _ = theirs(torch.from_numpy(ids[T - k :]), tuple(map(tuple, leaves)))
            last = logits[-1]
        else:
            last = read_out(theirs, leaves)
        F.cross_entropy(last, torch.from_numpy(targets), reduction="sum").backward()
        for layer, expected in zip(ours, leaves, strict=True):
            for d, leaf in zip(layer, expected, strict=True):
                wanted = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
                np.testing.assert_allclose(d, wanted.numpy(), 1e-8, 1e-13)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "mingru"])
def test_lengths_are_shares_of_those_at_lag_0(cell: str) -> None:
    found, ids = stepper(cell, True, True), np.random.default_rng(5).integers(0, V, 60)
    lags = memory.lags(found, ids, 20, 7, 30)
    assert lags.rms.shape == lags.median.shape == (21,)
    assert lags.rms[0] == lags.median[0] == 1
    assert lags.targets == 7
    places = np.linspace(30, 59, 7).astype(int)
    alone = []
    for at in places:  # a column each, from the state of a plain pass
        _, state = found.sequence(ids[: at - 20], found.start_state())
        column = tuple(tuple(s[None] for s in layer) for layer in state)
        d = by_lag(
            found.model.config,
            found.model.weights,
            ids[at - 20 : at, None],
            ids[at : at + 1],
            column,
        )
        alone.append([math.sqrt(sum(float((s**2).sum()) for y in x for s in y)) for x in d])
    rms = np.sqrt(np.mean(np.square(alone), 0))
    np.testing.assert_allclose(lags.rms, rms / rms[0], 1e-4)
    median = np.median(alone, 0)
    np.testing.assert_allclose(lags.median, median / median[0], 1e-4)


def test_nothing_is_remembered_across_lines_that_are_examples() -> None:
    found, text = stepper("lstm", lines=True), "abcdef\nfedcba"
    ids = np.array([found.alphabet.ids[c] for c in text])
    bits = memory.told(found, ids, 10, 10)
    np.testing.assert_allclose(bits[5:], bits[4], 1e-6)  # the newline is the fourth before it
    state = tuple(tuple(s[None] for s in layer) for layer in found.start_state())
    newline = found.alphabet.ids["\n"]
    model = found.model
    d = list(by_lag(model.config, model.weights, ids[:10, None], ids[10:11], state, newline))
    lengths = [sum(float((s**2).sum()) for y in x for s in y) for x in d]
    assert all(lengths[:4]) and not any(lengths[4:])


def test_the_memory_is_the_shortest_context_after_which_nothing_is_gained() -> None:
    def effective(*nats: float) -> int | None:
        return memory.Contexts(np.array(nats), 1.0, 9).memory

    assert effective(3, 2, 1.02, 1.009, 1.001) == 4
    assert effective(3, 1.001, 1.02, 1.009, 1.001) == 4  # once is not enough
    assert effective(1.0, 1.0) == 1
    assert effective(3, 2, 1.5) is None


def test_measuring_reports_and_can_be_stopped() -> None:
    found, ids = stepper("gru"), np.random.default_rng(6).integers(0, V, 50)
    seen: list[tuple[int, int]] = []
    whole = memory.measure(found, ids, lambda done, of: seen.append((done, of)))
    assert len(whole.contexts.nats) == 25 and len(whole.lags.rms) == 26
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]

    class Stop(Exception):
        pass

    def stop(done: int, of: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        memory.measure(found, ids, stop)


def test_a_text_can_be_too_short() -> None:
    with pytest.raises(UsageError, match="16 characters or more; the text has 3 characters"):
        memory.measure(stepper("gru"), np.array([0, 1, 2]))
