"""A corpus as columns: contiguous, shifted by one, and wholly read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runs.layout import layout
from engine.training.parallel import Group
from engine.training.streams import Stream, columns

LENGTH = st.integers(2, 300)
COUNT = st.integers(1, 40)


@given(LENGTH, COUNT, COUNT)
def test_layout_law(n: int, batch: int, seq_length: int) -> None:
    plan = layout(n, batch, seq_length)
    assert 1 <= plan.batch <= batch and 1 <= plan.seq_length <= seq_length
    assert plan.batch * plan.length <= n - 1 < plan.batch * (plan.length + 1)
    assert plan.steps_per_epoch >= 1
    if batch * seq_length <= n - 1:
        assert (plan.batch, plan.seq_length) == (batch, seq_length)


@pytest.mark.parametrize(
    ("n", "batch", "length", "expected"),
    [(2, 16, 40, (1, 1)), (3, 16, 40, (1, 2)), (41, 16, 40, (1, 40)), (81, 16, 40, (2, 40))],
)
def test_small_texts_shrink_the_sequence_then_the_batch(
    n: int, batch: int, length: int, expected: tuple[int, int]
) -> None:
    plan = layout(n, batch, length)
    assert (plan.batch, plan.seq_length) == expected


@given(LENGTH, COUNT, COUNT, st.integers(0, 2**63 - 1))
def test_columns_are_contiguous_from_step_to_step_and_targets_are_inputs_shifted(
    n: int, batch: int, seq_length: int, seed: int
) -> None:
    ids = np.arange(n, dtype=np.uint16)
    stream = Stream(ids, layout(n, batch, seq_length), seed)
    plan, last = stream.layout, np.empty(0)
    for step in range(2 * plan.steps_per_epoch + 1):
        block = stream.read(step)
        assert block.shape == (plan.seq_length + 1, plan.batch)
        assert (np.diff(block, axis=0) == 1).all()
        if not stream.begins_epoch(step):
            assert np.array_equal(block[0], last)
        last = block[-1]
    assert stream.begins_epoch(0) and stream.begins_epoch(plan.steps_per_epoch)


@given(st.integers(2, 80), st.integers(1, 6), st.integers(1, 12), st.integers(0, 9))
def test_every_character_is_read(n: int, batch: int, seq_length: int, seed: int) -> None:
    stream = Stream(np.arange(n), layout(n, batch, seq_length), seed)
    seen: set[int] = set()
    for step in range(400 * stream.layout.steps_per_epoch):
        seen.update(stream.read(step).ravel().tolist())
        if len(seen) == n:
            break
    assert seen == set(range(n))


def test_most_characters_are_read_in_one_epoch_and_none_twice() -> None:
    n, stream = 1000, Stream(np.arange(1000), layout(1000, 4, 10), seed=3)
    inputs = np.concatenate([stream.read(k)[:-1].ravel() for k in range(24)])
    assert stream.layout.steps_per_epoch == 24
    assert len(inputs) == len(set(inputs.tolist())) == 960 < n


def test_a_step_depends_on_its_number_and_the_seed_alone() -> None:
    ids = np.random.default_rng(0).integers(0, 9, 500)
    one, two = (Stream(ids, layout(500, 3, 20), seed=5) for _ in range(2))
    later = [one.read(k) for k in range(30)]
    assert np.array_equal(two.read(29), later[29])
    firsts = {int(Stream(np.arange(500), layout(500, 3, 20), s).read(0)[0, 0]) for s in range(50)}
    assert len(firsts) > 3, "epochs do not all begin at the same character"


def test_columns() -> None:
    block = columns(np.arange(20, dtype=np.uint8), range(3), length=6, first=1, T=4)
    assert block.tolist() == [[t + 1 + 6 * b for b in range(3)] for t in range(5)]
    assert block.dtype == np.int64


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_shares_are_the_whole(size: int) -> None:
    ids = np.random.default_rng(0).integers(0, 9, 500)
    plan = layout(500, 5, 20)
    streams = [Stream(ids, plan, 1, Group(rank, size).share(plan.batch)) for rank in range(size)]
    for step in (0, 3, 7):
        shares = [stream.read(step) for stream in streams]
        assert np.array_equal(np.concatenate(shares, axis=1), Stream(ids, plan, 1).read(step))
        for stream, share in zip(streams, shares, strict=True):
            assert np.array_equal(ids[stream.first(step) + stream.offsets()], share)
