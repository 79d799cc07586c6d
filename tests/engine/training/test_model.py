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
from engine.network.parameters import count, initial, shapes
from engine.training.model import CharRNN, States
from tests.engine.networks import CONFIGURATIONS, NORMED_AND_RESIDUAL, network

MODULES = {
    "rnn": nn.RNN,
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn-relu": lambda V, H, L: nn.RNN(V, H, L, nonlinearity="relu"),
}
ON_TORCH = st.sampled_from([*MODULES, "coupled"])
SMALL = st.integers(1, 4)


def random_ids(T: int, B: int, V: int, seed: int = 0) -> Tensor:
    return torch.randint(0, V, (T, B), generator=torch.Generator().manual_seed(seed))


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
    """Logits, states after, and gradients of the parameters and of the states before."""
    model.zero_grad()
    states = tuple(tuple(s.clone().requires_grad_() for s in layer) for layer in states)
    logits, after = model(ids, states)
    (logits.square().mean() + sum(s.square().mean() for layer in after for s in layer)).backward()
    gradients = {k: p.grad.clone() for k, p in model.named_parameters()}
    gradients |= {f"{l} {k}": s.grad for l, layer in enumerate(states) for k, s in enumerate(layer)}
    return logits.detach(), after, gradients


def close(ours: object, theirs: object, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=tolerance)


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
@pytest.mark.parametrize("L", [1, 2, 3])
@pytest.mark.parametrize("cell", MODULES)
@given(SMALL, SMALL, SMALL, SMALL)
@settings(max_examples=15)
def test_equals_the_torch_module_of_the_same_weights(
    cell: str, L: int, torchs: bool, T: int, B: int, V: int, H: int
) -> None:
    model = network(ModelConfig(cell, H, L), V, seed=T)
    ids, states = random_ids(T, B, V), random_states(model, B, H)
    with kernel(torchs):
        logits, after, gradients = run(model, ids, states)

    module = the_same_in_torch(model)
    begin = tuple(torch.stack(s).requires_grad_() for s in zip(*states, strict=True))
    x = nn.functional.one_hot(ids, V).float()
    outputs, end = module(x, begin if cell == "lstm" else begin[0])  # (L, B, H) each
    end = end if cell == "lstm" else (end,)
    theirs = outputs @ model.head.W_hy + model.head.b_y
    model.zero_grad()
    # helo's loss is a mean over each layer's states; torch has all layers' in one
    (theirs.square().mean() + L * sum(s.square().mean() for s in end)).backward()

    close(logits, theirs.detach())
    close(after, tuple(tuple(s[l] for s in end) for l in range(L)))
    for l in range(L):
        their = {k: p.grad for k, p in module.named_parameters() if k.endswith(f"l{l}")}
        close(gradients[f"layers.{l}.W_xh"], their[f"weight_ih_l{l}"].T)
        close(gradients[f"layers.{l}.W_hh"], their[f"weight_hh_l{l}"].T)
        close(gradients[f"layers.{l}.b_h"], their[f"bias_ih_l{l}"])
        if cell == "gru":
            close(gradients[f"layers.{l}.b_hn"], their[f"bias_hh_l{l}"][-H:])
        for k, s in enumerate(begin):
            close(gradients[f"{l} {k}"], s.grad[l])
    close(gradients["head.W_hy"], model.head.W_hy.grad)


@given(ON_TORCH, SMALL, SMALL, SMALL, st.integers(3, 6), st.integers(1, 3), st.data())
@settings(max_examples=60)
def test_both_kernels_agree(
    cell: str, T: int, B: int, V: int, H: int, L: int, data: st.DataObject
) -> None:
    layer_norm, residual = data.draw(st.sampled_from(NORMED_AND_RESIDUAL))
    model = network(ModelConfig(cell, H, L, layer_norm, residual), V, seed=V)
    ids, states = random_ids(T, B, V), random_states(model, B, V)
    with kernel(True):
        theirs = run(model, ids, states)
    with kernel(False):
        close(run(model, ids, states), theirs, 1e-4)


