"""`helo lesson`: the lesson "hello" as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cells import CELLS, named
from engine.config import check_count
from engine.errors import UsageError
from engine.words import quoted
from tui.cli.shared.completing import one_of
from tui.cli.shared.options import Command, Json, option
from tui.cli.shared.output import console, draws, emit, write

if TYPE_CHECKING:
    from engine.inspecting.lesson.hello import Lesson
    from engine.inspecting.lesson.pages import Page
    from engine.inspecting.lesson.unrolled import Column

_WIDEST = 100
"""Cells of the widest lines of text."""
_PLAINER = str.maketrans("▲▼−→←↑↓·σ±≈₁₂₃²′", "^v-><^v*s~~1232'")
"""Signs for an output that has no others."""

app = typer.Typer()


@app.command(cls=Command, rich_help_panel="Look inside")
def lesson(
    page: Annotated[
        int | None, option("--page", shows="N", help="One page alone, with all its numbers.")
    ] = None,
    cell: Annotated[
        str,
        option("--cell", shows="CELL", help=f"One of {', '.join(CELLS)}.", offers=one_of(*CELLS)),
    ] = next(iter(CELLS)),
    json: Json = False,
) -> None:
    """Show every number of a small network that learns hello: forward, back, and a step of training.

    In the app, /lesson shows the same on one figure.
    """
    from engine.inspecting.lesson import hello, pages

    if (name := named(cell)) not in CELLS:
        raise UsageError(f"there is no cell {quoted(cell)}; choose from {', '.join(CELLS)}")
    begun = hello.begin(name)
    last = len(pages.titles(begun))
    if page is not None:
        check_count("page", page, 1, last)
    for at in range(last) if page is None else (page - 1,):
        found = pages.page(begun, at)
        if json:
            emit(_data(begun, found, at, last))
        else:
            _print(begun, found, f"{at + 1}/{last}", alone=page is not None)


def _print(lesson: Lesson, page: Page, at: str, alone: bool) -> None:
    from tui.lesson.layout import in_full

    lines = in_full(lesson, page, at, min(console().width, _WIDEST), alone)
    text = "".join(f"{''.join(piece for piece, _ in line).rstrip()}\n" for line in lines)
    if not draws(text):
        text = text.translate(_PLAINER)
    write(text if alone else f"{text}\n")


def _data(lesson: Lesson, page: Page, at: int, last: int) -> dict[str, Any]:
    from engine.inspecting.lesson.hello import LETTERS
    from tui.lesson.words import written

    u = page.network
    return {
        "page": at + 1,
        "pages": last,
        "cell": lesson.cell,
        "title": page.title,
        "text": page.said,
        "more": page.more,
        "numbers": [
            {
                "row": number.row,
                "step": None if number.t is None else number.t + 1,
                "index": [int(i) for i in number.index],
                "value": number.equation.value,
                "equation": written(number.equation),
            }
            for number in page.numbers
        ],
        "letters": list(LETTERS),
        "loss": u.loss,
        "rate": lesson.rate,
        "steps": [_step(column) for column in u.columns],
        "weights": {name: W.tolist() for name, W in u.weights.items()},
        "gradients": {name: d.tolist() for name, d in u.gradient.items()},
    }


def _step(column: Column) -> dict[str, Any]:
    from engine.inspecting.lesson.hello import LETTERS

    arrays = {
        "y": column.logits,
        "p": column.p,
        "dy": column.d_logits,
        "before": column.before,
        "after": column.after,
        "gates": column.gates,
        "kept": column.kept,
        "dh_here": column.d_here,
        "d_right": column.d_right,
        "d_gates": column.d,
    }
    return {
        "reads": LETTERS[column.input],
        "next": LETTERS[column.target],
        "loss": column.loss,
        **{
            name: {key: each.tolist() for key, each in found.items()}
            if isinstance(found, dict)
            else found.tolist()
            for name, found in arrays.items()
        },
    }
