"""A script of under 100 lines that writes with the model and needs nothing but NumPy.

The weights are its last line, a comment: in float16 if that is exact, as for most models that were kept,
else in float32. The draw for a place is that of `engine.writing.sampling.uniform`, so the same seed writes
the same text as `helo sample`.
"""

from __future__ import annotations

from base64 import b64encode
from string import Template

import numpy as np
import numpy.typing as npt

from engine.cells import CELLS
from engine.config import ModelConfig
from engine.network.lines import newline_id
from engine.network.modelfile import Model
from engine.network.stepper import NORM_EPSILON

_MEMORY = """\
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c"""
EQUATIONS = {
    "rnn": """\
    (h,) = state
    return (np.tanh(read(x, p["W_xh"]) + h @ p["W_hh"] + p["b_h"]),)""",
    "rnn-relu": """\
    (h,) = state
    return (np.maximum(read(x, p["W_xh"]) + h @ p["W_hh"] + p["b_h"], 0),)""",
    "lstm": f"""\
    h, c = state
    i, f, g, o = np.split(read(x, p["W_xh"]) + h @ p["W_hh"] + p["b_h"], 4)
{_MEMORY}""",
    "peephole": """\
    h, c = state
    i, f, g, o = np.split(read(x, p["W_xh"]) + h @ p["W_hh"] + p["b_h"], 4)
    i, f = i + p["p_i"] * c, f + p["p_f"] * c
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o + p["p_o"] * c) * np.tanh(c), c""",
    "coupled": """\
    h, c = state
    f, g, o = np.split(read(x, p["W_xh"]) + h @ p["W_hh"] + p["b_h"], 3)
    f = sigmoid(f)
    c = f * c + (1 - f) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c""",
    "gru": """\
    (h,) = state
    a, b = read(x, p["W_xh"]) + p["b_h"], h @ p["W_hh"]
    r, z = np.split(sigmoid(a[: 2 * H] + b[: 2 * H]), 2)
    n = np.tanh(a[2 * H :] + r * (b[2 * H :] + p["b_hn"]))
    return ((1 - z) * n + z * h,)""",
    "mlstm": f"""\
    h, c = state
    m = read(x, p["W_mx"]) * (h @ p["W_mh"])
    i, f, g, o = np.split(read(x, p["W_xh"]) + m @ p["W_hh"] + p["b_h"], 4)
{_MEMORY}""",
    "mingru": """\
    (h,) = state
    z, n = np.split(read(x, p["W_xh"]) + p["b_h"], 2)
    z = sigmoid(z)
    return ((1 - z) * h + z * n,)""",
}
"""A step of a layer with each cell."""

_SCRIPT = Template("""\
# $name, $network, exported by helo. Needs NumPy alone; its weights are the last line.
import argparse
import base64
import os

import numpy as np

V, H, L = $V, $H, $L  # size of the alphabet, units in a layer, layers
ALPHABET = $alphabet


def read(x, W):
    # x W; in the first layer x is an id, which stands for a row of zeros and a 1
    return W[x] if np.ndim(x) == 0 else x @ W


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def layer(p, x, state):
    # a step of a layer, from what it reads and its state: the state after; h is its output
$equations


def step(id, states):
    # read a $unit: logits (V,) of the next one, and the states after
    x, after = id, []
$before    for p, state in zip(layers, states):
        after.append(layer(p, x, state))
$between
    return x @ W_hy + b_y, after


def mix(z):
    z = (z + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def uniform(seed, place):
    # the random number in [0, 1) of a place in the text (SplitMix64)
    return (mix((mix(seed % 2**64) + place * 0x9E3779B97F4A7C15) % 2**64) >> 11) * 2.0**-53


def write(prompt="", length=500, seed=0, temperature=1.0):
    # the prompt, and what follows it, a $unit at a time
    yield from prompt
    states, ids = $start, [ALPHABET.index(char) for char in prompt]
    for id in ids or [$first]:
        logits, states = step(id, states)
    for place in range(len(ids), len(ids) + length):
        x = logits.astype(np.float64)
        if temperature == 0:
            id = int(x.argmax())
        else:
            p = np.exp((x - x.max()) / temperature).cumsum()
            id = int(np.searchsorted(p, uniform(seed, place) * p[-1], side="right"))
        yield ALPHABET[id]
        logits, states = step(id, states)


def take(*shape):
    # the next of the weights
    global weights
    first, weights = np.split(weights, [np.prod(shape)])
    return first.reshape(shape).astype(np.float32)


with open(__file__, encoding="utf-8") as file:
    weights = np.frombuffer(base64.b64decode(file.readlines()[-1][1:]), "$dtype")
layers = [
    dict($parameters)
    for I in [V] + [H] * (L - 1)
]
W_hy, b_y = take(H, V), take(V)
zeros = [tuple(np.zeros(($states, H), np.float32))] * L

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, usual in {"prompt": "", "length": 500, "seed": 0, "temperature": 1.0}.items():
        parser.add_argument(f"--{name}", type=type(usual), default=usual)
    asked = parser.parse_args()
$typed    if unknown := set(asked.prompt) - set(ALPHABET):
        parser.error(f"the model does not know {sorted(unknown)}")
    for char in write(**vars(asked)):
        os.write(1, char.encode("$encoding"))
#$weights
""")
_NORM = """\
        x = x - x.mean()
        x = x / np.sqrt((x * x).mean() + $epsilon) * p["g_n"] + p["b_n"]"""
