"""Writes Torch7's files as torch-rnn and char-rnn left them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from engine.foreign.value import Array, Foreign


@dataclass(eq=False)
class Object:
    """A torch object: its class, and its fields."""

    name: str
    fields: dict[Any, Any] = field(default_factory=dict)


class Data(dict[Any, Any]):
    """A table that may be a key of another."""

    def __hash__(self) -> int:  # type: ignore[override]
        return id(self)


def written(value: Any, order: str = "<", long: str = "q", tensor: str = "Float") -> bytes:
    """A file of one value: None, numbers, texts, dicts, lists, Objects, arrays; the same one again is a
    reference."""
    kind = {"Double": "f8", "Half": "f2"}.get(tensor, "f4")
    seen: dict[int, int] = {}
    held: list[Any] = []  # so that nothing else gets an id of theirs
    indices = count(1)

    def ints(*numbers: int) -> bytes:
        return struct.pack(f"{order}{len(numbers)}i", *numbers)

    def longs(*numbers: int) -> bytes:
        return struct.pack(f"{order}{len(numbers)}{long}", *numbers)

    def text(data: str | bytes) -> bytes:
        data = data.encode() if isinstance(data, str) else data
        return ints(len(data)) + data

    def put(value: Any) -> bytes:
        match value:
            case None:
                return ints(0)
            case bool():
                return ints(5, value)
            case int() | float():
                return ints(1) + struct.pack(f"{order}d", value)
            case str() | bytes():
                return ints(2) + text(value)
        torch = isinstance(value, Object | np.ndarray)
        begin = ints(4 if torch else 3)
        if id(value) in seen:
            return begin + ints(seen[id(value)])
        seen[id(value)] = next(indices)
        held.append(value)
        begin += ints(seen[id(value)])
        match value:
            case Object():
                return begin + text("V 1") + text(value.name) + put(value.fields)
            case np.ndarray():
                steps = [s // value.itemsize for s in value.strides]
                flat = value.ravel("K").astype(order + kind)  # a transposed one keeps its strides
                storage = ints(4, next(indices)) + text("V 1") + text(f"torch.{tensor}Storage")
                return (
                    begin
                    + text("V 1")
                    + text(f"torch.{tensor}Tensor")
                    + ints(value.ndim)
                    + longs(*value.shape, *steps, 1)
                    + storage
                    + longs(flat.size)
                    + flat.tobytes()
                )
            case list():
                value = dict(enumerate(value, 1))
        return begin + ints(len(value)) + b"".join(put(k) + put(v) for k, v in value.items())

    return put(value)


def torch_rnn(foreign: Foreign, norms: dict[int, dict[str, Any]] | None = None) -> dict[str, Any]:
    """The checkpoint of a model; `norms` are the fields of the normalisation above a layer."""
    kind = {"lstm": "nn.LSTM", "rnn": "nn.VanillaRNN"}[foreign.cell]
    modules = [Object("nn.LookupTable", {"weight": foreign.embedding})]
    for l, layer in enumerate(foreign.layers):
        W = np.concatenate([layer.W_xh, layer.W_hh])
        empty = np.zeros(0, np.float32)
        modules.append(Object(kind, {"weight": W, "bias": layer.b_h, "output": empty}))
        if norms and l in norms:
            modules.append(Object("nn.View", {"numElements": 5}))
            modules.append(Object("nn.BatchNormalization", norms[l]))
            modules.append(Object("nn.View", {"numElements": 5}))
        modules.append(Object("nn.Dropout", {"p": 0.5}))
    modules += [Object("nn.View"), _linear(foreign.W_hy, foreign.b_y), Object("nn.View")]
    net = Object("nn.Sequential", {"modules": modules, "train": True})
    tokens = dict(enumerate(foreign.symbols or (), 1))
    fields = {"net": net, "rnns": [m for m in modules if m.name == kind], "idx_to_token": tokens}
    return {"i": 17, "model": Object("nn.LanguageModel", fields), "val_loss_history": [1.5]}


def char_rnn(foreign: Foreign, gru: bool = False) -> dict[str, Any]:
    """The checkpoint of a model whose symbols are bytes, with its graph of one step in which all nodes know
    their inputs."""
    nodes: list[Object] = []

    def node(module: str | Object | None, *sources: Object) -> Object:
        own = Object(f"nn.{module}") if isinstance(module, str) else module
        back = Data({i: source.fields["data"] for i, source in enumerate(sources, 1)})
        back |= {source.fields["data"]: i for i, source in enumerate(sources, 1)}
        data = Data(mapindex=back, annotations={"_debugLabel": "[x]:1"})
        data |= {} if own is None else {"module": own}
        made = Object("nngraph.Node", {"data": data, "children": {}, "id": len(nodes) + 1})
        for source in sources:
            source.fields["children"] |= {len(source.fields["children"]) + 1: made}
        nodes.append(made)
        return made

    x = node(Object("OneHot"), node("Identity", node(None)))
    for layer in foreign.layers:
        h = node("Identity", node(None))
        i2h = node(_linear(layer.W_xh, layer.b_h), x)
        a = node("CAddTable", i2h, node(_linear(layer.W_hh, layer.b_hh), h))
        if foreign.cell == "rnn":
            x = node("Tanh", a)
            if gru:
                node("AddConstant", node("MulConstant", node("Sigmoid", a)))
            continue
        gates = [node(None, node("SplitTable", node("Reshape", a))) for _ in range(4)]
        i, f, o = (node("Sigmoid", gate) for gate in gates[:3])
        kept = node("CMulTable", f, node("Identity", node(None)))
        c = node("CAddTable", kept, node("CMulTable", i, node("Tanh", gates[3])))
        x = node("Dropout", node("CMulTable", o, node("Tanh", c)))
    node(None, node("LogSoftMax", node(_linear(foreign.W_hy, foreign.b_y), x)))
    graph = Object("nn.gModule", {"forwardnodes": nodes, "nInputs": 3})
    vocab = {symbol.encode("latin-1"): i for i, symbol in enumerate(foreign.symbols or (), 1)}
    protos = {"rnn": graph, "criterion": Object("nn.ClassNLLCriterion")}
    return {"protos": protos, "vocab": vocab, "opt": {"model": "lstm"}, "epoch": 1.5}


def _linear(W: Array, b: Array | None) -> Object:
    return Object("nn.Linear", {"weight": np.ascontiguousarray(W.T), "bias": b})
