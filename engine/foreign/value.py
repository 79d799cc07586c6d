"""What a reader of another project's file ends in.

A reader only finds things: arrays as they lie in the file, turned so that they multiply from the right, and
the order of their blocks. What they have to become is the same for all projects, and stands in
`engine.foreign.assemble`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
"""float16, float32 or float64."""


@dataclass(frozen=True)
class Layer:
    """A recurrent layer with I inputs, H units and G blocks: a = x·W_xh + h·W_hh + b_h."""

    W_xh: Array
    """(I, G·H)"""
    W_hh: Array
    """(H, G·H)"""
    order: str
    """The blocks by letter, such as "ijfo": those of the cell's gates, or j and c for the candidate g of an
    lstm, h for the candidate n of a gru."""
    b_h: Array | None = None
    """(G·H), the bias of the input or the only one; None is 0."""
    b_hh: Array | None = None
    """(G·H), the bias of the recurrent product, if there are two. In a gru, its block of the candidate
    stands inside the reset product."""
    forget_bias: float = 0.0
    """What the project adds to the forget gate at run time."""


@dataclass(frozen=True)
class Foreign:
    """A model as another project's file has it, with V symbols in the file's order."""

    project: str
    """Whose file it is, as it is told: `char-rnn-tensorflow`."""
    cell: str
    """One of `engine.cells.CELLS`."""
    layers: tuple[Layer, ...]
    """From the input up. Their widths may differ."""
    W_hy: Array
    """(H, V)"""
    b_y: Array | None = None
    """(V,); None is 0."""
    embedding: Array | None = None
    """(V, D), whose rows are the input of the first layer; None if that is one-hot."""
    symbols: tuple[str, ...] | None = None
    """The symbol of each id; None if the file stores none. Ids whose symbol is not one character, such as
    one that fills up a batch, are left out, or filled from the text that the user names."""
    units: str = "char"
    """One of `engine.vocab.UNITS`."""
    usual: str = ""
    """What to say of the alphabet that the project uses, where its files store none."""
    lines: bool = False
    """Whether each line is an example of its own."""
    notes: tuple[str, ...] = ()
    """What is only near, or was left out: a short line each."""
