"""A long text that is read as stretches side by side, against the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.vocab import Ids
from engine.writing import score, stretches
from tests.conftest import random_model, stacked

IDS = np.random.default_rng(0).integers(0, 20, 3000).astype(np.uint8)


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "LENGTH", 100)
    monkeypatch.setattr(stretches, "_EVERY", 8)


@pytest.fixture
def chains(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much is read in a chain, in one entry for each beginning."""
    found = list[int]()

    def watched(stepper: Stepper, ids: Ids, start: int, state: object) -> Iterator[score.Piece]:
        found.append(len(ids) - 1 - start)
        return plain(stepper, ids, start, state)  # type: ignore[arg-type]

    plain = score.one_pass
    monkeypatch.setattr(score, "one_pass", watched)
    return found


def chained(stepper: Stepper, ids: Ids) -> float:
    pieces = score.one_pass(stepper, ids, 0, stepper.start_state())
    return float(np.concatenate([piece.losses for piece in pieces]).mean())


def in_lines() -> Model:
    model = random_model("lstm", 8, 2)
    return replace(model, config=replace(model.config, lines=True))


MODELS = {cell: stacked(cell) for cell in CELLS} | {"lines": in_lines()}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n", [1201, 1650, 3000])
def test_it_is_the_stateful_pass(name: str, n: int, chains: list[int]) -> None:
    stepper = Stepper(MODELS[name])
    found = score.stateful(stepper, IDS[:n])
    assert found.nats_per_char == pytest.approx(chained(stepper, IDS[:n]), abs=1e-6)
    assert found.chars == n - 1 and chains[0] < n // 100, "what is left of a division"


def keeping(cell: str, bias: float) -> Model:
    """A model whose memory fades the less, the larger the bias of its forget gate is."""
    model = random_model(cell, 8, 2)
    for name, b in model.weights.items():
        if name.endswith("b_h"):
            b.reshape(-1, 8)[CELLS[cell].gates.index("f")] = bias
    return model


@settings(max_examples=12)
@given(st.floats(0, 12), st.integers(0, 2**32))
def test_however_long_a_network_remembers(bias: float, seed: int) -> None:
    stepper = Stepper(keeping("lstm", bias))
    ids = np.random.default_rng(seed).integers(0, 20, 1300).astype(np.uint8)
    found = score.stateful(stepper, ids)
    assert found.nats_per_char == pytest.approx(chained(stepper, ids), abs=1e-5)


def test_a_network_that_never_forgets_is_read_in_a_chain(chains: list[int]) -> None:
    stepper, told = Stepper(keeping("lstm", 50.0)), list[tuple[int, int]]()
    found = score.stateful(stepper, IDS, lambda *at: told.append(at))
    assert chains == [2999]
    assert found.nats_per_char == chained(stepper, IDS)
    assert sorted(told) == told and told[-1] == (2999, 2999)


def test_many_stretches_are_read_in_turn(
    monkeypatch: pytest.MonkeyPatch, chains: list[int]
) -> None:
    monkeypatch.setattr(stretches, "_BYTES", 1)
    stepper = Stepper(MODELS["gru"])
    rows, length = stretches.shape(stepper, len(IDS) - 1)
    assert rows == stretches.FEWEST and 100 <= length <= 200
    told = list[tuple[int, int]]()
    found = score.stateful(stepper, IDS, lambda *at: told.append(at))
    assert found.nats_per_char == pytest.approx(chained(stepper, IDS), abs=1e-6)
    assert sorted(told) == told and told[-1] == (2999, 2999)


def test_few_stretches_are_not_worth_it() -> None:
    stepper = Stepper(MODELS["lstm"])
    assert stretches.shape(stepper, 1199) == (0, 0) and stretches.shape(stepper, 1200) == (12, 100)
    for n in range(1200, 100_000, 997):
        rows, length = stretches.shape(stepper, n)
        assert rows >= stretches.FEWEST and length >= 100 and 0 < rows * length <= n


class Other(Stepper):
    """A network that does more than its model says."""


def test_only_a_plain_network_is_read_so() -> None:
    assert stretches.shape(Other(MODELS["lstm"]), 10_000) == (0, 0)
