"""Word wrap: lines fit, nothing is lost, and growing gives what wrapping at once gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.text import visible
from tui.width import INSIDE
from tui.wrap import Wrapped

ODD = "abc \n日本e\u0301é👍\t\u200d\u200c\ufe0f❤🇫🏽क\u093fี" + INSIDE
TEXTS = st.text(st.sampled_from(ODD), max_size=80).map(
    lambda text: INSIDE.join(map(visible, text.split(INSIDE)))
)
WIDTHS = st.integers(2, 12)


def wrapped(text: str, width: int) -> Wrapped:
    result = Wrapped(width)
    result.extend(text)
    return result


def lines(w: Wrapped) -> list[str]:
    return [w.text[slice(*w.span(i))] for i in range(len(w))]


def test_words_stay_whole_where_they_can() -> None:
    assert lines(wrapped("to be or not", 5)) == ["to be ", "or ", "not"]
    assert lines(wrapped("to be", 3)) == ["to ", "be"]
    assert lines(wrapped("tobe or", 3)) == ["tob", "e ", "or"]
    assert lines(wrapped("    tobeornot", 6)) == ["    to", "beorno", "t"]
    assert lines(wrapped("to be   or", 5)) == ["to be ", "  or"]
    assert lines(wrapped("to be ", 5)) == ["to be "]
    assert lines(wrapped("été été été", 7)) == ["été été ", "été"]
    assert lines(wrapped("日本 abc語", 7)) == ["日本 ", "abc語"]


def test_lines() -> None:
    assert lines(wrapped("", 10)) == [""]
    assert lines(wrapped("abcdef\ngh\n\n", 4)) == ["abcd", "ef", "gh", "", ""]
    assert lines(wrapped("abcd\nabcd", 4)) == ["abcd", "abcd"]
    assert lines(wrapped("日本語ab", 5)) == ["日本", "語ab"]
    assert lines(wrapped("ab👩\u200d👧c", 4)) == ["ab👩\u200d👧", "c"]
    assert lines(wrapped("abc❤\ufe0f", 4)) == ["abc", "❤\ufe0f"]
    assert lines(wrapped("a\tb\tcd", 6)) == ["a\tb\t", "cd"]


@given(TEXTS, WIDTHS)
def test_every_line_fits_and_nothing_is_lost(text: str, width: int) -> None:
    w = wrapped(text, width)
    for i in range(len(w)):
        found = list(w.clusters(i))
        if sum(c.cells for c in found) == width + 1:
            assert found.pop().shown == " ", "only a space hangs"
        assert cell_len("".join(c.shown for c in found if "\u200d" not in c.shown)) <= width
        assert sum(c.cells for c in found) <= width
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


@given(TEXTS, WIDTHS)
def test_a_click_and_a_place_agree(text: str, width: int) -> None:
    w = wrapped(text, width)
    for line in range(len(w)):
        for cluster in w.clusters(line):
            for column in range(cluster.column, cluster.column + cluster.cells):
                assert w.index_at(line, column) == cluster.start, "either half of a wide character"
            if cluster.cells:
                for index in range(cluster.start, cluster.end):
                    assert w.column_of(index) == cluster.column
        beyond = w.nearest(line, width)
        assert w.line_of(beyond) == line
        assert beyond in (w.span(line)[1], *(c.start for c in w.clusters(line)))


@given(TEXTS, WIDTHS)
def test_a_selection_takes_whatever_it_touches(text: str, width: int) -> None:
    w = wrapped(text, width)
    for line in range(len(w)):
        for cluster in w.clusters(line):
            for column in range(cluster.column, cluster.column + cluster.cells):
                assert w.index_at(line, column) < cluster.end <= w.index_from(line, column + 1)
        assert w.index_from(line, 0) == w.span(line)[0]
