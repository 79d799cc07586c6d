"""What is believed of the next character."""

from __future__ import annotations

import numpy as np

from engine.network.stepper import log_softmax
from engine.writing.belief import Belief, rank_of


def test_the_candidates_are_the_same_by_one_sort_and_by_a_partition() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        logits = rng.integers(-3, 4, 40) * 1.0  # many are equal
        log_p = log_softmax(logits)
        p = np.exp(log_p)
        rank, one = Belief(log_p, p, p, 0.0).ranked(7, 40)
        assert rank == rank_of(7, p)
        assert one == Belief(log_p, p, p.copy(), 0.0).ranked(7, 40)[1]
        expected = sorted(range(40), key=lambda id: (-p[id], id))
        assert one.ids == expected and one.by_model == [p[id] for id in expected]
