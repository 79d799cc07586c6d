"""Words of messages: values from outside stay short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.words import LONG, SHORT, quoted, shortened


def test_a_short_value_is_shown_whole() -> None:
    assert quoted("a\x1b") == "'a\\x1b'" and quoted(3) == "3"
    assert shortened("x" * SHORT) == "x" * SHORT


@given(st.text() | st.integers() | st.text(min_size=SHORT - 2, max_size=3 * SHORT))
def test_a_long_one_keeps_both_ends(value: str | int) -> None:
    shown = quoted(value)
    assert shown.isprintable() and len(shown) <= SHORT
    assert shown[: SHORT // 2] == repr(value)[: SHORT // 2] and shown[-1] == repr(value)[-1]
    assert len(shortened(str(value) * 100, LONG)) <= LONG
