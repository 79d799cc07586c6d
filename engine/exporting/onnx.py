"""A model as ONNX, written without the onnx package.

    inputs   ids (T, B); h, and for an LSTM c, (L, B, H): the state before them, zeros at first
    outputs  logits (T, B, V); h_after, c_after (L, B, H)

T and B are free, so a network can be stepped, or run over a whole text. Where each line is an example of
its own, it is the body of a Scan, which takes one character at a time and resets the state at a newline.
Operators: https://onnx.ai/onnx/operators.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.exporting.by_gate import by_gate
from engine.exporting.onnx_messages import FLOAT, INT64, Attribute, graph, model, node, value
from engine.network.lines import newline_id
from engine.network.modelfile import Model, metadata
from engine.network.parameters import layer
from engine.network.stepper import NORM_EPSILON
from engine.version import __version__

_OPERATORS: dict[str, tuple[str, str, dict[str, Attribute]]] = {
    "rnn": ("RNN", "h", {}),
    "rnn-relu": ("RNN", "h", {"activations": ("Relu",)}),
    "lstm": ("LSTM", "iofg", {}),
    "peephole": ("LSTM", "iofg", {}),
    "coupled": ("LSTM", "iofg", {}),
    "gru": ("GRU", "zrn", {"linear_before_reset": 1}),
}
"""The operator that has a cell, the order of its gates, and its attributes."""


def write(of: Model) -> dict[str, bytes]:
    """The model as .onnx.

    Raises UsageError if it is too large for the format.
    """
    return {".onnx": model(_whole(of), __version__, metadata(of))}


def _whole(of: Model) -> bytes:
    config, V = of.config, len(of.alphabet)
    newline, states = newline_id(config, of.alphabet), CELLS[config.cell].states
    size = config.layers, "batch", config.hidden
    inputs = [value("ids", INT64, "time", "batch"), *(value(s, FLOAT, *size) for s in states)]
    outputs = [value("logits", FLOAT, "time", "batch", V)]
    outputs += [value(f"{s}_after", FLOAT, *size) for s in states]
    nodes = _network(config, "") if newline is None else [_scan(config, V)]
    return graph("helo", nodes, inputs, outputs, _constants(of, newline))


def _scan(config: ModelConfig, V: int) -> bytes:
    """The network as the body of a Scan."""
    states, size = CELLS[config.cell].states, (config.layers, "batch", config.hidden)
    nodes = [
        node("Unsqueeze", ["id", "axis_0"], ["one_ids"]),
        node("Equal", ["id", "newline"], ["ends"]),
        node("Not", ["ends"], ["goes_on"]),
        node("Cast", ["goes_on"], ["keeps"], to=FLOAT),
        node("Unsqueeze", ["keeps", "axis_1"], ["share"]),
        *(node("Mul", [f"{s}_before", "share"], [f"one_{s}"]) for s in states),
        *_network(config, "one_"),
        node("Squeeze", ["one_logits", "axis_0"], ["row"]),
    ]
    inputs = [*(value(f"{s}_before", FLOAT, *size) for s in states), value("id", INT64, "batch")]
    outputs = [value(f"one_{s}_after", FLOAT, *size) for s in states]
    body = graph("step", nodes, inputs, [*outputs, value("row", FLOAT, "batch", V)])
    after = [f"{s}_after" for s in states]
    return node("Scan", [*states, "ids"], [*after, "logits"], body=body, num_scan_inputs=1)


def _network(config: ModelConfig, of: str) -> list[bytes]:
    """The nodes from ids and states to logits and the states after, whose names all begin with `of`."""
    states, (operator, _, options) = CELLS[config.cell].states, _OPERATORS[config.cell]
    nodes = [node("OneHot", [f"{of}ids", "V", "off_on"], ["x_0"], axis=-1)]
    passed = ""
    for l in range(config.layers):
        nodes += [node("Gather", [f"{of}{s}", f"index_{l}"], [f"{s}_{l}"], axis=0) for s in states]
        reads = [*(f"{name}_{l}" for name in ("x", "W", "R", "B")), ""]
        reads += [f"{s}_{l}" for s in states]
        if config.cell == "peephole":
            reads.append(f"P_{l}")
        writes = [f"y_{l}", *(f"{s}_after_{l}" for s in states)]
        nodes.append(node(operator, reads, writes, hidden_size=config.hidden, **options))
        # y is (T, 1, B, H): ONNX has an axis for directions
        nodes.append(node("Squeeze", [f"y_{l}", "axis_1"], [out := f"out_{l}"]))
        if passed and config.residual:
            nodes.append(node("Add", [passed, out], [out := f"sum_{l}"]))
        passed = out
        if config.layer_norm:
            norm = [passed, f"g_n_{l}", f"b_n_{l}"]
            out = f"norm_{l}"
            nodes.append(node("LayerNormalization", norm, [out], axis=-1, epsilon=NORM_EPSILON))
        nodes.append(node("Identity", [out], [f"x_{l + 1}"]))
    for s in states:
        every = [f"{s}_after_{l}" for l in range(config.layers)]
        nodes.append(node("Concat", every, [f"{of}{s}_after"], axis=0))
    nodes.append(node("MatMul", [f"x_{config.layers}", "W_hy"], ["product"]))
    return [*nodes, node("Add", ["product", "b_y"], [f"{of}logits"])]


def _constants(of: Model, newline: int | None) -> dict[str, npt.NDArray[np.generic]]:
    """The weights, and the small numbers that the nodes need, by the names that these have for them."""
    config, (_, gates, _) = of.config, _OPERATORS[of.config.cell]
    found: dict[str, npt.NDArray[np.generic]] = {
        "V": np.array(len(of.alphabet)),
        "off_on": np.array([0.0, 1.0]),
        "axis_1": np.array([1]),
        "W_hy": of.weights["head.W_hy"],
        "b_y": of.weights["head.b_y"],
    }
    if newline is not None:
        found |= {"newline": np.array(newline), "axis_0": np.array([0])}
    for l in range(config.layers):
        p = layer(of.weights, l)
        W, R, b = by_gate(of, l).joined(gates)
        second = np.zeros_like(b)
        if "b_hn" in p:
            second[-config.hidden :] = p["b_hn"]
        own = {"index": np.array([l]), "W": W[None], "R": R[None]}
        own["B"] = np.concatenate([b, second])[None]
        if config.cell == "peephole":
            own["P"] = np.concatenate([p[f"p_{gate}"] for gate in "iof"])[None]
        if config.layer_norm:
            own |= {"g_n": p["g_n"], "b_n": p["b_n"]}
        found |= {f"{name}_{l}": value for name, value in own.items()}
    return found
