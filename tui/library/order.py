"""Which items of the Library are shown, and in what order. Independent of screens."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from tui.library.shelf import Item

_Key = Callable[[Item], object]

SORTS: dict[str, str] = {
    "newest": "newest first",
    "name": "by name",
    "loss": "lowest loss first",
    "size": "largest first",
}
"""The ways to sort, and how they are called."""
_KEYS: dict[str, _Key] = {
    "name": lambda item: (item.name.casefold(), item.name),
    "loss": lambda item: math.inf if item.nats is None or math.isnan(item.nats) else item.nats,
    "size": lambda item: -item.size,
}


def arranged(items: Iterable[Item], sort: str) -> list[Item]:
    """The items of a section, sorted in one of the ways of `SORTS`. Of equal ones, the newest is first;
    those without a date are last, as they came."""
    newest = sorted(items, key=lambda item: item.created, reverse=True)
    return sorted(newest, key=_KEYS[sort]) if sort in _KEYS else newest  # type: ignore[arg-type]


def after(sort: str) -> str:
    """The next way to sort."""
    ways = [*SORTS]
    return ways[(ways.index(sort) + 1) % len(ways)]


def matching(items: Iterable[Item], typed: str) -> list[Item]:
    """The items whose line in the list has every word that was typed, in capitals or not."""
    words = typed.casefold().split()
    return [item for item in items if all(word in _line(item) for word in words)]


def _line(item: Item) -> str:
    return " ".join((item.name, *item.columns)).casefold()
