"""A network found among tensors by their names and shapes, whatever its program called its parts.

torch's own layers name their parameters weight_ih, weight_hh, bias_ih and bias_hh, with a number for each
layer of a stack; what is before that is the program's own and means nothing. Of the other matrices one
reads (V, D), and one writes (V, H).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from engine.errors import DamagedError, ForeignError
from engine.foreign.tensors import Tensor
from engine.foreign.value import Array, Foreign, Layer
from engine.words import counted, shortened

PROJECT = "PyTorch"
_PART = re.compile(r"(.*?)(weight|bias)_(ih|hh|hr)(?:_l(\d{1,3}))?(_reverse)?(?:_raw)?", re.DOTALL)
_CELLS = {1: ("rnn", "h"), 3: ("gru", "rzn"), 4: ("lstm", "ifgo")}
"""Cells and the order of their blocks, by the number of these."""
_WRITES = re.compile(r"dec|fc|lin|out|head|proj|h2o|dense|logit|class", re.IGNORECASE)
_READS = re.compile(r"enc|emb|wte|lookup|char|input|i2h", re.IGNORECASE)
_UNSEEN = "what its program does between the layers is not in the file: taken to be nothing"


@dataclass
class _Group:
    """A recurrent layer's tensors, by the end of their names."""

    parts: dict[str, Tensor] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int, int]:
        tensor = self.parts.get(name)
        if tensor is None or len(tensor.shape) != 2 or not all(tensor.shape):
            raise DamagedError(f"a recurrent layer has no matrix {name}")
        return tensor.shape[0], tensor.shape[1]

    @property
    def inputs(self) -> int:
        return self.shape("weight_ih")[1]

    @property
    def hidden(self) -> int:
        return self.shape("weight_hh")[1]

    @property
    def blocks(self) -> int:
        rows, hidden = self.shape("weight_hh")
        return rows // hidden


def is_recurrent(names: Iterable[str]) -> bool:
    """Whether one of the names is that of a recurrent layer's parameter."""
    return any(_PART.fullmatch(name) for name in names)


def network(tensors: Mapping[str, Tensor], relu: Collection[str] | None = None) -> Foreign:
    """The network, without its alphabet. `relu` are the prefixes of the plain layers that cut at 0, None if
    nobody knows.

    Raises ForeignError for what is no plain stack of recurrent layers, DamagedError, OSError.
    """
    groups, rest = _grouped(tensors)
    stack = _stacked(groups)
    kinds = {group.blocks for _, group in stack}
    if len(kinds) > 1 or not kinds <= _CELLS.keys():
        raise ForeignError("has layers of several kinds, or of none that is known")
    cell, order = _CELLS[kinds.pop()]
    notes = [_UNSEEN]
    if cell == "rnn" and relu is None:
        notes.append("its plain layers are taken for tanh, since the file does not say")
    elif cell == "rnn" and (cut := {prefix in (relu or ()) for prefix, _ in stack}) != {False}:
        if len(cut) > 1:
            raise ForeignError("has layers of several kinds")
        cell = "rnn-relu"
    layers = tuple(_layer(group, order) for _, group in stack)
    bottom, top = stack[0][1].inputs, stack[-1][1].hidden
    reads, writes, left = _ends(rest, bottom, top)
    if left:
        raise ForeignError(_unplaced(left))
    W_hy = writes[0].read().T
    embedding = None if reads is None else _reading(reads, bottom)
    b_y = None if writes[1] is None else writes[1].read()
    return Foreign(PROJECT, cell, layers, W_hy, b_y, embedding, notes=tuple(notes))


def _grouped(tensors: Mapping[str, Tensor]) -> tuple[dict[str, _Group], dict[str, Tensor]]:
    """The recurrent layers by prefix and number, and all other tensors."""
    groups, rest = dict[str, _Group](), dict[str, Tensor]()
    for name, tensor in tensors.items():
        if not (found := _PART.fullmatch(name)):
            rest[name] = tensor
            continue
        prefix, what, side, number, reverse = found.groups()
        if reverse:
            raise ForeignError(
                "is bidirectional: it reads a text from its end too, and cannot write"
            )
        if side == "hr":
            raise ForeignError("projects its state (proj_size), which no cell of helo's does")
        group = groups.setdefault(f"{prefix}:{int(number or 0)}", _Group())
        group.parts[f"{what}_{side}"] = tensor
    if not groups:
        raise ForeignError("has no recurrent layer of torch's (weight_ih, weight_hh)")
    return groups, rest


