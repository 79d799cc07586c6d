"""Pictures of how far back networks remember."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.inspecting.memory import Contexts, Lags
from tui.curves import reach
from tui.curves.ink import ASCII, BLOCKS, BRAILLE

INKS = st.sampled_from([BRAILLE, BLOCKS, ASCII])
SHARES = st.floats(0, 50, allow_nan=False)


def series(least: int = 1) -> st.SearchStrategy[np.ndarray]:
    return st.lists(SHARES, min_size=least, max_size=101).map(np.array)


@given(st.lists(series(), min_size=1, max_size=2), st.integers(0, 150), st.integers(0, 40), INKS)
def test_any_losses_can_be_drawn_at_any_size(curves, width, height, ink) -> None:
    found = [Contexts(nats, float(nats.min()), 3) for nats in curves]
    rows = reach.loss_picture(found, width, height, ink)
    assert len(rows) == max(3, height - 2) + 2
    assert all(sum(len(text) for text, _ in row) <= max(21, width) for row in rows)


@given(st.lists(series(2), min_size=1, max_size=2), st.integers(0, 150), st.integers(0, 40), INKS)
def test_any_gradients_can_be_drawn_at_any_size(curves, width, height, ink) -> None:
    found = [Lags(values, values / 2, 3) for values in curves]
    rows = reach.gradient_picture(found, width, height, ink)
    assert len(rows) == max(3, height - 2) + 2
    assert all(sum(len(text) for text, _ in row) <= max(21, width) for row in rows)


def test_two_networks_differ_without_colours() -> None:
    fades = Lags(0.9 ** np.arange(50), 0.8 ** np.arange(50), 9)
    stays = Lags(0.99 ** np.arange(50), 0.95 ** np.arange(50), 9)
    rows = reach.gradient_picture([fades, stays], 76, 14, BRAILLE)
    text = "".join(part for row in rows for part, _ in row)
    for sign, _ in reach.gradient_legend(["a", "b"], BRAILLE)[1:]:
        assert sign[0] in text


@pytest.mark.parametrize(
    ("nats", "said"),
    [([2.0, 1.0], "2 characters"), ([1.0], "1 character"), ([2.0, 1.5], "more than 2")],
)
def test_the_memory_in_words(nats: list[float], said: str) -> None:
    assert reach.memory_words(Contexts(np.array(nats), 1.0, 5)) == f"effective memory: {said}"
