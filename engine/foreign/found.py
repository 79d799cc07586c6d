"""Finding things in what a program saved, wherever it put them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from engine.foreign.bounds import MOST_DEPTH
from engine.foreign.pickled import Unordered
from engine.foreign.pickles import Made

_MOST = 20_000
"""The most values that are looked at."""
_FEW = 16
"""Below that many, a text of different characters may be any word."""


def everything(root: object) -> Iterator[object]:
    """What is in a value, itself first and what is nearer before what is deeper; each once."""
    waiting, seen = deque([(root, 0)]), {id(root)}
    while waiting:
        value, depth = waiting.popleft()
        yield value
        inner: Any = ()
        if isinstance(value, dict):
            inner = value.values()
        elif isinstance(value, list | tuple) and len(value) < 256:
            inner = value
        elif isinstance(value, Made):
            inner = (value.state, value.items, value.args)
        for item in inner:
            holds = isinstance(item, dict | list | tuple | Made | str)
            if holds and id(item) not in seen and depth < MOST_DEPTH and len(seen) < _MOST:
                seen.add(id(item))
                waiting.append((item, depth + 1))


def symbols(root: object, V: int) -> tuple[str, ...] | None:
    """The symbol of each of V ids, from the first thing in a value that can be that: V different texts in a
    row, a text of V different characters, numbers from 0 to V−1 for texts, or texts for them. Words are
    taken where there are no characters."""
    words: tuple[str, ...] | None = None
    for value in everything(root):
        row = _row(value, V)
        if not row or len(set(row)) < V:
            continue
        if 2 * sum(len(text) == 1 for text in row) >= V:
            return row
        if V >= _FEW:
            words = words or row
    return words


def _row(value: object, V: int) -> tuple[str, ...]:
    """A value as V texts by id, if it is such; else ()."""
    row: list[Any] = []
    if isinstance(value, dict) and len(value) == V:
        numbered = any(type(number) is int for number in value.values())
        pairs = [(v, k) if numbered else (k, v) for k, v in value.items()]
        by_id = {_number(number): text for number, text in pairs}
        row = [by_id.get(i) for i in range(V)]
    elif isinstance(value, str) and len(value) == V >= _FEW:
        row = list(value)
    elif isinstance(value, list | tuple) and not isinstance(value, Unordered) and len(value) == V:
        row = list(value)
    return tuple(row) if all(isinstance(text, str) for text in row) else ()


def _number(key: object) -> int | None:
    """A number that may be the text of one, as JSON's keys are."""
    if isinstance(key, str) and key.isdecimal() and len(key) < 9:
        return int(key)
    return key if type(key) is int else None
