"""The gates and states of every step of a text, under the names that the model's file has for its layers.

    layers.0.i   layers.0.f   …   layers.0.h   layers.0.c   layers.1.i   …      (T, H) each

A block of a layer that holds no gate, as in the plain rnn, is left out: what it becomes is the state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.cells.cell import cut
from engine.cells.functions import Array
from engine.errors import NotFoundError, UsageError
from engine.network.bptt import Tape
from engine.network.stepper import Logits, States, Stepper
from engine.vocab import Ids
from engine.words import quoted

BLOCK = 512
"""Characters whose arrays are there at once."""

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Trace:
    """What a network did with T characters of a text."""

    ids: Ids
    """The characters (T,)."""
    before: States
    """The state before the first of them."""
    arrays: Mapping[str, Values]
    """The gates and states of each step (T, H), by name."""
    outputs: Values
    """What the head reads after each step (T, H): the h of the last layer, or with a residual stack the sum
    of all h, and if there is a layer norm what that makes of it."""
    logits: Logits
    """(T, V)."""
    after: States

    def __len__(self) -> int:
        return len(self.ids)


def names(stepper: Stepper) -> tuple[str, ...]:
    """The names of all arrays of a trace, from the lowest layer."""
    cell = stepper.cell
    own = (*(gate for gate in cell.gates if gate not in cell.states), *cell.states)
    return tuple(f"layers.{l}.{name}" for l in range(stepper.model.config.layers) for name in own)


def unit(stepper: Stepper, name: str) -> tuple[str, int]:
    """A unit's array and its place there, from a name such as `layers.1.c[368]`.

    Raises NotFoundError if the model has no such unit, UsageError if it is no name of one.
    """
    array, bracket, rest = name.partition("[")
    place, closing, beyond = rest.partition("]")
    if not (bracket and closing) or beyond or not (place.isascii() and place.isdigit()):
        raise UsageError(f"{quoted(name)} names no unit: name one as in layers.0.h[3]")
    if array not in names(stepper):
        raise NotFoundError(
            f"{quoted(array)} is not in this model; it has {', '.join(names(stepper))}"
        )
    if int(place) >= (hidden := stepper.model.config.hidden):
        raise NotFoundError(f"{quoted(name)}: units go from 0 to {hidden - 1}")
    return array, int(place)


def trace(
    stepper: Stepper, ids: Ids, before: States, wanted: Collection[str] | None = None
) -> Trace:
    """Read ids (T,), or (T, B) of B texts, from the state before them. Only the `wanted` arrays are kept,
    by default all: a layer of 512 units takes 12 KB a character.

    Raises ModelFileError where the logits overflow.
    """
    arrays: dict[str, Values] = {}
    outputs: list[Values] = []

    def watch(l: int, tape: Tape, x: Array) -> None:
        cell = stepper.cell
        gates = dict(zip(cell.gates, cut(tape.a, cell.blocks), strict=False))
        for name, values in (gates | dict(zip(cell.states, tape.whole[2], strict=True))).items():
            if wanted is None or f"layers.{l}.{name}" in wanted:
                # the tape holds more than what is kept of it
                arrays[f"layers.{l}.{name}"] = values if wanted is None else values.copy()
        outputs[:] = [x]

    logits, after = stepper.sequence(ids, before, watch)
    return Trace(ids, before, arrays, outputs[0], logits, after)


def blocks(
    stepper: Stepper,
    ids: Ids,
    before: States | None = None,
    wanted: Collection[str] | None = None,
) -> Iterator[Trace]:
    """The traces of a text of any length, BLOCK characters at a time, from its start state or the state
    `before` it.

    Raises ModelFileError where the logits overflow.
    """
    state = stepper.start_state() if before is None else before
    for start in range(0, len(ids), BLOCK):
        found = trace(stepper, ids[start : start + BLOCK], state, wanted)
        state = found.after
        yield found


def part(stepper: Stepper, found: Trace, start: int, end: int) -> Trace:
    """The trace of the characters [start, end) of a whole one, 0 ≤ start < end."""

    def state(n: int) -> States:
        """After n characters."""
        if not n:
            return found.before
        own = [f"layers.{l}" for l in range(stepper.model.config.layers)]
        states = stepper.cell.states
        return tuple(tuple(found.arrays[f"{l}.{s}"][n - 1] for s in states) for l in own)

    within = slice(start, end)
    return Trace(
        found.ids[within],
        state(start),
        {name: values[within] for name, values in found.arrays.items()},
        found.outputs[within],
        found.logits[within],
        state(end),
    )


def joined(one: Trace, other: Trace) -> Trace:
    """The trace of two texts, the second of which was read from the state after the first."""
    both = np.concatenate
    return Trace(
        both([one.ids, other.ids]),
        one.before,
        {name: both([values, other.arrays[name]]) for name, values in one.arrays.items()},
        both([one.outputs, other.outputs]),
        both([one.logits, other.logits]),
        other.after,
    )
