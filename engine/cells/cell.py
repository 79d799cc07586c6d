"""What a recurrent cell is.

    B  batch     H  hidden units    I  inputs of the layer: V in the first, H above
    T  time      G  gates           a  pre-activations (…, G·H), gates in the cell's order

A cell is equations without state, written once for NumPy and torch arrays alike (`Functions`). It knows
nothing of time and allocates nothing: `engine.network.bptt` passes it a step's arrays, with any leading
axes (none for a single stream, or B), and the cell fills them. The array that holds pre-activations
before a step holds the gates after it, and the deltas of the pre-activations after the backward step.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from engine.cells.functions import Array, Functions

State = tuple[Array, ...]
"""One array (…, H) for each of the cell's `states`."""
Views = Sequence[Array]
"""Parts of one array, as `Cell.views` cuts it."""
Parameters = Mapping[str, Array]
"""A layer's parameters by name."""

OPENINGS = frozenset("ifozr")
"""Those of a cell's `gates` whose values lie between 0, shut, and 1, open."""

Trace = tuple[Views, State, State, tuple[Array, ...]]
"""The arrays of one step (…, H), or of all steps (T, …, H): the views of `a`, the state before, the state
after, and what the cell keeps. A plain tuple: with a NamedTuple an `rnn` of 64 units is a tenth slower."""


class Cell(ABC):
    """The equations of one layer, and everything particular to them. A class with a `name` is a cell."""

    name: ClassVar[str]
    """Its name in commands and files."""
    hint: ClassVar[str]
    """A few words for the form, at most 28 characters."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names that people use."""
    rank: ClassVar[int] = 100
    """Its place in lists: lowest first, equal ranks by name."""
    lr_factor: ClassVar[float] = 1.0
    """Its learning rate as a share of an LSTM's: below 1 for a cell that explodes sooner."""

    gates: ClassVar[tuple[str, ...]]
    """The blocks of H columns in W_xh, W_hh and b_h, in order."""
    states: ClassVar[tuple[str, ...]] = ("h",)
    """What is carried from step to step; the first is h, the output."""
    keeps: ClassVar[tuple[str, ...]] = ()
    """What a step keeps for the backward step besides gates and states, each (…, H)."""
    columns: ClassVar[int] = 0
    """Blocks of H in `a`, if the input produces more than the gates; else 0."""
    recurrent: ClassVar[int] = 0
    """Blocks of H of deltas on the recurrent side, if they differ from those of `a`; else 0."""

    adds_state: ClassVar[bool] = False
    """Whether the state before enters `step` by h W_hh, added to `a`, and h in no other way."""
    parallel: ClassVar[bool] = False
    """Whether `all_steps` and `all_back` can replace the time loops."""
    inputs: ClassVar[tuple[str, ...]] = ("W_xh",)
    """The matrices that multiply x. In the first layer x is one-hot, so a row of each is read instead."""
    torch_kernel: ClassVar[str] = ""
    """The function of torch that runs a layer, such as "lstm" for `torch.lstm`; "" if there is none."""
    torch_module: ClassVar[tuple[str, Mapping[str, str]] | None] = None
    """The class in `torch.nn` that has the same equations, and its options; None if there is none."""

    def shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        """The parameters of a layer with I `inputs` and H `hidden` units: name to shape."""
        n = len(self.gates) * hidden
        return {"W_xh": (inputs, n), "W_hh": (hidden, n), "b_h": (n,)}

    @property
    def in_time(self) -> tuple[str, ...]:
        """The names of the matrices that multiply the state."""
        shapes = self.shapes(1, 1).items()
        return tuple(name for name, s in shapes if len(s) == 2 and name not in self.inputs)

    def deviation(self, name: str, hidden: int) -> float:
        """The standard deviation of the first layer's rows of an input matrix before training. The default
        is 1/√H, which is right for a dense input of unit length."""
        return 1 / math.sqrt(hidden)

    @property
    def blocks(self) -> int:
        """Blocks of H in `a`."""
        return self.columns or len(self.gates)

    def input_side(self, xp: Functions, p: Parameters) -> tuple[Array, Array]:
        """The matrix and the bias that turn x into `a`."""
        return p["W_xh"], p["b_h"]

    def input_gradients(self, W: Array, b: Array) -> dict[str, Array]:
        """The gradients of what `input_side` returned, by parameter."""
        return {"W_xh": W, "b_h": b}

    def kept_share(self, gates: Mapping[str, Array]) -> Array | None:
        """The share (…, H) of its memory, the last of the `states`, that each unit keeps in a step, from
        the gates (…, H) by name: the memory after is this share of the one before, and something new. None
        if the cell has no such share."""
        return gates.get("f")

    @abstractmethod
    def views(self, a: Array) -> Views:
        """The parts of `a` (…, G·H) that the methods below work on: `a` itself and slices of it. They are
        sliced once for all steps, since a slice costs torch as much as a product of two vectors."""

    @abstractmethod
    def step(self, xp: Functions, p: Parameters, trace: Trace) -> None:
        """Take one step from a = x·W_xh + b_h and the state before. Overwrites `a` with the gates, and
        writes the state after and what is kept.

        Uses the functions of `xp` alone, no operators: writing repeats the calls without coming here."""

    @abstractmethod
    def backward(
        self, xp: Functions, p: Parameters, trace: Trace, r: Array, d_state: State, d_h: Array
    ) -> State:
        """Take one step back, from what `step` left and the deltas `d_state` of the state after it (B, H),
        which may be overwritten.

        Overwrites the gates in `trace` with the deltas of the pre-activations; writes those of the
        recurrent product to `r` if they differ. Adds the delta of the previous h to `d_h`, and returns
        those of the other previous states."""

    def gradients(self, xp: Functions, trace: Trace, r: Array) -> dict[str, Array]:
        """The gradients of all parameters that `input_side` does not use, from the deltas of all steps
        (T, B, …), which `trace` holds in place of the gates."""
        (d_a, *_), (h, *_), _, _ = trace
        return {"W_hh": xp.outer(h, d_a)}

    def all_steps(self, xp: Functions, a: Array, states: State) -> None:
        """Take all T steps at once: `a` (T, B, G·H) as `step` takes and leaves it, and the states (T+1,
        B, H), whose first is given."""
        raise NotImplementedError

    def all_back(
        self, xp: Functions, a: Array, before: State, d_outputs: Array, d_state: State
    ) -> State:
        """Take all T steps back at once, from the states before each (T, B, H). Overwrites `a` with the
        deltas. Returns those of the state before the first step."""
        raise NotImplementedError


def cut(a: Array, blocks: int) -> list[Array]:
    """The blocks (…, H) of an array (…, blocks·H)."""
    H = a.shape[-1] // blocks
    return [a[..., k * H : (k + 1) * H] for k in range(blocks)]
