"""What is kept of a log that is longer than what can be seen."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.runs.events import RolledBack
from engine.runs.kept import FINEST, Kept, thin
from tests.engine.said import progress


def test_thinning_joins_neighbours():
    losses = {2: 1.0, 3: 2.0, 4: 7.0, 5: math.nan}
    kept = thin([(progress(step=step), nats) for step, nats in losses.items()], 2)
    assert [(event.step, nats) for event, nats in kept] == [(3, 1.5), (5, 7.0)]


def test_where_no_loss_of_a_stretch_is_a_number_its_mean_is_none():
    kept = thin([(progress(step=step), math.inf) for step in range(8)], 1)
    assert len(kept) == 1 and math.isnan(kept[0][1])


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 50))
def test_thinning_keeps_the_last_and_no_more_than_asked(steps, most):
    kept = thin([(progress(step=step), float(step)) for step in steps], most)
    assert 1 <= len(kept) <= most + 1
    assert kept[-1][0].step == steps[-1]
    assert all(min(steps) <= nats <= max(steps) for _, nats in kept)


def test_what_was_thinned_is_voided_as_what_was_not():
    kept = Kept()
    kept.take(progress(step=step) for step in range(3 * FINEST))
    assert len(kept.progress) <= FINEST
    kept.take([RolledBack(life=0, step=1000)])
    steps = [event.step for event, _ in kept.progress]
    assert 900 < max(steps) <= 1000
    kept.take([progress(step=1001)])
    assert kept.progress[-1][0] == kept.last