_BYTES = """\
    asked.prompt = asked.prompt.encode("utf-8", "surrogateescape").decode("latin-1")
"""


def write(model: Model) -> dict[str, bytes]:
    """The script as .py."""
    return {".py": script(model).encode()}


def script(model: Model) -> str:
    """The whole script."""
    config, alphabet = model.config, model.alphabet
    cell, newline = CELLS[config.cell], newline_id(config, alphabet)
    by_byte = alphabet.units == "byte"
    layer, head = _parameters(config), ("head.W_hy", "head.b_y")
    names = [*(f"layers.{l}.{name}" for l in range(config.layers) for name in layer), *head]
    taken = (f"{name}=take({', '.join(sizes)})" for name, sizes in layer.items())
    kind, weights = _packed([model.weights[name] for name in names])
    resets = f"    states = zeros if id == {newline} else states  # a line of its own\n"
    return _SCRIPT.substitute(
        name=ascii(model.name),
        network=config,
        V=len(alphabet),
        H=config.hidden,
        L=config.layers,
        alphabet=repr("".join(alphabet.symbols)),
        unit="byte" if by_byte else "character",
        equations=EQUATIONS[config.cell],
        before=("    total = 0\n" if config.residual else "") + ("" if newline is None else resets),
        between=_between(config),
        start="zeros" if newline is None else f"step({newline}, zeros)[1]",
        first=alphabet.start,
        dtype=kind,
        parameters=", ".join(taken),
        states=len(cell.states),
        typed=_BYTES if by_byte else "",
        encoding="latin-1" if by_byte else "utf-8",
        weights=weights,
    )


def _parameters(config: ModelConfig) -> dict[str, list[str]]:
    """The parameters of a layer of I inputs, and their shapes in words."""
    words = {1: "I"} | {2 * k: f"{k} * H" for k in range(2, 6)} | {2: "H"}
    shapes = CELLS[config.cell].shapes(1, 2) | (
        {"g_n": (2,), "b_n": (2,)} if config.layer_norm else {}
    )
    return {name: [words[n] for n in shape] for name, shape in shapes.items()}


def _between(config: ModelConfig) -> str:
    """What is read of a layer."""
    lines = (
        "        x = total = total + after[-1][0]"
        if config.residual
        else "        x = after[-1][0]"
    )
    norm = _NORM.replace("$epsilon", str(NORM_EPSILON))
    return f"{lines}\n{norm}" if config.layer_norm else lines


def _packed(arrays: list[npt.NDArray[np.float32]]) -> tuple[str, str]:
    """The numbers of all arrays in base64, and their type."""
    flat = np.concatenate([array.ravel() for array in arrays])
    with np.errstate(over="ignore"):
        half = flat.astype("<f2")
    exact = np.array_equal(half.astype(np.float32), flat)
    data = half if exact else flat.astype("<f4")
    return data.dtype.str, b64encode(data.tobytes()).decode()
