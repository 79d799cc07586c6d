"""The gates of a text that grows and branches are those of the whole text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ModelConfig
from engine.inspecting import counting
from engine.inspecting.counting import Counted, count_on
from engine.inspecting.gates import Tally, tally_of
from engine.inspecting.trace import BLOCK, trace
from engine.network.stepper import Stepper
from tests.engine.networks import random_model

STEPPER = Stepper(random_model(ModelConfig("lstm", 4, 2)))
TEXT = np.random.default_rng(0).integers(0, 7, 3 * BLOCK)


def counted(before: Counted, ids: np.ndarray) -> Counted:
    while len(before) < len(ids) or not np.array_equal(before.ids, ids):
        before = count_on(before, ids)
    return before


def equal(one: Tally | None, other: Tally) -> None:
    assert one is not None and one.chars == other.chars
    for name, sums in other.sums.items():
        np.testing.assert_allclose(one.sums[name], sums, 1e-4)


@given(st.lists(st.tuples(st.integers(1, len(TEXT)), st.integers(0, len(TEXT))), max_size=4))
def test_whatever_became_of_a_text_its_gates_are_counted(turns: list[tuple[int, int]]) -> None:
    found = Counted(STEPPER)
    for n, change in turns:
        ids = TEXT[:n].copy()
        ids[change:] = (ids[change:] + 1) % 7
        found = counted(found, ids)
        equal(found.tally, tally_of(STEPPER, ids))


def test_what_was_counted_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def watched(stepper: Stepper, ids: np.ndarray, *more: object) -> object:
        read.append(len(ids))
        return trace(stepper, ids, *more)

    monkeypatch.setattr(counting, "trace", watched)
    found = counted(Counted(STEPPER), TEXT[: 2 * BLOCK + 10])
    assert read == [BLOCK, BLOCK, 10]
    found = count_on(found, TEXT[: 2 * BLOCK + 25])
    assert read[3:] == [15]
    assert count_on(found, found.ids) is found
    count_on(found, TEXT[: BLOCK + 3])
    assert read[4:] == [3]


@pytest.mark.parametrize("n", [1, 6, BLOCK, BLOCK + 1, BLOCK + 70, 2 * BLOCK + 10])
def test_the_last_gates_are_those_of_the_last_step(n: int) -> None:
    found = counted(Counted(STEPPER), TEXT[:n]).last
    whole = trace(STEPPER, TEXT[:n], STEPPER.start_state())
    assert set(found) == {f"layers.{l}.{g}" for l in (0, 1) for g in "ifo"}
    for name, values in found.items():
        np.testing.assert_allclose(values, whole.arrays[name][-1], 1e-4, 1e-6)
