"""The trace of the latest characters of a text that grows, or is walked through.

What was computed for the same text, a little longer or shorter, is used again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.inspecting.trace import Trace, blocks, joined, part, trace
from engine.network.stepper import States, Stepper
from engine.vocab import Ids

SPAN = 256
"""The characters before a place that are traced, at least, if there are so many."""
_MOST = 3 * SPAN


@dataclass(frozen=True)
class Near:
    """A place in a text, and the state before the character there."""

    index: int
    state: States


@dataclass(frozen=True)
class Latest:
    """The trace of the characters from `first` to the end of ids (N,)."""

    stepper: Stepper
    ids: Ids
    first: int
    trace: Trace


def latest(stepper: Stepper, ids: Ids, near: Near, before: Latest | None = None) -> Latest:
    """The trace of the end of ids (N,), N > 0. `near` is a place to start from if it must be computed anew,
    `before` what was computed last.

    Raises ModelFileError where the logits overflow.
    """
    if before is not None and before.stepper is stepper and (kept := _kept(before, ids, near)):
        first, end = kept
        found = part(stepper, before.trace, first - before.first, end - before.first)
        if end < len(ids):
            found = joined(found, trace(stepper, ids[end:], found.after))
        return Latest(stepper, ids, first, found)
    return Latest(stepper, ids, near.index, trace(stepper, ids[near.index :], near.state))


def read(stepper: Stepper, ids: Ids) -> Latest:
    """The trace of the end of a text of N > 0 ids, which is read from its start state.

    Raises ModelFileError where the logits overflow.
    """
    index = max(0, len(ids) - SPAN)
    state = stepper.start_state()
    for found in blocks(stepper, ids[:index], wanted=()):
        state = found.after
    return latest(stepper, ids, Near(index, state))


def _kept(before: Latest, ids: Ids, near: Near) -> tuple[int, int] | None:
    """The characters [first, end) whose trace can be kept, if that spares something."""
    n = min(len(ids), len(before.ids))
    differ = np.flatnonzero(before.ids[:n] != ids[:n])
    end = int(differ[0]) if len(differ) else n
    enough = max(near.index, len(ids) - SPAN // 2)
    if end <= before.first or (before.first > enough) or len(ids) - end > SPAN:
        return None
    long = len(ids) - before.first > _MOST
    return (max(before.first, min(len(ids) - SPAN, end - 1)) if long else before.first), end
