"""Writes what TensorFlow's char-rnn and ml5 leave: variables by name, in a checkpoint or a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.foreign.value import Array, Foreign

NEW = "rnnlm/multi_rnn_cell/cell_{}/basic_{}_cell/kernel", "bias"
OLD = "rnnlm/multi_rnn_cell/cell_{}/basic_{}_cell/weights", "biases"
OLDEST = "rnnlm/MultiRNNCell/Cell{}/Basic{}Cell/Linear/Matrix", "Bias"
ALONE = "rnnlm/{:.0}{}_cell/kernel", "bias"


def variables(foreign: Foreign, names: tuple[str, str] = NEW) -> dict[str, Array]:
    """The variables of a model, and what Adam keeps of them."""
    found: dict[str, Array] = {"beta1_power": np.float32(0.5)[...], "rnnlm/softmax_w": foreign.W_hy}
    if foreign.embedding is not None:
        found["embedding"] = foreign.embedding
    if foreign.b_y is not None:
        found["rnnlm/softmax_b"] = foreign.b_y
    for l, layer in enumerate(foreign.layers):
        kind = foreign.cell.upper() if names is OLDEST else foreign.cell
        kernel = names[0].format(str(l) if names is ALONE else l, kind)
        found[kernel] = np.concatenate([layer.W_xh, layer.W_hh])
        if layer.b_h is not None:
            found[f"{kernel.rpartition('/')[0]}/{names[1]}"] = layer.b_h
    kept = {f"{n}/{s}": v * 0 for n, v in found.items() if v.ndim for s in ("Adam", "Adam_1")}
    return found | kept


def ml5(folder: Path, values: Mapping[str, Array], ids: Mapping[str, int]) -> None:
    """A folder of ml5's charRNN."""
    folder.mkdir(exist_ok=True)
    manifest = {
        name: {"filename": name.replace("/", "_"), "shape": [*value.shape]}
        for name, value in values.items()
    }
    for name, value in values.items():
        (folder / name.replace("/", "_")).write_bytes(value.astype("<f4").tobytes())
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "vocab.json").write_text(json.dumps(ids))
