"""The gradient of a whole network: that of torch, and what NumPy can learn with it alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network.gradient import gradient
from engine.network.parameters import initial
from engine.network.stepper import States
from tests.engine.networks import NORMED_AND_RESIDUAL, network, random_model

T, B, V, H, L = 7, 2, 7, 5, 3


def random_states(config: ModelConfig, seed: int = 0) -> States:
    rng, states = np.random.default_rng(seed), CELLS[config.cell].states
    return tuple(
        tuple(rng.standard_normal((B, config.hidden)) for _ in states) for _ in range(config.layers)
    )


@pytest.mark.parametrize(("layer_norm", "residual"), NORMED_AND_RESIDUAL)
@pytest.mark.parametrize("cell", CELLS)
def test_equals_what_torch_derives(cell: str, layer_norm: bool, residual: bool) -> None:
    config, rng = ModelConfig(cell, H, L, layer_norm, residual), np.random.default_rng(1)
    ids, targets = rng.integers(0, V, (2, T, B))
    states = random_states(config)
    theirs = network(config, V).double()
    weights = {k: v.detach().numpy() for k, v in theirs.state_dict().items()}
    losses, found, after = gradient(config, weights, ids, targets, states)

    begin = tuple(tuple(map(torch.from_numpy, state)) for state in states)
    logits, end = theirs(torch.from_numpy(ids), begin)
    expected = F.cross_entropy(
        logits.reshape(-1, V), torch.from_numpy(targets).reshape(-1), reduction="none"
    )
    expected.mean().backward()
    np.testing.assert_allclose(losses.reshape(-1), expected.detach().numpy(), 1e-9)
    for state, other in zip(after, end, strict=True):
        for s, o in zip(state, other, strict=True):
            np.testing.assert_allclose(s, o.detach().numpy(), 1e-9, 1e-12)
    assert found.keys() == weights.keys()
    for name, p in theirs.named_parameters():
        assert p.grad is not None
        np.testing.assert_allclose(found[name], p.grad.numpy(), 1e-9, 1e-12, err_msg=name)


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_given_is_written_to_and_states_are_snapshots(cell: str) -> None:
    model = random_model(ModelConfig(cell, H, L, True, True))
    states = tuple(
        tuple(s.astype(np.float32) for s in state) for state in random_states(model.config)
    )
    ids = np.arange(2 * T).reshape(T, B) % V
    for array in (ids, *model.weights.values(), *(s for state in states for s in state)):
        array.setflags(write=False)
    _, found, after = gradient(model.config, model.weights, ids, ids, states)
    assert all(g.dtype == np.float32 for g in found.values())
    assert all(s.base is None and s.dtype == np.float32 for state in after for s in state)


def learnt(cell: str, text: str, steps: int, H: int = 16, T: int = 20) -> float:
    """The loss in nats per character after so many steps of Adagrad, with NumPy alone."""
    alphabet = sorted(set(text))
    ids = np.array([alphabet.index(c) for c in text])
    config = ModelConfig(cell, H, 1)
    weights = initial(config, len(alphabet), seed=0)
    squares = {k: np.full_like(W, 1e-8) for k, W in weights.items()}
    state: States = (tuple(np.zeros((1, H), np.float32) for _ in CELLS[cell].states),)
    means = []
    for step in range(steps):
        at = np.arange(step * T, step * T + T)[:, None]
        x, targets = ids[at % len(ids)], ids[(at + 1) % len(ids)]
        losses, found, state = gradient(config, weights, x, targets, state)
        means.append(losses.mean())
        for k, g in found.items():
            squares[k] += g * g
            weights[k] -= np.float32(0.03) * g / np.sqrt(squares[k])
    return float(np.mean(means[-10:]))


@pytest.mark.parametrize("cell", CELLS)
def test_numpy_alone_learns_hello(cell: str) -> None:
    """What follows an l depends on what came before: characters alone leave 0.28 nats."""
    assert learnt(cell, "hello", steps=150) < 0.1
