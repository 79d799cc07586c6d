"""Scores against the plainest possible loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.cells import CELLS
from engine.errors import ModelFileError, UsageError
from engine.network.modelfile import Model
from engine.network.stepper import Stepper, log_softmax
from engine.vocab import Ids
from engine.writing import score
from engine.writing.score import Score
from tests.conftest import random_model

IDS = np.random.default_rng(0).integers(0, 20, 1200).astype(np.uint8)


def naive(stepper: Stepper, ids: np.ndarray) -> list[float]:
    state, losses = stepper.zero_state(), []
    for id, target in pairwise(ids):
        logits, state = stepper.step(int(id), state)
        losses.append(-float(log_softmax(logits)[target]))
    return losses


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("n", [2, 3, 512, 513, 514, 1200])
def test_one_pass_equals_a_loop_over_characters(cell: str, n: int) -> None:
    stepper = Stepper(random_model(cell))
    result = score.stateful(stepper, IDS[:n])
    assert result.chars == n - 1 and result.protocol == "stateful"
    assert result.nats_per_char == pytest.approx(np.mean(naive(stepper, IDS[:n])), rel=1e-5)
    assert result.bits_per_char == pytest.approx(result.nats_per_char / math.log(2))


def test_windows_equal_a_loop_over_cold_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "_BATCH", 16)
    stepper = Stepper(random_model())
    result = score.windows(stepper, IDS, 70, count=40)
    starts = np.random.default_rng(1337).integers(0, len(IDS) - 70, 40)
    means = [np.mean(naive(stepper, IDS[s : s + 71])) for s in starts]
    assert result.nats_per_char == pytest.approx(np.mean(means), rel=1e-5)
    assert result.standard_error == pytest.approx(np.std(means, ddof=1) / math.sqrt(40), rel=1e-4)
    assert (result.chars, result.windows, result.protocol) == (40 * 70, 40, "windows")


def test_a_window_may_be_as_long_as_the_text() -> None:
    stepper = Stepper(random_model())
    result = score.windows(stepper, IDS[:5], 4, count=3)
    assert result.nats_per_char == pytest.approx(score.stateful(stepper, IDS[:5]).nats_per_char)


def test_blind_guessing_costs_the_logarithm_of_the_alphabet() -> None:
    model = random_model()
    for weights in model.weights.values():
        weights[:] = 0
    result = score.stateful(Stepper(model), IDS)
    assert result.nats_per_char == pytest.approx(math.log(len(model.alphabet)))


@pytest.mark.parametrize("n", [0, 1])
def test_too_short(n: int) -> None:
    with pytest.raises(UsageError, match="two characters"):
        score.stateful(Stepper(random_model()), IDS[:n])
    with pytest.raises(UsageError, match="two characters"):
        score.dynamic(random_model(), IDS[:n])


@pytest.mark.parametrize(("length", "n"), [(0, 9), (-1, 9), (9, 9), (1, 1), (10, 0)])
def test_windows_that_do_not_fit(length: int, n: int) -> None:
    with pytest.raises(UsageError):
        score.windows(Stepper(random_model()), IDS[:n], length, count=2)


def test_report_ends_at_the_whole() -> None:
    seen: list[tuple[int, int]] = []
    score.stateful(Stepper(random_model()), IDS, lambda *at: seen.append(at))
    assert seen[-1] == (1199, 1199) and sorted(seen) == seen and len(seen) > 1
    seen.clear()
    score.dynamic(random_model(), IDS, lambda *at: seen.append(at))
    assert seen[-1] == (1199, 1199) and sorted(seen) == seen and len(seen) > 1
    seen.clear()
    score.windows(Stepper(random_model()), IDS, 5, lambda *at: seen.append(at), count=300)
    assert seen[-1] == (1500, 1500) and len(seen) > 1


def test_json_has_the_keys_that_others_rely_on() -> None:
    data = score.stateful(Stepper(random_model()), IDS[:9]).to_json()
    assert {"protocol", "chars", "nats_per_char", "bits_per_char"} <= set(data)
    assert data["standard_error"] is None and data["windows"] is None
    windows = score.windows(Stepper(random_model()), IDS[:9], 2, count=2).to_json()
    assert windows.keys() == data.keys() and windows["windows"] == 2


SCORES = (score.dynamic, lambda model, ids: score.stateful(Stepper(model), ids))


@pytest.mark.parametrize("scored", SCORES)
def test_a_network_that_overflows_has_no_score(scored: Callable[[Model, Ids], Score]) -> None:
    model = random_model()
    large = replace(model, weights={k: W * np.float32(3e38) for k, W in model.weights.items()})
    with np.errstate(all="ignore"), pytest.raises(ModelFileError, match="overflow"):
        scored(large, model.alphabet.encode("Shall I compare thee"))
