"""The trace of a text: the stepper's own states, gate by gate, however it is cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import NotFoundError, UsageError
from engine.inspecting import trace as tracing
from engine.inspecting.latest import SPAN, Latest, Near, latest
from engine.inspecting.trace import blocks, joined, names, part, trace, unit
from engine.network.stepper import Stepper
from tests.engine.networks import CONFIGURATIONS, random_model


def near(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(ours, theirs, 1e-6, 1e-6)


@given(CONFIGURATIONS, st.integers(1, 9), st.booleans())
def test_the_states_are_those_of_single_steps(config: ModelConfig, T: int, lines: bool) -> None:
    stepper = Stepper(random_model(replace(config, lines=lines), "abcd\nef", seed=T))
    ids = np.random.default_rng(T).integers(0, 7, T)
    state = stepper.start_state()
    found = trace(stepper, ids, state)
    assert tuple(found.arrays) == names(stepper)
    for t, id in enumerate(ids):
        logits, state = stepper.step(int(id), state)
        near(found.logits[t], logits)
        for l, layer in enumerate(state):
            for name, values in zip(stepper.cell.states, layer, strict=True):
                near(found.arrays[f"layers.{l}.{name}"][t], values)
    model = stepper.model
    near(found.outputs @ model.weights["head.W_hy"] + model.weights["head.b_y"], found.logits)


def test_the_gates_are_those_of_the_equations() -> None:
    """Against the formulas in torch, in double precision, for an LSTM and a GRU."""
    for cell in ("lstm", "gru"):
        model = random_model(ModelConfig(cell, 5, 1))
        ids = np.array([1, 3, 0, 6, 2])
        found = trace(Stepper(model), ids, Stepper(model).zero_state())
        p = {k: torch.from_numpy(v).double() for k, v in model.weights.items()}
        W, U, b = (p[f"layers.0.{name}"] for name in ("W_xh", "W_hh", "b_h"))
        h = c = torch.zeros(5).double()
        for t, id in enumerate(ids):
            x, q = W[id] + b, h @ U
            if cell == "lstm":
                i, f, g, o = (x + q).split(5)
                gates = {"i": i.sigmoid(), "f": f.sigmoid(), "g": g.tanh(), "o": o.sigmoid()}
                c = gates["f"] * c + gates["i"] * gates["g"]
                h = gates["o"] * c.tanh()
            else:
                r, z = (x + q)[:10].sigmoid().split(5)
                n = (x[10:] + r * (q[10:] + p["layers.0.b_hn"])).tanh()
                gates, h = {"r": r, "z": z, "n": n}, (1 - z) * n + z * h
            for name, values in gates.items():
                near(found.arrays[f"layers.0.{name}"][t], values)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_that_keeps_a_share_of_its_memory_keeps_that(cell: str) -> None:
    """The memory depends on the one before by that share, where the gates do not change."""
    stepper = Stepper(random_model(ModelConfig(cell, 6, 1)))
    found = trace(stepper, np.array([1, 2, 3, 4]), stepper.zero_state())
    own = {g: found.arrays[f"layers.0.{g}"] for g in stepper.cell.gates if g != "h"}
    share = stepper.cell.kept_share(own)
    if cell in ("rnn", "rnn-relu"):
        assert share is None
        return
    assert share is not None and share.shape == (4, 6) and (share > 0).all() and (share < 1).all()
    new = {"lstm": "i", "peephole": "i", "mlstm": "i"}.get(cell)
    memory = found.arrays[f"layers.0.{stepper.cell.states[-1]}"]
    taken = own[new] if new else 1 - share
    near(memory[1:], share[1:] * memory[:-1] + taken[1:] * own["g" if "g" in own else "n"][1:])


def test_long_texts_come_in_blocks_and_only_with_what_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "BLOCK", 7)
    stepper, ids = Stepper(random_model(ModelConfig("gru", 5, 2))), np.arange(30) % 7
    whole = trace(stepper, ids, stepper.start_state())
    pieces = list(blocks(stepper, ids, wanted=["layers.1.z"]))
    assert [len(piece) for piece in pieces] == [7, 7, 7, 7, 2]
    assert all(list(piece.arrays) == ["layers.1.z"] for piece in pieces)
    near(np.concatenate([p.arrays["layers.1.z"] for p in pieces]), whole.arrays["layers.1.z"])
    near(np.concatenate([p.logits for p in pieces]), whole.logits)


@given(CONFIGURATIONS, st.integers(1, 12), st.data())
def test_parts_joined_are_the_whole(config: ModelConfig, T: int, data: st.DataObject) -> None:
    stepper = Stepper(random_model(config))
    whole = trace(stepper, np.arange(T) % 7, stepper.start_state())
    at = data.draw(st.integers(1, T))
    one = part(stepper, whole, 0, at)
    for again in [joined(one, part(stepper, whole, at, T))] if at < T else [one]:
        for name, values in whole.arrays.items():
            np.testing.assert_array_equal(again.arrays[name], values)
        near(again.after[-1][0], whole.after[-1][0])


def test_units_have_names() -> None:
    stepper = Stepper(random_model(ModelConfig("lstm", 5, 2)))
    assert unit(stepper, "layers.1.c[4]") == ("layers.1.c", 4)
    for wrong in ("layers.1.c", "layers.1.c[x]", "layers.1.c[1]]", "", "layers.1.c[²]"):
        with pytest.raises(UsageError, match="names no unit"):
            unit(stepper, wrong)
    with pytest.raises(NotFoundError, match="units go from 0 to 4"):
        unit(stepper, "layers.1.c[5]")
    with pytest.raises(NotFoundError, match="is not in this model; it has"):
        unit(stepper, "layers.2.c[1]")


@given(st.lists(st.integers(-400, 500), min_size=1, max_size=6), st.integers(0, 99))
def test_what_was_computed_last_is_used_again_and_changes_nothing(
    moves: list[int], seed: int
) -> None:
    """However a text grows, is walked through or branches."""
    stepper, rng = Stepper(random_model(ModelConfig("lstm", 3, 2))), np.random.default_rng(seed)
    text, last = rng.integers(0, 7, 900), None
    whole = trace(stepper, text, stepper.start_state())
    n = 300
    for move in moves:
        n = max(1, min(n + move, len(text)))
        if move % 7 == 0:
            text = text.copy()
            text[n // 2 :] = rng.integers(0, 7, len(text) - n // 2)
            whole = trace(stepper, text, stepper.start_state())
        index = max(0, n - SPAN) // 48 * 48
        state = part(stepper, whole, 0, index).after if index else stepper.start_state()
        last = latest(stepper, text[:n], Near(index, state), last)
        assert isinstance(last, Latest) and last.first <= max(0, n - SPAN // 2)
        for name, values in last.trace.arrays.items():
            near(values, whole.arrays[name][last.first : n])
        near(last.trace.outputs, whole.outputs[last.first : n])
