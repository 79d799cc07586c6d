"""The recurrent cells, one per file: a class in this folder that has a `name` is a cell.

May import nothing but the standard library, since settings and help know the cells without NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from engine.cells.cell import Cell


def _classes() -> Iterator[type[Cell]]:
    for module in iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Cell) and "name" in vars(value):
                yield value


CELLS: dict[str, Cell] = {
    cell.name: cell() for cell in sorted(_classes(), key=lambda cell: (cell.rank, cell.name))
}
"""The cells by name, in the order of lists."""


def named(name: str) -> str:
    """The name of the cell that has this alias, or `name` itself if none has."""
    return next((cell.name for cell in CELLS.values() if name in cell.aliases), name)


__all__ = ["CELLS", "Cell", "named"]