def _stacked(groups: Mapping[str, _Group]) -> list[tuple[str, _Group]]:
    """The layers with their prefixes, from the input up: as they come, else by name, in the order in which
    each reads what the one before it writes."""
    for group in groups.values():
        group.shape("weight_ih")
        group.shape("weight_hh")
    order = list(dict.fromkeys(key.rpartition(":")[0] for key in groups))
    by_number = sorted(groups, key=lambda key: natural(key.rpartition(":")[2]))
    in_place = sorted(by_number, key=lambda key: order.index(key.rpartition(":")[0]))
    ways = ([(key, groups[key]) for key in w] for w in (in_place, sorted(groups, key=natural)))
    for way in ways:
        if all(above.inputs == below.hidden for (_, below), (_, above) in pairwise(way)):
            return [(key.rpartition(":")[0], group) for key, group in way]
    raise ForeignError(
        f"has {counted(len(groups), 'recurrent layer')} that do not stand on each other"
    )


def natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by their value."""
    return [(int(digits or 0), other) for other, digits in re.findall(r"(\D*)(\d{0,9})", text)]


def _layer(group: _Group, order: str) -> Layer:
    def bias(name: str) -> Array | None:
        return group.parts[name].read() if name in group.parts else None

    W_xh, W_hh = (group.parts[name].read().T for name in ("weight_ih", "weight_hh"))
    return Layer(W_xh, W_hh, order, bias("bias_ih"), bias("bias_hh"))


_End = tuple[Tensor, Tensor | None]
"""A matrix and its bias."""


def _ends(
    rest: Mapping[str, Tensor], D: int, H: int
) -> tuple[_End | None, _End, dict[str, Tensor]]:
    """What reads, None for one-hot; what writes; and the tensors that are left."""
    left = dict(rest)
    matrices = {name: tensor for name, tensor in rest.items() if len(tensor.shape) == 2}
    writing = [name for name, t in matrices.items() if t.shape[1] == H]
    if not writing:
        raise ForeignError(f"has no matrix that writes symbols from its {H:,} units")
    head = max(writing, key=lambda name: _likeness(name, left))
    ended: _End = (left.pop(head), _bias(head, left))
    V = ended[0].shape[0]
    reading = [
        name
        for name, tensor in matrices.items()
        if name in left
        and (
            (tensor.shape == (V, D) and _own(name) not in left)
            or (tensor.shape == (D, V) and _READS.search(_called(name)))
        )
    ]
    if not reading:
        if D != V and not left:
            raise ForeignError(f"reads {D:,} values a step and writes {V:,} symbols")
        return None, ended, left
    first = min(reading, key=lambda name: _likeness(name, left))
    return (left.pop(first), _bias(first, left)), ended, left


def _likeness(name: str, among: Mapping[str, Tensor]) -> tuple[bool, bool, bool, int]:
    """How much a matrix is like one that writes: by its name, its bias, and its place."""
    place = list(among).index(name)
    called = _called(name)
    return not _READS.search(called), bool(_WRITES.search(called)), _own(name) in among, place


def _called(name: str) -> str:
    """What the program calls the part that a matrix belongs to: the last word of its path."""
    words = [word for word in name.removesuffix(".weight").split(".") if not word.isdecimal()]
    return words[-1] if words else ""


def _own(name: str) -> str:
    """The name of the bias that belongs to a matrix."""
    return f"{name.removesuffix('weight')}bias"


def _bias(name: str, left: dict[str, Tensor]) -> Tensor | None:
    """Take the bias that belongs to a matrix, if there is one."""
    return left.pop(_own(name), None)


def _reading(end: _End, D: int) -> Array:
    """The embedding (V, D): a table, or a linear layer (D, V) over one-hot input."""
    matrix, bias = end
    table = matrix.read()
    if table.shape[1] != D or bias is not None:
        table = table.T
    if bias is None:
        return table
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is refused in the end
        return table + bias.read()


def _unplaced(left: Mapping[str, Tensor]) -> str:
    """Why a network with more tensors than have a place is none of helo's."""
    names = [shortened(name, 40) for name in left]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if any("att" in name.lower() for name in left):
        return f"has attention ({shown}), which helo's networks do not have"
    return f"has more than an embedding, recurrent layers and one linear layer: {shown}"
