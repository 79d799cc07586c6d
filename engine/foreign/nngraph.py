"""char-rnn's networks: a graph of torch modules that computes one step (`nn.gModule`).

A layer's sum is a `CAddTable` of two `Linear`, of the input and of the state, in this order; the blocks of
its rows are i, f, o and the candidate. Read from the source of karpathy/char-rnn and torch/nngraph alone:
no file of theirs was at hand.
"""

from __future__ import annotations

from engine.errors import DamagedError, ForeignError
from engine.foreign.bounds import MOST_LAYERS
from engine.foreign.t7 import Object, Table, table
from engine.foreign.value import Array, Foreign, Layer
from engine.words import quoted

_PLAIN = {"Identity", "OneHot", "Dropout", "Linear", "CAddTable", "Reshape", "SplitTable", "Narrow"}
_PLAIN |= {
    "Sigmoid",
    "Tanh",
    "ReLU",
    "CMulTable",
    "LogSoftMax",
    "LookupTable",
    "SelectTable",
    "View",
}
"""The modules of its lstm and its rnn, in any of its versions."""
_BLENDS = {"MulConstant", "AddConstant"}
"""What 1 − z is made of in its gru."""


def read(graph: Table) -> Foreign:
    """The model of a graph, without its alphabet.

    Raises ForeignError for its gru and for other networks, DamagedError if a part is missing.
    """
    # in the order of their computation, so that a layer comes before the one above
    nodes = [table(table(node).get("data")) for node in table(graph.get("forwardnodes")).sequence()]
    kinds = {_kind(node) for node in nodes} - {""}
    if _BLENDS & kinds:
        raise ForeignError("is a gru that resets the state before the product, helo's after it")
    if unknown := kinds - _PLAIN:
        raise ForeignError(f"has modules that no char-rnn has: {quoted(min(unknown))}")
    sums = [_sources(node) for node in nodes if _kind(node) == "CAddTable"]
    sums = [sources for sources in sums if [*map(_kind, sources)] == ["Linear", "Linear"]]
    if not 1 <= len(sums) <= MOST_LAYERS:
        raise DamagedError(f"{len(sums)} layers")
    layers = tuple(_layer(*sources) for sources in sums)
    ends = [_sources(node)[:1] for node in nodes if _kind(node) == "LogSoftMax"]
    if len(ends) != 1 or [*map(_kind, ends[0])] != ["Linear"]:
        raise DamagedError("a graph without its head")
    W_hy, b_y = _linear(ends[0][0])
    tables = [table(node.get("module")) for node in nodes if _kind(node) == "LookupTable"]
    embedding = tables[0].matrix("weight") if tables else None
    cell = "lstm" if layers[0].order != "h" else "rnn-relu" if "ReLU" in kinds else "rnn"
    if cell != "lstm" and "Sigmoid" in kinds:
        raise ForeignError("has gates of its own: it is neither char-rnn's lstm nor its rnn")
    return Foreign("char-rnn", cell, layers, W_hy, b_y, embedding)


def _kind(node: Table) -> str:
    """The class of a node's module; "" where the node only passes on."""
    module = node.get("module")
    return module.kind if isinstance(module, Object) else ""


def _sources(node: Table) -> list[Table]:
    """The nodes that one reads, in the order in which it was given them."""
    return [table(source) for source in table(node.get("mapindex")).sequence()]


def _layer(i2h: Table, h2h: Table) -> Layer:
    (W_xh, b_h), (W_hh, b_hh) = _linear(i2h), _linear(h2h)
    gates = W_hh.shape[1] // len(W_hh)
    return Layer(W_xh, W_hh, "ifog" if gates == 4 else "h", b_h, b_hh)


def _linear(node: Table) -> tuple[Array, Array | None]:
    """The matrix (I, O) and the bias (O) of a node's module."""
    module = table(node.get("module"))
    return module.matrix("weight").T, module.vector("bias")
