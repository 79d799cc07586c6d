"""All weights of the lesson and their gradients, in tiles of three columns: a tile a gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.cells.functions import Array
from engine.inspecting.lesson.hello import HIDDEN, LETTERS
from engine.inspecting.lesson.numbers import Number
from engine.inspecting.lesson.pages import Page
from engine.inspecting.lesson.unrolled import LAYER
from tui.lesson.figure import BOLD, DIM, HERE, PLAIN, Line
from tui.lesson.words import in_cells

_NUMBER = 6
"""Cells of a number, with the space before it."""
_LABEL = 5
_ACROSS = 3
"""Tiles side by side."""
WIDTH = _LABEL + _ACROSS * HIDDEN * _NUMBER
"""Cells of the whole."""


Rows = dict[str, tuple[str, list[tuple[int, ...]]]]
"""By label: a parameter's full name, and the places in it."""


@dataclass(frozen=True)
class Tile:
    """The weights of the columns of a gate, row by row."""

    title: str
    rows: Rows

    @property
    def cells(self) -> int:
        """Its width."""
        return _NUMBER * max(len(places) for _, places in self.rows.values())


def matrices(page: Page, here: Number | None) -> list[Line]:
    """The weights and the gradients; a gradient is shown from its page on."""
    tiles = list(_tiles(page))
    both = [(tile, False) for tile in tiles] + [(tile, True) for tile in tiles]
    bands = [both[at : at + _ACROSS] for at in range(0, len(both), _ACROSS)]
    letters = range(len(LETTERS))
    rows: Rows = {f"h {j + 1}": ("head.W_hy", [(j, k) for k in letters]) for j in range(HIDDEN)}
    rows["b"] = "head.b_y", [(k,) for k in letters]
    head = Tile("of y", rows)
    return [
        line for band in (*bands, [(head, False), (head, True)]) for line in _band(page, band, here)
    ]


def _band(page: Page, band: list[tuple[Tile, bool]], here: Number | None) -> list[Line]:
    """Tiles side by side; with each, whether it shows gradients."""
    u = page.network
    gradient = u.gradient
    labels = dict.fromkeys(label for tile, _ in band for label in tile.rows)
    lines: list[Line] = [[(" " * _LABEL, DIM)]]
    for tile, back in band:
        title = f" {'gradients' if back else 'weights'} {tile.title}"
        lines[0].append((title.ljust(tile.cells), BOLD))
    for label in labels:
        line: Line = [(label.ljust(_LABEL), DIM)]
        for tile, back in band:
            if label not in tile.rows:
                line.append((" " * tile.cells, PLAIN))
                continue
            name, places = tile.rows[label]
            for place in places:
                value = float((gradient if back else u.weights)[name][place])
                known = not back or name in page.shown
                marked = here is not None and (here.row, here.index) == (name, place)
                line.append((" ", PLAIN))
                line.append(
                    (in_cells(value), HERE if marked else PLAIN)
                    if known
                    else ("·".rjust(_NUMBER - 1), DIM)
                )
        lines.append(line)
    return lines


def _tiles(page: Page) -> Iterator[Tile]:
    """A tile for each gate, and for what else the input makes."""
    u = page.network
    gates = list(u.columns[0].gates)
    for at, gate in enumerate(gates):
        rows: Rows = {}
        for name, W in u.weights.items():
            blocks = W.shape[-1] // HIDDEN
            if name.startswith(LAYER) and at == _tile_of(name, blocks, gates, at):
                start = at * HIDDEN if blocks > 1 else 0
                rows |= _rows(name, W, range(start, start + HIDDEN), name in _inputs(page))
        yield Tile("" if gate == "s" else gate, rows)


def _tile_of(name: str, blocks: int, gates: list[str], at: int) -> int:
    """Whether a parameter has columns in the tile `at`: that place, or another one. One of a single block
    is in the tile of the gate that its name names, such as b_hn or p_i."""
    if blocks > 1 or len(gates) == 1:
        return at if at < blocks else -1
    of = name.rpartition("_")[2]
    return next((i for i, gate in enumerate(gates) if gate[0] in of), -1)


def _inputs(page: Page) -> set[str]:
    return {LAYER + own for own in page.network.cell.inputs}


def _rows(name: str, W: Array, columns: range, reads: bool) -> Rows:
    """The rows of a parameter in these columns; `reads` says whether it has one for each letter."""
    if W.ndim == 1:
        own = name.rpartition(".")[2]
        return {own[:1] if own != "b_hn" else own: (name, [(k,) for k in columns])}
    labels = [f"x {c}" if reads else f"h {j + 1}" for j, c in enumerate(LETTERS[: len(W)])]
    return {label: (name, [(j, k) for k in columns]) for j, label in enumerate(labels)}
