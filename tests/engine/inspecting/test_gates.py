"""How open gates are: held against the formulas in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.inspecting import gates, trace
from engine.network.stepper import Stepper
from tests.engine.networks import random_model

H, L, N = 6, 2, 50


def counted(cell: str, ids: np.ndarray, pieces: int = 1) -> gates.Tally:
    found = Stepper(random_model(ModelConfig(cell, H, L)))
    state, parts = found.start_state(), list[gates.Tally]()
    for piece in np.array_split(ids, pieces):
        one = trace.trace(found, piece, state)
        state = one.after
        parts.append(gates.tally(found.cell, L, one))
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole


def by_hand(cell: str, ids: np.ndarray) -> dict[str, torch.Tensor]:
    """The gates (N, H) of an LSTM or a GRU by name, and what is kept, from the textbook's formulas."""
    model = random_model(ModelConfig(cell, H, L))
    w = {k: torch.from_numpy(v).double() for k, v in model.weights.items()}
    h, c = [torch.zeros(H).double()] * L, [torch.zeros(H).double()] * L
    seen: dict[str, list[torch.Tensor]] = {}
    for id in ids:
        x = torch.nn.functional.one_hot(torch.tensor(int(id)), len(model.alphabet)).double()
        for l in range(L):
            a = x @ w[f"layers.{l}.W_xh"] + w[f"layers.{l}.b_h"]
            r = h[l] @ w[f"layers.{l}.W_hh"]
            if cell == "lstm":
                i, f, g, o = (a + r).chunk(4)
                i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
                c[l] = f * c[l] + i * g
                h[l] = o * c[l].tanh()
                now = {"i": i, "f": f, "o": o, "kept": f}
            else:
                (ar, az, an), (rr, rz, rn) = a.chunk(3), r.chunk(3)
                reset, z = (ar + rr).sigmoid(), (az + rz).sigmoid()
                n = (an + reset * (rn + w[f"layers.{l}.b_hn"])).tanh()
                h[l] = (1 - z) * n + z * h[l]
                now = {"r": reset, "z": z, "kept": z}
            x = h[l]
            for name, value in now.items():
                seen.setdefault(f"layers.{l}.{name}", []).append(value)
    return {name: torch.stack(values) for name, values in seen.items()}


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_shares_and_means_are_those_of_the_formulas(cell: str) -> None:
    ids = np.random.default_rng(0).integers(0, 7, N)
    found, expected = counted(cell, ids), by_hand(cell, ids)
    every = [*found.gates, *found.keeping]
    assert {gate.name for gate in every} == set(expected)
    for gate in every:
        values = expected[gate.name]
        np.testing.assert_allclose(gate.shut, (values < 0.1).double().mean(0), 1e-12)
        np.testing.assert_allclose(gate.open, (values > 0.9).double().mean(0), 1e-12)
        np.testing.assert_allclose(gate.mean, values.mean(0), 1e-5)
        np.testing.assert_allclose(gate.memories, -1 / values.mean(0).log(), 1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_parts_of_a_text_add_up_to_the_whole(cell: str) -> None:
    ids = np.random.default_rng(1).integers(0, 7, N)
    one, many = counted(cell, ids), counted(cell, ids, 4)
    assert one.sums.keys() == many.sums.keys()
    for name, sums in one.sums.items():
        np.testing.assert_allclose(sums, many.sums[name], 1e-5)


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_a_whole_text_is_counted_in_blocks(cell: str) -> None:
    ids = np.random.default_rng(2).integers(0, 7, 2 * trace.BLOCK + 9)
    whole, one = (
        gates.tally_of(Stepper(random_model(ModelConfig(cell, H, L))), ids),
        counted(cell, ids),
    )
    assert whole.chars == one.chars == len(ids)
    for name, sums in one.sums.items():
        np.testing.assert_allclose(sums, whole.sums[name], 1e-5)


def test_what_mingru_keeps_is_what_its_gate_does_not_let_in() -> None:
    found = counted("mingru", np.arange(7))
    for gate, kept in zip(found.gates, found.keeping, strict=True):
        np.testing.assert_allclose(kept.mean, 1 - gate.mean, 1e-6)


def test_a_plain_rnn_has_no_gates() -> None:
    found = counted("rnn", np.arange(7))
    assert found.gates == found.keeping == []


def test_integrators_keep_nearly_all_nearly_always() -> None:
    shares = np.array([1.0, 0.96, 0.95, 0.5, 0.0])
    gate = gates.Gate("layers.0.kept", 0 * shares, shares, np.array([1, 0.99, 0.9, 0.5, 0.0]))
    assert gate.integrators == 2
    assert gate.memories[0] == np.inf and gate.memories[4] == 0
    assert gate.memories[1] == pytest.approx(99.5, abs=0.1)