@given(CONFIGURATIONS, st.integers(2, 9), SMALL, st.data())
def test_chunks_equal_the_whole_and_columns_do_not_mix(
    config: ModelConfig, T: int, B: int, data: st.DataObject
) -> None:
    model, cut = network(config), data.draw(st.integers(1, T - 1))
    ids, states = random_ids(T, B, 7), random_states(model, B, T)
    whole, end, gradients = run(model, ids, states)

    model.zero_grad()
    one, between = model(ids[:cut], states)
    two, after = model(ids[cut:], between)
    close((torch.cat([one, two]), after), (whole, end))
    loss = torch.cat([one, two]).square().mean()
    (loss + sum(s.square().mean() for layer in after for s in layer)).backward()
    close(
        {k: p.grad for k, p in model.named_parameters()},
        {k: gradients[k] for k, _ in model.named_parameters()},
        1e-4,
    )

    for b in range(B):
        own = tuple(tuple(s[b : b + 1] for s in layer) for layer in states)
        alone, last = model(ids[:, b : b + 1], own)
        close(alone[:, 0], whole[:, b])
        close(last, tuple(tuple(s[b : b + 1] for s in layer) for layer in end))


@given(CONFIGURATIONS)
def test_states_and_logits_are_never_written_to(config: ModelConfig) -> None:
    model = network(config)
    states = random_states(model, 2, 0)
    logits, after = model(random_ids(4, 2, 7), states)
    handed_out = [logits, *(s for some in (states, after) for layer in some for s in layer)]
    copies = [t.detach().clone() for t in handed_out]
    loss = logits.square().sum() + sum(s.square().sum() for layer in after for s in layer)
    loss.backward(retain_graph=True)
    loss.backward()
    model(random_ids(4, 2, 7, seed=1), after)
    assert all(torch.equal(now, then) for now, then in zip(handed_out, copies, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_keeps_nothing_else_in_memory(cell: str) -> None:
    model = network(ModelConfig(cell, 8, 2))
    with kernel(False):
        _, after = model(random_ids(50, 2, 7), model.zero_state(2))
    assert all(s.untyped_storage().nbytes() == s.nbytes for layer in after for s in layer)


def test_layers_add_to_what_they_read_and_are_normalised() -> None:
    """The last layer gives nothing, so that what is read is what was passed on to it."""
    ids = random_ids(5, 2, 7)
    plain, both = (
        network(ModelConfig("rnn", 6, L, layer_norm=L == 2, residual=True)) for L in (1, 2)
    )
    with torch.no_grad():
        for p in both.layers[1].parameters():
            p.zero_()
        both.layers[1].g_n.fill_(2)
        both.layers[1].b_n.fill_(0.5)
        for name in ("W_xh", "W_hh", "b_h"):
            both.layers[0].get_parameter(name).copy_(plain.layers[0].get_parameter(name))
    h, _ = plain.outputs(ids, plain.zero_state(2))
    read, _ = both.outputs(ids, both.zero_state(2))
    deviation = h.var(-1, correction=0, keepdim=True).add(1e-5).sqrt()
    close(read, 2 * (h - h.mean(-1, keepdim=True)) / deviation + 0.5, 1e-4)


@pytest.mark.parametrize(
    ("hidden", "layer_norm", "residual"),
    [(384, False, False), *((8, *beyond) for beyond in NORMED_AND_RESIDUAL)],
)
@pytest.mark.parametrize("cell", CELLS)
def test_bfloat16_is_near_float32(cell: str, layer_norm: bool, residual: bool, hidden: int) -> None:
    config = ModelConfig(cell, hidden, 2, layer_norm, residual)
    model, ids = CharRNN(config, 7), random_ids(6, 3, 7)
    model.load(initial(config, 7, seed=0))
    exact, _, gradients = run(model, ids, model.zero_state(3))
    with torch.autocast("cpu", torch.bfloat16):
        logits, after, rounded = run(model, ids, model.zero_state(3))
        _, carried = model(ids, after)
    assert len(carried) == 2
    close(logits.float(), exact, 0.05)
    assert not torch.equal(logits.float(), exact)
    for name, _ in model.named_parameters():
        assert rounded[name].dtype == torch.float32
        difference = (rounded[name] - gradients[name]).norm()
        assert difference <= 0.1 * gradients[name].norm(), name


def test_dropout_acts_in_training_alone() -> None:
    model = network(ModelConfig("lstm", 16, 2), 5, dropout=0.5)
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


OWN_SHAPES = {
    "rnn": {"W_xh": 1, "W_hh": 1, "b_h": 1},
    "rnn-relu": {"W_xh": 1, "W_hh": 1, "b_h": 1},
    "lstm": {"W_xh": 4, "W_hh": 4, "b_h": 4},
    "peephole": {"W_xh": 4, "W_hh": 4, "b_h": 4, "p_i": 1, "p_f": 1, "p_o": 1},
    "coupled": {"W_xh": 3, "W_hh": 3, "b_h": 3},
    "gru": {"W_xh": 3, "W_hh": 3, "b_h": 3, "b_hn": 1},
    "mlstm": {"W_xh": 4, "W_hh": 4, "b_h": 4, "W_mx": 1, "W_mh": 1},
    "mingru": {"W_xh": 2, "b_h": 2},
}
"""Each parameter's width in units of H."""


@pytest.mark.parametrize("layer_norm", [False, True], ids=["", "layer-norm"])
@pytest.mark.parametrize("cell", CELLS)
def test_initial_weights(cell: str, layer_norm: bool) -> None:
    H, V, own = 6, 5, OWN_SHAPES[cell]
    config = ModelConfig(cell, H, 2, layer_norm)
    weights = initial(config, V, seed=1)
    expected = {"head.W_hy": (H, V), "head.b_y": (V,)}
    for l, I in enumerate((V, H)):
        rows = {"W_xh": (I,), "W_mx": (I,), "W_hh": (H,), "W_mh": (H,)}
        for name, width in own.items():
            expected[f"layers.{l}.{name}"] = (*rows.get(name, ()), width * H)
        if layer_norm:
            expected |= {f"layers.{l}.g_n": (H,), f"layers.{l}.b_n": (H,)}
    assert {k: w.shape for k, w in weights.items()} == shapes(config, V) == expected
    assert sum(w.size for w in weights.values()) == count(config, V)
    assert all(w.dtype == np.float32 for w in weights.values())

    for l in range(2):
        one = {k.split(".")[-1]: w for k, w in weights.items() if k.startswith(f"layers.{l}")}
        for name in {"W_hh", "W_mh"} & set(one):
            for block in np.split(one[name], own[name], axis=1):
                np.testing.assert_allclose(block @ block.T, np.eye(H), atol=1e-5)
        gates = CELLS[cell].gates
        bias = one["b_h"].reshape(-1, H).tolist()
        assert {g: set(row) for g, row in zip(gates, bias, strict=True)} == {
            g: {1.0 if g == "f" else 0.0} for g in gates
        }
        assert all((one[k] == 1).all() for k in one if k == "g_n")
        assert not any(one[k].any() for k in one if k.startswith("p_") or k in ("b_n", "b_hn"))
        assert all(one[k].std() > 0.1 for k in one if k.startswith("W"))

    again, other = initial(config, V, seed=1), initial(config, V, seed=2)
    assert all(np.array_equal(weights[k], again[k]) for k in weights)
    assert not np.array_equal(weights["head.W_hy"], other["head.W_hy"])


def test_the_first_guess_is_how_frequent_each_character_is() -> None:
    counts = np.array([90, 9, 0])
    bias = initial(ModelConfig("rnn", 4, 1), 3, seed=0, counts=counts)["head.b_y"]
    shares = np.exp(bias) / np.exp(bias).sum()
    np.testing.assert_allclose(shares, (counts + 1) / 102, rtol=1e-5)
