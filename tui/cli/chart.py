"""Curves over each other as text, each with a mark of its own, so that no colour is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence

MARKS = "●▲■◆○△□◇"
ASCII = "ox*+#%@&"
"""The same where a terminal has no others."""
_LABEL = 7
"""Columns of the numbers beside the picture."""

Points = Sequence[tuple[float, float]]


def chart(curves: Sequence[Points], width: int, height: int, marks: str = MARKS) -> list[str]:
    """The points (x, nats) of each curve in a picture of so many columns and rows, 20 and 4 at least, its
    axes included; empty without points. Where points meet, the last curve's is seen; losses that are no
    numbers are left out. All is in ASCII where the `marks` are."""
    curves = [[(x, y) for x, y in curve if math.isfinite(y)] for curve in curves]
    points = [point for curve in curves for point in curve]
    if not points:
        return []
    columns, rows = max(20, width) - _LABEL - 2, max(4, height) - 2
    xs, ys = zip(*points, strict=True)
    right, low, top = max(xs), min(ys), max(ys)
    picture = [[" "] * columns for _ in range(rows)]
    for mark, curve in zip(marks, curves, strict=False):
        for x, y in curve:
            column = round(x / right * (columns - 1)) if right else 0
            row = round((top - y) / (top - low) * (rows - 1)) if top > low else rows - 1
            picture[row][column] = mark
    tick, side, corner, floor = "||+-" if marks.isascii() else "┤│└─"
    labels = {0: f"{top:.3f}", rows - 1: f"{low:.3f}"}
    lines = [
        f"{labels.get(row, ''):>{_LABEL}} {tick if row in labels else side}{''.join(cells)}".rstrip()
        for row, cells in enumerate(picture)
    ]
    end = f"{right:,.0f}"
    lines.append(f"{'':>{_LABEL}} {corner}{floor * columns}")
    lines.append(f"{'':>{_LABEL}}  0{end:>{columns - 1}}")
    return lines
