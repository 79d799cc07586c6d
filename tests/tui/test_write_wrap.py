"""Character wrap: lines fit, nothing is lost, and growing gives what wrapping at once gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.text import visible
from tui.write.wrap import Wrapped

TEXTS = st.text(st.sampled_from("abc \n日本e\u0301é👍"), max_size=80)
WIDTHS = st.integers(2, 12)


def wrapped(text: str, width: int) -> Wrapped:
    result = Wrapped(width)
    result.extend(text)
    return result


def lines(w: Wrapped) -> list[str]:
    return [w.text[slice(*w.span(i))] for i in range(len(w))]


def test_lines() -> None:
    assert lines(wrapped("", 10)) == [""]
    assert lines(wrapped("abcdef\ngh\n\n", 4)) == ["abcd", "ef", "gh", "", ""]
    assert lines(wrapped("abcd\nabcd", 4)) == ["abcd", "abcd"]
    assert lines(wrapped("日本語ab", 5)) == ["日本", "語ab"]


@given(TEXTS, WIDTHS)
def test_every_line_fits_and_nothing_is_lost(text: str, width: int) -> None:
    w = wrapped(text, width)
    assert all(cell_len(visible(line)) <= width for line in lines(w))
    joined = "".join(w.text[a:b] for a, b in zip(w.starts, [*w.starts[1:], len(text)], strict=True))
    assert joined == text
    for i in range(len(text)):
        start, end = w.span(w.line_of(i))
        assert start <= i < end or (text[i] == "\n" and i == end)


@given(st.lists(TEXTS, max_size=6), WIDTHS)
def test_growing_is_wrapping_at_once(parts: list[str], width: int) -> None:
    grown = Wrapped(width)
    for part in parts:
        grown.extend(part)
    assert grown.starts == wrapped("".join(parts), width).starts


@given(TEXTS, TEXTS, WIDTHS, st.integers(0, 80))
def test_truncating_and_growing_again(text: str, more: str, width: int, length: int) -> None:
    w = wrapped(text, width)
    w.truncate(length)
    w.extend(more)
    assert w.starts == wrapped(text[:length] + more, width).starts


@given(TEXTS, WIDTHS, WIDTHS)
def test_another_width(text: str, before: int, after: int) -> None:
    w = wrapped(text, before)
    w.rewrap(after)
    assert w.starts == wrapped(text, after).starts
