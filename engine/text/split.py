"""How a text is split into a part to learn and a part to validate on.

The text is cut into equal stretches, and the end of each is held out. With one stretch, `end`, that is the
end of the text. With many, `spread`, both parts are like the whole text even if it changes on the way, as a
sorted list does.

    end      ────────────────────────────────────────────────────────██████
    spread   ──────────────██──────────────██──────────────██────────────██

Where a block is missing, a part goes on with its next one. A network's state is carried over such a seam,
in training and in evaluation, as it is from one file of a folder to the next. In texts whose lines are
examples of their own (`engine.network.lines`) seams lie between lines, where the state starts anew anyway.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from engine.vocab import Ids, Text

MOST_BLOCKS, MOST_LINE_BLOCKS = 256, 16_384
"""Blocks that are held out, at most, so that the list stays short. Where lines are examples there may be
more: a block is every nth line, as far as that is possible."""
USUAL_BLOCK, SHORTEST_BLOCK, FEW_BLOCKS = 4096, 1024, 8
"""Characters of a block of either part, at least, unless lines are examples: the usual ones, or fewer if
there would be only a few blocks. A seam costs a good model about 20 nats once, so it adds 0.005 nats per
character of a usual block (docs/experiments.md)."""
_LOOK, _COUNTED = 1 << 10, 1 << 16

Ranges = list[range]


def ranges(
    ids: Text, share: float, spread: bool, newline: int | None = None
) -> tuple[Ranges, Ranges]:
    """The places in ids (N,) to learn from, and those to validate on. They cover all places, each once, and
    the second has int(N · share) of them.

    With `newline`, the id that ends a line, `spread` keeps every line whole, and the second part falls
    short of its share by less than a line.
    """
    n, kept, begin = len(ids), 0, 0
    stretches, newline = (_stretches(ids, share, newline), newline) if spread else (1, None)
    learnt, held = Ranges(), Ranges()
    for i in range(1, stretches + 1):
        end = _line_start(ids, n * i // stretches, n, newline)
        # what earlier blocks fell short is made up for
        wanted = int(end * share) - kept
        start = _line_start(ids, max(begin, end - wanted), end, newline)
        learnt.append(range(begin, start))
        held.append(range(start, end))
        begin, kept = end, kept + end - start
    return list(filter(None, learnt)), list(filter(None, held))


def _stretches(ids: Text, share: float, newline: int | None) -> int:
    """The number of stretches. Where lines are examples, a block is at least as long as one on average."""
    held = int(len(ids) * share)
    room = min(held, len(ids) - held)
    if newline is None:
        number = max(room // USUAL_BLOCK, min(FEW_BLOCKS, room // SHORTEST_BLOCK))
        return max(1, min(MOST_BLOCKS, number))
    first = ids[:_COUNTED]
    number = room * int((first == newline).sum()) // max(1, len(first))
    return max(1, min(MOST_LINE_BLOCKS, number))


def _line_start(ids: Text, place: int, stop: int, newline: int | None) -> int:
    """The first place from `place` on, before `stop`, at which a line begins, else `stop`. Without
    `newline` that is `place` itself."""
    if newline is None or place == 0:
        return place
    for at in range(place - 1, stop, _LOOK):
        found = np.flatnonzero(ids[at : min(at + _LOOK, stop)] == newline)
        if len(found):
            return at + int(found[0]) + 1
    return stop


class Pieces:
    """Ranges of ids, one after another, as one text."""

    def __init__(self, ids: Text, ranges: Sequence[range]) -> None:
        self._ids, self._ranges = ids, ranges
        self._starts = [0, *accumulate(map(len, ranges))]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._ids.dtype

    def __len__(self) -> int:
        return self._starts[-1]

    def __getitem__(self, part: slice) -> Ids:
        start, stop, step = part.indices(len(self))
        assert step == 1
        pieces = [self._ids[0:0]]
        for i in range(bisect_right(self._starts, start) - 1, len(self._ranges)):
            if start >= stop:
                break
            first = self._ranges[i].start - self._starts[i]
            last = min(stop, self._starts[i + 1])
            pieces.append(self._ids[first + start : first + last])
            start = last
        return pieces[-1] if len(pieces) <= 2 else np.concatenate(pieces)
