"""The NumPy stepper: one character at a time, many at once, and torch, all the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import ModelFileError
from engine.network.stepper import States, Stepper
from engine.training.model import CharRNN
from tests.engine.networks import CONFIGURATIONS, NORMED_AND_RESIDUAL, random_model

EVERY = [
    ModelConfig(cell, 8, 2, layer_norm, residual)
    for cell in CELLS
    for layer_norm, residual in NORMED_AND_RESIDUAL
]
every = pytest.mark.parametrize("config", EVERY, ids=str)


def assert_states_close(ours: States, theirs: States) -> None:
    for layer, other in zip(ours, theirs, strict=True):
        for s, o in zip(layer, other, strict=True):
            np.testing.assert_allclose(s, np.asarray(o), 1e-5, 1e-5)


def frozen(state: States) -> States:
    for layer in state:
        for array in layer:
            array.setflags(write=False)
    return state


@given(CONFIGURATIONS, st.integers(1, 6), st.integers(0, 999))
@settings(max_examples=80)
def test_step_sequence_and_torch_agree(config: ModelConfig, T: int, seed: int) -> None:
    model = random_model(config, seed=seed)
    stepper, ids = Stepper(model), np.random.default_rng(seed).integers(0, 7, T)
    state, rows = stepper.zero_state(), []
    for id in ids:
        logits, state = stepper.step(int(id), state)
        rows.append(logits)
    at_once, after = stepper.sequence(ids, stepper.zero_state())
    np.testing.assert_allclose(at_once, rows, 1e-5, 1e-5)
    assert_states_close(after, state)

    network = CharRNN(model.config, 7)
    network.load(model.weights)
    network.eval()
    with torch.no_grad():
        theirs, end = network(torch.from_numpy(ids)[:, None], network.zero_state(1))
    np.testing.assert_allclose(at_once, theirs[:, 0], 1e-5, 1e-5)
    assert_states_close(after, tuple(tuple(s[0] for s in layer) for layer in end))


@given(CONFIGURATIONS, st.integers(1, 5), st.integers(1, 4))
def test_a_batch_equals_each_stream_alone(config: ModelConfig, T: int, B: int) -> None:
    stepper = Stepper(random_model(config, seed=T))
    ids = np.random.default_rng(B).integers(0, 7, (T, B))
    logits, after = stepper.sequence(ids, stepper.zero_state(B))
    assert logits.shape == (T, B, 7)
    for b in range(B):
        alone, end = stepper.sequence(ids[:, b], stepper.zero_state())
        np.testing.assert_allclose(logits[:, b], alone, 1e-5, 1e-5)
        assert_states_close(tuple(tuple(s[b] for s in layer) for layer in after), end)


@every
def test_chunks_equal_the_whole(config: ModelConfig) -> None:
    stepper, ids = Stepper(random_model(config)), np.arange(20) % 7
    whole, end = stepper.sequence(ids, stepper.zero_state())
    state, parts = stepper.zero_state(), []
    for chunk in np.split(ids, [1, 2, 9]):
        logits, state = stepper.sequence(chunk, state)
        parts.append(logits)
    np.testing.assert_allclose(np.concatenate(parts), whole, 1e-5, 1e-5)
    assert_states_close(state, end)


@every
def test_a_state_is_a_snapshot(config: ModelConfig) -> None:
    """No array is written to once it was handed out: neither states nor weights nor logits."""
    model = random_model(config)
    for weights in model.weights.values():
        weights.setflags(write=False)
    stepper = Stepper(model)
    kept = [frozen(stepper.zero_state())]
    copies = [[s.copy() for layer in kept[0] for s in layer]]
    results = []
    for id in (1, 2, 3, 1, 0):
        logits, state = stepper.step(id, kept[-1])
        results.append((logits, logits.copy()))
        kept.append(frozen(state))
        copies.append([s.copy() for layer in state for s in layer])
        _, further = stepper.sequence(np.array([id, 2]), state)
        kept.append(frozen(further))
        copies.append([s.copy() for layer in further for s in layer])
    for state, copied in zip(kept, copies, strict=True):
        now = [s for layer in state for s in layer]
        assert all(np.array_equal(a, b) for a, b in zip(now, copied, strict=True))
    assert all(np.array_equal(a, b) for a, b in results)
    again, _ = stepper.step(3, kept[4])
    assert np.array_equal(again, results[2][0])


@every
def test_a_state_keeps_nothing_else_in_memory(config: ModelConfig) -> None:
    stepper = Stepper(random_model(config))
    _, one = stepper.step(3, stepper.zero_state())
    _, many = stepper.sequence(np.zeros(50, np.int64), one)
    assert all(s.base is None for state in (one, many) for layer in state for s in layer)


def test_the_network_is_a_pure_function_of_its_model() -> None:
    model = random_model(ModelConfig("lstm", 8, 1))
    other = replace(model, weights={k: w * 2 for k, w in model.weights.items()})
    one, same, two = (Stepper(m).step(3, Stepper(m).zero_state())[0] for m in (model, model, other))
    assert np.array_equal(one, same) and not np.allclose(one, two)


@pytest.mark.parametrize("cell", ["lstm", "rnn-relu"])
def test_logits_that_overflow_are_an_error_of_the_model(cell: str) -> None:
    model = random_model(ModelConfig(cell, 8, 2))
    stepper = Stepper(replace(model, weights={k: W * 1e36 for k, W in model.weights.items()}))
    ids = np.arange(10) % len(model.alphabet)
    with np.errstate(all="ignore"):
        with pytest.raises(ModelFileError, match="cannot be used"):
            stepper.sequence(ids, stepper.zero_state())
        with pytest.raises(ModelFileError, match="logits overflow"):
            state = stepper.zero_state()
            for id in ids.tolist():
                _, state = stepper.step(id, state)
