"""A text that is read: its columns equal a Generation's and the score, and it can be looked at anywhere."""

from __future__ import annotations

import math
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.writing import reading, score
from engine.writing.belief import rank_of
from engine.writing.generate import Generation
from engine.writing.reading import Reading, ranks
from tests.conftest import random_model

IDS = np.random.default_rng(0).integers(0, 20, 1200).astype(np.uint8)


def read(stepper: Stepper, ids: np.ndarray) -> Reading:
    whole = Reading(stepper, ids)
    for _ in whole.read():
        pass
    return whole


@pytest.mark.parametrize("n", [2, 3, 512, 513, 514, 1200])
def test_the_bits_are_those_of_the_score(n: int) -> None:
    stepper = Stepper(random_model())
    whole = read(stepper, IDS[:n])
    assert whole.finished and whole.score == score.stateful(stepper, IDS[:n])
    assert whole.mean_bits(n) == pytest.approx(whole.score.bits_per_char, rel=1e-6)
    assert whole.mean_bits(1) == whole.mean_bits(0) == whole.bits[0] == 0


@pytest.mark.parametrize("cell", CELLS)
def test_every_step_is_that_of_a_generation_with_this_prompt(cell: str) -> None:
    stepper, n = Stepper(random_model(cell)), 70
    whole, written = read(stepper, IDS[:n]), Generation(stepper, IDS[:n])
    for step in islice(written, n):
        mine = whole.step(step.index)
        assert (mine.char, mine.id, mine.rank) == (step.char, step.id, step.rank)
        assert mine.bits == pytest.approx(step.bits, abs=1e-4)
        assert mine.prediction.entropy == pytest.approx(step.prediction.entropy, abs=1e-4)
        for a, b in zip(mine.prediction.top, step.prediction.top, strict=True):
            assert a.prob == pytest.approx(b.prob, abs=1e-5)
        if step.index and step.rank <= len(mine.prediction.top):
            assert mine.prediction.top[step.rank - 1].id == step.id


def test_a_place_can_be_looked_at_in_any_order_while_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_STATES", 2)  # so that whole pieces lie between two states
    stepper, ids = Stepper(random_model()), np.tile(IDS, 3)
    whole = Reading(stepper, ids)
    for done in whole.read():
        assert done == whole.done
        for i in (done - 1, 1, done // 2, max(1, done - 600)):
            step = whole.step(i)
            held = {c.id: c.prob for c in step.prediction.top}
            if step.id in held:
                assert -math.log2(held[step.id]) == pytest.approx(step.bits, rel=1e-6)
            assert (step.id in held) == (whole.rank[i] <= len(held))
    assert whole.done == len(ids)


def test_reading_can_be_left_and_what_was_read_stays() -> None:
    whole = Reading(Stepper(random_model()), IDS)
    assert next(whole.read()) == 513 and not whole.finished
    assert whole.score == score.stateful(whole.stepper, IDS[:513])
    assert not whole.bits[513:].any()


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=5))
def test_ranks_are_those_of_a_step(rows: list[list[int]]) -> None:
    log_p = np.array(rows, float)
    for id in range(4):
        expected = [rank_of(id, np.exp(row)) for row in log_p]
        assert ranks(log_p, np.full(len(rows), id)).tolist() == expected


@pytest.mark.parametrize("n", [0, 1])
def test_too_short(n: int) -> None:
    with pytest.raises(UsageError, match="two characters"):
        Reading(Stepper(random_model()), IDS[:n])
