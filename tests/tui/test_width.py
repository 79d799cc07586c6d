"""What is shown as one stays together, and is as wide as Textual and a terminal take it to be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.hard import hard
from tests.tui.training import TrainApp
from tui.text import visible
from tui.width import INSIDE, clusters, cut, expanded

ODD = "ab \t日e\u0301क्ष\u093fเ\u0e35\u200c\u200d\ufe0f❤1\u20e3👩💻🏽🇫🇷한\u1161\u00ad\U0001fae8�"
LINES = st.text(st.sampled_from(ODD) | st.characters(codec="utf-8"), max_size=30).map(
    lambda text: visible(text).replace("\n", "")
)
HELD = st.lists(LINES | st.just(INSIDE)).map("".join)
"""Lines in which some bytes have not become a character."""
ROOM = 1000


@given(HELD)
def test_clusters_are_the_line(line: str) -> None:
    found = list(clusters(line, ROOM))
    assert "".join(line[c.start : c.end] for c in found) == line
    end = column = 0
    for cluster in found:
        assert (cluster.start, cluster.column) == (end, column)
        assert cluster.end > cluster.start and cell_len(cluster.shown) == cluster.cells <= 4
        assert INSIDE not in cluster.shown and "\t" not in cluster.shown
        end, column = cluster.end, column + cluster.cells


@given(LINES, LINES)
def test_a_cluster_ends_where_a_line_may_be_cut(first: str, second: str) -> None:
    together = [c.end for c in clusters(first + second, ROOM)]
    if len(first) in together:
        apart = [c.end for c in clusters(first, ROOM)]
        assert together == apart + [len(first) + c.end for c in clusters(second, ROOM)]


@pytest.mark.parametrize(
    ("line", "widths"),
    [
        ("aé日", [1, 1, 2]),
        ("e\u0301คี่", [1, 1]),
        ("👩\u200d👩\u200d👧👍🏽🇫🇷❤\ufe0f", [2, 2, 2, 2]),
        ("1\ufe0f\u20e3\U0001fae8", [2, 2]),
        ("نمی\u200cداند", [1] * 7),
        ("क\u200dक👩\u200da", [1, 1, 2, 1]),
        ("🇫🇷🇩", [2, 1]),
        ("\u0301a", [0, 1]),
        (f"{INSIDE}éa{INSIDE}{INSIDE}日{INSIDE}", [1, 1, 2]),
        (f"👩{INSIDE}{INSIDE}\u200d{INSIDE}👧", [2]),
    ],
)
def test_widths(line: str, widths: list[int]) -> None:
    assert [c.cells for c in clusters(line, ROOM)] == widths


def test_a_tab_reaches_to_the_next_stop() -> None:
    assert [c.cells for c in clusters("\ta\t日\tabcd\t", ROOM)] == [4, 1, 3, 2, 2, 1, 1, 1, 1, 4]
    assert [c.cells for c in clusters("abcd\t", 6)] == [1, 1, 1, 1, 2], "no further than the line"


def test_code_keeps_its_shape() -> None:
    text = "if (a)\n\treturn;\t/* done */\n\t日\tb\n"
    assert expanded(text) == "if (a)\n    return; /* done */\n    日  b\n"
    code = hard("tabs.c").read_text()
    assert expanded(visible(code)) == code.expandtabs(4)


async def test_a_sample_keeps_its_shape(fake_run: Any, until: Any) -> None:
    run = fake_run()
    run.begin()
    run.sampled(10, "if (a)\n\treturn;")
    app = TrainApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.text("#text") == "if (a)\n    return;")


@given(LINES.map(lambda line: line.replace("\t", "")), st.integers(1, 40))
def test_a_cut_line_fits(line: str, width: int) -> None:
    short = cut(line, width)
    assert sum(c.cells for c in clusters(short, ROOM)) <= max(width, 1)
    assert short == line or (short[-1] == "…" and line.startswith(short[:-1]))
