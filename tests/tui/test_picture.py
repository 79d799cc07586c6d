"""Curves as cells of text."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.curves.ink import ASCII, BLOCKS, INKS, ink
from tui.curves.picture import BESIDE, HIGH, WIDE, Axis, Picture, round_places, row_of
from tui.settings import load_settings

shares = st.floats(0, 1)
points = st.lists(st.tuples(shares, shares), min_size=1, max_size=40)
sizes = st.integers(1, 30)


def lines(picture):
    return ["".join(text for text, _ in row) for row in picture.framed()]


def dots(picture):
    """The places of all dots: (column, row), rows from the top."""
    found = set()
    for row, cells in enumerate(picture._cells):
        for column, (char, _) in enumerate(cells):
            pattern = ord(char) - 0x2800 if char != " " else 0
            bits = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
            found |= {
                (column * WIDE + x, row * HIGH + y)
                for bit, (x, y) in enumerate(bits)
                if pattern >> bit & 1
            }
    return found


@given(points, sizes, sizes)
def test_a_line_goes_through_its_points_without_a_gap(given_points, columns, rows):
    given_points.sort()
    xs, ys = np.array(given_points).T
    picture = Picture(columns, rows, Axis(0, 1), Axis(0, 1))
    picture.line(xs, ys, "line")
    drawn = dots(picture)
    ends = {
        (round(x * (columns * WIDE - 1)), rows * HIGH - 1 - round(y * (rows * HIGH - 1)))
        for x, y in given_points
    }
    assert ends <= drawn
    reached, new = set(), {next(iter(drawn))}
    while new:
        reached |= new
        near = {(x + i, y + j) for x, y in new for i in (-1, 0, 1) for j in (-1, 0, 1)}
        new = (near & drawn) - reached
    assert reached == drawn


@given(points, sizes, sizes)
def test_every_row_is_as_wide_as_the_picture(given_points, columns, rows):
    xs, ys = np.array(given_points).T
    names = {share: f"{share:.3g}" for share in round_places(0, 1, 4)}
    picture = Picture(columns, rows, Axis(0, 1, names), Axis(0, 1))
    picture.marks(xs, ys, "◆", "mark")
    picture.across(0.5, "a text that is longer than many pictures are", "text")
    picture.upright(0.5, "┊", "upright")
    *drawn, axis, under = lines(picture)
    assert {len(line) for line in (*drawn, axis)} == {BESIDE + columns} and len(drawn) == rows
    assert len(under) <= BESIDE + max(columns, 5)


def test_what_is_drawn_later_covers_what_was_there():
    picture = Picture(10, 1, Axis(0, 9), Axis(0, 1))
    picture.across(0, "..........", "text")
    picture.marks(np.array([0.0, 9.0]), np.array([0.0, 1.0]), "◆", "mark")
    assert picture.framed()[0] == [
        (" " * 8, "tick"),
        ("│", "axis"),
        ("◆", "mark"),
        ("........", "text"),
        ("◆", "mark"),
    ]


def test_the_ends_of_the_axes_are_the_outermost_cells():
    picture = Picture(20, 5, Axis(100, 200, {100.0: "100", 200.0: "200"}), Axis(1, 2, {2.0: "two"}))
    picture.marks(np.array([100.0, 200.0]), np.array([2.0, 1.0]), "x", "mark")
    rows = [row[3:] for row in lines(picture)]
    assert rows[0] == " two ┤x" + " " * 19 and rows[4] == "     │" + " " * 19 + "x"
    assert rows[5] == "     └┬" + "─" * 18 + "┬"
    assert rows[6] == "      100" + " " * 14 + "200"
    assert (row_of(2, picture.y, 5), row_of(1, picture.y, 5)) == (0, 4)


def test_names_without_room_are_left_out():
    names = {float(x): f"{x:,}" for x in range(0, 10_001, 1000)}
    under = lines(Picture(20, 2, Axis(0, 10_000, names), Axis(0, 1)))[-1]
    assert under.split() == ["0", "2,000", "5,000", "9,000"]


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e6), st.integers(1, 20))
def test_round_places_are_few_and_in_the_stretch(low, length, most):
    high = low + length
    found = round_places(low, high, most)
    assert len(found) <= most + 1
    assert all(low - length * 1e-6 <= place <= high + length * 1e-6 for place in found)
    steps = np.diff(found)
    if len(steps):
        digit = steps[0] / 10.0 ** math.floor(math.log10(steps[0]) + 1e-6)
        assert min(abs(digit - d) for d in (1, 2, 5, 10)) < 1e-3
        assert steps == pytest.approx(steps[0], rel=1e-3)


def test_a_stretch_of_nothing_has_one_place():
    assert round_places(2.0, 2.0, 5) == [2.0]
    assert Axis(2.0, 2.0).dots([2.0], 10).tolist() == [0]


def diagonal(ink):
    picture = Picture(4, 2, Axis(0, 1), Axis(0, 1), ink)
    picture.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "line")
    picture.across(1.0, "╌╌", "text")
    picture.marks(np.array([1.0]), np.array([0.0]), "△", "mark")
    return [line[BESIDE:] for line in lines(picture)[:-1]]


def test_a_picture_without_braille_has_two_dots_in_a_cell():
    assert diagonal(BLOCKS) == ["~~▄▀", "▄▀ @", "────"]
    assert diagonal(ASCII) == ["~~.'", ".' @", "----"]
    for kind in INKS.values():
        marks = "⠒◆▲◀○△□×┊╌·┤│└─┬"
        assert len(set(kind.text(marks))) >= len(marks) - 4 and kind.text("a, b") == "a, b"
        assert len(set(kind.text("◆▲◀○△□×⠒"))) == len(set(kind.text("●▲■◆○△□◇"))) == 8
    assert ASCII.text("⠒●▲■◆○△□◇×◀┊╌·┤│└─┬").isascii()


def test_the_terminal_or_the_settings_choose(home, monkeypatch):
    for term, name in (("xterm-256color", "braille"), ("linux", "blocks"), ("vt100", "ascii")):
        monkeypatch.setenv("TERM", term)
        assert ink().name == name
    home.mkdir(exist_ok=True)
    config = home / "config.toml"
    config.write_text("curves = 'braille'")
    assert ink().name == "braille"
    config.write_text("curves = 'crayons'")
    assert ink().name == "ascii"
    assert load_settings().problems == ["config.toml: curves must be one of braille, blocks, ascii"]


def test_an_ascii_locale_is_believed_if_it_was_chosen():
    code = "from tui.curves.ink import ink; print(ink().name)"
    for chosen, name in (({}, "braille"), ({"LANG": "C"}, "ascii"), ({"LC_ALL": "C"}, "ascii")):
        kept = {k: v for k, v in os.environ.items() if k != "LANG" and not k.startswith("LC_")}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=kept | {"TERM": "xterm"} | chosen,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{name}\n"
