"""Tables that fit the terminal. The first column is shown in full; the others give way to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.cli.shared.output import console, print_lines, write
from tui.text import brief, one_line

if TYPE_CHECKING:
    from rich.table import Table

_PIPE_WIDTH = 120
"""The width in cells of a table written to a file or pipe, whose width nobody knows."""
_SHORTEST = 20
"""The least cells that remain of a text that is cut."""
_GAP = 3


def table(
    columns: dict[str, str], rows: list[list[str]], spare: Sequence[str] | None = None
) -> None:
    """Write a table to stdout. `columns` maps each heading to "left" or "right". If the width is too small,
    the columns in `spare` are left out in that order; by default all but the first, from the right."""
    screen = console()
    width = screen.width if screen.is_terminal else _PIPE_WIDTH
    print_lines(grid(columns, rows, width, spare))


def reasons(damaged: dict[str, str]) -> None:
    """Write, below a table, why its damaged items cannot be read, by name."""
    if damaged:
        write("\n" + "".join(f"{one_line(f'{name}: {why}')}\n" for name, why in damaged.items()))


def grid(
    columns: dict[str, str],
    rows: list[list[str]],
    width: int,
    spare: Sequence[str] | None = None,
) -> Table:
    """The same table in `width` cells, as a part of something larger."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    shown = [[brief(cell) for cell in row] for row in rows]
    name, *others = columns
    widths = _fitted(columns, shown, width, list(reversed(others) if spare is None else spare))
    made = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for heading, cells in widths.items():
        made.add_column(
            heading,
            justify="right" if columns[heading] == "right" else "left",
            overflow="fold" if heading == name else "ellipsis",
            width=cells,
        )
    for row in shown:
        cells_of = dict(zip(columns, row, strict=True))
        made.add_row(*(Text(cells_of[heading], no_wrap=heading != name) for heading in widths))
    return made


def _fitted(
    columns: dict[str, str], rows: list[list[str]], width: int, order: list[str]
) -> dict[str, int]:
    """The columns to show and their widths, in a line of `width`. Empty columns are left out. The end of a
    text may be cut, a number is never cut."""
    from rich.cells import cell_len

    whole, least = dict[str, int](), dict[str, int]()
    name = next(iter(columns))
    for i, heading in enumerate(columns):
        longest = max((cell_len(row[i]) for row in rows), default=0)
        if not longest and heading != name:
            continue
        word = max(map(cell_len, heading.split()), default=0)
        whole[heading] = max(longest, cell_len(heading))
        cut = columns[heading] == "left" and heading != name
        least[heading] = max(min(longest, _SHORTEST) if cut else longest, word)
    room = _room(least, width)
    for heading in order:
        if room >= 0:
            break
        least.pop(heading, None)
        room = _room(least, width)
    least[name] = min(least[name], max(1, width))
    for heading in columns:
        if heading in least and room > 0:
            more = min(room, whole[heading] - least[heading])
            least[heading] += more
            room -= more
    return {heading: least[heading] for heading in columns if heading in least}


def _room(widths: dict[str, int], width: int) -> int:
    """The cells that columns of these widths leave free in a line."""
    return width - sum(widths.values()) - _GAP * (len(widths) - 1)
