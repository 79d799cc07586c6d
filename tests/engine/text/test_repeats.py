"""The longest repeated passage against trying every pair of places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import repeats
from engine.text.repeats import Repeat, longest


def brute_force(text: list[int]) -> tuple[int, int]:
    """The greatest length, and where the first passage of that length begins."""
    n = len(text)
    for length in range(n // 2, 0, -1):
        for i in range(n - 2 * length + 1):
            passage = text[i : i + length]
            for j in range(i + length, n - length + 1):
                if text[j : j + length] == passage:
                    return length, i
    return 0, 0


@given(st.lists(st.integers(0, 3), max_size=50))
def test_equal_to_trying_every_pair(text: list[int]) -> None:
    found = longest(np.array(text, np.uint8))
    assert (found.length, found.first) == brute_force(text)
    assert found.searched == len(text)
    first, second = (text[i : i + found.length] for i in (found.first, found.second))
    assert first == second and (found.second >= found.first + found.length or not text)


@given(st.binary(min_size=1, max_size=9), st.integers(1, 30))
def test_what_comes_over_and_over_is_repeated_up_to_its_half(part: bytes, times: int) -> None:
    text = list(part * times)
    found = longest(np.array(text, np.uint16) + 60_000)
    assert (found.length, found.first) == brute_force(text)


@pytest.mark.parametrize("length", [1, 2, 255, 256, 257, 5000])
def test_one_long_passage_in_a_text_without_others(length: int) -> None:
    text = np.arange(40_000, dtype=np.uint32)
    text[30_000 : 30_000 + length] = text[100 : 100 + length]
    assert longest(text) == Repeat(length, 100, 30_000, 40_000)


def test_only_the_first_characters_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "SEARCHED_MOST", 6)
    assert longest(np.array([1, 2, 1, 3, 2, 4, 1, 2, 1])) == Repeat(1, 0, 2, 6)
