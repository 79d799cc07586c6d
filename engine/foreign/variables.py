"""Which of TensorFlow's variables are what, told by their names' endings and their shapes.

`rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell/kernel` is a cell's, in the scope that `basic_lstm_cell` ends;
older versions say `weights` and `biases`, or `MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix` and `Bias`.
Beside them stand an embedding, a matrix and a bias of the head, and what an optimiser keeps of each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import DamagedError, ForeignError
from engine.foreign.chain import natural
from engine.foreign.value import Array, Foreign, Layer
from engine.words import quoted

_CELLS = {"basiclstm": "lstm", "lstm": "lstm", "lstmblock": "lstm", "basicrnn": "rnn", "rnn": "rnn"}
"""Names of cells without `cell`, `_`, capitals and numbers, and the cells of helo's that they are."""
_WHY = {"gru": "is a gru that resets the state before the product, helo's after it"}
_KERNELS, _BIASES = {"kernel", "weights", "matrix"}, {"bias", "biases"}
_SLOT = re.compile(
    r"/(Adam|RMSProp|Momentum|Adagrad|Adadelta|Ftrl|ExponentialMovingAverage)(_\d+)?$"
)
_ORDER = {"lstm": "ijfo", "rnn": "h"}
_FORGET = 1.0
"""What TensorFlow's lstm adds to the forget gate at run time, unless it was asked for another."""

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Plan:
    """The variables of a network by name; None where there is none."""

    cell: str
    layers: tuple[tuple[str, str | None], ...]
    """The matrix and the bias of each layer."""
    W_hy: str
    b_y: str | None
    embedding: str | None


def plan(shapes: Shapes) -> Plan:
    """What the variables of these names and shapes are.

    Raises ForeignError for cells that helo does not have, DamagedError if a part is missing.
    """
    own = {name: shape for name, shape in shapes.items() if shape and not _kept(name, shapes)}
    cells, others = dict[str, dict[str, str]](), dict[str, tuple[int, ...]]()
    kinds = set[str]()
    for name, shape in own.items():
        *scope, leaf = name.split("/")
        at = next((i for i, part in enumerate(scope) if _cell(part)), None)
        if at is None:
            others[name] = shape
            continue
        kinds.add(_cell(scope[at]))
        cells.setdefault("/".join(scope[: at + 1]), {})["/".join([*scope[at + 1 :], leaf])] = name
    if any(re.search(r"(^|/)(fw|bw)(/|$)", scope) for scope in cells):
        raise ForeignError("reads its text in both directions, which writes nothing")
    if not cells:
        raise ForeignError("is a TensorFlow checkpoint without a recurrent cell that helo knows")
    if len(kinds) > 1:
        raise ForeignError(
            f"has cells of several kinds: {', '.join(map(quoted, sorted(kinds)[:4]))}"
        )
    (kind,) = kinds
    if not (cell := _CELLS.get(kind)):
        why = f"has cells of a kind that helo does not have: {quoted(kind)}"
        raise ForeignError(_WHY.get(kind, why))
    layers = tuple(_parameters(cells[scope]) for scope in sorted(cells, key=natural))
    return Plan(cell, layers, *_ends(others))


def assemble(
    project: str,
    told: Plan,
    values: Callable[[str], Array],
    symbols: tuple[str, ...] | None,
    units: str = "char",
) -> Foreign:
    """The model, from the value of each variable of a plan."""
    layers = []
    for kernel, bias in told.layers:
        W = values(kernel)
        gates = len(_ORDER[told.cell])
        H = W.shape[1] // gates
        if not H or W.shape[0] <= H:
            raise DamagedError(f"{quoted(kernel)} is {W.shape[0]}×{W.shape[1]}")
        b = values(bias) if bias else None
        forget = _FORGET if told.cell == "lstm" else 0.0
        layers.append(Layer(W[:-H], W[-H:], _ORDER[told.cell], b, forget_bias=forget))
    return Foreign(
        project,
        told.cell,
        tuple(layers),
        values(told.W_hy),
        values(told.b_y) if told.b_y else None,
        values(told.embedding) if told.embedding else None,
        symbols,
        units,
    )


def _kept(name: str, shapes: Shapes) -> bool:
    """Whether a variable is what an optimiser keeps of another."""
    parts = name.split("/")
    above = ("/".join(parts[:end]) for end in range(1, len(parts)))
    return bool(_SLOT.search(name)) or any(shapes.get(other) for other in above)


def _cell(part: str) -> str:
    """The name of a cell in a part of a scope, without what varies in it; "" if it is none."""
    plain = re.sub(r"[_\d]", "", part).lower()
    name = plain.removesuffix("cell")
    return name if name != plain and name not in ("", "multirnn") else ""


def _parameters(inside: Mapping[str, str]) -> tuple[str, str | None]:
    """The matrix and the bias of a cell, whose variables are named within it."""
    ends = {name.lower().removeprefix("linear/"): whole for name, whole in inside.items()}
    kernels, biases = ([ends.pop(n) for n in [*ends] if n in leaf] for leaf in (_KERNELS, _BIASES))
    if ends:
        raise ForeignError(f"has cells with more than a plain one has: {quoted(min(ends))}")
    if len(kernels) != 1 or len(biases) > 1:
        raise DamagedError("a cell without its matrix")
    return kernels[0], biases[0] if biases else None


def _ends(others: Shapes) -> tuple[str, str | None, str | None]:
    """The head's matrix and bias, and the embedding."""
    if any("attention" in name.lower() for name in others):
        raise ForeignError("attends to what it read before, which helo's networks do not")
    matrices = [name for name, shape in others.items() if len(shape) == 2]
    embeddings = [name for name in matrices if "embed" in name.lower()]
    heads = [name for name in matrices if name not in embeddings]
    if not heads:
        raise DamagedError("a network without the matrix of its head")
    if len(heads) > 1 or len(embeddings) > 1:
        known = ", ".join(map(quoted, (heads + embeddings)[:4]))
        raise ForeignError(
            f"has more matrices than an embedding, the cells' and the head's: {known}"
        )
    V = others[heads[0]][1]
    biases = [name for name, shape in others.items() if shape == (V,)]
    return heads[0], biases[0] if len(biases) == 1 else None, embeddings[0] if embeddings else None
