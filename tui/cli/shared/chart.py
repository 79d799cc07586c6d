"""Losses as a picture made of text: a line, and curves with a mark each, so that nothing depends on
colour."""

from __future__ import annotations

from collections.abc import Mapping

from tui.cli.shared.output import draws
from tui.curves.frame import frame
from tui.curves.ink import ASCII, LINE, Ink, ink
from tui.curves.picture import BELOW, BESIDE, WIDE, Picture
from tui.curves.series import Series, joined

MARKS = "●▲■◆○△□◇"
_DRAWN = f"{LINE}{MARKS}┤│└─┬"
NOTHING = Series.of([])


def drawn(text: str) -> str:
    """A text with marks, in characters that stdout can encode and the terminal has."""
    return _ink().text(text)


def _ink() -> Ink:
    return ink() if draws(_DRAWN) else ASCII


def chart(line: Series, curves: Mapping[str, Series], width: int, height: int) -> list[str]:
    """A line, and curves drawn with their marks, as a picture of `width` by `height` cells with its axes,
    at least 20 by 4. Empty if there are no losses. Where curves meet, the last one is on top."""
    columns, rows = max(20, width) - BESIDE, max(4, height) - BELOW
    line = line.in_columns(columns * WIDE)
    curves = {mark: series.in_columns(columns) for mark, series in curves.items()}
    marked = joined([NOTHING, *curves.values()])
    if not len(steps := joined([line, marked]).steps):
        return []
    first, last = float(steps.min()), float(steps.max())
    shown = frame(line, marked, (), rows)
    picture = Picture(columns, rows, *shown.axes(first, last, columns, rows), _ink())
    picture.line(*shown.inside(line), "")
    for mark, series in curves.items():
        picture.marks(*shown.inside(series), mark, "")
    rows_of_text = ("".join(text for text, _ in row) for row in picture.framed())
    return [text.rstrip() for text in rows_of_text]
