"""Curves drawn as cells of text. A cell is a character and the name of its style. Independent of screens.

Later drawings cover earlier ones. A cell has two by four dots, as braille has. An axis from `low` to `high`
spans all cells; its ends are in the middle of the outermost dots.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from tui.curves.ink import BRAILLE, Ink

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Row = list[tuple[str, str]]
"""A row of cells from the left, as runs of one style: (text, name of the style)."""

WIDE, HIGH = 2, 4
"""Dots per cell."""
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""The bit of each dot in a braille pattern."""
AXIS, TICK = "axis", "tick"
BESIDE, BELOW = 9, 2
"""The columns and rows that the axes take with their labels."""


@dataclass(frozen=True)
class Axis:
    """A range of positions, and the labels of some of them."""

    low: float
    high: float
    names: Mapping[float, str] = field(default_factory=dict)

    def dots(self, places: Any, dots: int) -> IntArray:
        """The dots (N,), counted from the low end, at positions (N,) in the range."""
        share = (np.asarray(places, np.float64) - self.low) / ((self.high - self.low) or 1.0)
        return np.rint(share * (dots - 1)).astype(np.int64)


def row_of(place: float, axis: Axis, rows: int) -> int:
    """The row of a position on the vertical axis, counted from the top."""
    return rows - 1 - int(axis.dots(place, rows * HIGH)) // HIGH


class Picture:
    """`columns` by `rows` cells, at least one by one. Everything drawn must be within the range of the
    axes."""

    def __init__(self, columns: int, rows: int, x: Axis, y: Axis, ink: Ink = BRAILLE) -> None:
        self.columns, self.rows = max(1, columns), max(1, rows)
        self.x, self.y, self._ink = x, y, ink
        self._cells = [[(" ", "")] * self.columns for _ in range(self.rows)]

    def line(self, xs: FloatArray, ys: FloatArray, style: str) -> None:
        """Draw a line through points (N,), in dots."""
        columns, rows = self._places(xs, ys)
        if len(columns) > 1:
            ways = np.maximum(abs(np.diff(columns)), abs(np.diff(rows)))
            columns, rows = (_joined(places, np.maximum(ways, 1)) for places in (columns, rows))
        self._ink_dots(columns, rows, style)

    def dots(self, xs: FloatArray, ys: FloatArray, style: str) -> None:
        """Draw a dot at each of the points (N,)."""
        self._ink_dots(*self._places(xs, ys), style)

    def _ink_dots(self, columns: IntArray, rows: IntArray, style: str) -> None:
        grid = np.zeros((self.rows * HIGH, self.columns * WIDE), bool)
        grid[rows, columns] = True
        patterns = grid.reshape(self.rows, HIGH, self.columns, WIDE).transpose(0, 2, 1, 3) * _DOTS
        for row, column in np.argwhere(codes := patterns.sum((2, 3))):
            self._cells[row][column] = (self._ink.cell(int(codes[row, column])), style)

    def marks(self, xs: FloatArray, ys: FloatArray, mark: str, style: str) -> None:
        """Draw a mark at each of the points (N,)."""
        columns, rows = self._places(xs, ys)
        for row, column in zip(rows // HIGH, columns // WIDE, strict=True):
            self._cells[row][column] = (mark, style)

    def across(self, y: float, text: str, style: str, column: int = 0) -> None:
        """Write a text in the row of a position, from a column on. It is cut at the right edge."""
        row, text = self._cells[row_of(y, self.y, self.rows)], text[: self.columns - column]
        row[column : column + len(text)] = [(char, style) for char in text]

    def room(self, y: float, length: int, covers: Collection[str]) -> int:
        """The first column in the row of a position where a text of this length covers only empty cells and
        cells of these styles; 0 if there is none."""
        row = [
            style in covers or not style for _, style in self._cells[row_of(y, self.y, self.rows)]
        ]
        free = (c for c in range(self.columns - length + 1) if all(row[c : c + length]))
        return next(free, 0)

    def at_foot(self, xs: FloatArray, mark: str, style: str, row: int) -> None:
        """Draw a mark at each of the positions (N,), `row` rows above the lowest."""
        for column in self.x.dots(xs, self.columns * WIDE) // WIDE:
            self._cells[max(0, self.rows - 1 - row)][column] = (mark, style)

    def upright(self, x: float, mark: str, style: str) -> None:
        """Draw a mark in every row at a position."""
        column = int(self.x.dots(x, self.columns * WIDE)) // WIDE
        for row in self._cells:
            row[column] = (mark, style)

    def cells(self) -> list[Row]:
        """All rows, without axes."""
        rows = (_stretches(cells) for cells in self._cells)
        return [[(self._ink.text(text), style) for text, style in row] for row in rows]

    def framed(self) -> list[Row]:
        """All rows, with axes to the left and below, and the labels that fit."""
        names = {row_of(y, self.y, self.rows): name for y, name in self.y.names.items()}
        rows = list[Row]()
        for row, cells in enumerate(self._cells):
            name = names.get(row, "")
            beginning = [(f"{name:>{BESIDE - 2}} ", TICK), ("┤" if name else "│", AXIS)]
            rows.append([*beginning, *_stretches(cells)])
        line, under = ["─"] * self.columns, ""
        for x, named in sorted(self.x.names.items()):
            column = int(self.x.dots(x, self.columns * WIDE)) // WIDE
            begin = max(0, min(column - len(named) // 2, self.columns - len(named)))
            if begin > len(under) or not under:
                line[column] = "┬"
                under = f"{under:<{begin}}{named}"
        left = " " * (BESIDE - 1)
        rows += [[(f"{left}└{''.join(line)}", AXIS)], [(f"{left} {under}", TICK)]]
        return [[(self._ink.text(text), style) for text, style in row] for row in rows]

    def _places(self, xs: FloatArray, ys: FloatArray) -> tuple[IntArray, IntArray]:
        """Points as columns and rows of dots, with rows counted from the top."""
        high = self.rows * HIGH
        return self.x.dots(xs, self.columns * WIDE), high - 1 - self.y.dots(ys, high)


def _joined(places: IntArray, steps: IntArray) -> IntArray:
    """The positions (N,), with each pair joined by `steps` (N - 1,) steps of equal length."""
    part = np.repeat(np.arange(len(steps)), steps)
    share = (np.arange(len(part)) - (np.cumsum(steps) - steps)[part]) / steps[part]
    between = np.rint(places[:-1][part] + np.diff(places)[part] * share)
    return np.append(between, places[-1]).astype(np.int64)


def _stretches(cells: Row) -> Row:
    return [
        ("".join(map(itemgetter(0), same)), style) for style, same in groupby(cells, itemgetter(1))
    ]


def round_places(low: float, high: float, most: int) -> list[float]:
    """At most `most` round positions from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    least = (high - low) / max(1, most)
    if not (math.isfinite(least) and least > 0):
        return [low]
    power = 10.0 ** math.floor(math.log10(least))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [float(f"{number * step:.12g}") for number in numbers]
