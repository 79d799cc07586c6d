"""A page of the lesson in lines, as large as the screen."""

from __future__ import annotations

from textwrap import wrap

from engine.inspecting.lesson.hello import Lesson
from engine.inspecting.lesson.numbers import Number
from engine.inspecting.lesson.pages import Page
from tui.lesson import matrices
from tui.lesson.figure import BOLD, COLUMN, DIM, GUTTER, PLAIN, Line, figure, length, lines_a_part
from tui.lesson.words import fitted, number, written

_TEXT = 4, 3
"""Lines of text below the figure, at least: so many, or fewer for a figure that needs them."""
_SMALLEST = 4
"""Lines of a figure that leaves its room to the text."""
_FIGURE = GUTTER + 4 * COLUMN
_GAP = 3
"""Cells between the figure and the matrices."""


def laid_out(
    lesson: Lesson, page: Page, here: Number | None, at: str, width: int, height: int
) -> list[Line]:
    """The page in so many cells and lines: the figure and the text below it, and beside them, where there
    is room, all weights and gradients. `at` says which page it is."""
    head = _head(lesson, page, at, width)
    beside = matrices.matrices(page, here)
    if width < _FIGURE + _GAP + matrices.WIDTH or height < len(beside) + 1:
        return [head, *_below(page, here, width, height - 1)]
    left = _below(page, here, _FIGURE, height - 1)
    lines = []
    for row in range(max(len(left), len(beside))):
        one = left[row] if row < len(left) else []
        other = beside[row] if row < len(beside) else []
        lines.append([*one, (" " * (_FIGURE + _GAP - length(one)), PLAIN), *other])
    return [head, *lines]


def in_full(lesson: Lesson, page: Page, at: str, width: int, alone: bool) -> list[Line]:
    """The page in lines of text: the figure, and below it the text and its first number; if `alone`, all
    numbers, the weights and the gradients."""
    lines = [_head(lesson, page, at, width), *figure(page, None, _FIGURE, 100), []]
    lines += [[(text, PLAIN)] for said in (page.said, page.more) for text in wrap(said, width)]
    numbers = page.numbers if alone else page.numbers[page.first : page.first + 1]
    lines += [[(_where(each) + written(each.equation), PLAIN)] for each in numbers]
    return [*lines, [], *matrices.matrices(page, None)] if alone else lines


def _where(number: Number) -> str:
    return "" if number.t is None or number.row == "loss" else f"step {number.t + 1}: "


def _head(lesson: Lesson, page: Page, at: str, width: int) -> Line:
    """The title, and how the network does: what of it there is room for."""
    title = f"{at} {page.title}"
    loss = number(lesson.mean, 3)
    if lesson.was is not None:
        loss = f"{number(lesson.was, 3)} → {loss}"
    only = "" if lesson.only is None else f"only step {lesson.only + 1} counts"
    steps = f"trained {lesson.steps}" if lesson.steps else ""
    short = only.removesuffix(" counts")
    for parts in (
        (lesson.cell, only, steps, f"mean loss {loss}"),
        (lesson.cell, short, steps, f"loss {loss}"),
        (short, f"loss {loss}"),
        (short, loss),
    ):
        told = " · ".join(filter(None, parts))
        if len(title) + len(told) + 2 <= width:
            return [(title, BOLD), (" " * (width - len(title) - len(told)), PLAIN), (told, DIM)]
    return [(title[:width], BOLD)]


def _below(page: Page, here: Number | None, width: int, height: int) -> list[Line]:
    """The figure, and below it the text: what the page says, where the number comes from, and, where there
    is room, what else is worth knowing."""
    said = wrap(page.said, width)
    usual, least = _TEXT
    lines = [lines_a_part(page, height - text) for text in _TEXT]
    kept = usual if lines[0] == lines[1] else least
    shortest = fitted(_where(here), here.equation, width, 1) if here else []
    kept = max(kept, min(len(said) + len(shortest), height - _SMALLEST))
    drawn = figure(page, here, width, max(1, height - kept))
    room = height - len(drawn)
    text: list[Line] = [[(line, PLAIN)] for line in said]
    if here is not None:
        left = max(1, room - len(text))
        text += [[(line, BOLD)] for line in fitted(_where(here), here.equation, width, left)]
    more = wrap(page.more, width)
    if len(more) + 1 <= room - len(text):
        text += [[], *([(line, DIM)] for line in more)]
    if len(text) < room:
        text = [[], *text]
    return [*drawn, *text]
