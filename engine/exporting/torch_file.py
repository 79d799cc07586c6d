"""Weights under the names that torch.nn gives them, and a script that loads them.

A `torch.nn.ModuleDict` of `rnn`, one of torch's recurrent layers, and `decoder`, a Linear. torch adds two
biases; the second is zero, except that of a GRU's candidate, which is b_hn.
"""

from __future__ import annotations

from string import Template

import numpy as np

from engine.cells import CELLS
from engine.exporting.by_gate import Array, by_gate
from engine.network.modelfile import Model, metadata

_ORDER = {"rnn": "h", "rnn-relu": "h", "lstm": "ifgo", "coupled": "ifgo", "gru": "rzn"}
"""The order of torch's gates."""


def write(model: Model) -> dict[str, bytes]:
    """The weights as .safetensors, and the script that loads them as .py."""
    from safetensors.numpy import save

    about = {"format": "pt"} | metadata(model)
    return {".safetensors": save(tensors(model), about), ".py": script(model).encode()}


def tensors(model: Model) -> dict[str, Array]:
    """The weights by torch's names."""
    found = {
        "decoder.weight": model.weights["head.W_hy"].T,
        "decoder.bias": model.weights["head.b_y"],
    }
    for l in range(model.config.layers):
        W, U, b = by_gate(model, l).joined(_ORDER[model.config.cell])
        second = np.zeros_like(b)
        if (b_hn := model.weights.get(f"layers.{l}.b_hn")) is not None:
            second[-len(b_hn) :] = b_hn
        own = {"weight_ih": W, "weight_hh": U, "bias_ih": b, "bias_hh": second}
        found |= {f"rnn.{name}_l{l}": value for name, value in own.items()}
    return {name: np.ascontiguousarray(value) for name, value in found.items()}


_SCRIPT = Template('''\
# $name, $network, exported by helo. Needs torch and safetensors.
import json
from pathlib import Path

import torch
from safetensors import safe_open

with safe_open(Path(__file__).with_suffix(".safetensors"), "pt") as file:
    alphabet = json.loads(file.metadata()["alphabet"])["symbols"]  # id to $unit
    weights = {name: file.get_tensor(name) for name in file.keys()}
rnn, decoder = torch.nn.$module, torch.nn.Linear($H, $V)
model = torch.nn.ModuleDict({"rnn": rnn, "decoder": decoder})
model.load_state_dict(weights)


def logits(ids, state=None):
    """Ids (T,) or (T, B) and the state before give logits (T, V) or (T, B, V) and the state after.$lines"""
    h, state = rnn(torch.nn.functional.one_hot(ids, $V).float(), state)
    return decoder(h), state
''')


def script(model: Model) -> str:
    """The script that stands beside the weights."""
    config, V = model.config, len(model.alphabet)
    kind, options = CELLS["lstm" if config.cell == "coupled" else config.cell].torch_module or (
        "",
        {},
    )
    sizes = [f"{V}, {config.hidden}, {config.layers}", *(f"{k}={v!r}" for k, v in options.items())]
    lines = "\n\n    Begin each line with a newline, from a state of None." if config.lines else ""
    return _SCRIPT.substitute(
        name=ascii(model.name),
        network=config,
        unit={"char": "character", "byte": "byte"}[model.alphabet.units],
        module=f"{kind}({', '.join(sizes)})",
        H=config.hidden,
        V=V,
        lines=lines,
    )
