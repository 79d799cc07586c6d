"""The gates of a text that grows, or is walked through: counted from its start, a block at a time.

What was counted for the same beginning of a text is used again. A `Counted` never changes, so one thread
may count on while others look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engine.inspecting.gates import Tally, gate_names, tally
from engine.inspecting.trace import BLOCK, Values, trace
from engine.network.stepper import States, Stepper
from engine.vocab import Ids


@dataclass(frozen=True)
class Counted:
    """The gates of the first n characters of a text."""

    stepper: Stepper
    ids: Ids = field(default_factory=lambda: np.zeros(0, np.int64))
    """The characters that were counted (n,)."""
    tally: Tally | None = None
    last: Mapping[str, Values] = field(default_factory=dict)
    """The gates (H,) while the last of them was read, by name."""
    after: States | None = None
    """The state after them; None for that in which a text begins."""
    whole: tuple[Counted, ...] = ()
    """The same after each whole block."""

    def __len__(self) -> int:
        return len(self.ids)


def count_on(before: Counted, ids: Ids) -> Counted:
    """Count up to BLOCK more characters of ids (N,), of which some may have been counted before.

    Raises ModelFileError where the logits overflow.
    """
    n = min(len(before), len(ids))
    differ = np.flatnonzero(before.ids[:n] != ids[:n])
    same = int(differ[0]) if len(differ) else n
    if same < len(before):
        before = _kept(before, same)
    begin = len(before)
    end = min(len(ids), begin - begin % BLOCK + BLOCK)
    if begin == end:
        return before
    stepper = before.stepper
    state = stepper.start_state() if before.after is None else before.after
    layers = stepper.model.config.layers
    found = trace(stepper, ids[begin:end], state, gate_names(stepper.cell, layers))
    new = tally(stepper.cell, layers, found)
    after = Counted(
        stepper,
        ids[:end].copy(),
        new if before.tally is None else before.tally + new,
        {name: values[-1] for name, values in found.arrays.items()},
        found.after,
        before.whole,
    )
    return after if end % BLOCK else replace(after, whole=(*before.whole, after))


def _kept(counted: Counted, n: int) -> Counted:
    """What was counted of the whole blocks in the first n characters."""
    whole = counted.whole[: n // BLOCK]
    return replace(whole[-1], whole=whole) if whole else Counted(counted.stepper)
