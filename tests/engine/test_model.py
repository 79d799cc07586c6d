"""CharRNN: both kernels, against torch's own modules."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.model import CharRNN, States
from engine.parameters import count, initial, shapes

MODULES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
SMALL = st.integers(1, 4)


def network(cell: str, V: int, H: int, L: int, seed: int = 0, dropout: float = 0.0) -> CharRNN:
    config, rng = ModelConfig(cell, H, L), np.random.default_rng(seed)
    model = CharRNN(config, V, dropout)
    model.load({k: rng.uniform(-1, 1, s).astype(np.float32) for k, s in shapes(config, V).items()})
    return model


def random_states(model: CharRNN, B: int, seed: int) -> States:
    generator = torch.Generator().manual_seed(seed)
    H = model.config.hidden
    return tuple(
        tuple(torch.randn(B, H, generator=generator) for _ in model.cell.states)
        for _ in model.layers
    )


def kernel(torchs: bool):  # type: ignore[no-untyped-def]
    return patch.object(CharRNN, "_on_torch", lambda self, x: torchs)


def run(model: CharRNN, ids: Tensor, states: States) -> tuple[Tensor, States, dict[str, Tensor]]:
    model.zero_grad()
    logits, after = model(ids, states)
    (logits.square().mean() + sum(s.square().mean() for layer in after for s in layer)).backward()
    return logits.detach(), after, {k: p.grad.clone() for k, p in model.named_parameters()}


def the_same_in_torch(model: CharRNN) -> nn.Module:
    """torch's module with this network's weights; `b_hn` is the one bias that is not ours to merge."""
    H, L = model.config.hidden, model.config.layers
    module = MODULES[model.config.cell](model.V, H, L)
    own = dict(model.named_parameters())
    with torch.no_grad():
        for l in range(L):
            getattr(module, f"weight_ih_l{l}").copy_(own[f"layers.{l}.W_xh"].T)
            getattr(module, f"weight_hh_l{l}").copy_(own[f"layers.{l}.W_hh"].T)
            getattr(module, f"bias_ih_l{l}").copy_(own[f"layers.{l}.b_h"])
            getattr(module, f"bias_hh_l{l}").zero_()
            if f"layers.{l}.b_hn" in own:
                getattr(module, f"bias_hh_l{l}")[-H:] = own[f"layers.{l}.b_hn"]
    return module


@pytest.mark.parametrize("torchs", [True, False], ids=["torch-kernel", "loops"])
@given(st.sampled_from(list(CELLS)), SMALL, SMALL, SMALL, SMALL, st.integers(1, 3))
@settings(max_examples=30)
def test_equals_the_torch_module_of_the_same_weights(
    torchs: bool, cell: str, T: int, B: int, V: int, H: int, L: int
) -> None:
    model = network(cell, V, H, L, seed=T)
    ids = torch.randint(0, V, (T, B), generator=torch.Generator().manual_seed(B))
    states = random_states(model, B, H)
    with kernel(torchs):
        logits, after, gradients = run(model, ids, states)

    module = the_same_in_torch(model)
    begin = tuple(torch.stack(column) for column in zip(*states, strict=True))  # (L, B, H) each
    x = nn.functional.one_hot(ids, V).float()
    outputs, end = module(x, begin if cell == "lstm" else begin[0])
    end = end if cell == "lstm" else (end,)
    theirs = outputs @ model.head.W_hy + model.head.b_y
    loss = theirs.square().mean() + sum(s.square().mean() for e in end for s in e)
    loss.backward()

    torch.testing.assert_close(logits, theirs.detach(), atol=1e-5, rtol=1e-5)
    for l, layer in enumerate(after):
        for s, ours in enumerate(layer):
            torch.testing.assert_close(ours, end[s][l], atol=1e-5, rtol=1e-5)
    for l in range(L):
        their = {k: getattr(module, f"{k}_l{l}").grad for k in ("weight_ih", "weight_hh")}
        torch.testing.assert_close(
            gradients[f"layers.{l}.W_xh"], their["weight_ih"].T, atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(
            gradients[f"layers.{l}.W_hh"], their["weight_hh"].T, atol=1e-5, rtol=1e-4
        )
        bias = getattr(module, f"bias_ih_l{l}").grad
        torch.testing.assert_close(gradients[f"layers.{l}.b_h"], bias, atol=1e-5, rtol=1e-4)
        if cell == "gru":
            bias = getattr(module, f"bias_hh_l{l}").grad[-H:]
            torch.testing.assert_close(gradients[f"layers.{l}.b_hn"], bias, atol=1e-5, rtol=1e-4)


@given(st.sampled_from(list(CELLS)), SMALL, SMALL, SMALL, SMALL, st.integers(1, 3))
@settings(max_examples=30)
def test_both_kernels_agree(cell: str, T: int, B: int, V: int, H: int, L: int) -> None:
    model = network(cell, V, H, L, seed=V)
    ids = torch.randint(0, V, (T, B), generator=torch.Generator().manual_seed(T))
    states = random_states(model, B, V)
    with kernel(True):
        logits, after, gradients = run(model, ids, states)
    with kernel(False):
        logits_2, after_2, gradients_2 = run(model, ids, states)
    torch.testing.assert_close(logits, logits_2, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after, after_2, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradients, gradients_2, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_chunks_equal_the_whole_and_columns_do_not_mix(cell: str) -> None:
    model = network(cell, 7, 5, 2)
    ids = torch.randint(0, 7, (9, 3), generator=torch.Generator().manual_seed(1))
    whole, _ = model(ids, model.zero_state(3))
    states, rows = model.zero_state(3), []
    for part in ids.split(4):
        logits, states = model(part, states)
        rows.append(logits)
    torch.testing.assert_close(torch.cat(rows), whole, atol=1e-5, rtol=1e-5)
    for b in range(3):
        alone, _ = model(ids[:, b : b + 1], model.zero_state(1))
        torch.testing.assert_close(alone[:, 0], whole[:, b], atol=1e-5, rtol=1e-5)


def test_dropout_acts_in_training_alone() -> None:
    model = network("lstm", 5, 16, 2, dropout=0.5)
    ids = torch.zeros(3, 2, dtype=torch.long)
    first, second = (model(ids, model.zero_state(2))[0] for _ in range(2))
    assert not torch.equal(first, second)
    model.eval()
    first, second = (model(ids, model.zero_state(2))[0] for _ in range(2))
    assert torch.equal(first, second)


def test_weights_come_out_as_they_went_in_and_are_copies() -> None:
    config = ModelConfig("gru", 4, 2)
    given_weights = initial(config, 6, seed=3)
    model = CharRNN(config, 6)
    model.load(given_weights)
    taken = model.weights()
    assert set(taken) == set(given_weights)
    assert all(np.array_equal(taken[k], given_weights[k]) for k in taken)
    taken["head.b_y"][:] = 9
    assert not model.weights()["head.b_y"].any()


@pytest.mark.parametrize("cell", CELLS)
def test_initial_weights(cell: str) -> None:
    config, H, V = ModelConfig(cell, 6, 2), 6, 5
    weights = initial(config, V, seed=1)
    assert {k: w.shape for k, w in weights.items()} == shapes(config, V)
    assert sum(w.size for w in weights.values()) == count(config, V)
    assert all(w.dtype == np.float32 for w in weights.values())
    gates = CELLS[cell].gates
    for g in range(len(gates)):
        block = weights["layers.1.W_hh"][:, g * H : (g + 1) * H]
        np.testing.assert_allclose(block @ block.T, np.eye(H), atol=1e-5)
    bias = weights["layers.0.b_h"].reshape(-1, H)
    assert {g: set(row) for g, row in zip(gates, bias.tolist(), strict=True)} == {
        g: {1.0 if g == "f" else 0.0} for g in gates
    }
    again, other = initial(config, V, seed=1), initial(config, V, seed=2)
    assert all(np.array_equal(weights[k], again[k]) for k in weights)
    assert not np.array_equal(weights["head.W_hy"], other["head.W_hy"])


def test_the_first_guess_is_how_frequent_each_character_is() -> None:
    counts = np.array([90, 9, 0])
    bias = initial(ModelConfig("rnn", 4), 3, seed=0, counts=counts)["head.b_y"]
    shares = np.exp(bias) / np.exp(bias).sum()
    np.testing.assert_allclose(shares, (counts + 1) / 102, rtol=1e-5)
