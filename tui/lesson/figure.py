"""The figure of the lesson: the network unrolled over four letters, with what flows up through it,
from step to step, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.inspecting.lesson.equations import value
from engine.inspecting.lesson.hello import HIDDEN, IDS, LETTERS
from engine.inspecting.lesson.numbers import Number
from engine.inspecting.lesson.pages import Page, belongs, deltas, parts
from engine.inspecting.lesson.unrolled import Column
from tui.lesson.words import in_cells, number

GUTTER, COLUMN = 4, 18
"""Cells of the names at the left, and of each step."""
RISES, FALLS = "▲", "▼"
PLAIN, DIM, BOLD, RISE, FALL, HERE = "", "dim", "bold", "rise", "fall", "here"
"""What a piece of text is: HERE is the number that is explained."""
Piece = tuple[str, str]
Line = list[Piece]


@dataclass(frozen=True)
class Row:
    """A line of the figure."""

    name: str
    cells: tuple[Line, ...]
    """One for each step, of `COLUMN` cells."""
    holds: bool = False
    """Whether the number that is explained is in it."""


def columns_in(width: int) -> int:
    """How many steps so many cells have room for."""
    return max(1, min(len(IDS), (width - GUTTER) // COLUMN))


def length(line: Line) -> int:
    """The cells of a line. Every character of the lesson takes one."""
    return sum(len(text) for text, _ in line)


def figure(page: Page, here: Number | None, width: int, height: int) -> list[Line]:
    """As much of the figure as so many cells and lines have room for, always with the number `here`. Signs
    tell what is left out: ‹ and › steps, a last line the lines."""
    rows = list(_rows(page, here, min(_level(page, height), _LEVELS - 1)))
    shown = columns_in(width)
    t = here.t if here and here.t is not None else 0
    first = max(0, min(t - 1, len(IDS) - shown))
    lines = [_line(row, first, shown) for row in rows]
    lines[0] = _with_signs(lines[0], first > 0, first + shown < len(IDS))
    if len(rows) <= height:
        return lines
    held = next((i for i, row in enumerate(rows) if row.holds), len(rows) - 1)
    room = max(1, height - 1)
    start = max(0, min(held - room // 2, len(rows) - room))
    left = len(rows) - room
    return [*lines[start : start + room], [(f"… {left} lines more than fit here", DIM)]][:height]


def lines_a_part(page: Page, height: int) -> int:
    """How many lines, of so many, there are for each gate or state: 2 or more, 1, or 0 for too few."""
    return max(0, min(2, _LEVELS - _level(page, height)))


def _level(page: Page, height: int) -> int:
    """The richest level that fits; one beyond the last if none does."""
    return next((level for level in range(_LEVELS) if _height(page, level) <= height), _LEVELS)


def _height(page: Page, level: int) -> int:
    """The lines of `_rows`, counted without making them."""
    of = [belongs(delta) for delta in deltas(page.network)]
    lines = 2 + len(LETTERS) + (level < 3) + 2 * (level < 1)
    for name in parts(page.network):
        own = of.count(name)
        lines += 1 + (own if level < 2 else min(1, own) * (level < 4))
    return lines


_LEVELS = 5
"""Of detail: all; without arrows; one delta a part; without the heading; one line a part."""


def _rows(page: Page, here: Number | None, level: int) -> Iterable[Row]:
    u = page.network
    back = "dy" in page.shown
    yield _row("", u.columns, here, _top(page, here))
    if level < 3:
        yield Row("", ([("     y     p    dy".ljust(COLUMN), DIM)],) * len(IDS))
    for k, letter in enumerate(LETTERS):
        yield _row(f"y {letter}", u.columns, here, _output(page, here, k), ("y", "p", "dy"), k)
    if level < 1:
        yield _arrow("W_hy", back)
    flows = deltas(u)
    for name in reversed(parts(u)):
        own = [delta for delta in flows if belongs(delta) == name]
        yield from _part(page, here, name, own, level)
    if level < 1:
        yield _arrow("W_xh", back)
    yield _row("x", u.columns, here, _letter(page))


def _part(page: Page, here: Number | None, name: str, own: list[str], level: int) -> Iterable[Row]:
    """The lines of a gate or state: its values, and its deltas or the one that counts now."""
    known = [delta for delta in own if delta in page.shown]
    now = page.about if page.about in own else (known or own or [""])[-1]
    if level < 4 or page.about not in own:
        yield _units(page, here, name)
    if level < 2:
        for delta in own:
            yield _units(page, here, delta)
    elif own and (level < 4 or page.about in own):
        yield _units(page, here, now)


def _row(
    name: str,
    columns: tuple[Column, ...],
    here: Number | None,
    cell: Callable[[int, Column], Line],
    rows: tuple[str, ...] = ("loss",),
    k: int | None = None,
) -> Row:
    holds = here is not None and here.row in rows and (k is None or here.index == (k,))
    return Row(name, tuple(cell(t, column) for t, column in enumerate(columns)), holds)


def _is(here: Number | None, row: str, t: int, index: tuple[int, ...]) -> bool:
    return here is not None and (here.row, here.t, here.index) == (row, t, index)


def _top(page: Page, here: Number | None) -> Callable[[int, Column], Line]:
    """The letter that comes next, and the loss."""

    def cell(t: int, column: Column) -> Line:
        loss = f"loss {number(column.loss, 3)}" if "loss" in page.shown else ""
        style = HERE if _is(here, "loss", t, ()) else PLAIN
        pad = " " * (COLUMN - 6 - len(loss))
        return [
            ("   ", PLAIN),
            (LETTERS[column.target], BOLD),
            ("  ", PLAIN),
            (loss, style),
            (pad, PLAIN),
        ]

    return cell


def _output(page: Page, here: Number | None, k: int) -> Callable[[int, Column], Line]:
    """An output, whether it should rise, its share, and its delta."""

    def cell(t: int, column: Column) -> Line:
        told = "▲" in page.shown
        rises = k == column.target
        style = (RISE if rises else FALL) if told else PLAIN
        line: Line = [(" ", PLAIN)]
        line.append(_shown(page, here, "y", t, (k,), float(column.logits[k]), 5, style))
        line.append(((RISES if rises else FALLS) if told else " ", style))
        line += [(" ", PLAIN), _shown(page, here, "p", t, (k,), float(column.p[k]), 4, PLAIN)]
        line.append((" ", PLAIN))
        line.append(_shown(page, here, "dy", t, (k,), float(column.d_logits[k]), 5, PLAIN))
        return line

    return cell


def _shown(
    page: Page,
    here: Number | None,
    row: str,
    t: int,
    index: tuple[int, ...],
    value: float,
    cells: int,
    style: str,
) -> Piece:
    """A number, or a dot where it is not yet known."""
    if row not in page.shown:
        return "·".rjust(cells), DIM
    return in_cells(value, cells), HERE if _is(here, row, t, index) else style


def _units(page: Page, here: Number | None, name: str) -> Row:
    """A value or delta of all units, with the arrow of what flows between the steps."""
    u = page.network
    arrow = {"h": "→", "c": "→", "dh←": "←", "dc←": "←"}.get(name, " ")

    def cell(t: int, column: Column) -> Line:
        line: Line = []
        for k in range(HIDDEN):
            gap = arrow if t and not k and name in page.shown else " "
            line.append((gap, PLAIN))
            found = _delta(page, name, t, k)
            line.append(_shown(page, here, name, t, (k,), found, 5, PLAIN))
        return line

    return _row(name, u.columns, here, cell, (name,))


def _delta(page: Page, name: str, t: int, k: int) -> float:
    if name == "dh↓":
        return float(page.network.columns[t].d_here[k])
    return value(page.network, name, t, k)


def _letter(page: Page) -> Callable[[int, Column], Line]:
    """The letter that is read, and its one-hot row."""

    def cell(t: int, column: Column) -> Line:
        row = " ".join("1" if k == column.input else "0" for k in range(len(LETTERS)))
        row = row if "x" in page.shown else "· · · ·"
        return [
            ("   ", PLAIN),
            (LETTERS[column.input], BOLD),
            (f"   {row}".ljust(COLUMN - 4), PLAIN),
        ]

    return cell


def _arrow(name: str, back: bool) -> Row:
    return Row("", ([(f"   {'↑↓' if back else '↑ '} {name}".ljust(COLUMN), DIM)],) * len(IDS))


def _line(row: Row, first: int, shown: int) -> Line:
    """A row, from the step `first` on."""
    line: Line = [(row.name.ljust(GUTTER), DIM)]
    for cell in row.cells[first : first + shown]:
        line += cell
    return line


def _with_signs(line: Line, left: bool, right: bool) -> Line:
    """The line of the letters, with signs where steps are left out."""
    (_, style), *middle, (last, _) = line
    gutter = ("‹" if left else "").ljust(GUTTER)
    return [(gutter, style), *middle, (last[:-1] + ("›" if right else " "), style)]
